"""The trees of an artifact, of its booster or of its graph."""

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from servable.artifact import (
    Artifact,
    EngineKind,
    LightGBMModel,
    LightGBMTree,
    XGBoostModel,
    XGBoostTree,
    read_lightgbm,
    read_onnx,
    read_xgboost,
)
from servable.evaluate.diff.tree_graph import trees_of_graph
from servable.evaluate.diff.tree_models import AT_LEAF, Node, TreeModel, model_of, tree_of


def trees_of(artifact: Artifact) -> TreeModel:
    """The trees of an artifact, of its booster or of its graph.

    Raises:
        Damaged: as the readers of boosters and graphs; `engine.model` for a graph of other operators.
    """
    model = _read(artifact)
    last = max((int(tree.feature.max()) for tree in model.trees), default=-1)
    named = artifact.features
    return replace(model, features=(*named, *(f"column {place}" for place in range(len(named), last + 1))))


def _read(artifact: Artifact) -> TreeModel:
    file = artifact.engine.file
    data = artifact.files.read(file)
    match artifact.engine.kind:
        case EngineKind.XGBOOST:
            return _of_xgboost(read_xgboost(data, where=file))
        case EngineKind.LIGHTGBM:
            return _of_lightgbm(read_lightgbm(data, where=file))
        case _:
            return trees_of_graph(
                read_onnx(data, where=file).nodes,
                where=file,
                features=len(artifact.features),
                classes=len(artifact.schema.classes),
            )


def _of_xgboost(model: XGBoostModel) -> TreeModel:
    transform = "LOGISTIC" if model.is_binary else "SOFTMAX"
    base = [_log_odds(model.base_scores[0])] if model.is_binary else [*model.base_scores]
    trees = [tree_of(_xgboost_nodes(tree), root=0, group=tree.group) for tree in model.trees]
    return model_of(trees, base, transform=transform, comparison="<", kind=EngineKind.XGBOOST)


def _xgboost_nodes(tree: XGBoostTree) -> Callable[[int], Node]:
    columns = (tree.left, tree.right, tree.feature, tree.condition, tree.default_left)
    rows = [*zip(*(column.tolist() for column in columns), strict=True)]

    def node(place: int) -> Node:
        left, right, feature, condition, default_left = rows[place]
        if left == AT_LEAF:
            return Node(AT_LEAF, 0.0, 0, float(np.float32(condition * tree.weight)), ())
        return Node(feature, condition, int(default_left), 0.0, (left, right))

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
        tree_of(_lightgbm_nodes(tree, factor), root=0 if len(tree.left) else -1, group=index % groups)
        for index, tree in enumerate(model.trees)
    ]
    transform = "SOFTMAX" if is_softmax else "LOGISTIC"
    return model_of(trees, [0.0] * groups, transform=transform, comparison="<=", kind=EngineKind.LIGHTGBM)


def _lightgbm_nodes(tree: LightGBMTree, factor: float) -> Callable[[int], Node]:
    missing = 2 * tree.missing + tree.default_left
    columns = (tree.left, tree.right, tree.feature, tree.threshold, missing, tree.is_categorical)
    rows = [*zip(*(column.tolist() for column in columns), strict=True)]
    values = (tree.leaf_value * factor).tolist()

    def node(place: int) -> Node:
        if place < 0:
            return Node(AT_LEAF, 0.0, 0, values[-place - 1], ())
        left, right, feature, threshold, missing, is_categorical = rows[place]
        codes = tree.sets[int(threshold)].tobytes() if is_categorical else b""
        bound = 0.0 if is_categorical else threshold
        return Node(feature, bound, missing, 0.0, (left, right), codes)

    return node
