"""The weights of two networks, tensor by tensor and layer by layer."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import hypot
from typing import Final

import numpy as np

from servable.evaluate.diff.held_rows import take_rows
from servable.evaluate.diff.layers import Layer, layers_of
from servable.evaluate.diff.tensors import Array, Tensors

_BLOCK: Final = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class TensorDiff:
    """A tensor that both networks have, with other numbers.

    Attributes:
        name: as training gave it.
        layer: where in the network it is.
        shape_a, shape_b: its sizes.
        norm_a: the root of the sum of squares of A's numbers.
        change_norm: the same of B's minus A's; None where the shapes differ or a number is not finite.
        relative: `change_norm` relative to `norm_a`; None where one of them is 0 or missing.
        largest: the largest absolute change of a number; None likewise.
    """

    name: str
    layer: str
    shape_a: tuple[int, ...]
    shape_b: tuple[int, ...]
    norm_a: float | None
    change_norm: float | None
    relative: float | None
    largest: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerDiff:
    """A layer: how many of its tensors differ, and by how much all of them together.

    Attributes:
        name: `embeddings`, `layer 0`, ..., `pooler`, or a part of the head.
        tensors: that both networks have under one name.
        changed: those with other numbers.
        norm_a, change_norm, relative: as in `TensorDiff`, over tensors of one shape and finite numbers.
    """

    name: str
    tensors: int
    changed: int
    norm_a: float
    change_norm: float
    relative: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworksDiff:
    """What differs between the weights of two networks.

    Attributes:
        compared: tensors that both have under one name, or that are rows of one of the other's.
        tensors: those with other numbers, in the network's order.
        layers: all layers, in the network's order.
        only_a, only_b: tensors of one network alone, which are differences.
        not_compared_a, not_compared_b: tensors that the other's graph does not hold under their name: it
            does not read them, or holds what was computed of them.
        operators_differ: whether both are graphs, and of other operators.
    """

    compared: int
    tensors: tuple[TensorDiff, ...]
    layers: tuple[LayerDiff, ...]
    only_a: tuple[str, ...]
    only_b: tuple[str, ...]
    not_compared_a: tuple[str, ...]
    not_compared_b: tuple[str, ...]
    operators_differ: bool

    @property
    def is_equal(self) -> bool:
        """Whether no difference was found."""
        return not (self.tensors or self.only_a or self.only_b)

    @property
    def is_whole(self) -> bool:
        """Whether every tensor was compared, and what is computed with them as far as that can be told."""
        return not (self.not_compared_a or self.not_compared_b or self.operators_differ)


def networks_diff(a: Tensors, b: Tensors) -> NetworksDiff:
    """The weights of A and B."""
    rest_a, rest_b = ({**side.named, **side.nameless} for side in (a, b))
    names = [name for name in rest_a if name in rest_b]
    pairs = {name: (rest_a.pop(name), rest_b.pop(name)) for name in names}
    rows = take_rows(rest_a, of=rest_b, nameless=a.nameless)
    rows += take_rows(rest_b, of=rest_a, nameless=b.nameless)
    layers = layers_of(pairs)
    differing = {name: _tensor(name, layers[name], *pairs[name]) for name in pairs if _differ(*pairs[name])}
    is_one_kind = a.kind is b.kind
    left_a, left_b = (tuple(sorted((*rest, *side.unread))) for rest, side in ((rest_a, a), (rest_b, b)))
    return NetworksDiff(
        compared=len(pairs) + rows,
        tensors=tuple(sorted(differing.values(), key=lambda tensor: (layers[tensor.name], tensor.name))),
        layers=_summed(pairs, layers, differing),
        only_a=left_a if is_one_kind else (),
        only_b=left_b if is_one_kind else (),
        not_compared_a=() if is_one_kind else left_a,
        not_compared_b=() if is_one_kind else left_b,
        operators_differ=bool(a.operators and b.operators) and a.operators != b.operators,
    )


def _differ(a: Array, b: Array) -> bool:
    return a.shape != b.shape or not np.array_equal(a, b, equal_nan=a.dtype.kind == b.dtype.kind == "f")


def _tensor(name: str, layer: Layer, a: Array, b: Array) -> TensorDiff:
    norm_a = _norm(a)
    change, largest = (None, None) if a.shape != b.shape else _change(a, b)
    return TensorDiff(
        name=name,
        layer=str(layer),
        shape_a=a.shape,
        shape_b=b.shape,
        norm_a=norm_a,
        change_norm=change,
        relative=change / norm_a if change is not None and norm_a else None,
        largest=largest,
    )


def _norm(array: Array) -> float | None:
    """The root of the sum of squares; None if it is not finite."""
    return _finite(sum(float(np.square(block, dtype=np.float64).sum()) for block in _blocks(array)) ** 0.5)


def _change(a: Array, b: Array) -> tuple[float | None, float | None]:
    """Norm and largest absolute number of a change; None if they are not finite."""
    squares = largest = 0.0
    for of_a, of_b in zip(_blocks(a), _blocks(b), strict=True):
        change = of_b.astype(np.float64) - of_a
        squares += float(np.square(change).sum())
        largest = max(largest, float(np.abs(change).max()))
    return _finite(squares**0.5), _finite(largest)


def _blocks(array: Array) -> Iterator[Array]:
    """The elements in pieces, so that no second copy of large embeddings is held."""
    flat = array.reshape(-1)
    return (flat[start : start + _BLOCK] for start in range(0, len(flat), _BLOCK))


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _summed(
    pairs: Mapping[str, tuple[Array, Array]],
    layers: Mapping[str, Layer],
    differing: Mapping[str, TensorDiff],
) -> tuple[LayerDiff, ...]:
    """The layers in the network's order."""
    found = []
    for layer in sorted(set(layers.values())):
        names = [name for name in pairs if layers[name] == layer]
        changes = [differing[name] for name in names if name in differing]
        norm_a = hypot(*(_norm(pairs[name][0]) or 0.0 for name in names))
        change_norm = hypot(*(change.change_norm or 0.0 for change in changes))
        found.append(
            LayerDiff(
                name=str(layer),
                tensors=len(names),
                changed=len(changes),
                norm_a=norm_a,
                change_norm=change_norm,
                relative=change_norm / norm_a if norm_a else None,
            )
        )
    return tuple(found)
