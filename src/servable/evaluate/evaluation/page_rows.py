"""Rows of an evaluation's page: thresholds, classes, slices, another model."""

from collections.abc import Sequence
from typing import Final

from servable.evaluate.cells import NOTHING
from servable.evaluate.evaluation.against import Against, Compared
from servable.evaluate.evaluation.answers import AtThreshold, OfClass
from servable.evaluate.evaluation.evaluation import Evaluation
from servable.evaluate.evaluation.page_cells import (
    BIAS_TITLE,
    SHARE_TITLES,
    Row,
    Said,
    estimate_cell,
    share_cells,
    value_cell,
)
from servable.evaluate.evaluation.slices import Mark, Slice, SliceFigure, Slices
from servable.report import Cell, Column, Table, Tone, count, share, signed, significant

_MARKS: Final = {Mark.NONE: "", Mark.APART: "apart", Mark.FAR: "far apart"}


def thresholds_table(thresholds: Sequence[AtThreshold]) -> Table:
    """A row for each threshold of two classes."""
    return Table(
        title="Class 1 answered from a score on",
        caption="Answers at thresholds",
        columns=(
            Column(title="Threshold"),
            *(Column(title=title, is_number=True) for title in ("Answered", *SHARE_TITLES)),
        ),
        rows=tuple(
            (
                Cell(
                    text=significant(at.threshold), value=at.threshold, note=f"{at.kind} score, {at.reason}"
                ),
                value_cell(at.answered_share, said=share),
                *share_cells(at.shares),
            )
            for at in thresholds
        ),
        is_stacked=True,
    )


def classes_table(classes: Sequence[OfClass]) -> Table:
    """A row for each of several classes, against the rest."""
    return Table(
        title="Class by class",
        caption="Each class against the rest",
        columns=(
            Column(title="Class"),
            *(Column(title=title, is_number=True) for title in ("Rows", "AUC", BIAS_TITLE)),
            *(Column(title=title, is_number=True) for title in ("Precision", "Recall", "F1")),
        ),
        rows=tuple(
            (
                Cell(text=one.name),
                Cell(text=count(one.rows), value=one.rows),
                estimate_cell(one.auc),
                estimate_cell(one.bias, said=signed),
                value_cell(one.shares.precision, said=share),
                value_cell(one.shares.recall, said=share),
                value_cell(one.shares.f1, said=share),
            )
            for one in classes
        ),
        is_stacked=True,
    )


def slices_table(evaluation: Evaluation, slices: Slices) -> Table:
    """A row for each slice, the whole table's first."""
    shares = evaluation.base.shares
    of_all = shares[1] if len(shares) == 2 else max(shares)
    found, auc = evaluation.figures.probability, evaluation.figures.auc
    whole: Row = (
        Cell(text="all rows"),
        Cell(text=count(evaluation.data.rows), value=evaluation.data.rows),
        value_cell(of_all, said=share),
        estimate_cell(auc),
        *(
            [NOTHING] * 2
            if found is None
            else [estimate_cell(found.log_loss), estimate_cell(found.bias, said=signed)]
        ),
    )
    of = "Class 1" if len(shares) == 2 else "Largest"
    titles = ("Rows", of, "AUC", "Log-loss", BIAS_TITLE)
    return Table(
        caption="Slices",
        columns=(Column(title="Slice"), *(Column(title=title, is_number=True) for title in titles)),
        rows=(whole, *map(_slice, slices.slices)),
        is_stacked=True,
    )


def _slice(one: Slice) -> Row:
    return (
        Cell(text=one.name, note=one.column),
        Cell(text=count(one.rows), value=one.rows),
        value_cell(one.base_rate, said=share),
        _marked(one.auc, missing=Cell(text="none", note=one.too_small, tone=Tone.QUIET)),
        _marked(one.log_loss),
        _marked(one.bias, said=signed),
    )


def _marked(found: SliceFigure | None, *, said: Said = significant, missing: Cell = NOTHING) -> Cell:
    if found is None:
        return missing
    tone = Tone.PLAIN if found.mark is Mark.NONE else Tone.UNSURE
    return estimate_cell(found.estimate, said=said, note=_MARKS[found.mark], tone=tone)


def against_table(against: Against) -> Table:
    """Figures of both models, and the differences."""
    ours, theirs = against.titles
    compared = (("AUC", against.auc), ("Log-loss", against.log_loss), ("Brier score", against.brier))
    return Table(
        caption="Two models on the same rows",
        columns=(
            Column(title="Figure"),
            Column(title=f"{ours}, {against.kind}", is_number=True),
            Column(title=f"{theirs}, {against.other_kind}", is_number=True),
            Column(title="Difference", is_number=True),
        ),
        rows=(
            *((Cell(text=title), *_compared(found)) for title, found in compared),
            (
                Cell(text="Rows with another label", note="of these, those that each answers right"),
                Cell(text=count(against.flips_right), value=against.flips_right),
                Cell(text=count(against.flips_other_right), value=against.flips_other_right),
                Cell(text=count(against.flips), value=against.flips),
            ),
        ),
        is_stacked=True,
    )


def _compared(found: Compared) -> Row:
    return (
        estimate_cell(found.model),
        estimate_cell(found.other),
        estimate_cell(found.difference, said=signed),
    )
