"""Texts and numbers as the fields of ONNX messages hold them."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from servable.artifact.safe.protobuf import MalformedError, Value

_FLOAT_BYTES: Final = 4


def texts_of(values: Iterable[Value]) -> Iterator[str]:
    """Those of the values that are texts; what is no UTF-8, as escapes."""
    return (str(value, "utf-8", "backslashreplace") for value in values if isinstance(value, memoryview))


def last_text(values: Iterable[Value]) -> str:
    """The last of them, which counts where a field stands twice; empty without one."""
    return next(iter([*texts_of(values)][-1:]), "")


def floats_of(values: list[Value]) -> NDArray[np.float32]:
    """`[n]` repeated floats, packed or one by one.

    Written one by one, the first comes alone, and the others in a row with their keys between them.

    Raises:
        MalformedError: if the last one is cut off.
    """
    rows = [value for value in values if isinstance(value, memoryview)]
    if len(rows) == 2 and len(rows[0]) == _FLOAT_BYTES and len(rows[1]) % (1 + _FLOAT_BYTES) == _FLOAT_BYTES:
        last = np.frombuffer(bytes(1) + bytes(rows[1]), np.uint8).reshape(-1, 1 + _FLOAT_BYTES)[:, 1:]
        rows = [rows[0], memoryview(last.tobytes())]
    return np.concatenate([np.empty(0, np.float32), *(numbers_of(row, "<f4") for row in rows)])


def numbers_of(value: Value, stored: str) -> NDArray[Any]:
    """`[n]` numbers of a NumPy type in a row.

    Raises:
        MalformedError: if the last one is cut off.
    """
    if not isinstance(value, memoryview) or len(value) % np.dtype(stored).itemsize:
        raise MalformedError("numbers that are cut off")
    return np.frombuffer(value, stored)
