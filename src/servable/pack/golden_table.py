"""Golden requests from a table: rows as requests with the model's fields, and nothing else of the row."""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from servable.artifact import Artifact
from servable.datasets import read_named_blocks
from servable.errors import BadInput, NotFound, Problem
from servable.pack.sampling import Sample, sample
from servable.records import Table


def read_golden_table(path: Path, artifact: Artifact) -> Sample[bytes]:
    """At most 500 requests, one JSON object each, of a table in a file whose columns have names.

    The file is CSV, NDJSON, JSON or Parquet. Every row must be a sound request. Columns that training
    joined into its text field are joined again.

    Raises:
        NotFound, BadInput: naming file, record (counted from 0 within the file) and field.
    """
    if not path.exists():
        raise NotFound(
            Problem(
                code="pack.golden",
                where="--golden",
                expected="real, synthetic, none or a table in a file",
                found=f"{path}, which is no file",
                fix="check the path",
            )
        )
    requests = sample(_requests(path, artifact), key=lambda request: request)
    if not requests.items:
        raise BadInput(
            Problem(
                code="pack.golden",
                where=path.name,
                expected="at least one row",
                found="none",
                fix="choose a table with rows, or pass `--golden synthetic`",
            )
        )
    return requests


def _requests(path: Path, artifact: Artifact) -> Iterator[bytes]:
    fields = artifact.schema.names()
    for block in read_named_blocks(path, artifact):
        yield from _encoded(block.table, fields)


def _encoded(table: Table, fields: tuple[str, ...]) -> Iterator[bytes]:
    """A request of each row that `bind` accepted; of a repeated name the later cell wins (decision 0002)."""
    place = {name: index for index, name in enumerate(table.names or ())}
    for row in table.rows:
        yield msgspec.json.encode({field: row[place[field]] for field in fields})
