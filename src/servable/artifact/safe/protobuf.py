"""The fields of protocol buffers from strangers, told apart without a schema, no deeper than asked.

Numbers that stand many times in a row under one key, as trees store theirs, are decoded together.

Source: the wire format in the documentation of Protocol Buffers.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

Value = int | memoryview | NDArray[np.int64]
"""Of one field: a number, the bytes of a text or of an inner message, or numbers in a row."""

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_FIXED_BYTES: Final = {_FIXED64: 8, _FIXED32: 4}
_MORE = 0x80
_LONGEST_VARINT = 10
_MOST_KEY, _MOST_NUMBER = (1 << 32) - 1, (1 << 64) - 1
_NONE: Final = "bytes that are no protobuf"
_CUT_OFF: Final = "a file that is cut off"
_FIRST_BLOCK_BYTES, _MOST_BLOCK_BYTES = 256, 1 << 20


class MalformedError(ValueError):
    """Bytes that are no message, or one of more fields than are read; its text says which."""


class Fields:
    """Reads messages, all of which together may have so many fields."""

    __slots__ = ("_left",)

    def __init__(self, *, most: int) -> None:
        self._left = most

    def of(self, message: memoryview) -> Iterator[tuple[int, Value]]:
        """Number and value of each field, in order; numbers of fixed length are bytes, of many in a row.

        Raises:
            MalformedError: when the iteration reaches what is none.
        """
        at, end = 0, len(message)
        before = -1
        while at < end:
            self._left -= 1
            if self._left < 0:
                raise MalformedError("more fields than are read")
            key = message[at]
            key, start = (key, at + 1) if key < _MORE else _varint(message, at)
            wire = key & 7
            if key < 8 or key > _MOST_KEY:  # the number 0, or one that no message has
                raise MalformedError(_NONE)
            value: Value
            if wire == _BYTES:
                size = message[start] if start < end else _MORE
                size, start = (size, start + 1) if size < _MORE else _varint(message, start)
                at = start + size
                value = message[start:at]
            elif wire == _VARINT and (key != before or key >= _MORE):
                value, at = _varint(message, start)
            elif wire == _VARINT:  # whoever repeats a key twice may repeat it a million times
                value, at = _varints_in_a_row(message, at, key)
            elif wire in _FIXED_BYTES:
                at = start + _FIXED_BYTES[wire]
                if key == before and key < _MORE:
                    at = _end_of_row(message, at, key, stride=1 + _FIXED_BYTES[wire])
                value = message[start:at]
            else:  # groups, which nobody writes any more
                raise MalformedError(_NONE)
            if at > end:
                raise MalformedError(_CUT_OFF)
            before = key
            yield key >> 3, value


def integers_of(values: list[Value]) -> NDArray[np.int64]:
    """`[n]` what a repeated integer holds, whichever way it is written: in a row, packed or one by one.

    Raises:
        MalformedError: if one of the values is no integer.
    """
    return np.concatenate([np.empty(0, np.int64), *map(_integers, values)])


def _integers(value: Value) -> NDArray[np.int64]:
    if isinstance(value, np.ndarray):
        return value
    if isinstance(value, int):
        return np.array([value], dtype=np.uint64).view(np.int64)
    data = np.frombuffer(value, np.uint8)
    ends = np.flatnonzero(data < _MORE)
    if len(data) and (not len(ends) or ends[-1] != len(data) - 1):
        raise MalformedError(_CUT_OFF)
    starts = np.concatenate([[0], ends[:-1] + 1]) if len(ends) else ends
    return _decoded(data, starts, ends)


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    """The number whose first byte stands there, and where it ends."""
    number = 0
    for place, byte in enumerate(message[at : at + _LONGEST_VARINT]):
        number |= (byte & 0x7F) << (7 * place)
        if byte < _MORE:
            return number & _MOST_NUMBER, at + place + 1
    raise MalformedError(_CUT_OFF if len(message) - at < _LONGEST_VARINT else _NONE)


def _end_of_row(message: memoryview, at: int, key: int, *, stride: int) -> int:
    """Where the fields of this key and of fixed length end that follow one another."""
    data = np.frombuffer(message, np.uint8)
    block = _FIRST_BLOCK_BYTES
    while at < len(data):
        is_other = data[at : at + block * stride : stride] != key
        if is_other.any():
            return at + int(np.argmax(is_other)) * stride
        at += len(is_other) * stride
        block = min(block * 8, _MOST_BLOCK_BYTES)
    return at


def _varints_in_a_row(message: memoryview, at: int, key: int) -> tuple[NDArray[np.int64], int]:
    """The integers of all fields of this key that follow one another, and where they end."""
    data = np.frombuffer(message, np.uint8)
    found = []
    block = _FIRST_BLOCK_BYTES
    while True:
        part = data[at : at + block]
        # in turns a key, which is one byte, and a number
        ends = np.flatnonzero(part < _MORE)
        keys, stops = ends[: len(ends) // 2 * 2 : 2], ends[1::2]
        is_next = (part[keys] == key) & (keys == np.concatenate([[0], stops[:-1] + 1])[: len(keys)])
        n = len(keys) if is_next.all() else int(np.argmin(is_next))
        if not n:
            break
        found.append(_decoded(part, keys[:n] + 1, stops[:n]))
        at += int(stops[n - 1]) + 1
        if n < len(keys) or at >= len(data):
            break
        block = min(block * 8, _MOST_BLOCK_BYTES)
    if not found:  # a number that never ends
        raise MalformedError(_CUT_OFF)
    return np.concatenate(found), at


def _decoded(data: NDArray[np.uint8], starts: NDArray[np.intp], ends: NDArray[np.intp]) -> NDArray[np.int64]:
    """`[n]` the numbers whose first and last bytes stand there."""
    lengths = ends - starts + 1
    longest = int(lengths.max(initial=0))
    if longest > _LONGEST_VARINT:
        raise MalformedError(_NONE)
    numbers = np.zeros(len(starts), dtype=np.uint64)
    for place in range(longest):
        has = lengths > place
        numbers[has] |= (data[starts[has] + place] & 0x7F).astype(np.uint64) << np.uint64(7 * place)
    return numbers.view(np.int64)
