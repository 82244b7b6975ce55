"""The trees of a model in one form, whichever engine runs them: nodes from the root down, left first.

What a model adds without a split (base scores, trees of one leaf) is one number for each group of trees,
so that a graph, which writes base scores as trees, and the booster that it is made of are equal.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from servable.artifact import EngineKind

AT_LEAF: Final = -1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tree:
    """One tree with a split; `[n]` nodes, each as often as a first way leads to it.

    Attributes:
        group: of the sums to which it adds.
        feature: column that a split reads, -1 at a leaf.
        bound: what a split compares with; 0 at a leaf.
        missing: where a missing number goes, as the engine says it.
        value: what a leaf adds; 0 at a split.
        sets: codes of categories that go the first way, of splits that ask for them.
    """

    group: int
    feature: NDArray[np.int64]
    bound: NDArray[np.float64]
    missing: NDArray[np.int64]
    value: NDArray[np.float64]
    sets: tuple[bytes, ...] = ()

    @property
    def is_leaf(self) -> NDArray[np.bool_]:
        """`[n]`."""
        found: NDArray[np.bool_] = self.feature == AT_LEAF
        return found


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TreeModel:
    """The trees of an artifact.

    Attributes:
        trees: those that have a split, in their order.
        constants: by group, what is added without a split.
        transform: of sums to probabilities.
        comparison: of a number with a split's bound: `<` or `<=`; empty without a split.
        kind: of the engine; LightGBM holds its numbers in float64, the others in float32.
        features: names of the columns that splits read.
    """

    trees: tuple[Tree, ...]
    constants: tuple[float, ...]
    transform: str
    comparison: str
    kind: EngineKind
    features: tuple[str, ...] = ()


class Node(NamedTuple):
    """A node on its way into a tree; of a leaf the feature is -1, and no node is below it."""

    feature: int
    bound: float
    missing: int
    value: float
    below: tuple[int, ...]
    codes: bytes = b""


def tree_of(node: Callable[[int], Node], *, root: int, group: int) -> Tree:
    """The tree below a root; a node to which several lead stands where the first of them leads."""
    nodes: list[Node] = []
    seen: set[int] = set()
    pending = [root]
    while pending:
        place = pending.pop()
        if place in seen:
            continue
        seen.add(place)
        nodes.append(node(place))
        pending += reversed(nodes[-1].below)
    return Tree(
        group=group,
        feature=np.array([found.feature for found in nodes], dtype=np.int64),
        bound=np.array([found.bound for found in nodes], dtype=np.float64),
        missing=np.array([found.missing for found in nodes], dtype=np.int64),
        value=np.array([found.value for found in nodes], dtype=np.float64),
        sets=tuple(found.codes for found in nodes if found.codes),
    )


def model_of(
    trees: Sequence[Tree], base: Sequence[float], *, transform: str, comparison: str, kind: EngineKind
) -> TreeModel:
    """The trees that have a split, and the others as constants."""
    constants = [*base]
    for tree in trees:
        if len(tree.feature) == 1:
            constants[tree.group] += float(tree.value[0])
    with_split = tuple(tree for tree in trees if len(tree.feature) > 1)
    return TreeModel(
        trees=with_split,
        constants=tuple(constants),
        transform=transform,
        comparison=comparison if with_split else "",
        kind=kind,
    )
