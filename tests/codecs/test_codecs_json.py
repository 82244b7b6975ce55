"""JSON and NDJSON request bodies (decision 0021)."""

import json

import pytest

from servable.codecs import decode_request
from servable.errors import BadInput, TooLarge
from servable.records import ABSENT

JSON = "application/json"
NDJSON = "application/x-ndjson"
TAIL = "send one object, an array of objects, or one object per line"


def _refusal(body: bytes, content_type: str = JSON) -> str:
    with pytest.raises(BadInput) as caught:
        decode_request(body, content_type)
    assert caught.value.code == "request.json"
    return str(caught.value)


def test_an_object_is_one_record() -> None:
    table = decode_request(b'{"a": 1, "b": null}', JSON)

    assert (table.names, list(table.rows)) == (("a", "b"), [(1, None)])


def test_an_array_of_objects_is_one_record_each() -> None:
    table = decode_request(b'[{"a": 1}, {"a": "x"}]', JSON)

    assert (table.names, list(table.rows)) == (("a",), [(1,), ("x",)])


def test_the_order_of_keys_may_differ_from_record_to_record() -> None:
    table = decode_request(b'[{"a": 1, "b": 2}, {"b": 4, "a": 3}]', JSON)

    assert (table.names, list(table.rows)) == (("a", "b"), [(1, 2), (3, 4)])


def test_a_key_that_one_record_lacks_is_absent_and_not_null() -> None:
    table = decode_request(b'[{"a": 1}, {"b": null, "a": 2}]', JSON)

    assert (table.names, list(table.rows)) == (("a", "b"), [(1, ABSENT), (2, None)])


@pytest.mark.parametrize(
    "body", [b'{\n  "a": 1,\n  "b": "x"\n}\n', b'[\n  {"a": 1, "b": "x"}\n]\n', b'{"a":1,"b":"x"}\r\n']
)
def test_a_pretty_printed_body_is_read_like_a_compact_one(body: bytes) -> None:
    table = decode_request(body, JSON)

    assert (table.names, list(table.rows)) == (("a", "b"), [(1, "x")])


def test_a_body_that_goes_on_after_an_object_is_one_object_per_line() -> None:
    table = decode_request(b'{"a": 1}\n\n   \r\n{"a": 2}\r\n', JSON)

    assert list(table.rows) == [(1,), (2,)]


@pytest.mark.parametrize("space", ["\u2028", "\u0085", "\x1c", "\v", "\f"])
def test_lines_end_at_line_feeds_only(space: str) -> None:
    line = json.dumps({"a": f"x{space}y"}, ensure_ascii=space < " ").encode()

    table = decode_request(line + b"\n" + line, NDJSON)

    assert list(table.rows) == [(f"x{space}y",)] * 2


@pytest.mark.parametrize("content_type", [JSON, NDJSON])
def test_a_leading_byte_order_mark_is_dropped(content_type: str) -> None:
    assert list(decode_request(b'\xef\xbb\xbf{"a": "\xef\xbb\xbfx"}', content_type).rows) == [("\ufeffx",)]


def test_an_empty_array_is_a_table_without_rows() -> None:
    assert len(decode_request(b"[]", JSON)) == 0


@pytest.mark.parametrize("content_type", [JSON, NDJSON])
@pytest.mark.parametrize("key", ['"a"', '"\\u0061"'])
def test_a_repeated_key_is_refused(content_type: str, key: str) -> None:
    sentence = _refusal(f'{{"a": 1, "b": 2, {key}: 3}}'.encode(), content_type)

    where = "body" if content_type == JSON else "line 1"
    assert sentence == (
        f'{where}: expected each key once in an object, found the key "a" twice; send each field once'
    )


def test_a_repeated_key_in_a_later_record_is_refused_although_colons_stand_in_texts() -> None:
    sentence = _refusal(b'[{"a": "x:y", "b": "::"}, {"a": 1, "a": 1}]')

    assert (
        sentence == 'body: expected each key once in an object, found the key "a" twice; send each field once'
    )


