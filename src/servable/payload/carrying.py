"""Which records a content type carries exactly: those that read back from a request as they were.

A headerless CSV, for one, has no empty string: an empty cell reads back as missing. Of a text that is no
other record, because a model reads a missing text as the empty one; of a category it is.
"""

from collections.abc import Callable, Sequence

import numpy as np

from servable.codecs import decode_request
from servable.errors import ServableError
from servable.records import Records
from servable.schema import Kind, Schema


def is_carried(body: bytes, content_type: str, *, schema: Schema, records: Records) -> bool:
    """Whether a body reads back as these records.

    Args:
        body: what was made of them.
        content_type: of the body.
        schema: what a record must hold.
        records: as they were.
    """
    try:
        found = schema.bind(decode_request(body, content_type))
    except ServableError:
        return False
    return len(found) == len(records) and _are_same(found, records, schema)


def carried_rows(
    encode: Callable[[Sequence[int]], bytes], content_type: str, *, schema: Schema, records: Records
) -> tuple[int, ...]:
    """The places of the records that read back from a content type as they were.

    All are read back from one body; only where that body does not give them all, each is from its own.

    Args:
        encode: the body that holds the records at these places; a ValueError if it cannot be made.
        content_type: of the body.
        schema: what a record must hold.
        records: as they were.
    """

    def is_read_back(rows: Sequence[int]) -> bool:
        try:
            body = encode(rows)
        except (ServableError, ValueError):
            return False
        some = records.take(np.array(rows, np.int64))
        return is_carried(body, content_type, schema=schema, records=some)

    every = tuple(range(len(records)))
    return every if is_read_back(every) else tuple(row for row in every if is_read_back((row,)))


def _are_same(found: Records, expected: Records, schema: Schema) -> bool:
    def cells(records: Records, name: str) -> list[str | None]:
        column: list[str | None] = records.columns[name].tolist()
        return column

    return (
        np.array_equal(found.columns.numbers, expected.columns.numbers, equal_nan=True)
        and all(cells(found, name) == cells(expected, name) for name in schema.names(Kind.CATEGORICAL))
        and all(
            [text or "" for text in cells(found, name)] == [text or "" for text in cells(expected, name)]
            for name in schema.names(Kind.TEXT)
        )
    )
