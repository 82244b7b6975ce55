"""Hazards of the form of JSON bodies: one value, or a line for each record."""

import json
from collections.abc import Iterator, Sequence
from typing import Final

from servable.payload import script
from servable.payload.facts import ModelFacts
from servable.payload.json_text import array_of, object_of
from servable.payload.samples import Body
from servable.payload.strategies.case_records import Record, filled
from servable.schema import Kind

_LINES: Final = (script.NDJSON, script.JSON_LINES)
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"

_NUMBER_LITERALS: Final = ("12", "-0", "-0.0", "1E+3", "25e-1", "1e-400", "4294967296", "true", "false")
_STRING_LITERALS: Final = ("10", "10.0", "-0.0", "1E+3", "0.1", "4294967296", "true", "false")
_ESCAPED: Final = 'caf\u00e9 \U0001f600 "quoted" a/b \u2028'


def json_bodies(facts: ModelFacts, plain: Sequence[Record]) -> Iterator[Body]:
    """Bodies of every JSON type in forms that the same records may take."""
    yield from _written_otherwise(plain)
    yield from _keys(facts, plain)
    yield from _escaped(facts, plain[0])
    yield from _literals(facts, plain[0])
    yield from _lines(plain)


def _written_otherwise(plain: Sequence[Record]) -> Iterator[Body]:
    one, several = json.dumps(plain[0]).encode(), json.dumps(plain).encode()
    pretty = json.dumps(plain, indent=4)
    with_tabs = json.dumps(plain[0], indent="\t").replace("\n", "\r\n").encode()
    yield _body("json-pretty-printed", pretty.encode(), len(plain))
    yield _body("json-crlf", with_tabs + b"\r\n", 1)
    yield _body("json-byte-order-mark", _BYTE_ORDER_MARK + several, len(plain))
    yield _body("json-trailing-newline", one + b"\n", 1)
    yield _body("json-blanks-around", b" \r\n\t " + several + b" \r\n\t ", len(plain))
    yield _body("json-one-record-as-array", b"[" + one + b"]", 1)
    yield _body("json-duplicate-records", b"[" + b",".join([one] * 3) + b"]", 3)
    yield _body("json-lines-as-json", b"\n".join(json.dumps(record).encode() for record in plain), len(plain))


def _keys(facts: ModelFacts, plain: Sequence[Record]) -> Iterator[Body]:
    yield _body(
        "json-shuffled-keys", array_of([object_of(record) for record in _shuffled(plain)]), len(plain)
    )
    unknown = unknown_cells(facts)
    before = [object_of({**unknown, **record}) for record in plain]
    behind = [object_of({**record, **unknown}) for record in plain]
    yield _body("json-unknown-keys", array_of([*before, *behind]), 2 * len(plain))


def unknown_cells(facts: ModelFacts) -> dict[str, object]:
    """Cells under names that no field has, the label's and the id's among them."""
    schema = facts.schema
    names = [name for name in (schema.id_name, schema.label_name) if name is not None]
    unknown: dict[str, object] = dict.fromkeys(names, "1")
    unknown |= {"": "a key without a name", "no field of this model": None, "a number": 1e9}
    unknown |= {"nested": {"a": [1, {"b": None}], "": []}, "a list": [[], {}, "x"], "text": '{"a": 1}'}
    return {name: cell for name, cell in unknown.items() if name not in schema.names()}


def _shuffled(plain: Sequence[Record]) -> Iterator[Record]:
    """The records with their keys in other orders, no two in the same."""
    for turn, record in enumerate(plain, start=1):
        names = list(record)[::-1]
        at = turn % len(names)
        yield {name: record[name] for name in names[at:] + names[:at]}


def _escaped(facts: ModelFacts, plain: Record) -> Iterator[Body]:
    """Every character as an escape, and none."""
    record = filled(plain, dict.fromkeys(facts.schema.names(Kind.CATEGORICAL, Kind.TEXT), _ESCAPED))
    pairs = (f"{_escapes(name)}:{_escapes(cell)}" for name, cell in record.items())
    yield _body("json-every-character-escaped", f"{{{','.join(pairs)}}}".encode(), 1)
    yield _body("json-nothing-escaped", json.dumps(record, ensure_ascii=False).encode(), 1)


def _escapes(cell: object) -> str:
    if not isinstance(cell, str):
        return json.dumps(cell)
    units = cell.encode("utf-16-be").hex()
    escapes = "".join(rf"\u{units[at : at + 4]}" for at in range(0, len(units), 4))
    return f'"{escapes}"'


def _literals(facts: ModelFacts, plain: Record) -> Iterator[Body]:
    """Numbers and booleans without quotes, in numeric fields and in the others."""
    for case, names, literals in (
        ("json-bare-numbers", facts.schema.names(Kind.NUMERIC), _NUMBER_LITERALS),
        ("json-numbers-for-strings", facts.schema.names(Kind.CATEGORICAL, Kind.TEXT), _STRING_LITERALS),
    ):
        if names:
            objects = [object_of(plain, dict.fromkeys(names, literal)) for literal in literals]
            yield _body(case, array_of(objects), len(objects))


def _lines(plain: Sequence[Record]) -> Iterator[Body]:
    """Forms of one object a line."""
    lines = [json.dumps(record).encode() for record in plain]
    shuffled = [object_of(record).encode() for record in _shuffled(plain)]
    unknown = [object_of({**record, f"only in line {at}": at}).encode() for at, record in enumerate(plain)]
    forms: tuple[tuple[str, bytes], ...] = (
        ("lines-crlf", b"".join(line + b"\r\n" for line in lines)),
        ("lines-without-last-newline", b"\n".join(lines)),
        ("lines-with-blank-lines", b"\n \n".join([b"", *lines, b""]) + b"\r\n\n"),
        ("lines-byte-order-mark", _BYTE_ORDER_MARK + b"\n".join(lines) + b"\n"),
        ("lines-blanks-around", b"".join(b"\t " + line + b" \t\n" for line in lines)),
        ("lines-shuffled-keys", b"\n".join(shuffled) + b"\n"),
        ("lines-unknown-keys", b"\n".join(unknown) + b"\n"),
    )
    for content_type in _LINES:
        for case, data in forms:
            yield Body(case=case, content_type=content_type, data=data, records=len(plain))


def _body(case: str, data: bytes, records: int) -> Body:
    return Body(case=case, content_type=script.JSON, data=data, records=records)
