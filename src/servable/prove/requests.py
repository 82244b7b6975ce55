"""The requests of a proof: golden records in every content type.

A content type may be unable to carry a record exactly: an empty category in a headerless CSV reads
back as missing. Such records are left out for this type, and counted.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from numpy.typing import NDArray

from servable.codecs import MAX_ROWS, decode_request, encode_table
from servable.payload import answer_type, carried_rows
from servable.prove.endpoint import Target
from servable.records import Cell, Records, Table
from servable.schema import Schema

JSON, NDJSON, CSV = "application/json", "application/x-ndjson", "text/csv"
MAX_BATCH_BYTES: Final = 4 * 1024 * 1024
SHUFFLED_ROWS: Final = 32
"""Records in a shuffled batch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldenRequests:
    """Golden records as one content type carries them.

    Attributes:
        content_type: of the requests.
        accept: content type that the answers shall have.
        rows: golden records that this type carries exactly.
        left_out: how many it does not.
        encode: the body that holds these records.
    """

    content_type: str
    accept: str
    rows: tuple[int, ...]
    left_out: int
    encode: Callable[[Sequence[int]], bytes]

    def batches(self, order: Sequence[int], *, most: int = MAX_ROWS) -> list[tuple[tuple[int, ...], bytes]]:
        """Records in this order, in as few bodies as `most` records and 4 MiB allow."""
        batches: list[tuple[tuple[int, ...], bytes]] = []
        waiting = [tuple(order[start : start + most]) for start in range(0, len(order), most)][::-1]
        while waiting:
            rows = waiting.pop()
            body = self.encode(rows)
            if len(body) <= MAX_BATCH_BYTES or len(rows) == 1:
                batches.append((rows, body))
            else:
                middle = len(rows) // 2
                waiting += [rows[middle:], rows[:middle]]
        return batches


def golden_requests(requests: Sequence[bytes], *, schema: Schema, content_type: str) -> GoldenRequests:
    """Golden records for one content type.

    JSON and NDJSON carry the stored bytes themselves; the other types carry the records that those
    bytes mean, and only where they read back to the same.

    Args:
        requests: one JSON object each.
        schema: what a record must hold.
        content_type: one of `REQUEST_TYPES`.
    """
    if content_type == JSON:
        return _all_rows(requests, content_type, lambda rows: _json_body([requests[row] for row in rows]))
    if content_type == NDJSON:
        return _all_rows(requests, content_type, lambda rows: b"".join(requests[row] + b"\n" for row in rows))
    records = schema.bind(decode_request(b"\n".join(requests), NDJSON, max_rows=len(requests)))
    table = _table(records, _columns(schema, content_type))

    def encode(chosen: Sequence[int]) -> bytes:
        return encode_table(_rows_of(table, chosen), content_type)

    rows = carried_rows(encode, content_type, schema=schema, records=records)
    return GoldenRequests(
        content_type=content_type,
        accept=answer_type(content_type),
        rows=rows,
        left_out=len(records) - len(rows),
        encode=encode,
    )


def to_wire(target: Target, *, body: bytes, content_type: str, accept: str) -> bytes:
    """The bytes of a whole HTTP/1.1 request for scores."""
    head = (
        f"POST {target.path}/invocations HTTP/1.1\r\nHost: {target.authority}\r\n"
        f"Content-Type: {content_type}\r\nAccept: {accept}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode("ascii") + body


def _all_rows(
    requests: Sequence[bytes], content_type: str, encode: Callable[[Sequence[int]], bytes]
) -> GoldenRequests:
    return GoldenRequests(
        content_type=content_type,
        accept=answer_type(content_type),
        rows=tuple(range(len(requests))),
        left_out=0,
        encode=encode,
    )


def _json_body(objects: Sequence[bytes]) -> bytes:
    return objects[0] if len(objects) == 1 else b"[" + b",".join(objects) + b"]"


def _columns(schema: Schema, content_type: str) -> tuple[str, ...]:
    """Column names in the order in which this content type sends them."""
    return (schema.csv_columns or ()) if content_type == CSV else schema.names()


def _table(records: Records, names: Sequence[str]) -> Table:
    """Bound records as a table again; a column that is no field (the id) is empty."""
    columns = [
        _cells(records.columns[name]) if name in records.columns else [None] * len(records) for name in names
    ]
    rows: Iterable[tuple[Cell, ...]] = zip(*columns, strict=True) if columns else [()] * len(records)
    return Table(names=tuple(names), rows=list(rows))


def _cells(column: NDArray[Any]) -> list[Cell]:
    cells: list[Cell] = column.tolist()
    return [None if isinstance(cell, float) and math.isnan(cell) else cell for cell in cells]


def _rows_of(table: Table, rows: Sequence[int]) -> Table:
    return Table(names=table.names, rows=[table.rows[row] for row in rows])
