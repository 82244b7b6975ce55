"""The parts of a comparison that differ, as tables of a page."""

from collections.abc import Iterable
from typing import Final

from servable.evaluate.diff.calibrators import CalibratorFacts, CalibratorsDiff
from servable.evaluate.diff.cells import (
    MOST_ROWS,
    NOTHING,
    NUMBERS,
    count_cell,
    more,
    number_cell,
    signed_cell,
    table_of,
)
from servable.evaluate.diff.change import Change, Plain
from servable.evaluate.diff.fields import FieldsDiff
from servable.evaluate.diff.golden import GoldenDiff, GoldenFacts
from servable.evaluate.diff.part_lines import FILES
from servable.evaluate.diff.tables import TableDiff, TablesDiff
from servable.evaluate.diff.texts import TextsDiff
from servable.evaluate.diff.words import category_in_words, value_in_words
from servable.report import (
    Block,
    Cell,
    Column,
    Facts,
    Paragraph,
    Points,
    Table,
    Tone,
    count,
    significant,
)
from servable.wording import capital

_MOST_TABLES: Final = 20
_SIDES: Final = (Column(title="A"), Column(title="B"))


def change_blocks(changes: Iterable[Change], *, caption: str) -> tuple[Block, ...]:
    """A row for each change."""
    rows = tuple((Cell(text=change.what), _value(change.a), _value(change.b)) for change in changes)
    return table_of(caption, (Column(title="What"), *_SIDES), rows)


def about_blocks(changes: Iterable[Change], files: tuple[str, ...]) -> tuple[Block, ...]:
    """What differs beside all that decides on a score, and the names of files."""
    told = Facts(items=((capital(FILES), Cell(text=value_in_words(files), is_code=True)),))
    return (*change_blocks(changes, caption="About"), *((told,) if files else ()))


def field_blocks(found: FieldsDiff) -> tuple[Block, ...]:
    """Fields of one artifact alone or of another kind, and what else decides how a record is read."""
    fields = (
        *((Cell(text=field.name), NOTHING, Cell(text=str(field.kind))) for field in found.added),
        *((Cell(text=field.name), Cell(text=str(field.kind)), NOTHING) for field in found.removed),
        *(
            (Cell(text=item.name), Cell(text=str(item.a)), Cell(text=str(item.b)))
            for item in found.other_kind
        ),
    )
    return (
        *table_of("Fields", (Column(title="Field"), *_SIDES), fields),
        *change_blocks(found.changes, caption="How a record is read"),
    )


def text_blocks(found: TextsDiff) -> tuple[Block, ...]:
    """A table for each text field."""
    return tuple(block for text in found.texts for block in change_blocks(text.changes, caption=text.field))


def table_blocks(found: TablesDiff) -> tuple[Block, ...]:
    """The bins that moved, table by table, and imputation values."""
    lone = [
        *(f"A table of {name} is in A alone." for name in found.only_a),
        *(f"A table of {name} is in B alone." for name in found.only_b),
    ]
    imputed = tuple(
        (
            Cell(text=value.field, note=_unread(is_read=value.is_read)),
            number_cell(value.a),
            number_cell(value.b),
        )
        for value in found.imputation
    )
    return (
        *((Points(items=tuple(lone)),) if lone else ()),
        *(block for table in found.tables[:_MOST_TABLES] for block in _bins(table)),
        *more(_MOST_TABLES, of=len(found.tables)),
        *table_of("Missing numbers", (Column(title="Field"), *NUMBERS), imputed),
    )


def _bins(table: TableDiff) -> tuple[Block, ...]:
    default = (
        Cell(text="unknown", note="a category in no bin"),
        number_cell(table.default_a),
        number_cell(table.default_b),
        signed_cell(table.default_change),
    )
    rows = tuple(
        (
            Cell(text=category_in_words(move.category)),
            number_cell(move.a),
            number_cell(move.b),
            signed_cell(move.change),
        )
        for move in table.bins[:MOST_ROWS]
    )
    moved = (default,) if table.default_a != table.default_b else ()
    facts = Facts(
        title=table.field,
        items=(
            (
                "Bins",
                Cell(
                    text=f"{count(table.bins_a)} and {count(table.bins_b)}",
                    note=_unread(is_read=table.is_read),
                ),
            ),
            ("Moved", count_cell(table.moved)),
            ("In B alone", count_cell(table.added)),
            ("In A alone", count_cell(table.removed)),
            ("Largest change", number_cell(table.largest)),
        ),
    )
    columns = (Column(title="Category"), *NUMBERS, Column(title="Change", is_number=True))
    bins = Table(caption=f"Bins of {table.field}", columns=columns, rows=(*moved, *rows))
    return facts, bins, *more(MOST_ROWS, of=table.differing)


def calibrator_blocks(found: CalibratorsDiff) -> tuple[Block, ...]:
    """The two calibrators, and how far they are apart."""
    facts = Facts(items=(("A", _calibrator(found.a)), ("B", _calibrator(found.b))))
    if not found.is_compared:
        return facts, Paragraph(text="They are of other numbers of classes, so not compared as functions.")
    if not found.curves:
        return facts, Paragraph(text="Every calibrated score is the same.")
    rows = tuple(
        (
            Cell(text=curve.name),
            number_cell(curve.largest),
            number_cell(curve.at),
            number_cell(curve.a),
            number_cell(curve.b),
            number_cell(curve.mean),
        )
        for curve in found.curves[:MOST_ROWS]
    )
    columns = (
        Column(title="Class"),
        Column(title="Largest distance", is_number=True),
        Column(title="At the raw score", is_number=True),
        *NUMBERS,
        Column(title="Mean distance", is_number=True),
    )
    return facts, *table_of("Distance of the calibrators", columns, rows)


def _calibrator(found: CalibratorFacts | None) -> Cell:
    if found is None:
        return Cell(text="none", note="calibrated scores are the raw ones")
    knots = [f"{count(knots)} knots of {name}" for name, knots in found.knots.items()]
    parameters = [f"{name} {significant(value)}" for name, value in found.parameters.items()]
    return Cell(text=found.kind, note=", ".join([*knots, *parameters]))


def golden_blocks(found: GoldenDiff) -> tuple[Block, ...]:
    """The two golden sets, and the answers to what both hold."""
    common = (
        ("Requests in common", count_cell(found.in_common)),
        ("Answers to these that differ", count_cell(found.moved)),
        ("Largest difference", number_cell(found.largest)),
    )
    both = found.a is not None and found.b is not None
    sides = (("A", _golden(found.a)), ("B", _golden(found.b)))
    return (Facts(items=(*sides, *(common if both else ()))),)


def _golden(found: GoldenFacts | None) -> Cell:
    if found is None:
        return Cell(text="none")
    return Cell(
        text=f"{count(found.records)} records", note=f"source {found.source}, {count(found.derived)} derived"
    )


def _value(value: Plain) -> Cell:
    if value is None:
        return Cell(text="none", tone=Tone.QUIET)
    if isinstance(value, tuple):
        return Cell(text=", ".join(name or '""' for name in value) or "nothing")
    if isinstance(value, str):
        return Cell(text=value)
    return Cell(text=count(value) if isinstance(value, int) else significant(value), value=value)


def _unread(*, is_read: bool) -> str:
    return "" if is_read else "not read by either model"
