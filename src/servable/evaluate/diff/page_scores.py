"""How scores move between two artifacts, as figures and tables."""

from typing import Final

import numpy as np

from servable.evaluate.diff.cells import NOTHING, count_cell, number_cell, signed_cell
from servable.evaluate.diff.movement import Histogram
from servable.evaluate.diff.movers import InputDiff, Mover
from servable.evaluate.diff.scores import ScoresDiff
from servable.evaluate.diff.words import parting_in_words
from servable.report import (
    Block,
    Cell,
    Column,
    Facts,
    Figure,
    Gallery,
    Key,
    Paragraph,
    Quote,
    ScorePairs,
    Table,
    change_histogram,
    count,
    scatter_pair,
    share,
    significant,
)

_MOST_FLIPS: Final = 30
_TO: Final = "\N{RIGHTWARDS ARROW}"


def score_blocks(found: ScoresDiff) -> tuple[Block, ...]:
    """Histogram of the change, A's scores against B's, quantiles, labels that flip, ranks."""
    if found.is_bit_equal:
        return (Paragraph(text="Every raw and every calibrated score is the same, bit for bit."),)
    figures = _figures(found)
    return (
        *((Gallery(figures=figures),) if figures else ()),
        _movements(found),
        Facts(
            items=(("Records", count_cell(found.records)), ("Labels that flip", count_cell(found.flipped)))
        ),
        *_flips(found),
        *_ranks(found),
        *_calibrators(found),
    )


def _figures(found: ScoresDiff) -> tuple[Figure, ...]:
    of = f"of class {found.name}" if found.name is not None else "of the class that A predicts"
    drawn = [] if found.histogram is None else [_histogram(found.histogram, of)]
    return (*drawn, _pairs(found, of)) if found.pairs else tuple(drawn)


def _histogram(found: Histogram, of: str) -> Figure:
    svg = change_histogram(
        np.array(found.counts, dtype=np.float64),
        edges=np.array(found.edges),
        x_title=f"change of the calibrated score {of}",
        what="records",
        name="change",
        title="Change of calibrated scores",
    )
    return Figure(
        title="By how much",
        svg=svg,
        keys=(),
        caption="Records by the change of their score; to the right of the middle, B gives the higher one.",
    )


def _pairs(found: ScoresDiff, of: str) -> Figure:
    pairs = ScorePairs(
        x=np.clip([pair.a for pair in found.pairs], 0.0, 1.0),
        y=np.clip([pair.b for pair in found.pairs], 0.0, 1.0),
        is_notable=np.array([pair.flips for pair in found.pairs], dtype=np.bool_),
    )
    svg = scatter_pair(
        pairs,
        x_title="calibrated score of A",
        y_title="calibrated score of B",
        notable="flip their label",
        name="pairs",
        title=f"Calibrated scores {of}, A against B",
    )
    return Figure(
        title="A against B",
        svg=svg,
        keys=(
            Key(mark="dot", text="a record"),
            Key(mark="cross", text="its label flips"),
            Key(mark="planned", text="the same score in both"),
        ),
        caption="Records above the dashed line have a higher score in B. Of many records, every so many "
        "are drawn.",
    )


def _movements(found: ScoresDiff) -> Table:
    told = {"Calibrated": found.calibrated, "Raw": found.raw}
    if found.total_variation is not None:
        told["Total variation"] = found.total_variation
    movements = tuple(told.values())
    quantiles = zip(*(movement.quantiles for movement in movements), strict=True)
    return Table(
        title="Size of the change",
        caption="Size of the change",
        columns=(Column(title="Change"), *(Column(title=name, is_number=True) for name in told)),
        rows=(
            (Cell(text="Mean"), *(signed_cell(movement.mean) for movement in movements)),
            (Cell(text="Mean without signs"), *(number_cell(item.mean_absolute) for item in movements)),
            *(
                (Cell(text=f"{share(row[0].share)} at most"), *(number_cell(item.change) for item in row))
                for row in quantiles
            ),
            (Cell(text="All at most"), *(number_cell(movement.largest) for movement in movements)),
            (Cell(text="Records that change"), *(count_cell(movement.changed) for movement in movements)),
        ),
    )


def _flips(found: ScoresDiff) -> tuple[Table, ...]:
    if not found.flips:
        return ()
    rows = (
        (Cell(text=flip.a), Cell(text=flip.b), count_cell(flip.records)) for flip in found.flips[:_MOST_FLIPS]
    )
    columns = (Column(title="A says"), Column(title="B says"), Column(title="Records", is_number=True))
    title = "Labels that flip"
    return (Table(title=title, caption=title, columns=columns, rows=tuple(rows)),)


def _ranks(found: ScoresDiff) -> tuple[Facts, ...]:
    items = tuple(
        (f"Class {item.name}", NOTHING if item.value is None else number_cell(item.value))
        for item in found.rank_correlations
    )
    return (Facts(title="Correlation of ranks", items=items),)


def _calibrators(found: ScoresDiff) -> tuple[Facts, ...]:
    if found.calibrators is None:
        return ()
    items = (
        ("Largest", number_cell(found.calibrators.largest)),
        ("Mean", number_cell(found.calibrators.mean)),
    )
    return (Facts(title="Distance of the calibrators on the same raw scores", items=items),)


def moved_records(found: ScoresDiff) -> tuple[Block, ...]:
    """A row for each record that moves most; its cells, if they were asked for."""
    if not found.movers:
        return ()
    table = Table(
        caption="Records that move most",
        columns=(
            Column(title="Row"),
            Column(title="Class"),
            Column(title="A", is_number=True),
            Column(title="B", is_number=True),
            Column(title="Largest change", is_number=True),
            Column(title="Label"),
            Column(title="Where they part"),
        ),
        rows=tuple(map(_mover, found.movers)),
        is_stacked=True,
    )
    return (table, *(_cells(mover) for mover in found.movers if mover.cells is not None))


def _mover(found: Mover) -> tuple[Cell, ...]:
    flips = found.label_a != found.label_b
    return (
        Cell(text=count(found.row), value=found.row, note=found.identity or ""),
        Cell(text=found.name),
        Cell(
            text=significant(found.calibrated_a),
            value=found.calibrated_a,
            note=f"raw {significant(found.raw_a)}",
        ),
        Cell(
            text=significant(found.calibrated_b),
            value=found.calibrated_b,
            note=f"raw {significant(found.raw_b)}",
        ),
        number_cell(found.largest),
        Cell(text=f"{found.label_a} {_TO} {found.label_b}" if flips else found.label_a),
        Cell(text="; ".join(map(_parting, found.inputs)) or parting_in_words(found)),
    )


def _parting(found: InputDiff) -> str:
    a, b = (value if isinstance(value, str) else significant(value) for value in (found.a, found.b))
    return f"{found.field} {a}, with other numbers" if a == b else f"{found.field} {a} {_TO} {b}"


def _cells(found: Mover) -> Quote:
    """A record as it came."""
    text = "\n".join(
        f"{name}: {'none' if cell is None else cell}" for name, cell in (found.cells or {}).items()
    )
    return Quote(title=f"Row {count(found.row)}", text=text)