def test_texts_and_keys_that_hold_colons_are_no_repeated_keys() -> None:
    assert list(decode_request(b'{"a:b": "12:30", "c": ":"}', JSON).rows) == [("12:30", ":")]


def test_an_array_of_arrays_is_refused_because_records_have_names() -> None:
    assert _refusal(b"[[1, 2]]") == (
        "record 0: expected an object with a key for every field, found an array; send one object per record"
    )


def test_the_first_element_that_is_no_object_is_named() -> None:
    assert _refusal(b'[{"a": 1}, 7]') == (
        "record 1: expected an object with a key for every field, found a value of type int; "
        "send one object per record"
    )


@pytest.mark.parametrize(
    ("body", "kind"), [(b"7", "int"), (b'"x"', "str"), (b"null", "NoneType"), (b"true", "bool")]
)
def test_a_body_that_is_a_plain_value_is_refused(body: bytes, kind: str) -> None:
    assert _refusal(body) == (
        f"body: expected an object with a key for every field, found a value of type {kind}; "
        "send one object per record"
    )


@pytest.mark.parametrize("literal", [b"NaN", b"Infinity", b"-Infinity"])
def test_literals_that_json_does_not_have_are_refused(literal: bytes) -> None:
    assert _refusal(b'{"a": ' + literal + b"}") == (
        f"body: expected JSON in UTF-8, found something else (invalid character (byte "
        f"{7 if literal[:1] == b'-' else 6})); {TAIL}"
    )


def test_a_number_that_no_double_holds_is_refused() -> None:
    assert _refusal(b'{"a": 1e400}').startswith(
        "body: expected JSON in UTF-8, found something else (Number out"
    )


def test_a_broken_line_is_named_by_its_number() -> None:
    assert _refusal(b'{"a": 1}\n\n{"a": \n', NDJSON) == (
        f"line 3: expected JSON in UTF-8, found something else (Input data was truncated); {TAIL}"
    )


def test_a_line_that_holds_two_objects_is_refused_by_its_number() -> None:
    assert _refusal(b'{"a": 1} {"a": 2}') == (
        f"line 1: expected JSON in UTF-8, found something else (trailing characters (byte 10)); {TAIL}"
    )


def test_ndjson_never_falls_back_to_json() -> None:
    assert _refusal(b'[{"a": 1}]', NDJSON) == (
        "line 1: expected an object with a key for every field, found an array; send one object per record"
    )
    assert _refusal(b'{\n"a": 1}', NDJSON).startswith("line 1: expected JSON in UTF-8")


@pytest.mark.parametrize("body", [b'{"a": "\xff"}', b'{"\xff": 1}', b"\xff\xfe{\x00}\x00"])
@pytest.mark.parametrize("content_type", [JSON, NDJSON])
def test_a_body_that_is_not_utf_8_is_refused(body: bytes, content_type: str) -> None:
    where = "body" if content_type == JSON else "line 1"
    assert _refusal(body, content_type).startswith(f"{where}: expected JSON in UTF-8, found something else (")


@pytest.mark.parametrize("text", [b'"x"', b'":"'], ids=["plain", "second look"])
def test_a_body_that_is_nested_too_deeply_is_refused_at_every_depth(text: bytes) -> None:
    for depth in range(900, 1100):
        body = b'{"t": ' + text + b', "a": ' + b"[" * depth + b"]" * depth + b"}"
        try:
            decode_request(body, JSON)
        except BadInput as error:
            assert "nested too deeply" in str(error)  # noqa: PT017  # at small depths there is no error
            return
    pytest.fail("no depth was refused")


def test_more_records_than_a_request_may_hold_are_refused() -> None:
    for body, content_type in (
        (b'[{"a":1},{"a":2},{"a":3}]', JSON),
        (b'{"a":1}\n{"a":2}\n{"a":3}\n', NDJSON),
    ):
        with pytest.raises(TooLarge) as caught:
            decode_request(body, content_type, max_rows=2)

        assert str(caught.value) == "body: expected at most 2 records, found more; split the request"
