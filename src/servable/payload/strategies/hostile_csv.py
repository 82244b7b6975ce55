"""Hazards of the form of CSV bodies, with and without a header."""

from collections.abc import Iterator, Sequence
from typing import Final

from servable.codecs import encode_csv
from servable.payload import script
from servable.payload.facts import ModelFacts
from servable.payload.samples import Body
from servable.payload.strategies.case_records import Record
from servable.records import Cell

_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


def csv_bodies(facts: ModelFacts, plain: Sequence[Record]) -> Iterator[Body]:
    """CSV bodies in forms that the same records may take; without a header only if the columns are known."""
    columns = facts.schema.csv_columns
    if columns is not None:
        rows = rows_of(plain, columns)
        yield from _written_otherwise(script.CSV, rows, len(plain))
        if all(columns):  # an empty name reads as a missing cell, and then the row is no header
            yield _body("csv-header-row-first", script.CSV, encode_csv([columns, *rows]), len(plain))
    names = facts.schema.names()
    yield from _written_otherwise(script.CSV_WITH_HEADER, [names, *rows_of(plain, names)], len(plain))
    yield from _columns(names, plain)


def rows_of(records: Sequence[Record], columns: Sequence[str]) -> list[Sequence[Cell]]:
    """The cells of records in the order of these columns; one that is no field is empty."""
    return [[record.get(name) for name in columns] for record in records]


def _written_otherwise(content_type: str, rows: Sequence[Sequence[Cell]], records: int) -> Iterator[Body]:
    lines = [encode_csv([row]).removesuffix(b"\n") for row in rows]
    quoted = [",".join(_quoted(cell) for cell in row).encode() for row in rows]
    forms: tuple[tuple[str, bytes], ...] = (
        ("csv-crlf", b"".join(line + b"\r\n" for line in lines)),
        ("csv-line-feeds", b"".join(line + b"\n" for line in lines)),
        ("csv-without-last-newline", b"\r\n".join(lines)),
        ("csv-byte-order-mark", _BYTE_ORDER_MARK + b"\r\n".join(lines) + b"\r\n"),
        ("csv-blank-lines", b"\r\n" + b"\r\n\r\n".join(lines) + b"\r\n\r\n\r\n"),
        ("csv-every-cell-quoted", b"".join(line + b"\r\n" for line in quoted)),
    )
    for case, data in forms:
        yield _body(case, content_type, data, records)


def _quoted(cell: Cell) -> str:
    text = "" if cell is None else str(cell)
    return f'"{text.replace(chr(34), chr(34) * 2)}"'


def _columns(names: Sequence[str], plain: Sequence[Record]) -> Iterator[Body]:
    """Columns in another order, more than there are fields, one that is repeated (the later cell counts)."""
    backwards = names[::-1]
    for case, columns in (
        ("csv-shuffled-columns", backwards),
        ("csv-unknown-columns", ("no field of this model", *names, "")),
    ):
        yield _body(case, script.CSV_WITH_HEADER, encode_csv([columns, *rows_of(plain, columns)]), len(plain))
    repeated = [[None, *row] for row in rows_of(plain, names)]
    yield _body(
        "csv-repeated-column",
        script.CSV_WITH_HEADER,
        encode_csv([[names[-1], *names], *repeated]),
        len(plain),
    )


def _body(case: str, content_type: str, data: bytes, records: int) -> Body:
    return Body(case=case, content_type=content_type, data=data, records=records)
