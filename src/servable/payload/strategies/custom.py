"""Samples that somebody has: records of files, checked against the schema."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from servable.artifact import Artifact
from servable.datasets import Block, read_blocks
from servable.errors import BadInput, Problem
from servable.payload.samples import Sample
from servable.payload.strategies.numbers import as_written
from servable.records import Cell
from servable.schema import Kind

CASE: Final = "custom"
_ENDINGS: Final = (".json", ".ndjson", ".jsonl", ".csv", ".parquet")


def custom_samples(path: Path, artifact: Artifact) -> Iterator[Sample]:
    """One sample for each record of a file, or of the files of a folder in the order of their names.

    A CSV has a header with the names of all fields, or the columns of the artifact. What is no field, an id
    or a label, is left out.

    Args:
        path: a JSON, NDJSON, CSV or Parquet file, or a folder of such files; others in it are passed over.
        artifact: what a record must hold.

    Raises:
        NotFound: `table.not-found`.
        BadInput: `payload.sample` for a folder without such a file, or naming file, record and field.
    """
    for file in _files(path):
        for block in read_blocks(file, artifact):
            for row in range(len(block)):
                yield Sample(case=CASE, records=(_record(block, row, artifact),))


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    files = sorted(
        file for file in path.iterdir() if file.is_file() and _is_table(file.name.lower().removesuffix(".gz"))
    )
    if not files:
        raise BadInput(
            Problem(
                code="payload.sample",
                where=str(path),
                expected=f"files whose names end in {', '.join(_ENDINGS)}",
                found="none",
                fix="name a file, or put one there",
            )
        )
    return files


def _is_table(name: str) -> bool:
    return name.endswith(_ENDINGS)


def _record(block: Block, row: int, artifact: Artifact) -> dict[str, Cell]:
    schema, columns = artifact.schema, block.records.columns
    return {
        field.name: _number(columns[field.name][row])
        if field.kind is Kind.NUMERIC
        else columns[field.name][row]
        for field in schema.fields
    }


def _number(value: float) -> Cell:
    """A number as people write it; None if it is missing."""
    number = float(value)
    if number != number:  # noqa: PLR0124  # only NaN differs from itself
        return None
    return as_written(number)
