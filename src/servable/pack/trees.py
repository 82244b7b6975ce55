"""An XGBoost booster as one tree-ensemble graph, and where its splits are."""

import math

import numpy as np
from numpy.typing import NDArray

from servable.artifact import XGBoostModel, XGBoostTree, read_xgboost
from servable.pack.tree_graph import MOST_NODES_DEEP, TreeGraph


def xgboost_to_onnx(model: XGBoostModel) -> bytes | None:
    """The graph of a booster: input `[n, features]` float32, output `probabilities`.

    None where a graph cannot hold it: trees thousands deep, or a million nodes.
    """
    graph = TreeGraph()
    for index, tree in enumerate(model.trees):
        if not _add_tree(graph, tree, index):
            return None
    if not model.is_binary:
        return graph.to_onnx(
            features=model.features, groups=model.classes, transform="SOFTMAX", base=model.base_scores
        )
    base = (_log_odds(model.base_scores[0]),)
    return graph.to_onnx(features=model.features, groups=1, transform="LOGISTIC", base=base)


def _add_tree(graph: TreeGraph, tree: XGBoostTree, index: int) -> bool:
    """Adds what can be reached of a tree, unless it is too deep."""
    left, right, feature = tree.left.tolist(), tree.right.tolist(), tree.feature.tolist()
    conditions, default_left = tree.condition.tolist(), tree.default_left.tolist()
    pending = [(0, 0)]
    while pending:
        node, above = pending.pop()
        if above > MOST_NODES_DEEP:
            return False
        if left[node] == -1:
            graph.add_leaf(index, node, group=tree.group, weight=conditions[node] * tree.weight)
            continue
        graph.add_split(
            index,
            node,
            mode="BRANCH_LT",
            feature=feature[node],
            bound=conditions[node],
            if_true=left[node],
            if_false=right[node],
            missing_is_true=default_left[node],
        )
        pending += [(right[node], above + 1), (left[node], above + 1)]
    return True


def _log_odds(probability: float) -> float:
    return -math.log(1 / probability - 1)


def split_thresholds(model: bytes, *, where: str) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Feature index and threshold of every distinct split of a booster at `where`, sorted."""
    splits = {
        split
        for tree in read_xgboost(model, where=where).trees
        for split in zip(
            tree.feature[tree.left != -1].tolist(), tree.condition[tree.left != -1].tolist(), strict=True
        )
    }
    ordered = sorted(splits)
    return (
        np.array([index for index, _ in ordered], dtype=np.int64),
        np.array([threshold for _, threshold in ordered], dtype=np.float32),
    )
