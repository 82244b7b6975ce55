"""What was right and what was taken for what: counts of a confusion as a table."""

from collections.abc import Sequence
from typing import Final

from servable.report.blocks import Cell, Column, Table
from servable.report.numbers import count

_SHADES: Final = 5


def confusion_table(
    counts: Sequence[Sequence[int]], *, classes: Sequence[str], caption: str, title: str = ""
) -> Table:
    """A row for each true class, a column for each answered one; a cell is shaded by its share of the row.

    Args:
        counts: `[classes, classes]` records by true class and by the class that was answered.
        classes: their labels, in the order of both.
        caption: what it shows, with the threshold, if there is one.
        title: a heading, where the section has more than this.
    """
    columns = (
        Column(title="true class"),
        *(Column(title=f"answered {label}", is_number=True) for label in classes),
    )
    rows = tuple((Cell(text=label), *_cells(row)) for label, row in zip(classes, counts, strict=True))
    return Table(title=title, caption=caption, columns=columns, rows=rows)


def _cells(row: Sequence[int]) -> list[Cell]:
    whole = max(1, sum(row))
    return [Cell(text=count(one), value=one, shade=-(-_SHADES * one // whole)) for one in row]
