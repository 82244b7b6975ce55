"""Figures of an evaluation's page as tables: of the scores, of their calibration, of the Brier score."""

from collections.abc import Callable, Sequence

from servable.evaluate.cells import NOTHING
from servable.evaluate.evaluation.evaluation import Evaluation
from servable.evaluate.evaluation.figures import ProbabilityFigures, ScoreFigures
from servable.evaluate.evaluation.page_cells import Row, Said, estimate_cell, value_cell
from servable.metrics import CalibrationError, ErrorForm, ErrorTarget, Estimate
from servable.report import Cell, Column, Table, Tone, count, signed, significant


def figures_table(evaluation: Evaluation) -> Table:
    """A row for each figure: raw, calibrated, and what the base rate comes to."""
    scores = [evaluation.raw, *([] if evaluation.calibrated is None else [evaluation.calibrated])]
    base = evaluation.base
    rows: list[Row] = [
        (Cell(text="AUC"), *(estimate_cell(one.auc) for one in scores), Cell(text="one half")),
        *_average_precision(scores, base.shares),
        (
            Cell(text="Log-loss", note="nats"),
            *_each(scores, lambda one: one.log_loss),
            value_cell(base.log_loss),
        ),
        (
            Cell(text="Log-loss skill", note="share of the base rate's that is taken off"),
            *_each(scores, lambda one: one.log_loss_skill),
            value_cell(0.0),
        ),
        (Cell(text="Brier score"), *_each(scores, lambda one: one.brier), value_cell(base.brier)),
        (Cell(text="Brier skill"), *_each(scores, lambda one: one.brier_skill), value_cell(0.0)),
        (
            Cell(text="Mean score minus share", note="calibration in the large"),
            *_each(scores, lambda one: one.bias, said=signed),
            value_cell(0.0),
        ),
    ]
    return Table(
        caption="Figures of the raw and the calibrated scores",
        columns=(
            Column(title="Figure"),
            *(Column(title=_titled(evaluation, one), is_number=True) for one in scores),
            Column(title="Base rate", is_number=True),
        ),
        rows=tuple(rows),
        is_stacked=True,
    )


def _titled(evaluation: Evaluation, scores: ScoreFigures) -> str:
    judged = ", judged" if evaluation.calibrated is not None and scores is evaluation.figures else ""
    return f"{scores.kind}{judged}".capitalize()


def _average_precision(scores: Sequence[ScoreFigures], shares: Sequence[float]) -> list[Row]:
    found = [one.average_precision for one in scores]
    if all(one is None for one in found):
        return []
    return [(Cell(text="Average precision"), *map(estimate_cell, found), value_cell(shares[1]))]


def _each(
    scores: Sequence[ScoreFigures],
    of: Callable[[ProbabilityFigures], Estimate],
    said: Said = significant,
) -> list[Cell]:
    return [
        NOTHING if one.probability is None else estimate_cell(of(one.probability), said=said)
        for one in scores
    ]


def calibration_table(evaluation: Evaluation) -> Table:
    """Each calibration error with what chance alone comes to, and the verdict."""
    rows = [
        (
            Cell(text=_error_name(finding.error), note=f"{scores.kind} scores"),
            value_cell(finding.error.value),
            value_cell(finding.error.null),
            Cell(text=count(finding.error.bins), value=finding.error.bins),
            Cell(
                text="consistent with calibration" if finding.is_consistent else "not consistent",
                tone=Tone.PLAIN if finding.is_consistent else Tone.UNSURE,
            ),
        )
        for scores in (evaluation.raw, evaluation.calibrated)
        if scores is not None and scores.probability is not None
        for finding in scores.probability.calibration
    ]
    return Table(
        title="Calibration errors",
        caption="Calibration errors",
        columns=(
            Column(title="Error"),
            Column(title="Value", is_number=True),
            Column(title="By chance up to", is_number=True),
            Column(title="Bins", is_number=True),
            Column(title="At 95 %"),
        ),
        rows=tuple(rows),
        is_stacked=True,
    )


def _error_name(error: CalibrationError) -> str:
    form = "debiased" if error.form is ErrorForm.DEBIASED else "mean gap"
    of = {ErrorTarget.CLASS_WISE: "mean over the classes, ", ErrorTarget.TOP_LABEL: "likeliest class, "}
    return f"{of.get(error.target, '')}{form}, bins of {error.kind}".capitalize()


def brier_table(evaluation: Evaluation) -> tuple[Table, ...]:
    """The parts of the Brier score, where there are some."""
    rows = [
        (
            Cell(text=f"{scores.kind} scores".capitalize()),
            value_cell(parts.brier),
            value_cell(parts.reliability),
            value_cell(parts.resolution),
            value_cell(parts.uncertainty),
            value_cell(parts.within_bins),
        )
        for scores in (evaluation.raw, evaluation.calibrated)
        if scores is not None and scores.probability is not None
        for parts in [scores.probability.decomposition]
        if parts is not None
    ]
    if not rows:
        return ()
    titles = ("Brier score", "= reliability", "\N{MINUS SIGN} resolution", "+ uncertainty", "+ within bins")
    return (
        Table(
            title="What the Brier score is made of",
            caption="Parts of the Brier score",
            columns=(Column(title="Scores"), *(Column(title=title, is_number=True) for title in titles)),
            rows=tuple(rows),
        ),
    )
