"""Tables in files: CSV, NDJSON, JSON and Parquet, read through the same codecs as requests.

Training and serving therefore parse a cell in the same way (decision 0019).
"""

import gzip
import io
import zlib
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, count, islice
from pathlib import Path
from typing import IO, cast

from servable.codecs import json_codec
from servable.codecs.csv_codec import read_rows, require_width
from servable.errors import BadInput, NotFound, Problem
from servable.records import Table

BLOCK_ROWS = 4096
"""Rows of one block: large enough to be fast, small enough to stream any file."""

_MAX_BLOCK_ROWS = 10_000_000


def read_table(path: Path) -> Table:
    """A whole table with named columns; the first row of a CSV file is its header.

    Raises:
        NotFound: `table.not-found`.
        BadInput: `table.format` for an unknown ending, or the codec's own code, naming the file.
    """
    blocks = list(read_table_blocks(path, headers=[frozenset()]))
    if len({block.names for block in blocks}) > 1:  # lines of NDJSON whose keys differ
        return Table.of_records(
            [dict(zip(block.names or (), row, strict=True)) for block in blocks for row in block.rows]
        )
    names = blocks[0].names if blocks else ()
    return Table(names=names, rows=[row for block in blocks for row in block.rows])


def read_table_blocks(path: Path, *, headers: Sequence[frozenset[str]]) -> Iterator[Table]:
    """A table in blocks of at most 4,096 rows.

    Args:
        path: a file whose name ends in .csv, .ndjson, .jsonl, .json or .parquet, with .gz behind it
            for the text forms.
        headers: sets of column names. The first row of a CSV file is a header if it holds all names
            of one of them; otherwise the file's rows are positional.
    """
    if not path.is_file():
        raise NotFound(
            Problem(
                code="table.not-found",
                where=str(path),
                expected="a table in a file",
                found="no such file" if not path.exists() else "a folder",
                fix="check the path",
            )
        )
    name = path.name.lower().removesuffix(".gz")
    for ending, read in _READERS.items():
        if name.endswith(ending):
            with _open(path) as file:
                yield from _located(path, read(file, headers))
            return
    raise BadInput(
        Problem(
            code="table.format",
            where=path.name,
            expected=f"a name that ends in {', '.join(_READERS)}",
            found="another ending",
            fix="convert the table or rename the file",
        )
    )


def _open(path: Path) -> IO[bytes]:
    if path.name.lower().endswith(".gz"):
        return cast("IO[bytes]", gzip.open(path))
    return path.open("rb")


def _located(path: Path, blocks: Iterator[Table]) -> Iterator[Table]:
    """The blocks of a file; an error names the file as well."""
    try:
        yield from blocks
    except BadInput as error:
        raise error.inside(path.name) from error
    except (EOFError, gzip.BadGzipFile, zlib.error, UnicodeDecodeError) as error:
        raise BadInput(
            Problem(
                code="table.encoding",
                where=path.name,
                expected="text in UTF-8, whole if it is compressed",
                found="something else",
                fix="write the table again",
            )
        ) from error


def _csv_blocks(file: IO[bytes], headers: Sequence[frozenset[str]]) -> Iterator[Table]:
    with io.TextIOWrapper(file, encoding="utf-8-sig", newline="") as text:
        rows = read_rows(text)
        first = next(rows, None)
        if first is None:
            return
        cells = {cell for cell in first if cell is not None}
        has_header = any(names <= cells for names in headers)
        names = tuple(cell or "" for cell in first) if has_header else None
        rest = chain([first], rows) if names is None else require_width(rows, len(names))
        while block := list(islice(rest, BLOCK_ROWS)):
            yield Table(names=names, rows=block)


def _ndjson_blocks(file: IO[bytes], _: Sequence[frozenset[str]]) -> Iterator[Table]:
    for first in count(1, BLOCK_ROWS):
        lines = list(islice(file, BLOCK_ROWS))
        if not lines:
            return
        block = json_codec.decode_lines(b"".join(lines), max_rows=_MAX_BLOCK_ROWS, first_line=first)
        if len(block):
            yield block


def _json_blocks(file: IO[bytes], _: Sequence[frozenset[str]]) -> Iterator[Table]:
    yield json_codec.decode(file.read(), max_rows=_MAX_BLOCK_ROWS)


def _parquet_blocks(file: IO[bytes], _: Sequence[frozenset[str]]) -> Iterator[Table]:
    from servable.codecs.parquet_codec import read_batches  # noqa: PLC0415  # only where Parquet is read

    yield from read_batches(file.read())


_READERS: dict[str, Callable[[IO[bytes], Sequence[frozenset[str]]], Iterator[Table]]] = {
    ".csv": _csv_blocks,
    ".ndjson": _ndjson_blocks,
    ".jsonl": _ndjson_blocks,
    ".json": _json_blocks,
    ".parquet": _parquet_blocks,
}
