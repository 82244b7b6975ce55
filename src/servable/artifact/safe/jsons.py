"""JSON of artifacts: read strictly, written in one canonical and one readable form.

Read strictly means that what two readers could take differently is refused: a key twice in one object,
NaN and infinity, numbers beyond float64, other encodings than UTF-8, half a surrogate pair. The number of
values and their depth are counted before a parser descends; where something is refused, a slower scan finds
its place.

Source: RFC 8259; RFC 7493 (I-JSON) for what is refused beyond it.
"""

import json
import re
from collections.abc import Iterable
from math import isfinite
from typing import NoReturn

import numpy as np

from servable.errors import BadInput, Damaged, Problem, shown

MAX_BYTES = 64 << 20
MAX_DEPTH = 64
MAX_DIGITS = 400
MAX_VALUES = 1_500_000
_BOM = b"\xef\xbb\xbf"
# A string, closed or cut off, with the colon that makes it a key. Possessive: each character is read once.
_STRING = r'"[^"\\]*+(?:\\.[^"\\]*+)*+(?P<quote>"?)(?P<colon>[ \t\r\n]*+:)?'
_TOKEN = re.compile(rf"{_STRING}|[\[\]{{}}]", re.DOTALL)
_WHOLE_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_HALF_PAIR = re.compile(r"\\u[dD][89a-fA-F]")
_OPEN, _CLOSED = b"[{", b"]}"


def parse_json(data: bytes, *, where: str, max_values: int = MAX_VALUES) -> object:
    """The value of a JSON text, read strictly.

    Args:
        data: UTF-8, at most 64 MiB; a leading byte order mark is dropped.
        where: its file, as errors name it.
        max_values: commas and brackets at most, those inside of strings too.

    Raises:
        Damaged: `json.*`, with line and column (both from 1, in characters), if it is not valid, repeats
            a key, holds a number that float64 does not, is nested deeper than 64 levels or holds too much.
    """
    if len(data) > MAX_BYTES:
        _refuse("size", where, expected=f"at most {MAX_BYTES} bytes of JSON", found=f"{len(data)} bytes")
    brackets = sum(map(data.count, (b"[", b"]", b"{", b"}")))
    if data.count(b",") + brackets > max_values:
        expected = f"at most {max_values} commas and brackets of JSON"
        _refuse("size", where, expected=expected, found="more")
    text = _decoded(data.removeprefix(_BOM), where)
    is_deep = brackets > MAX_DEPTH and _depth(data) > MAX_DEPTH
    if is_deep or (b"\\u" in data and _HALF_PAIR.search(text)):
        _scan(text, where)
    try:
        value: object = json.loads(
            text, parse_float=_float, parse_int=_int, parse_constant=_constant, object_pairs_hook=_object
        )
    except _UnfitNumberError as error:
        _refuse_number(text, error.literal, where)
    except (json.JSONDecodeError, _RepeatedKeyError, RecursionError) as error:
        _scan(text, where)
        position = error.pos if isinstance(error, json.JSONDecodeError) else 0
        found = f"an error ({error.msg if isinstance(error, json.JSONDecodeError) else error})"
        _refuse("syntax", _place(text, position, where), expected="valid JSON", found=found, cause=error)
    return value


def canonical_json(value: object) -> bytes:
    """The one spelling of a value: keys sorted by code point, no blanks, UTF-8, shortest numbers.

    Raises:
        BadInput: `json.value` if JSON has no form for it: NaN, a key that is no text, another type.
    """
    return _encoded(value, indent=None, separators=(",", ":"))


def pretty_json(value: object) -> bytes:
    """The spelling of a value for people: keys sorted by code point, two blanks a level, a final newline.

    Raises:
        BadInput: as `canonical_json`.
    """
    return _encoded(value, indent=2, separators=(",", ": ")) + b"\n"


class _UnfitNumberError(Exception):
    def __init__(self, literal: str) -> None:
        super().__init__(literal)
        self.literal = literal


class _RepeatedKeyError(Exception):
    pass


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _RepeatedKeyError("a key twice")
    return found


def _float(literal: str) -> float:
    number = float(literal)
    if not isfinite(number):
        raise _UnfitNumberError(literal)
    return number


def _int(literal: str) -> int:
    # Python refuses to convert some thousand digits, where others do not.
    if len(literal) > MAX_DIGITS:
        raise _UnfitNumberError(literal)
    return int(literal)


def _constant(literal: str) -> NoReturn:
    raise _UnfitNumberError(literal)


