"""Bodies that are no JSON, or JSON that holds no records."""

import gzip
import json
from collections.abc import Iterator
from typing import Final

from servable.codecs import MAX_ROWS
from servable.payload import script
from servable.payload.facts import ModelFacts
from servable.payload.illegal.cells import nameable
from servable.payload.illegal.request import TOO_LARGE, IllegalRequest
from servable.payload.json_text import array_of, object_of
from servable.payload.strategies.case_records import Record

_LINES: Final = (("ndjson", script.NDJSON), ("jsonlines", script.JSON_LINES))
_DEPTH: Final = 10_000
_SURROGATES: Final = (
    ("lone-high-surrogate", '"\\ud800"', "half a character"),
    ("lone-low-surrogate", '"\\udc00 "', "half a character"),
    ("surrogates-the-wrong-way-round", '"\\udc00\\ud800"', "two halves that make no character"),
)
_LITERALS: Final = (
    *(("nan-literal", "NaN"), ("infinity-literal", "Infinity"), ("minus-infinity-literal", "-Infinity")),
    *(("number-beyond-float64-literal", "1e999"), ("leading-zero", "012"), ("leading-plus", "+1")),
    *(("hexadecimal-literal", "0x10"), ("undefined", "undefined"), ("single-quotes", "'x'")),
    *(("bare-nul-in-a-string", '"a\0b"'), ("bare-newline-in-a-string", '"a\nb"'), ("bad-escape", '"\\x41"')),
)
_NO_RECORDS: Final = (
    ("scalar", b"7", "a body is an object or an array of objects"),
    ("string", b'"record"', "a body is an object or an array of objects"),
    ("null", b"null", "a body is an object or an array of objects"),
    ("empty-array", b"[]", "a request holds at least one record"),
    ("blanks-alone", b" \n ", "a request holds at least one record"),
)


def json_requests(facts: ModelFacts, plain: Record) -> Iterator[IllegalRequest]:
    """Illegal bodies of `application/json`."""
    name = facts.schema.names()[0]
    one = object_of(plain)
    yield _json("empty-body", b"", "a request has a body")
    for case, data, why in _NO_RECORDS:
        yield _json(case, data, why)
    for case, literal, why in _SURROGATES:
        yield _json(case, object_of(plain, {name: literal}).encode(), why)
    for case, literal in _LITERALS:
        yield _json(case, object_of(plain, {name: literal}).encode(), "JSON knows no such value")
    yield from _broken(name, plain)
    yield from _no_objects(facts, plain)
    yield from _repeated_keys(facts, plain)
    yield _json("broken-second-line", f"{one}\n{one[:-1]}\n".encode(), "each line is an object")
    yield _json("objects-on-one-line", f"{one} {one}".encode(), "each line is one object")
    yield _json(
        "too-many-records", _array_of_nothing(MAX_ROWS + 1), f"at most {MAX_ROWS:,} records", status=TOO_LARGE
    )


def lines_requests(facts: ModelFacts, plain: Record) -> Iterator[IllegalRequest]:
    """Illegal bodies of the types that hold one object a line."""
    one = object_of(plain)
    name = facts.schema.names()[0]
    for prefix, content_type in _LINES:
        for case, data, why in (
            ("empty-body", b"", "a request has a body"),
            ("blank-lines-alone", b"\n\n", "a request holds at least one record"),
            ("broken-line", f"{one}\n{{oops}}\n".encode(), "each line is an object"),
            ("cut-off-line", f"{one}\n{one[:-2]}".encode(), "each line is a whole object"),
            ("array", array_of([one, one]), "these types never hold an array"),
            ("object-over-lines", json.dumps(dict(plain), indent=1).encode(), "each line is a whole object"),
            ("objects-on-one-line", f"{one} {one}".encode(), "each line is one object"),
            ("lone-surrogate", object_of(plain, {name: '"\\ud800"'}).encode(), "half a character"),
            ("invalid-utf-8", one.encode()[:-1] + b', "x": "\xff"}', "a byte that UTF-8 does not use"),
        ):
            yield IllegalRequest(case=f"{prefix}-{case}", content_type=content_type, data=data, why=why)
        yield IllegalRequest(
            case=f"{prefix}-too-many-records",
            content_type=content_type,
            data=b"{}\n" * (MAX_ROWS + 1),
            status=TOO_LARGE,
            why=f"at most {MAX_ROWS:,} records",
        )


def _broken(name: str, plain: Record) -> Iterator[IllegalRequest]:
    one = object_of(plain)
    yield _json("cut-off", one[: len(one) // 2].encode(), "the body ends within a value")
    yield _json("trailing-comma", (one[:-1] + ",}").encode(), "JSON ends no object with a comma")
    yield _json("trailing-text", f"{one} and more".encode(), "nothing stands behind the record")
    yield _json("comment", f"/* a note */ {one}".encode(), "JSON knows no comments")
    yield _json("invalid-utf-8", one.encode()[:-1] + b', "x": "\xff"}', "a byte that UTF-8 does not use")
    surrogate = object_of(plain, {name: '"?"'}).encode().replace(b'"?"', b'"\xed\xa0\x80"', 1)
    yield _json("surrogate-in-utf-8", surrogate, "UTF-8 has no halves of characters")
    yield _json("utf-16", one.encode("utf-16"), "bodies are in UTF-8")
    yield _json(
        "compressed", gzip.compress(one.encode(), mtime=0), "the body is compressed and says it nowhere"
    )
    yield _json("nested-too-deeply", b"[" * _DEPTH + b"]" * _DEPTH, f"{_DEPTH:,} arrays within one another")


def _no_objects(facts: ModelFacts, plain: Record) -> Iterator[IllegalRequest]:
    one, cells = object_of(plain), json.dumps(list(plain.values()))
    why = "each record is an object"
    yield _json("array-of-arrays", f"[{cells}]".encode(), why, record=0)
    yield _json("array-of-numbers", b"[1, 2]", why, record=0)
    yield _json("null-among-records", f"[{one}, null]".encode(), why, record=1)
    field = facts.schema.names()[0]
    if field == nameable(facts.schema):
        why = "every field must be there"
        yield _json("record-without-fields", b"{}", why, field=field, record=0)
        yield _json("records-under-a-key", f'{{"instances": [{one}]}}'.encode(), why, field=field, record=0)


def _repeated_keys(facts: ModelFacts, plain: Record) -> Iterator[IllegalRequest]:
    if (field := nameable(facts.schema)) is None:
        return
    one = object_of(plain)
    escaped = "".join(f"\\u{ord(letter):04x}" for letter in field[:1]) + json.dumps(field[1:])[1:-1]
    for case, key in (("duplicate-key", json.dumps(field)), ("duplicate-key-in-escapes", f'"{escaped}"')):
        pair = f"{key}: {json.dumps(plain[field])}"
        yield _json(case, f"{{{pair}, {one[1:]}".encode(), "each key stands once in an object", field=field)


def _array_of_nothing(count: int) -> bytes:
    return b"[" + b",".join([b"{}"] * count) + b"]"


def _json(
    case: str,
    data: bytes,
    why: str,
    *,
    status: int = 400,
    field: str | None = None,
    record: int | None = None,
) -> IllegalRequest:
    return IllegalRequest(
        case=f"json-{case}",
        content_type=script.JSON,
        data=data,
        status=status,
        field=field,
        record=record,
        why=why,
    )
