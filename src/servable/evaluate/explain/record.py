"""The record that is to be explained: one of a file, or one object of JSON."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

from servable.artifact import Artifact
from servable.codecs import decode_request
from servable.datasets import Block, block_of, read_blocks
from servable.errors import BadInput, Problem, shown
from servable.records import ABSENT, Cell, Records, Table

STANDARD_INPUT: Final = "standard input"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GivenRecord:
    """One record as it came, and as one artifact reads it.

    Attributes:
        source: name of the file.
        number: of the record there, counted from 0.
        cells: by name of the column.
        records: the record, bound to the schema.
    """

    source: str
    number: int
    cells: Mapping[str, Cell]
    records: Records


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GivenTable:
    """The rows of a file.

    Attributes:
        source: name of the file.
        blocks: its rows as one artifact reads them; at least one.
    """

    source: str
    blocks: Iterator[Block]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Which record of a file is meant.

    Attributes:
        number: its number, counted from 0.
        identity: its id; the first record that has it is meant.
    """

    number: int | None = None
    identity: str | None = None


def read_given(path: Path, artifact: Artifact) -> GivenTable:
    """The rows of a .csv, .ndjson, .json or .parquet file.

    Raises:
        NotFound, BadInput: naming file, record and field; some while the rows are read.
    """
    return GivenTable(source=path.name, blocks=read_blocks(path, artifact))


def given_of_json(body: bytes, artifact: Artifact) -> GivenTable:
    """The records of a JSON body: an object, or an array of objects.

    Raises:
        BadInput: naming record and field.
    """
    try:
        block = block_of(decode_request(body, "application/json"), artifact)
    except BadInput as error:
        raise error.inside(STANDARD_INPUT) from error
    return GivenTable(source=STANDARD_INPUT, blocks=iter([block]))


def given_again(given: GivenRecord, artifact: Artifact, *, file: str) -> GivenRecord:
    """The same record as another artifact reads it.

    Args:
        given: the record.
        artifact: the other one.
        file: name of its file or folder, for errors.

    Raises:
        BadInput: naming record and field, if it cannot.
    """
    table = Table(names=tuple(given.cells), rows=[tuple(given.cells.values())])
    try:
        block = block_of(table, artifact, first=given.number)
    except BadInput as error:
        raise error.inside(f"{given.source} for {file}") from error
    return replace(given, records=block.records)


def the_only_record(given: GivenTable, artifact: Artifact) -> GivenRecord | GivenTable:
    """The record of a file that has only one; else all of its rows.

    Raises:
        BadInput: `table.empty`.
    """
    first = next(given.blocks, None)
    if first is None:
        raise no_records(given.source)
    second = next(given.blocks, None)
    if second is None and len(first) == 1:
        return _record(given.source, first, 0, artifact)
    return GivenTable(source=given.source, blocks=_chained(first, second, given.blocks))


def the_record_at(given: GivenTable, place: Place, artifact: Artifact) -> GivenRecord:
    """The record of a file that is meant.

    Raises:
        BadInput: `table.empty`; `explain.record` if there is no such record, or no id by which to find
            it.
    """
    seen = 0
    for block in given.blocks:
        at = _found(block, place, artifact, given.source)
        if at is not None:
            return _record(given.source, block, at, artifact)
        seen += len(block)
    if not seen:
        raise no_records(given.source)
    if place.identity is not None:
        raise _refusal(given.source, f"a record with the id {shown(place.identity)}", "none", "check the id")
    raise _refusal(
        given.source,
        f"a record of the number {place.number}",
        f"{seen:,} record{'s' if seen > 1 else ''}",
        f"choose a number from 0 to {seen - 1:,}",
    )


def _found(block: Block, place: Place, artifact: Artifact, source: str) -> int | None:
    """The place of the record within a block that holds it."""
    if place.identity is None:
        at = (place.number or 0) - block.first
        return at if at < len(block) else None
    if block.records.ids is None:
        named = artifact.schema.id_name
        raise _refusal(
            source,
            "a column of ids" + ("" if named is None else f' named "{named}"'),
            "none" if named else "an artifact that names none",
            "choose the record by its number with `--record`",
        )
    ids = [str(identity) for identity in block.records.ids]
    return ids.index(place.identity) if place.identity in ids else None


def _record(source: str, block: Block, at: int, artifact: Artifact) -> GivenRecord:
    names = block.source.names or artifact.schema.csv_columns or ()
    cells = dict(zip(names, block.source.rows[at], strict=True))
    return GivenRecord(
        source=source,
        number=block.first + at,
        cells={name: cell for name, cell in cells.items() if cell is not ABSENT},
        records=block.records.take(np.array([at], dtype=np.int64)),
    )


def _chained(first: Block, second: Block | None, rest: Iterator[Block]) -> Iterator[Block]:
    yield first
    if second is not None:
        yield second
    yield from rest


def one_record_wanted(source: str) -> BadInput:
    """The refusal of a table where one record is to be compared."""
    return _refusal(
        source,
        "one record to compare",
        "a table of several",
        "choose a row with `--record` or `--id`",
    )


def no_records(source: str) -> BadInput:
    """The refusal of a table without rows."""
    return _refusal(source, "at least one record", "none", "add one", code="table.empty")


def _refusal(where: str, expected: str, found: str, fix: str, *, code: str = "explain.record") -> BadInput:
    return BadInput(Problem(code=code, where=where, expected=expected, found=found, fix=fix))
