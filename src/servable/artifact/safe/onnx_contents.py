"""What an ONNX file stores: its tensors as NumPy arrays, and its nodes by name, without a runtime.

For whoever compares models; no score is computed. Read are the outermost graph's tensors and nodes.

Source: `onnx.proto` of the ONNX project.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from math import prod
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from servable.artifact.safe.onnx_fields import (
    ATTRIBUTE,
    ATTRIBUTE_NAME,
    DOUBLE_DATA,
    ELEMENT_TYPE,
    EXTERNAL,
    FLOAT_DATA,
    FLOATS,
    GRAPH,
    INITIALIZER,
    INT32_DATA,
    INT64_DATA,
    INTEGERS,
    KEY,
    NODE,
    NODE_INPUT,
    NODE_NAME,
    NODE_OUTPUT,
    OPERATOR,
    OUTPUT,
    RAW_DATA,
    SIZES,
    STRING,
    STRINGS,
    TENSOR_NAME,
    UINT64_DATA,
    VALUE,
    VALUE_NAME,
)
from servable.artifact.safe.onnx_files import check_onnx
from servable.artifact.safe.onnx_values import floats_of, last_text, numbers_of, texts_of
from servable.artifact.safe.protobuf import Fields, MalformedError, Value, integers_of
from servable.errors import Damaged, Problem, shown

_MOST_FIELDS: Final = 4_000_000  # of what `check_onnx` has passed, with the names of its leaves
_BFLOAT16: Final = 16
_TYPES: Final[Mapping[int, str]] = {
    **{1: "<f4", 2: "u1", 3: "i1", 4: "<u2", 5: "<i2", 6: "<i4", 7: "<i8"},
    **{9: "?", 10: "<f2", 11: "<f8", 12: "<u4", 13: "<u8", _BFLOAT16: "<u2"},
}
"""Of the numbers of ONNX's element types, those of one number an element."""

_INTEGER_DATA: Final = (INT32_DATA, INT64_DATA, UINT64_DATA)
_MOST_DIMENSIONS: Final = 32
_MOST_ELEMENTS: Final = (1 << 31) - 1  # of no element at all, NumPy still multiplies the sizes
_FIX: Final = "copy the artifact again, or pack it again"

