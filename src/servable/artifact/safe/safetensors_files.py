"""Weights in the safetensors format, read as data: a JSON header and the bytes of the tensors.

The file is eight bytes with the length of the header, the header, and the tensors one behind the other,
without gaps. Each tensor must lie where the header says and be as large as its shape asks; nothing may
overlap, and no byte may be left over.

Source: the format's own description in the documentation of the library `safetensors`.
"""

from math import prod
from typing import Any, Final, NoReturn

import numpy as np
from numpy.typing import NDArray

from servable.artifact.safe.jsons import parse_json
from servable.errors import Damaged, Problem, shown

_LENGTH_BYTES: Final = 8
_BFLOAT16: Final = "BF16"
_TYPES: Final = {
    "F64": "<f8",
    "F32": "<f4",
    "F16": "<f2",
    _BFLOAT16: "<u2",
    "I64": "<i8",
    "I32": "<i4",
    "I16": "<i2",
    "I8": "i1",
    "U8": "u1",
    "BOOL": "?",
}
_MOST_DIMENSIONS: Final = 32
_MOST_BYTES: Final = 1 << 59
_Tensor = tuple[int, int, str, tuple[int, ...]]


def read_safetensors(data: bytes, *, where: str) -> dict[str, NDArray[Any]]:
    """The tensors of a safetensors file by name, read-only views of its bytes; bfloat16 becomes float32.

    Args:
        data: the file.
        where: its name, as errors show it.

    Raises:
        Damaged: `safetensors.*`, or `json.*` for its header.
    """
    start = _LENGTH_BYTES + _header_bytes(data, where)
    header = parse_json(data[_LENGTH_BYTES:start], where=f"{where}, header")
    if not isinstance(header, dict):
        _refuse("header", where, expected="an object of tensors by name", found="something else")
    header.pop("__metadata__", None)
    tensors = {name: _entry(entry, f"{where}, tensor {shown(name)}") for name, entry in header.items()}
    _require_cover(tensors, n_bytes=len(data) - start, where=where)
    return {
        name: _array(data, start + begin, kind, shape, f"{where}, tensor {shown(name)}")
        for name, (begin, _, kind, shape) in tensors.items()
    }


def _header_bytes(data: bytes, where: str) -> int:
    length = int.from_bytes(data[:_LENGTH_BYTES], "little")
    if len(data) < _LENGTH_BYTES or length > len(data) - _LENGTH_BYTES:
        found = f"a file of {len(data)} bytes"
        _refuse("length", where, expected="a header as long as the first eight bytes say", found=found)
    return length


def _entry(entry: object, where: str) -> _Tensor:
    stored = None
    match entry:
        case {"dtype": str(kind), "shape": list(shape), "data_offsets": [begin, end], **rest} if not rest:
            if kind not in _TYPES:
                known = ", ".join(_TYPES)
                _refuse("type", where, expected=f"a type of {known}", found=shown(kind))
            is_whole = all(type(n) is int and 0 <= n <= _MOST_BYTES for n in (begin, end, *shape))
            # an empty tensor may not have a dimension that NumPy cannot hold either
            if is_whole and len(shape) <= _MOST_DIMENSIONS and prod(max(n, 1) for n in shape) <= _MOST_BYTES:
                stored = (begin, end, kind, tuple(shape))
    if stored is None:
        _refuse("tensor", where, expected="`dtype`, `shape` and `data_offsets`", found=shown(entry))
    return stored


def _require_cover(tensors: dict[str, _Tensor], *, n_bytes: int, where: str) -> None:
    """Nothing, if the tensors lie one behind the other and fill the rest of the file."""
    position = 0
    for name, (begin, end, kind, shape) in sorted(tensors.items(), key=lambda entry: entry[1][:2]):
        here, size = f"{where}, tensor {shown(name)}", prod(shape) * np.dtype(_TYPES[kind]).itemsize
        if begin != position:
            _refuse("place", here, expected=f"its first byte at {position}", found=str(begin))
        if end - begin != size:
            _refuse("size", here, expected=f"{shown(size)} bytes for its shape", found=str(end - begin))
        position = end
    if position != n_bytes:
        _refuse("length", where, expected=f"{position} bytes of tensors", found=f"{n_bytes}")


def _array(data: bytes, begin: int, kind: str, shape: tuple[int, ...], where: str) -> NDArray[Any]:
    stored = _view(data, begin, np.dtype(_TYPES[kind]), shape)
    if kind == "BOOL" and stored.view(np.uint8).max(initial=0) > 1:
        _refuse("truth", where, expected="truth values of 0 and 1", found="another byte")
    if kind != _BFLOAT16:
        return stored
    # a bfloat16 is the upper half of a float32
    wide = (stored.astype(np.uint32) << np.uint32(16)).view(np.float32)
    wide.flags.writeable = False
    return wide


def _view(data: bytes, begin: int, dtype: np.dtype[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    if prod(shape) == 0:  # which NumPy does not view
        return np.empty(shape, dtype)
    return np.frombuffer(data, dtype, count=prod(shape), offset=begin).reshape(shape)


def _refuse(kind: str, where: str, *, expected: str, found: str) -> NoReturn:
    raise Damaged(
        Problem(
            code=f"safetensors.{kind}",
            where=where,
            expected=expected,
            found=found,
            fix="copy the file again, or save it again with the library that wrote it",
        )
    )