def _decoded(data: bytes, where: str) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8")
        found = f"the byte {data[error.start]:#04x}"
        _refuse("encoding", _place(before, len(before), where), expected="UTF-8", found=found, cause=error)


def _depth(data: bytes) -> int:
    """Levels of a valid JSON text; of another, any number."""
    outside = np.frombuffer(_WHOLE_STRING.sub(b"", data), np.uint8)
    is_open, is_closed = (np.isin(outside, np.frombuffer(kind, np.uint8)) for kind in (_OPEN, _CLOSED))
    steps = np.where(is_open, 1, -1)[is_open | is_closed]
    return int(np.cumsum(steps, dtype=np.int32).max(initial=0))


def _scan(text: str, where: str) -> None:
    """Refuses too many levels, a key twice in one object, and half a surrogate pair.

    In valid JSON the tokens are exact. In a text that is not, they may be off, but it is refused anyway.
    """
    has_half_pairs = _HALF_PAIR.search(text) is not None
    levels: list[set[str] | None] = []
    for token in _TOKEN.finditer(text):
        match text[token.start()]:
            case "{":
                levels.append(set())
            case "[":
                levels.append(None)
            case '"':
                if has_half_pairs or token["colon"]:
                    _scan_string(text, token, keys=levels[-1] if levels else None, where=where)
            case _:
                del levels[-1:]
        if len(levels) > MAX_DEPTH:
            place = _place(text, token.start(), where)
            _refuse("depth", place, expected=f"at most {MAX_DEPTH} levels of JSON", found="more")


def _scan_string(text: str, token: re.Match[str], *, keys: set[str] | None, where: str) -> None:
    string = text[token.start() : token.end("quote")]
    if "\\" in string:
        try:
            string = json.dumps(json.loads(string), ensure_ascii=False)
            string.encode()
        except json.JSONDecodeError:
            return
        except UnicodeEncodeError as error:
            place = _place(text, token.start(), where)
            _refuse("text", place, expected="text in UTF-8", found="half a surrogate pair", cause=error)
    if token["colon"] and keys is not None:
        if string in keys:
            place = _place(text, token.start(), where)
            found = f"{shown(string[1:-1])} again"
            _refuse("duplicate-key", place, expected="each key once in an object", found=found)
        keys.add(string)


def _refuse_number(text: str, literal: str, where: str) -> NoReturn:
    """Raises for a number by its text, which the parser hands over without its place."""
    is_long = len(literal) > MAX_DIGITS
    spelling = f"-?[0-9][0-9.eE+-]{{{MAX_DIGITS - 1},}}" if is_long else re.escape(literal)
    number = re.compile(rf"{_STRING}|(?P<number>{spelling})(?![\w.+-])", re.DOTALL)
    start = next((found.start() for found in number.finditer(text) if found["number"]), 0)
    found = f"one of {len(literal)} digits" if is_long else shown(literal)
    expected = f"a finite number of at most {MAX_DIGITS} digits"
    _refuse("number", _place(text, start, where), expected=expected, found=found)


def _place(text: str, position: int, where: str) -> str:
    line = text.count("\n", 0, position) + 1
    column = position - text.rfind("\n", 0, position)
    return f"{where}, line {line}, column {column}"


def _refuse(kind: str, where: str, *, expected: str, found: str, cause: Exception | None = None) -> NoReturn:
    fix = "mend the file, or write it again"
    problem = Problem(code=f"json.{kind}", where=where, expected=expected, found=found, fix=fix)
    raise Damaged(problem) from cause


def _encoded(value: object, *, indent: int | None, separators: tuple[str, str]) -> bytes:
    try:
        text = json.dumps(
            value, ensure_ascii=False, allow_nan=False, sort_keys=True, indent=indent, separators=separators
        )
        # After `dumps`, which has found out that no container is inside itself.
        _require_text_keys(value)
        return text.encode()
    except (TypeError, ValueError) as error:
        raise BadInput(
            Problem(
                code="json.value",
                where="JSON to be written",
                expected="text, finite numbers, true, false, null, lists and objects with text as keys",
                found=str(error)[:80],
                fix="convert it before",
            )
        ) from error


def _require_text_keys(value: object) -> None:
    """Refuses other keys than text: JSON would rename them after sorting, and 1 and "1" would meet."""
    pending: list[Iterable[object]] = [[value]]
    while pending:
        for part in pending.pop():
            if isinstance(part, dict):
                for key in part:
                    if not isinstance(key, str):
                        raise TypeError(f"a key of type {type(key).__name__}")
                pending.append(part.values())
            elif isinstance(part, list | tuple):
                pending.append(part)
