"""JSON that two readers could take differently, or that would hurt one of them."""

import json
import math
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from servable.artifact.safe import canonical_json, parse_json, pretty_json
from servable.artifact.safe.jsons import MAX_VALUES
from servable.errors import BadInput, Damaged

Refused = Callable[[Callable[[], object]], Damaged]
WHERE = "manifest.json"


def attack(data: bytes) -> Callable[[], object]:
    return lambda: parse_json(data, where=WHERE)


@pytest.mark.parametrize(
    ("data", "place", "found"),
    [
        (b'{"a": 1,\n  "a": 2}', "line 2, column 3", "'a' again"),
        (b'{"a": 1, "\\u0061": 2}', "line 1, column 10", "'a' again"),
        ('{"é": 1, "\\u00e9": 2}'.encode(), "line 1, column 10", "'é' again"),
        (b'[{"a": {"b": 1}, "b": {}}, {"x": [], "x": {}}]', "line 1, column 38", "'x' again"),
        (b'{"":0,"":0}', "line 1, column 7", "'' again"),
        (b'{"a"\t:1,"a" \r\n:1}', "line 1, column 9", "'a' again"),
    ],
)
def test_a_key_twice_in_one_object_is_refused(refused: Refused, data: bytes, place: str, found: str) -> None:
    error = refused(attack(data))

    assert str(error) == (
        f"manifest.json, {place}: expected each key once in an object, found {found}; "
        "mend the file, or write it again"
    )
    assert error.code == "json.duplicate-key"


def test_a_key_in_two_objects_is_fine() -> None:
    data = b'[{"a": {"a": ["a", {"a": "a"}]}}, {"a": "{\\"a\\": 1}"}]'

    assert parse_json(data, where=WHERE) == json.loads(data)


@pytest.mark.parametrize(
    ("number", "found"),
    [
        ("NaN", "'NaN'"),
        ("Infinity", "'Infinity'"),
        ("-Infinity", "'-Infinity'"),
        ("1e400", "'1e400'"),
        ("-1e400", "'-1e400'"),
        ("9" * 401, "one of 401 digits"),
        ("9" * 10_000, "one of 10000 digits"),
        ("1" + "0" * 399 + ".0", "one of 402 digits"),
    ],
)
def test_a_number_that_float64_does_not_hold_is_refused(refused: Refused, number: str, found: str) -> None:
    error = refused(attack(f'{{"{number} inside a text": "{number}",\n "at": {number}}}'.encode()))

    assert str(error) == (
        f"manifest.json, line 2, column 8: expected a finite number of at most 400 digits, found {found}; "
        "mend the file, or write it again"
    )


@pytest.mark.parametrize(
    ("data", "place"),
    [
        (b"", "line 1, column 1"),
        (b"   ", "line 1, column 4"),
        (b'{"a": 1', "line 1, column 8"),
        (b'{"a": 1}\n{"b": 2}', "line 2, column 1"),
        (b'{"a" 1}', "line 1, column 6"),
        (b"{'a': 1}", "line 1, column 2"),
        (b'{"a": 1,}', None),
        (b"[1, 2,]", None),
        (b"[01]", "line 1, column 3"),
        (b"[+1]", "line 1, column 2"),
        (b"[.5]", "line 1, column 2"),
        (b"[1.]", "line 1, column 3"),
        (b"[0x10]", "line 1, column 3"),
        (b"nan", "line 1, column 1"),
        (b"True", "line 1, column 1"),
        (b"// comment\n1", "line 1, column 1"),
        (b'["a\nb"]', "line 1, column 4"),
        (b'["a\tb"]', "line 1, column 4"),
        (b'["\\x41"]', None),
        (b'["\\u12"]', None),
        (b'"' + b'\\"' * 5000, "line 1, column 1"),
        (b'["a]', "line 1, column 2"),
        (b"]", "line 1, column 1"),
        (b"[}", "line 1, column 2"),
        (b'{"a":1]', "line 1, column 7"),
        (b"\0", "line 1, column 1"),
    ],
    ids=repr,
)
def test_what_is_no_json_is_refused_with_its_place(refused: Refused, data: bytes, place: str | None) -> None:
    error = refused(attack(data))

    assert error.code == "json.syntax"
    assert place is None or error.problems[0].where == f"manifest.json, {place}"


def test_what_is_no_json_is_refused_with_a_whole_sentence(refused: Refused) -> None:
    assert str(refused(attack(b'{"a": 1,\n "b" 2}'))) == (
        "manifest.json, line 2, column 6: expected valid JSON, found an error (Expecting ':' delimiter); "
        "mend the file, or write it again"
    )


@pytest.mark.parametrize(
    ("data", "place"),
    [
        (b"[" * 65 + b"]" * 65, "column 65"),
        (b"[" * 1_000_000, "column 65"),
        (b'{"a":' * 200_000 + b"1" + b"}" * 200_000, "column 321"),
        (b'[{"a":' * 100_000, "column 193"),
    ],
    ids=["65 lists", "open lists", "objects", "both"],
)
def test_more_than_64_levels_are_refused_before_a_parser_descends(
    refused: Refused, data: bytes, place: str
) -> None:
    error = refused(attack(data))

    assert str(error) == (
        f"manifest.json, line 1, {place}: expected at most 64 levels of JSON, found more; "
        "mend the file, or write it again"
    )


def test_64_levels_are_read_whatever_brackets_the_texts_hold() -> None:
    data = b'["[[[[{{{{",' * 64 + b"1" + b"]" * 64

    assert parse_json(data, where=WHERE) == json.loads(data)


