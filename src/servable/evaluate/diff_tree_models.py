"""The trees of a model in one form, whichever engine runs them: nodes from the root down, left first.

What a model adds without a split (base scores, trees of one leaf) is one number for each group of trees,
so that a graph, which writes base scores as trees, and the booster that it is made of are equal.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from servable.artifact import (
    Artifact,
    EngineKind,
    LightGBMModel,
    LightGBMTree,
    OnnxNode,
    XGBoostModel,
    XGBoostTree,
    read_lightgbm,
    read_onnx,
    read_xgboost,
)
from servable.errors import Damaged, Problem

_TREES: Final = "TreeEnsembleClassifier"
_NODES: Final = (
    *("nodes_treeids", "nodes_nodeids", "nodes_featureids", "nodes_truenodeids", "nodes_falsenodeids"),
    *("nodes_values", "nodes_modes"),
)
_MISSING_FIRST: Final = "nodes_missing_value_tracks_true"
_LEAVES: Final = ("class_treeids", "class_nodeids", "class_ids", "class_weights")
_LEAF: Final = "LEAF"
_AT_LEAF: Final = -1


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
        found: NDArray[np.bool_] = self.feature == _AT_LEAF
        return found


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TreeModel:
    """The trees of an artifact.

    Attributes:
        trees: those that have a split, in their order.
        constants: by group, what is added without a split.
        transform: of sums to probabilities.
        kind: of the engine; LightGBM holds its numbers in float64, the others in float32.
    """

    trees: tuple[Tree, ...]
    constants: tuple[float, ...]
    transform: str
    kind: EngineKind


def trees_of(artifact: Artifact) -> TreeModel:
    """The trees of an artifact, of its booster or of its graph.

    Raises:
        Damaged: as the readers of boosters and graphs; `engine.model` for a graph of other operators.
    """
    kind, file = artifact.engine.kind, artifact.engine.file
    data = artifact.files.read(file)
    match kind:
        case EngineKind.XGBOOST:
            return _of_xgboost(read_xgboost(data, where=file))
        case EngineKind.LIGHTGBM:
            return _of_lightgbm(read_lightgbm(data, where=file))
        case _:
            return _of_graph(read_onnx(data, where=file).nodes, where=file)


class _Node(NamedTuple):
    """A node on its way into a tree; of a leaf the feature is -1, and no node is below it."""

    feature: int
    bound: float
    missing: int
    value: float
    below: tuple[int, ...]
    codes: bytes = b""


def _tree(node: Callable[[int], _Node], *, root: int, group: int) -> Tree:
    """The tree below a root; a node to which several lead stands where the first of them leads."""
    nodes: list[_Node] = []
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


def _model(trees: Sequence[Tree], base: Sequence[float], *, transform: str, kind: EngineKind) -> TreeModel:
    """The trees that have a split, and the others as constants."""
    constants = [*base]
    for tree in trees:
        if len(tree.feature) == 1:
            constants[tree.group] += float(tree.value[0])
    return TreeModel(
        trees=tuple(tree for tree in trees if len(tree.feature) > 1),
        constants=tuple(constants),
        transform=transform,
        kind=kind,
    )


def _of_xgboost(model: XGBoostModel) -> TreeModel:
    transform = "LOGISTIC" if model.is_binary else "SOFTMAX"
    base = [_log_odds(model.base_scores[0])] if model.is_binary else [*model.base_scores]
    trees = [_tree(_xgboost_nodes(tree), root=0, group=tree.group) for tree in model.trees]
    return _model(trees, base, transform=transform, kind=EngineKind.XGBOOST)


def _xgboost_nodes(tree: XGBoostTree) -> Callable[[int], _Node]:
    columns = (tree.left, tree.right, tree.feature, tree.condition, tree.default_left)
    rows = [*zip(*(column.tolist() for column in columns), strict=True)]

    def node(place: int) -> _Node:
        left, right, feature, condition, default_left = rows[place]
        if left == _AT_LEAF:
            return _Node(_AT_LEAF, 0.0, 0, float(np.float32(condition * tree.weight)), ())
        return _Node(feature, condition, int(default_left), 0.0, (left, right))

    return node


def _log_odds(probability: float) -> float:
    """Infinite at the ends, which no training leaves."""
    if not 0 < probability < 1:
        return math.copysign(math.inf, probability - 0.5)
    return -math.log(1 / probability - 1)


def _of_lightgbm(model: LightGBMModel) -> TreeModel:
    groups, is_softmax = model.objective.groups, model.objective.name == "multiclass"
    factor = 1.0 if is_softmax else model.objective.sigmoid
    factor /= len(model.trees) // groups if model.is_average else 1
    trees = [
        _tree(_lightgbm_nodes(tree, factor), root=0 if len(tree.left) else -1, group=index % groups)
        for index, tree in enumerate(model.trees)
    ]
    transform = "SOFTMAX" if is_softmax else "LOGISTIC"
    return _model(trees, [0.0] * groups, transform=transform, kind=EngineKind.LIGHTGBM)


def _lightgbm_nodes(tree: LightGBMTree, factor: float) -> Callable[[int], _Node]:
    missing = 2 * tree.missing + tree.default_left
    columns = (tree.left, tree.right, tree.feature, tree.threshold, missing, tree.is_categorical)
    rows = [*zip(*(column.tolist() for column in columns), strict=True)]
    values = (tree.leaf_value * factor).tolist()

    def node(place: int) -> _Node:
        if place < 0:
            return _Node(_AT_LEAF, 0.0, 0, values[-place - 1], ())
        left, right, feature, threshold, missing, is_categorical = rows[place]
        codes = tree.sets[int(threshold)].tobytes() if is_categorical else b""
        bound = 0.0 if is_categorical else threshold
        return _Node(feature, bound, missing, 0.0, (left, right), codes)

    return node


def _of_graph(nodes: Sequence[OnnxNode], *, where: str) -> TreeModel:
    found = [node for node in nodes if node.operator == _TREES]
    ensemble = found[0] if len(found) == 1 else None
    if ensemble is None or not (_is_whole(ensemble, _NODES) and _is_whole(ensemble, _LEAVES)):
        raise Damaged(
            Problem(
                code="engine.model",
                where=where,
                expected=f"one operator {_TREES} that holds its trees as lists",
                found=f"{len(found)} of them, or another form",
                fix="pack the artifact again",
            )
        )
    leaves = _leaves(ensemble)
    rows = dict(_rows(ensemble, leaves))
    group_of = {tree: group for (tree, _), (group, _) in leaves.items()}
    root_of: dict[int, int] = {}
    for tree, place in rows:  # the root of a tree comes first
        root_of.setdefault(tree, place)
    trees = [
        _tree(partial(_graph_node, rows, tree), root=root, group=group_of.get(tree, 0))
        for tree, root in root_of.items()
    ]
    groups = 1 + max(group_of.values(), default=0)
    transform = (*ensemble.strings.get("post_transform", ()), "NONE")[0]
    return _model(trees, [0.0] * groups, transform=transform, kind=EngineKind.ONNX_TREES)


_Place = tuple[int, int]
"""A node's tree and its number there."""


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


def _rows(node: OnnxNode, leaves: Mapping[_Place, tuple[int, float]]) -> Iterator[tuple[_Place, _Node]]:
    """Each node at its place, in the graph's order."""
    *columns, bounds, modes = _NODES
    integers = [node.integers[name] for name in columns]
    missing_first = node.integers.get(_MISSING_FIRST, np.zeros_like(integers[0]))
    cells = (*integers, missing_first, node.floats[bounds].astype(np.float64))
    for mode, *found in zip(node.strings[modes], *(column.tolist() for column in cells), strict=True):
        tree, place, feature, first, second, missing, bound = found
        if mode == _LEAF:
            weight = leaves.get((tree, place), (0, 0.0))[1]
            yield (tree, place), _Node(_AT_LEAF, 0.0, 0, weight, ())
        else:
            yield (tree, place), _Node(feature, bound, missing, 0.0, (first, second))


def _graph_node(rows: Mapping[_Place, _Node], tree: int, place: int) -> _Node:
    return rows[tree, place]
