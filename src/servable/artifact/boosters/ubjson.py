"""UBJSON, the binary form of JSON in which XGBoost saves a booster, read strictly.

Every length is held against the bytes that are left before anything of that length is made; depth,
the number of values and repeated keys are refused as in JSON.

Source: Universal Binary JSON, draft 12; big-endian. Counted and typed containers as XGBoost writes them.
"""

import struct
from typing import Final, NoReturn

import numpy as np
from numpy.typing import NDArray

from servable.errors import Damaged, Problem, shown

MAX_DEPTH: Final = 64
MAX_VALUES: Final = 1_500_000  # a typed array is one of them
_NUMBERS: Final = {
    b"i": (">b", np.int8),
    b"U": (">B", np.uint8),
    b"I": (">h", np.int16),
    b"l": (">i", np.int32),
    b"L": (">q", np.int64),
    b"d": (">f", np.float32),
    b"D": (">d", np.float64),
}
_CONSTANTS: Final = {b"T": True, b"F": False, b"Z": None}
_LENGTHS: Final = frozenset(b"iUIlL")


def read_ubjson(data: bytes, *, where: str) -> object:
    """The value of a UBJSON text; a typed array of numbers as a NumPy array of that type.

    Args:
        data: the whole text, nothing behind it.
        where: its file, as errors name it.

    Raises:
        Damaged: `ubjson.syntax`, with the byte where it stands.
    """
    reader = _Reader(data, where)
    value = reader.value(reader.take(1), depth=0)
    if reader.position != len(data):
        reader.refuse("the end of the file", f"{len(data) - reader.position} more bytes")
    return value


class _Reader:
    def __init__(self, data: bytes, where: str) -> None:
        self._data = data
        self._where = where
        self._values_left = MAX_VALUES
        self.position = 0

    def take(self, count: int) -> bytes:
        """The next bytes, as many as asked for."""
        taken = self._data[self.position : self.position + count]
        if len(taken) != count:
            self.refuse(f"{count} more bytes", f"{len(taken)}")
        self.position += count
        return taken

    def value(self, marker: bytes, *, depth: int) -> object:
        """The value that follows its marker."""
        if not self._values_left:
            self.refuse(f"at most {MAX_VALUES} values", "more")
        self._values_left -= 1
        if marker in _NUMBERS:
            form, _ = _NUMBERS[marker]
            number: int | float = struct.unpack(form, self.take(struct.calcsize(form)))[0]
            return number
        if marker in _CONSTANTS:
            return _CONSTANTS[marker]
        if marker == b"S":
            return self._text()
        if marker not in {b"{", b"["}:
            self.refuse("a value", f"the marker {shown(marker)}")
        if depth == MAX_DEPTH:
            self.refuse(f"at most {MAX_DEPTH} levels", "more")
        return self._object(depth=depth + 1) if marker == b"{" else self._array(depth=depth + 1)

    def _object(self, *, depth: int) -> dict[str, object]:
        found: dict[str, object] = {}
        while not self._ends(b"}"):
            key = self._text()
            if key in found:
                self.refuse("each key once in an object", f"{shown(key)} again")
            found[key] = self.value(self.take(1), depth=depth)
        return found

    def _array(self, *, depth: int) -> object:
        if self._ends(b"$"):
            marker = self.take(1)
            if self.take(1) != b"#" or marker not in _NUMBERS:
                self.refuse("numbers and how many", f"an array of the type {shown(marker)}")
            return self._numbers(marker, self._length())
        if not self._ends(b"#"):
            items = []
            while not self._ends(b"]"):
                items.append(self.value(self.take(1), depth=depth))
            return items
        # the smallest value takes one byte: a count beyond the bytes ends at their end
        return [self.value(self.take(1), depth=depth) for _ in range(self._length())]

    def _numbers(self, marker: bytes, count: int) -> "NDArray[np.generic]":
        form, dtype = _NUMBERS[marker]
        raw = self.take(count * struct.calcsize(form))
        return np.frombuffer(raw, dtype=np.dtype(dtype).newbyteorder(">")).astype(dtype)

    def _ends(self, marker: bytes) -> bool:
        """Whether this marker is next; it is taken then."""
        found = self._data[self.position : self.position + 1] == marker
        self.position += found
        return found

    def _text(self) -> str:
        raw = self.take(self._length())
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError as error:
            self.refuse("text in UTF-8", f"the byte {raw[error.start]:#04x}", cause=error)

    def _length(self) -> int:
        marker = self.take(1)
        if marker[0] not in _LENGTHS:
            self.refuse("a length", f"the marker {shown(marker)}")
        length = self.value(marker, depth=0)
        if not isinstance(length, int) or not 0 <= length <= len(self._data) - self.position:
            self.refuse(f"a length of at most {len(self._data) - self.position}", f"{length}")
        return length

    def refuse(self, expected: str, found: str, *, cause: Exception | None = None) -> NoReturn:
        """Raises for what stands here."""
        raise Damaged(
            Problem(
                code="ubjson.syntax",
                where=f"{self._where}, byte {self.position}",
                expected=expected,
                found=found,
                fix="copy the model again, or write it again with the training that made it",
            )
        ) from cause
