"""The parts of a comparison as lines of text, each only with what differs."""

from collections.abc import Iterable, Iterator
from typing import Final

from servable.evaluate.diff.calibrators import CalibratorsDiff
from servable.evaluate.diff.change import Change
from servable.evaluate.diff.fields import FieldsDiff
from servable.evaluate.diff.golden import GoldenDiff
from servable.evaluate.diff.scores import ScoresDiff
from servable.evaluate.diff.tables import BinMove, ImputationDiff, TableDiff, TablesDiff
from servable.evaluate.diff.texts import TextsDiff
from servable.evaluate.diff.words import (
    calibrator_in_words,
    category_in_words,
    change_in_words,
    golden_in_words,
    moved,
    movement_in_words,
    mover_in_words,
    signed,
    value_in_words,
)
from servable.schema import Field
from servable.wording import counted, number

MOST_LINES: Final = 10
_MOST_MOVERS: Final = 5
FILES: Final = "files that differ"

Line = tuple[str, str]
"""What it is about, and the words."""


def changes_lines(changes: Iterable[Change]) -> Iterator[Line]:
    """A line for each change."""
    return ((change.what, change_in_words(change)) for change in changes)


def about_lines(changes: Iterable[Change], files: tuple[str, ...]) -> Iterator[Line]:
    """What differs beside all that decides on a score, and the names of files."""
    yield from changes_lines(changes)
    if files:
        yield FILES, value_in_words(files)


def fields_lines(found: FieldsDiff) -> Iterator[Line]:
    """Fields of one artifact alone, of another kind, and what else decides how a record is read."""
    yield from (("only in B", _field(field)) for field in found.added)
    yield from (("only in A", _field(field)) for field in found.removed)
    yield from (("other kind", f"{field.name}: {field.a} -> {field.b}") for field in found.other_kind)
    yield from changes_lines(found.changes)


def _field(field: Field) -> str:
    return f"{field.name} ({field.kind})"


def texts_lines(found: TextsDiff) -> Iterator[Line]:
    """What differs about each text field."""
    for text in found.texts:
        for what, words in changes_lines(text.changes):
            yield f"{text.field}, {what}", words
        for what, steps in (("left out in B", text.left_out), ("only in B", text.put_in)):
            if steps:
                yield f"{text.field}, {what}", ", ".join(steps)


def tables_lines(found: TablesDiff) -> Iterator[Line]:
    """Tables with their bins, the largest change first, and imputation values."""
    for name, fields in (("table only in A", found.only_a), ("table only in B", found.only_b)):
        if fields:
            yield name, ", ".join(fields)
    for table in found.tables:
        yield table.field, table_in_words(table)
        yield from (
            ("", f"{category_in_words(move.category)}  {bin_in_words(move)}")
            for move in table.bins[:MOST_LINES]
        )
        yield from left_out(table.differing - MOST_LINES, "bin")
    yield from (("imputed", imputation_in_words(value)) for value in found.imputation)


def table_in_words(table: TableDiff) -> str:
    """How many bins differ, and the default."""
    parts = [
        f"{amount:,} {what}"
        for amount, what in ((table.moved, "moved"), (table.added, "only in B"), (table.removed, "only in A"))
        if amount
    ]
    default = (
        f"unknown {moved(table.default_a, table.default_b)}" if table.default_a != table.default_b else ""
    )
    unread = "" if table.is_read else "not read by either model"
    bins = f"bins: {', '.join(parts)}; at most {number(table.largest)}" if parts else ""
    return "; ".join(part for part in (bins, default, unread) if part)


def bin_in_words(move: BinMove) -> str:
    """A bin's number in A and in B, and the change."""
    return f"{moved(move.a, move.b)} ({signed(move.change)})"


def imputation_in_words(value: ImputationDiff) -> str:
    """What stands for a missing number."""
    unread = "" if value.is_read else "; not read by either model"
    return f"{value.field}: {moved(value.a, value.b)}{unread}"


def calibrators_lines(found: CalibratorsDiff) -> Iterator[Line]:
    """The two calibrators, and how far they are apart."""
    yield "A", calibrator_in_words(found.a)
    yield "B", calibrator_in_words(found.b)
    if not found.is_compared:
        yield "", "of other numbers of classes, so not compared as functions"
    elif not found.curves:
        yield "", "every calibrated score is the same"
    for curve in found.curves[:MOST_LINES]:
        yield (
            f"class {curve.name}",
            f"at most {number(curve.largest)} apart, at a raw score of {number(curve.at)}: "
            f"{moved(curve.a, curve.b)}; on average {number(curve.mean)}",
        )
    yield from left_out(len(found.curves) - MOST_LINES, "class", "classes")


def golden_lines(found: GoldenDiff) -> Iterator[Line]:
    """The two golden sets, and the answers to what both hold."""
    yield "A", golden_in_words(found.a)
    yield "B", golden_in_words(found.b)
    if found.a is not None and found.b is not None:
        yield "in common", counted(found.in_common, "request")
    if found.moved:
        yield (
            "answers",
            f"{found.moved:,} of those in common differ, by at most {number(found.largest)} ({found.side})",
        )


def scores_lines(found: ScoresDiff) -> Iterator[Line]:
    """How scores move."""
    yield "records", found.said
    of = f"of class {found.name}" if found.name is not None else "of the class that A predicts"
    yield f"calibrated, {of}", movement_in_words(found.calibrated)
    yield f"raw, {of}", movement_in_words(found.raw)
    if found.total_variation is not None:
        yield "total variation", movement_in_words(found.total_variation)
    directions = "; ".join(f"{flip.a} -> {flip.b} {flip.records:,}" for flip in found.flips[:MOST_LINES])
    more = f"; and {len(found.flips) - MOST_LINES} more" if len(found.flips) > MOST_LINES else ""
    yield "labels", f"{found.flipped:,} flip" + (f": {directions}{more}" if directions else "")
    for ranks in found.rank_correlations[:MOST_LINES]:
        yield (
            f"ranks of {ranks.name}",
            "no spread" if ranks.value is None else f"correlation {number(ranks.value)}",
        )
    if found.calibrators is not None:
        yield (
            "calibrators alone",
            f"on the same raw scores at most {number(found.calibrators.largest)} apart, on average "
            f"{number(found.calibrators.mean)}",
        )
    for mover in found.movers[:_MOST_MOVERS]:
        yield "most moved", mover_in_words(mover)
        for name, cell in (mover.cells or {}).items():
            yield "", f"{name}: {cell!r}"


def left_out(amount: int, noun: str, nouns: str = "") -> Iterator[Line]:
    """How many are not told, if any."""
    if amount > 0:
        yield "", f"and {counted(amount, noun, nouns)} more"