@pytest.mark.parametrize(
    ("data", "place", "found"),
    [
        (b"\xff\xfe{\0}\0", "line 1, column 1", "the byte 0xff"),
        (b'{"a":\n"\xe9"}', "line 2, column 2", "the byte 0xe9"),
        (b'"\xed\xa0\x80"', "line 1, column 2", "the byte 0xed"),
        (b'"\xc0\xaf"', "line 1, column 2", "the byte 0xc0"),
        (b'"\xc3', "line 1, column 2", "the byte 0xc3"),
    ],
)
def test_another_encoding_than_utf8_is_refused(refused: Refused, data: bytes, place: str, found: str) -> None:
    assert str(refused(attack(data))) == (
        f"manifest.json, {place}: expected UTF-8, found {found}; mend the file, or write it again"
    )


@pytest.mark.parametrize("text", [b'"\\ud800"', b'"\\udc00x"', b'{"\\udfff": 1}', b'["\\ud800\\ud800"]'])
def test_half_a_surrogate_pair_is_refused(refused: Refused, text: bytes) -> None:
    assert refused(attack(text)).code == "json.text"


def test_a_whole_surrogate_pair_and_an_escaped_backslash_are_text() -> None:
    assert parse_json(b'["\\ud83d\\ude00", "\\\\ud800"]', where=WHERE) == ["\U0001f600", "\\ud800"]


def test_a_byte_order_mark_is_dropped_once(refused: Refused) -> None:
    assert parse_json(b"\xef\xbb\xbf[1]", where=WHERE) == [1]
    assert refused(attack(b"\xef\xbb\xbf\xef\xbb\xbf[1]")).code == "json.syntax"


def test_more_than_64_mebibytes_are_refused(refused: Refused) -> None:
    error = refused(attack(b" " * ((64 << 20) + 1)))

    assert str(error) == (
        "manifest.json: expected at most 67108864 bytes of JSON, found 67108865 bytes; "
        "mend the file, or write it again"
    )


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda parts: st.lists(parts) | st.dictionaries(st.text(), parts),
    max_leaves=30,
)


@settings(deadline=None, max_examples=100)
@given(VALUES)
def test_what_is_written_is_read_back_and_written_the_same_again(value: object) -> None:
    for write in (canonical_json, pretty_json):
        data = write(value)
        found = parse_json(data, where=WHERE)

        assert found == value
        assert write(found) == data


@settings(deadline=None, max_examples=100)
@given(st.dictionaries(st.text(), st.integers(), min_size=2))
def test_the_order_of_keys_does_not_change_the_bytes(value: dict[str, int]) -> None:
    reversed_keys = dict(reversed(value.items()))

    assert canonical_json(reversed_keys) == canonical_json(value)
    assert pretty_json(reversed_keys) == pretty_json(value)


def test_the_two_spellings_of_a_value() -> None:
    value = {"b": [1, 0.5, None, True], "a": "é\n", "c": {}}

    assert canonical_json(value) == '{"a":"é\\n","b":[1,0.5,null,true],"c":{}}'.encode()
    assert pretty_json({"b": [1], "a": "é"}) == '{\n  "a": "é",\n  "b": [\n    1\n  ]\n}\n'.encode()


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ({"a": math.nan}, None),
        ([math.inf], None),
        ({1: "a"}, "a key of type int"),
        ([{"a": {None: "a"}}], "a key of type NoneType"),
        ({"1": "a", 1: "b"}, None),
        ({1, 2}, "Object of type set is not JSON serializable"),
        (b"bytes", "Object of type bytes is not JSON serializable"),
        ("\ud800", None),
    ],
    ids=repr,
)
@pytest.mark.parametrize("write", [canonical_json, pretty_json])
def test_a_value_without_a_json_form_is_not_written(
    write: Callable[[object], bytes], value: object, found: str | None
) -> None:
    with pytest.raises(BadInput) as caught:
        write(value)

    assert caught.value.code == "json.value"
    assert found is None or caught.value.problems[0].found == found


def test_a_container_inside_itself_is_not_written() -> None:
    value: list[object] = []
    value.append(value)

    with pytest.raises(BadInput):
        canonical_json(value)


@settings(deadline=None, max_examples=150)
@given(VALUES.map(pretty_json), st.data())
def test_a_changed_text_is_read_as_json_does_or_refused(honest: bytes, choices: st.DataObject) -> None:
    data = bytearray(honest)
    for _ in range(choices.draw(st.integers(1, 4))):
        start = choices.draw(st.integers(0, len(data)))
        data[start : start + choices.draw(st.integers(0, 4))] = choices.draw(
            st.binary(max_size=4)
            | st.sampled_from([b'"', b"\\", b"{", b"[", b"]", b"}", b":", b",", b"1e999"])
        )

    try:
        found = parse_json(bytes(data), where=WHERE)
    except Damaged:
        return

    assert found == json.loads(data)


@pytest.mark.parametrize(
    "data", [b"[" + b"[]," * 500_001 + b"[]]", b"[" + b"1," * MAX_VALUES + b"1]", b"]" * (MAX_VALUES + 1)]
)
def test_too_many_values_are_refused_before_they_are_made(refused: Refused, data: bytes) -> None:
    error = refused(lambda: parse_json(data, where="a.json"))

    assert error.code == "json.size"
    assert str(error) == (
        f"a.json: expected at most {MAX_VALUES} commas and brackets of JSON, found more; "
        "mend the file, or write it again"
    )


def test_a_long_list_within_the_limit_is_read() -> None:
    assert parse_json(b"[" + b"0," * 100_000 + b"0]", where="a.json") == [0] * 100_001
