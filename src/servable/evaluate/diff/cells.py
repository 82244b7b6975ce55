"""Cells and tables of a comparison's page."""

from typing import Final

from servable.report import (
    Block,
    Cell,
    Column,
    Paragraph,
    Table,
    Tone,
    count,
    signed,
    significant,
)

MOST_ROWS: Final = 30
"""Of one table of a page."""

NOTHING: Final = Cell(text="\N{EN DASH}", tone=Tone.QUIET)
NUMBERS: Final = (Column(title="A", is_number=True), Column(title="B", is_number=True))

Row = tuple[Cell, ...]


def table_of(caption: str, columns: tuple[Column, ...], rows: tuple[Row, ...]) -> tuple[Block, ...]:
    """A table with its heading; nothing without rows."""
    if not rows:
        return ()
    return (Table(title=caption, caption=caption, columns=columns, rows=rows, is_stacked=True),)


def number_cell(value: float | None) -> Cell:
    """A measure; a dash for none."""
    return NOTHING if value is None else Cell(text=significant(value), value=value)


def signed_cell(value: float) -> Cell:
    """A change."""
    return Cell(text=signed(value), value=value)


def count_cell(value: int) -> Cell:
    """A whole number."""
    return Cell(text=count(value), value=value)


def more(shown: int, *, of: int) -> tuple[Block, ...]:
    """A sentence, if not all of so many rows are shown."""
    text = "The largest changes are shown; the JSON beside this page holds more of them."
    return (Paragraph(text=text, tone=Tone.QUIET),) if of > shown else ()
