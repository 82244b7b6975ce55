"""`application/x-parquet`: cells as typed by the file; null and NaN are missing.

A small file can decode to gigabytes, so it is read in small batches, up to a limit on rows and one on
decoded bytes; the reader answers a broken file with a Rust panic, which is a `BaseException` and is
caught here.
"""

import io
from collections.abc import Iterator, Sequence

from arro3.core import Array, DataType
from arro3.core import Table as ArrowTable
from arro3.io import read_parquet, write_parquet

from servable.codecs.parquet_footer import without_embedded_schema
from servable.codecs.parquet_records import nul_in_name
from servable.codecs.refusals import require_present, too_many_records
from servable.errors import BadInput, Problem, TooLarge
from servable.records import Cell, Table

MAX_DECODED_BYTES = 64 << 20
# of one batch nothing is known before it is decoded: 32 cells of a megabyte are the most that one may cost
REQUEST_BATCH_ROWS = 32
FILE_BATCH_ROWS = 1024


def decode(body: bytes, *, max_rows: int) -> Table:
    """The rows of a Parquet file in memory."""
    names: tuple[str, ...] = ()
    rows: list[Sequence[Cell]] = []
    for table in read_batches(body, max_bytes=MAX_DECODED_BYTES, batch_rows=REQUEST_BATCH_ROWS):
        names = table.names or ()
        rows.extend(table.rows)
        if len(rows) > max_rows:
            raise TooLarge(too_many_records(max_rows))
    return Table(names=names, rows=rows)


def read_batches(
    body: bytes, *, max_bytes: int | None = None, batch_rows: int = FILE_BATCH_ROWS
) -> Iterator[Table]:
    """Tables of at most `batch_rows` rows each, in order, of at most `max_bytes` decoded bytes together.

    Raises:
        BadInput: `request.parquet` if the file is not Parquet, is broken, or is encrypted.
    """
    try:
        decoded_bytes = 0
        for batch in read_parquet(io.BytesIO(without_embedded_schema(body)), batch_size=batch_rows):
            decoded_bytes += batch.nbytes
            if max_bytes is not None and decoded_bytes > max_bytes:
                raise TooLarge(_too_many_bytes(max_bytes))
            columns = [[_cell(value) for value in column.to_pylist()] for column in batch.columns]
            yield Table(names=tuple(batch.column_names), rows=list(zip(*columns, strict=True)))
    except (KeyboardInterrupt, SystemExit, GeneratorExit, MemoryError, TooLarge):
        raise
    except BaseException as error:  # the reader's panics derive from BaseException only
        raise BadInput(
            Problem(
                code="request.parquet",
                where="body",
                expected="a Parquet file",
                found="bytes that cannot be read as one",
                fix="write the file again, without encryption and with flat columns",
            )
        ) from error


def _too_many_bytes(max_bytes: int) -> Problem:
    return Problem(
        code="request.too-many-bytes",
        where="body",
        expected=f"at most {max_bytes} bytes of cells once decoded",
        found="more",
        fix="split the request",
    )


def encode(table: Table) -> bytes:
    """A Parquet file: columns of numbers as float64, others as strings, None as null."""
    require_present(table)
    names = table.names or ()
    for name in names:
        if "\0" in name:  # the writer ends the process over it
            raise BadInput(nul_in_name(name))
    arrays = [_column([row[index] for row in table.rows]) for index in range(len(names))]
    file = io.BytesIO()
    write_parquet(ArrowTable.from_arrays(arrays, names=list(names)), file)
    return file.getvalue()


def _column(cells: list[Cell]) -> Array:
    if all(cell is None or (isinstance(cell, int | float) and not isinstance(cell, bool)) for cell in cells):
        return Array([None if cell is None else float(cell) for cell in cells], DataType.float64())  # type: ignore[arg-type]  # tested above
    return Array([None if cell is None else str(cell) for cell in cells], DataType.utf8())


def _cell(value: Cell) -> Cell:
    return None if value != value else value  # noqa: PLR0124  # only NaN differs from itself
