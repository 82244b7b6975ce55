"""Hazards of the form of Parquet bodies: order, types and number of columns."""

import math
from collections.abc import Iterator, Mapping, Sequence

from servable.codecs import encode_table
from servable.payload import script
from servable.payload.facts import ModelFacts
from servable.payload.samples import Body
from servable.payload.strategies.case_records import Record, everywhere
from servable.records import Cell, Table
from servable.schema import Kind


def parquet_bodies(facts: ModelFacts, plain: Sequence[Record]) -> Iterator[Body]:
    """Parquet files with other columns than fields, other orders and other types."""
    names, numbers = facts.schema.names(), facts.schema.names(Kind.NUMERIC)
    if any("\0" in name for name in names):
        return  # a file with such a column ends the process of its reader
    shuffled = [{name: record[name] for name in names[::-1]} for record in plain]
    yield _body("parquet-shuffled-columns", shuffled)
    extra: Mapping[str, Cell] = {"no field of this model": "x", "a number": 1.0, "all missing": None}
    yield _body("parquet-unknown-columns", [{**extra, **record} for record in plain])
    if numbers:
        strings = [_as_strings(record, numbers) for record in plain]
        yield _body("parquet-numbers-as-strings", strings)
        yield _body("parquet-nan-for-missing", everywhere(plain[0], numbers, [math.nan, None, 1.0]))


def parquet_of(records: Sequence[Record]) -> bytes:
    """A Parquet file of records with the same keys."""
    return encode_table(Table.of_records(records), script.PARQUET)


def _as_strings(record: Record, names: Sequence[str]) -> Record:
    return {**record, **{name: None if record[name] is None else str(record[name]) for name in names}}


def _body(case: str, records: Sequence[Record]) -> Body:
    return Body(case=case, content_type=script.PARQUET, data=parquet_of(records), records=len(records))
