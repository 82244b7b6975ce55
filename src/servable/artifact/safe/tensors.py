"""The tensors of a PyTorch file: NumPy arrays over the stored bytes, within their bounds.

A storage is a member of the archive, read once however many tensors share it. A tensor is a view of it by
offset, size and stride, which is checked here and copies nothing; only bfloat16, which NumPy lacks, is
converted.

Source: PyTorch's `torch/_utils.py` for the arguments of a tensor, `torch/serialization.py` for the id of a
storage.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Final, NoReturn

import numpy as np
from numpy.typing import NDArray

from servable.errors import Damaged, Problem, shown

_Array = NDArray[np.generic]
# NumPy's own limits, asked about before it would raise.
_MOST_DIMENSIONS = 64
_MOST_BYTES = (1 << 63) - 1
# What an array object itself takes, so that a million empty ones are not free.
_HEADER_BYTES, _DIMENSION_BYTES = 128, 16


@dataclass(frozen=True, slots=True)
class ElementType:
    """The type of a storage's elements.

    Attributes:
        name: of the storage, as errors show it.
        stored: how an element is stored.
    """

    name: str
    stored: np.dtype[np.generic]

    def __str__(self) -> str:
        return f"`{self.name}`"


_BFLOAT16 = ElementType("torch.BFloat16Storage", np.dtype("<u2"))
_BOOL = ElementType("torch.BoolStorage", np.dtype("?"))

ELEMENT_TYPES: Final = {
    kind.name: kind
    for kind in (
        _BFLOAT16,
        _BOOL,
        ElementType("torch.DoubleStorage", np.dtype("<f8")),
        ElementType("torch.FloatStorage", np.dtype("<f4")),
        ElementType("torch.HalfStorage", np.dtype("<f2")),
        ElementType("torch.LongStorage", np.dtype("<i8")),
        ElementType("torch.IntStorage", np.dtype("<i4")),
        ElementType("torch.ShortStorage", np.dtype("<i2")),
        ElementType("torch.CharStorage", np.dtype("i1")),
        ElementType("torch.ByteStorage", np.dtype("u1")),
    )
}


@dataclass(frozen=True, slots=True, eq=False)
class Storage:
    """A stored row of elements that tensors are views of.

    Attributes:
        key: its name among the storages.
        elements: [elements], read-only.
    """

    key: str
    elements: _Array

    def __str__(self) -> str:
        return f"the storage {shown(self.key)}"


def refuse_torch(kind: str, where: str, *, expected: str, found: str) -> NoReturn:
    """Raises the error for a PyTorch file that is damaged or holds what is not read."""
    fix = "save it again with torch.save, as plain data and tensors"
    raise Damaged(Problem(code=f"torch.{kind}", where=where, expected=expected, found=found, fix=fix))


class Tensors:
    """The tensors of one file while it is read."""

    __slots__ = ("_bytes_left", "_members", "_most_bytes", "_storages")

    def __init__(self, members: Mapping[str, bytes], *, most_bytes: int) -> None:
        """Takes the stored bytes by key, and how many bytes all tensors may fill if each were copied."""
        self._members = members
        self._most_bytes = most_bytes
        self._bytes_left = most_bytes
        self._storages: dict[tuple[str, ElementType], Storage] = {}

    def storage(self, persistent_id: object, place: str) -> Storage | None:
        """The storage that a persistent id stands for, or None where it stands for none."""
        match persistent_id:
            case (str("storage"), ElementType() as kind, str(key), str(), int(n)) if type(n) is int:
                return self._storage(key, kind, n, place)
        return None

    def tensor(self, arguments: tuple[object, ...], place: str) -> _Array | None:
        """The array that a call of `_rebuild_tensor_v2` stands for, read-only, or None for other arguments.

        Whether it takes a gradient is dropped. A tensor with hooks, or one that is a conjugate or negative of
        what is stored, has no meaning here.
        """
        match arguments:
            case (Storage() as storage, offset, tuple(size), tuple(stride), bool(), dict(hooks)) if not hooks:
                return self._view(storage, offset, size, stride, place)
        return None

    def _storage(self, key: str, kind: ElementType, n: int, place: str) -> Storage:
        data = self._members.get(key)
        if data is None:
            expected = f"a member of the archive for the storage {shown(key)}"
            refuse_torch("storage", place, expected=expected, found="none")
        if len(data) != n * kind.stored.itemsize:
            expected = f"{shown(n)} elements of {kind} in the storage {shown(key)}"
            refuse_torch("storage", place, expected=expected, found=f"{len(data)} bytes")
        if (key, kind) not in self._storages:
            self._storages[key, kind] = Storage(key, _elements(data, kind, place))
        return self._storages[key, kind]

    def _view(
        self,
        storage: Storage,
        offset: object,
        size: tuple[object, ...],
        stride: tuple[object, ...],
        place: str,
    ) -> _Array:
        sizes, strides = _whole(size, place), _whole(stride, place)
        (start,) = _whole((offset,), place)
        if len(sizes) != len(strides) or len(sizes) > _MOST_DIMENSIONS:
            expected = f"a size and a stride of equally many, at most {_MOST_DIMENSIONS}, dimensions"
            refuse_torch("tensor", place, expected=expected, found=f"{len(sizes)} and {len(strides)}")
        elements = storage.elements
        itemsize = elements.dtype.itemsize
        self._count(prod(sizes) * itemsize, n_dimensions=len(sizes), place=place)
        if 0 in sizes:
            return _empty(sizes, elements.dtype, place)
        end = start + sum((n - 1) * step for n, step in zip(sizes, strides, strict=True)) + 1
        if end > len(elements):
            expected = f"a tensor within the {len(elements)} elements of {storage}"
            refuse_torch("bounds", place, expected=expected, found=f"one up to element {shown(end)}")
        # The step along a dimension of one element means nothing, and may be any number.
        steps = [step * itemsize if n > 1 else itemsize for n, step in zip(sizes, strides, strict=True)]
        return np.ndarray(sizes, elements.dtype, buffer=elements, offset=start * itemsize, strides=steps)

    def _count(self, n_bytes: int, *, n_dimensions: int, place: str) -> None:
        """Refuses views that repeat a storage until a copy of them would exhaust the machine."""
        self._bytes_left -= n_bytes + _HEADER_BYTES + _DIMENSION_BYTES * n_dimensions
        if self._bytes_left < 0:
            expected = f"tensors that fill at most {self._most_bytes} bytes in all"
            refuse_torch("extent", place, expected=expected, found="more")


def _elements(data: bytes, kind: ElementType, place: str) -> _Array:
    """The elements of a storage, [elements], read-only; a view of its bytes but for bfloat16."""
    stored = np.frombuffer(data, kind.stored)
    if kind is _BOOL and stored.view(np.uint8).max(initial=0) > 1:
        refuse_torch("storage", place, expected="truth values of 0 and 1", found="another byte")
    if kind is not _BFLOAT16:
        return stored
    # A bfloat16 is the upper half of a float32.
    wide = stored.astype(np.uint32)
    np.left_shift(wide, 16, out=wide)
    wide.flags.writeable = False
    return wide.view(np.float32)


def _empty(sizes: tuple[int, ...], dtype: np.dtype[np.generic], place: str) -> _Array:
    if prod(max(n, 1) for n in sizes) * dtype.itemsize > _MOST_BYTES:
        refuse_torch("tensor", place, expected="a size that NumPy can hold", found="a larger one")
    array = np.empty(sizes, dtype)
    array.flags.writeable = False
    return array


def _whole(numbers: tuple[object, ...], place: str) -> tuple[int, ...]:
    whole = tuple(n for n in numbers if type(n) is int and n >= 0)
    if len(whole) != len(numbers):
        expected = "offset, size and stride of whole numbers from 0"
        refuse_torch("tensor", place, expected=expected, found="another value")
    return whole
