"""Cells that mean nothing in a field of their kind, in every content type that can carry them."""

from collections.abc import Iterable, Iterator
from typing import Final

from servable.codecs import encode_csv, encode_table
from servable.payload import script
from servable.payload.facts import ModelFacts
from servable.payload.illegal.request import IllegalRequest
from servable.payload.json_text import array_of, object_of
from servable.payload.strategies.case_records import Record
from servable.records import Cell, Table
from servable.schema import MAX_CELL_CHARS, Kind, Schema

TOO_LONG: Final = 70_000
"""Characters of a cell that is too long: more than `schema.MAX_CELL_CHARS`."""

_LONGEST_NAME: Final = 60
"""Of a field that a refusal is expected to name: an error may cut a longer name."""


_EVERYWHERE: Final = (
    ("number-in-words", "twelve", "a word is no number"),
    ("number-with-comma", "1,5", "decimals are written with a point"),
    ("number-beyond-the-limit", "1e308", "the engine would read it as infinite"),
)
_NUMBERS_IN_JSON: Final = (
    ("number-beyond-float64", "1e999", "it is infinite"),
    ("infinity", "Infinity", "infinity is no number"),
    ("minus-infinity", "-inf", "infinity is no number"),
    ("nan", "NaN", "it is none of the spellings of a missing number"),
    ("missing-in-words", "missing", "it is none of the spellings of a missing number"),
    ("hexadecimal-number", "0x10", "numbers are decimal"),
    ("number-with-underscore", "1_000", "digits stand without anything between them"),
    ("number-of-other-digits", "\u0661\u0662", "digits are those of ASCII"),
    ("two-numbers", "1 2", "a cell holds one number"),
    ("number-of-70000-digits", "9" * TOO_LONG, "it is infinite"),
)
_LITERALS: Final = (
    ("list", "[1]", "a cell is no list"),
    ("object", '{"value": 1}', "a cell is no object"),
)


def cell_requests(facts: ModelFacts, plain: Record) -> Iterator[IllegalRequest]:
    """Requests of two records, of which the second one has a cell that is wrong or lacks one."""
    schema = facts.schema
    if (number := nameable(schema, Kind.NUMERIC)) is not None:
        for case, cell, why in _EVERYWHERE:
            yield from _in_every_type(facts, plain, case=case, field=number, cell=cell, why=why)
        for case, cell, why in _NUMBERS_IN_JSON:
            if cell not in facts.null_spellings:
                yield _in_json(plain, case=case, field=number, cells={number: cell}, why=why)
        yield _as_literal(plain, "bare-number-beyond-the-limit", number, "1e308", "a float32 cannot hold it")
        yield from _no_cells(plain, "number", number)
    for kind, noun in ((Kind.CATEGORICAL, "category"), (Kind.TEXT, "text")):
        if (name := nameable(schema, kind)) is not None:
            why = f"a {noun} has at most {MAX_CELL_CHARS:,} characters"
            yield from _in_every_type(
                facts, plain, case=f"{noun}-of-70000-characters", field=name, cell="x" * TOO_LONG, why=why
            )
            yield from _no_cells(plain, noun, name)


def nameable(schema: Schema, *kinds: Kind) -> str | None:
    """The first field of these kinds whose name stands in a refusal as it is."""
    names = schema.names(*kinds)
    return next((name for name in names if name.isprintable() and len(name) <= _LONGEST_NAME), None)


def bodies_of(facts: ModelFacts, records: Iterable[Record]) -> Iterator[tuple[str, str, bytes]]:
    """The same records in every content type that may carry them: a prefix for cases, the type, the body."""
    table = Table.of_records([dict(record) for record in records])
    names, columns = facts.schema.names(), facts.schema.csv_columns
    yield "json", script.JSON, encode_table(table, script.JSON)
    yield "ndjson", script.NDJSON, encode_table(table, script.NDJSON)
    yield "csv-header", script.CSV_WITH_HEADER, encode_csv([names, *table.rows])
    if columns is not None:
        rows = [[record.get(name) for name in columns] for record in table.to_records()]
        yield "csv", script.CSV, encode_csv(rows)
    if not any("\0" in name for name in names):
        yield "parquet", script.PARQUET, encode_table(table, script.PARQUET)


def _in_every_type(
    facts: ModelFacts, plain: Record, *, case: str, field: str, cell: Cell, why: str
) -> Iterator[IllegalRequest]:
    for prefix, content_type, data in bodies_of(facts, [plain, {**plain, field: cell}]):
        yield IllegalRequest(
            case=f"{prefix}-{case}", content_type=content_type, data=data, field=field, record=1, why=why
        )


def _in_json(plain: Record, *, case: str, field: str, cells: Record, why: str) -> IllegalRequest:
    data = array_of([object_of(plain), object_of({**plain, **cells})])
    return IllegalRequest(
        case=f"json-{case}", content_type=script.JSON, data=data, field=field, record=1, why=why
    )


def _as_literal(plain: Record, case: str, field: str, literal: str, why: str) -> IllegalRequest:
    data = array_of([object_of(plain), object_of(plain, {field: literal})])
    return IllegalRequest(
        case=f"json-{case}", content_type=script.JSON, data=data, field=field, record=1, why=why
    )


def _no_cells(plain: Record, noun: str, field: str) -> Iterator[IllegalRequest]:
    """A list and an object in a field, and no cell at all."""
    for case, literal, why in _LITERALS:
        yield _as_literal(plain, f"{case}-for-a-{noun}", field, literal, why)
    without = {name: cell for name, cell in plain.items() if name != field}
    yield IllegalRequest(
        case=f"json-without-a-{noun}",
        content_type=script.JSON,
        data=array_of([object_of(plain), object_of(without)]),
        field=field,
        record=1,
        why="every field must be there, with null where the value is missing",
    )
