"""Records on which two artifacts are compared: rows of a table, golden requests, or derived ones."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np

from servable.artifact import derive_records
from servable.datasets import Block, read_blocks
from servable.errors import BadInput, Problem
from servable.evaluate.diff.side import Side
from servable.records import Records, Table
from servable.wording import counted

_DERIVED: Final = 100


class SampleSource(StrEnum):
    """Whose records these are."""

    TABLE = "table"
    GOLDEN = "golden"
    DERIVED = "derived"


_NOUNS: Final = {
    SampleSource.GOLDEN: ("golden request", ""),
    SampleSource.DERIVED: ("record", " derived from both"),
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PairedBlock:
    """Records as both artifacts read them.

    Attributes:
        first: number of the first one in the sample, counted from 0.
        cells: their cells by name.
        a, b: the same, bound to the schema of each.
    """

    first: int
    cells: Table
    a: Records
    b: Records


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sample:
    """Records that both artifacts can read.

    Attributes:
        source: whose they are.
        said: the same in words; of a table, its name.
        rows: how many there are at most, if that is known.
        blocks: the records.
    """

    source: SampleSource
    said: str
    rows: int | None
    blocks: Iterator[PairedBlock]


class NotComparableError(Exception):
    """Why no record can be scored by both; a sentence."""


def sample_of(a: Side, b: Side, *, table: Path | None, rows: int | None) -> Sample:
    """The first rows of a table, else the golden requests of both, else records derived from both.

    Args:
        a: an artifact.
        b: the other one.
        table: .csv, .ndjson, .json or .parquet.
        rows: at most; None for all.

    Raises:
        BadInput: `diff.rows` for a number below 1.
        NotComparableError: if no golden request and no derived record can be read by both.
    """
    if rows is not None and rows < 1:
        raise BadInput(
            Problem(
                code="diff.rows",
                where="--rows",
                expected="a number of at least 1",
                found=str(rows),
                fix="name how many of the first records to score",
            )
        )
    if table is not None:
        blocks = _of_table(a, b, table, rows)
        return Sample(source=SampleSource.TABLE, said=table.name, rows=rows, blocks=blocks)
    return _golden(a, b, rows) or _derived(a, b, rows)


def _of_table(a: Side, b: Side, path: Path, rows: int | None) -> Iterator[PairedBlock]:
    """The rows of a file as both read them.

    Raises:
        BadInput: if neither of them can read it.
        NotComparableError: if one of them cannot.
    """
    left = sys.maxsize if rows is None else rows
    ours, theirs = (read_blocks(path, side.artifact) for side in (a, b))
    while left > 0:
        block, problem = _next(ours)
        other, other_problem = _next(theirs)
        if problem is not None and other_problem is not None:
            raise problem
        if problem is not None or other_problem is not None:
            raise NotComparableError(f"{'A' if problem else 'B'} cannot read it: {problem or other_problem}")
        if block is None or other is None:
            return
        if len(block) != len(other):
            raise NotComparableError("its first row is a header for one artifact and a record for the other")
        kept = np.arange(min(left, len(block)), dtype=np.int64)
        left -= len(kept)
        yield PairedBlock(
            first=block.first,
            cells=Table(names=_names(block.table, a), rows=block.table.rows[: len(kept)]),
            a=block.records.take(kept),
            b=other.records.take(kept),
        )


def _next(blocks: Iterator[Block]) -> tuple[Block | None, BadInput | None]:
    try:
        return next(blocks, None), None
    except BadInput as error:
        return None, error


def _names(table: Table, side: Side) -> tuple[str, ...] | None:
    return table.names if table.names is not None else side.artifact.schema.csv_columns


def _golden(a: Side, b: Side, rows: int | None) -> Sample | None:
    """The golden requests of A, then those of B alone, without those that one of them cannot read."""
    sets = [side.artifact.golden for side in (a, b)]
    requests = [*dict.fromkeys(chain(*(golden.requests for golden in sets if golden is not None)))]
    records = [msgspec.json.decode(request) for request in requests]
    return _paired(a, b, records, rows, SampleSource.GOLDEN)


def _derived(a: Side, b: Side, rows: int | None) -> Sample:
    """Records derived from A, then those derived from B."""
    derived = [
        record
        for side in (a, b)
        for record in derive_records(
            side.artifact.schema, side.artifact.risk_tables, side.artifact.imputation, typical=_DERIVED
        )
    ]
    distinct = {msgspec.json.encode(record): record for record in derived}
    found = _paired(a, b, [*distinct.values()], rows, SampleSource.DERIVED)
    if found is None:
        raise NotComparableError(
            "no golden request and no record that is derived from one can be read by the other"
        )
    return found


def _paired(
    a: Side, b: Side, records: Sequence[Any], rows: int | None, source: SampleSource
) -> Sample | None:
    """Those of the first records that both can read; None if there are none."""
    first = records[:rows]
    kept = first if _fit(a, b, first) else [record for record in first if _fit(a, b, [record])]
    if not kept:
        return None
    table = Table.of_records(kept)
    block = PairedBlock(
        first=0, cells=table, a=a.artifact.schema.bind(table), b=b.artifact.schema.bind(table)
    )
    noun, suffix = _NOUNS[source]
    of_all = f"the first {len(first):,} of " if len(first) < len(records) else ""
    left_out = len(first) - len(kept)
    amount = len(records) if of_all else len(kept)
    without = f"; {left_out:,} {'of these' if of_all else 'more'} cannot be read by both" if left_out else ""
    return Sample(
        source=source,
        said=f"{of_all}{counted(amount, noun)}{suffix}{without}",
        rows=len(kept),
        blocks=iter([block]),
    )


def _fit(a: Side, b: Side, records: Sequence[Any]) -> bool:
    """Whether both can read all of these, at least one."""
    try:
        for side in (a, b):
            side.artifact.schema.bind(Table.of_records(records))
    except BadInput:
        return False
    return True