Array = NDArray[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class OnnxNode:
    """One operator of a graph.

    Attributes:
        name: as whoever wrote the graph named it; may be empty.
        operator: `MatMul`, `TreeEnsembleClassifier`, ...
        inputs, outputs: names of tensors.
        integers, floats, strings: lists among its attributes, by name; one string is a list of one.
        attributes: by name, the sha256 of each as it is written, of whatever type.
    """

    name: str
    operator: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    integers: Mapping[str, NDArray[np.int64]] = field(repr=False)
    floats: Mapping[str, NDArray[np.float32]] = field(repr=False)
    strings: Mapping[str, tuple[str, ...]] = field(repr=False)
    attributes: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OnnxContents:
    """What a graph stores.

    Attributes:
        tensors: by name, read-only views of the bytes where that is possible; bfloat16 becomes float32.
        unread: names of tensors whose elements are no plain numbers.
        nodes: in the graph's order.
        outputs: names of what the graph gives.
    """

    tensors: Mapping[str, Array]
    unread: tuple[str, ...]
    nodes: tuple[OnnxNode, ...]
    outputs: tuple[str, ...]


def read_onnx(
    model: bytes, *, where: str, weights_file: str | None = None, weights: bytes | None = None
) -> OnnxContents:
    """The tensors and nodes of an ONNX file.

    Args:
        model: the file.
        where: its name, as errors show it.
        weights_file: the one other file that its tensors may lie in.
        weights: the bytes of that file.

    Raises:
        Damaged: as `check_onnx`; `onnx.tensor` for a tensor whose bytes are not there or do not fit.
    """
    check_onnx(model, where=where, fix=_FIX, weights_file=weights_file)
    reading = _Reading(where=where, weights=weights)
    try:
        return reading.contents(model)
    except MalformedError as error:
        raise reading.damaged("an ONNX graph", f"one that cannot be read ({error})") from error


@dataclass(slots=True, kw_only=True)
class _Reading:
    where: str
    weights: bytes | None
    _fields: Fields = field(default_factory=lambda: Fields(most=_MOST_FIELDS))

    def damaged(self, expected: str, found: str) -> Damaged:
        return Damaged(
            Problem(code="onnx.tensor", where=self.where, expected=expected, found=found, fix=_FIX)
        )

    def contents(self, model: bytes) -> OnnxContents:
        tensors: dict[str, Array] = {}
        unread: list[str] = []
        nodes: list[OnnxNode] = []
        outputs: list[str] = []
        for number, graph in self._of(memoryview(model)):
            if number != GRAPH:
                continue
            for part, value in self._of(graph):
                if part == NODE:
                    nodes.append(self.node(value))
                elif part == OUTPUT:
                    outputs.append(last_text(self._by_number(value).get(VALUE_NAME, [])))
                elif part == INITIALIZER:
                    name, array = self.tensor(value)
                    if array is None:
                        unread.append(name)
                    else:
                        tensors[name] = array
        return OnnxContents(tensors=tensors, unread=tuple(unread), nodes=tuple(nodes), outputs=tuple(outputs))

    def _of(self, message: Value) -> Iterator[tuple[int, Value]]:
        return self._fields.of(message) if isinstance(message, memoryview) else iter(())

    def _by_number(self, message: Value) -> dict[int, list[Value]]:
        found: dict[int, list[Value]] = {}
        for number, value in self._of(message):
            found.setdefault(number, []).append(value)
        return found

    def node(self, message: Value) -> OnnxNode:
        parts = self._by_number(message)
        integers, floats, strings, attributes = {}, {}, {}, {}
        for attribute in parts.get(ATTRIBUTE, []):
            inner = self._by_number(attribute)
            name = last_text(inner.get(ATTRIBUTE_NAME, []))
            if isinstance(attribute, memoryview):
                attributes[name] = hashlib.sha256(attribute).hexdigest()
            if INTEGERS in inner:
                integers[name] = integers_of(inner[INTEGERS])
            if FLOATS in inner:
                floats[name] = floats_of(inner[FLOATS])
            if texts := [*inner.get(STRING, []), *inner.get(STRINGS, [])]:
                strings[name] = tuple(texts_of(texts))
        return OnnxNode(
            name=last_text(parts.get(NODE_NAME, [])),
            operator=last_text(parts.get(OPERATOR, [])),
            inputs=tuple(texts_of(parts.get(NODE_INPUT, []))),
            outputs=tuple(texts_of(parts.get(NODE_OUTPUT, []))),
            integers=integers,
            floats=floats,
            strings=strings,
            attributes=attributes,
        )

    def tensor(self, message: Value) -> tuple[str, Array | None]:
        """Name and array of a stored tensor; None where its elements are no plain numbers."""
        parts = self._by_number(message)
        name = last_text(parts.get(TENSOR_NAME, []))
        kinds = [kind for kind in parts.get(ELEMENT_TYPE, []) if isinstance(kind, int)]
        if len(kinds) != 1 or kinds[0] not in _TYPES:
            return name, None
        shape = tuple(integers_of(parts.get(SIZES, [])).tolist())
        if len(shape) > _MOST_DIMENSIONS:
            raise self.damaged(f"at most {_MOST_DIMENSIONS} sizes of the tensor {shown(name)}", "more")
        if prod(max(size, 1) for size in shape) > _MOST_ELEMENTS:
            expected = f"sizes of the tensor {shown(name)} whose product is at most {_MOST_ELEMENTS}"
            raise self.damaged(expected, shown(" x ".join(map(str, shape))))
        stored = np.dtype(_TYPES[kinds[0]])
        elements = self.elements(parts, stored, name)
        if min(shape, default=0) < 0 or prod(shape) != len(elements):
            raise self.damaged(
                f"{prod(shape)} elements of the tensor {shown(name)}", f"{len(elements)} of them"
            )
        if kinds[0] == _BFLOAT16:  # the upper half of a float32
            elements = (elements.astype(np.uint32) << 16).view(np.float32)
        return name, elements.reshape(shape)

    def elements(self, parts: Mapping[int, list[Value]], stored: np.dtype[Any], name: str) -> Array:
        """`[n]` elements, whichever way they are written."""
        if EXTERNAL in parts:
            return self.outside(parts[EXTERNAL], stored, name)
        raw = [value for value in parts.get(RAW_DATA, []) if isinstance(value, memoryview)]
        if raw:
            return self.from_bytes(raw[-1], stored, name)
        if FLOAT_DATA in parts and stored == np.float32:  # no other type is written so
            return floats_of(parts[FLOAT_DATA])
        if DOUBLE_DATA in parts and stored == np.float64:
            return np.concatenate([numbers_of(value, "<f8") for value in parts[DOUBLE_DATA]])
        integers = integers_of([value for part in _INTEGER_DATA for value in parts.get(part, [])])
        if stored.kind == "f":  # half precision is written as the integer that its bits make
            return integers.astype(np.uint16).view(np.float16).astype(stored)
        return integers.astype(stored)

    def from_bytes(self, data: memoryview | bytes, stored: np.dtype[Any], name: str) -> Array:
        if len(data) % stored.itemsize:
            raise self.damaged(f"whole elements of the tensor {shown(name)}", f"{len(data)} bytes")
        return np.frombuffer(data, stored)

    def outside(self, entries: Iterable[Value], stored: np.dtype[Any], name: str) -> Array:
        """Elements in the file of weights."""
        pairs = {
            last_text(entry.get(KEY, [])): last_text(entry.get(VALUE, []))
            for entry in map(self._by_number, entries)
        }
        try:
            start, size = int(pairs.get("offset", "0")), int(pairs["length"])
        except (KeyError, ValueError) as error:
            raise self.damaged(f"offset and length of the tensor {shown(name)}", "none") from error
        if self.weights is None or not 0 <= start <= start + size <= len(self.weights):
            found = "no such file" if self.weights is None else f"{len(self.weights)} bytes"
            raise self.damaged(f"the bytes of the tensor {shown(name)} in the file of weights", found)
        return self.from_bytes(memoryview(self.weights)[start : start + size], stored, name)
