"""The trees of a packed model: of its tree-ensemble graph."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Final

import numpy as np

from servable.artifact import EngineKind, OnnxNode
from servable.errors import Damaged, Problem
from servable.evaluate.diff.tree_models import AT_LEAF, Node, TreeModel, model_of, tree_of

_TREES: Final = "TreeEnsembleClassifier"
_NODES: Final = (
    *("nodes_treeids", "nodes_nodeids", "nodes_featureids", "nodes_truenodeids", "nodes_falsenodeids"),
    *("nodes_values", "nodes_modes"),
)
_MISSING_FIRST: Final = "nodes_missing_value_tracks_true"
_LEAVES: Final = ("class_treeids", "class_nodeids", "class_ids", "class_weights")
_LEAF: Final = "LEAF"


def trees_of_graph(nodes: Sequence[OnnxNode], *, where: str) -> TreeModel:
    """The trees among the nodes of a graph.

    Raises:
        Damaged: `engine.model` for a graph of other operators.
    """
    found = [node for node in nodes if node.operator == _TREES]
    ensemble = found[0] if len(found) == 1 else None
    is_whole = ensemble is not None and _is_whole(ensemble, _nodes(ensemble)) and _is_whole(ensemble, _LEAVES)
    leaves = _leaves(ensemble) if ensemble is not None and is_whole else {}
    # a leaf that adds to several groups stands in several rows
    if ensemble is None or not leaves or len(leaves) < len(ensemble.integers[_LEAVES[0]]):
        raise Damaged(
            Problem(
                code="engine.model",
                where=where,
                expected=f"one operator {_TREES} that holds its trees as lists",
                found=f"{len(found)} of them, or another form",
                fix="pack the artifact again",
            )
        )
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
    return model_of(trees, [0.0] * groups, transform=transform, kind=EngineKind.ONNX_TREES)


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
