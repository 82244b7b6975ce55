"""The trees of a packed model: of its tree-ensemble graph."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import NDArray

from servable.artifact import EngineKind, OnnxNode
from servable.errors import Damaged, Problem, shown
from servable.evaluate.diff.tree_models import AT_LEAF, Node, TreeModel, model_of, tree_of

_TREES: Final = "TreeEnsembleClassifier"
_FEATURES, _CLASSES, _MODES = "nodes_featureids", "class_ids", "nodes_modes"
_NODES: Final = (
    *("nodes_treeids", "nodes_nodeids", _FEATURES, "nodes_truenodeids", "nodes_falsenodeids"),
    *("nodes_values", _MODES),
)
_MISSING_FIRST: Final = "nodes_missing_value_tracks_true"
_LEAVES: Final = ("class_treeids", "class_nodeids", _CLASSES, "class_weights")
_LEAF: Final = "LEAF"
_COMPARISONS: Final = {"BRANCH_LT": "<", "BRANCH_LEQ": "<="}
_BASE: Final = "base_values"
_READ: Final = frozenset([*_NODES, _MISSING_FIRST, *_LEAVES, _BASE, "post_transform"])
_WITHOUT_EFFECT: Final = frozenset(["classlabels_int64s", "classlabels_strings", "nodes_hitrates"])
"""Names of the classes, and how often a node is passed."""


def trees_of_graph(nodes: Sequence[OnnxNode], *, where: str, features: int, classes: int) -> TreeModel:
    """The trees of a graph that is one tree ensemble.

    Args:
        nodes: of the graph.
        where: its name, as errors show it.
        features: how many columns its model reads.
        classes: how many classes it tells apart.

    Raises:
        Damaged: `engine.model` for a graph that computes anything else, or in a way that no packer writes,
            or whose trees read columns or add to classes that there are not.
    """
    reading = _Reading(where=where)
    if len(nodes) != 1 or nodes[0].operator != _TREES:
        raise reading.damaged(f"one operator {_TREES} and no other", f"{len(nodes)} operators")
    (ensemble,) = nodes
    if unknown := sorted(ensemble.attributes.keys() - _READ - _WITHOUT_EFFECT):
        raise reading.damaged(
            f"a {_TREES} that holds its trees as lists", f"the attribute {shown(unknown[0])}"
        )
    is_whole = _is_whole(ensemble, _nodes(ensemble)) and _is_whole(ensemble, _LEAVES)
    leaves = _leaves(ensemble) if is_whole else {}
    # a leaf that adds to several groups stands in several rows
    if not leaves or len(leaves) < len(ensemble.integers[_LEAVES[0]]):
        raise reading.damaged(f"a {_TREES} that holds its trees as lists", "another form")
    modes = {*ensemble.strings[_MODES]} - {_LEAF}
    if len(modes) > 1 or not modes <= _COMPARISONS.keys():
        raise reading.damaged(
            f"splits that all ask one of {', '.join(_COMPARISONS)}", shown(", ".join(sorted(modes)))
        )
    reading.require_below(ensemble.integers[_FEATURES], features, "columns")
    reading.require_below(ensemble.integers[_CLASSES], classes, "classes")
    rows = dict(_rows(ensemble, leaves))
    group_of = {tree: group for (tree, _), (group, _) in leaves.items()}
    root_of: dict[int, int] = {}
    for tree, place in rows:  # the root of a tree comes first
        root_of.setdefault(tree, place)
    trees = [
        tree_of(partial(_graph_node, rows, tree), root=root, group=group_of.get(tree, 0))
        for tree, root in root_of.items()
    ]
    groups = 1 + max(group_of.values(), default=0)
    transform = (*ensemble.strings.get("post_transform", ()), "NONE")[0]
    base = _base(ensemble, groups)
    if base is None:
        raise reading.damaged(f"{_BASE} for {groups} sums", f"{len(ensemble.floats[_BASE])} of them")
    return model_of(
        trees,
        base,
        transform=transform,
        comparison="".join(_COMPARISONS[mode] for mode in modes),
        kind=EngineKind.ONNX_TREES,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    where: str

    def damaged(self, expected: str, found: str) -> Damaged:
        return Damaged(
            Problem(
                code="engine.model",
                where=self.where,
                expected=expected,
                found=found,
                fix="pack the artifact again",
            )
        )

    def require_below(self, numbers: NDArray[np.int64], most: int, nouns: str) -> None:
        """Nothing, if all `[n]` numbers are places among so many."""
        strange = numbers[(numbers < 0) | (numbers >= most)]
        if len(strange):
            raise self.damaged(f"trees of {most} {nouns}, counted from 0", f"the number {strange[0]}")


def _base(ensemble: OnnxNode, groups: int) -> list[float] | None:
    """`[groups]` where the sums begin; None for another number of them.

    Of two values for one sum, ONNX Runtime reads the second alone.
    """
    base: list[float] = ensemble.floats.get(_BASE, np.zeros(groups, np.float32)).tolist()
    if groups == 1 and len(base) == 2:
        return base[1:]
    return base if len(base) == groups else None


_Place = tuple[int, int]
"""A node's tree and its number there."""


def _nodes(node: OnnxNode) -> tuple[str, ...]:
    """Names of the lists of nodes; one of them may be left away."""
    return (*_NODES, *({_MISSING_FIRST} & node.integers.keys()))


def _is_whole(node: OnnxNode, names: Sequence[str]) -> bool:
    """Whether a node has lists of these names, all of one length."""
    lists = (node.integers, node.floats, node.strings)
    lengths = [len(of_kind[name]) for name in names for of_kind in lists if name in of_kind]
    return len(lengths) == len(names) and len(set(lengths)) == 1


def _leaves(node: OnnxNode) -> Mapping[_Place, tuple[int, float]]:
    """The group of each leaf, and what it adds."""
    *columns, weights = _LEAVES
    places = zip(*(node.integers[name].tolist() for name in columns), strict=True)
    added = node.floats[weights].astype(np.float64).tolist()
    return {(tree, leaf): (group, weight) for (tree, leaf, group), weight in zip(places, added, strict=True)}


def _rows(node: OnnxNode, leaves: Mapping[_Place, tuple[int, float]]) -> Iterator[tuple[_Place, Node]]:
    """Each node at its place, in the graph's order."""
    *columns, bounds, modes = _NODES
    integers = [node.integers[name] for name in columns]
    missing_first = node.integers.get(_MISSING_FIRST, np.zeros_like(integers[0]))
    cells = (*integers, missing_first, node.floats[bounds].astype(np.float64))
    for mode, *found in zip(node.strings[modes], *(column.tolist() for column in cells), strict=True):
        tree, place, feature, first, second, missing, bound = found
        if mode == _LEAF:
            weight = leaves.get((tree, place), (0, 0.0))[1]
            yield (tree, place), Node(AT_LEAF, 0.0, 0, weight, ())
        else:
            yield (tree, place), Node(feature, bound, missing, 0.0, (first, second))


def _graph_node(rows: Mapping[_Place, Node], tree: int, place: int) -> Node:
    return rows[tree, place]
