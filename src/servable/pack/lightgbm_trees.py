"""A LightGBM booster as one tree-ensemble graph that decides as LightGBM does, number for number.

onnxmltools is not used: it rounds bounds to the nearest float32 instead of down, and passes over the
default way of zeros, the factor of the logistic function and the mean of a random forest (1.16).
"""

from itertools import accumulate

from servable.artifact import LightGBMModel, LightGBMTree
from servable.pack.lightgbm_chains import Chain, chains_of
from servable.pack.tree_graph import MOST_NODES_DEEP, TreeGraph


def lightgbm_to_onnx(model: LightGBMModel) -> bytes | None:
    """The graph of a booster: input `[n, features]` float32, output `probabilities`.

    None where a graph cannot hold it: linear functions at leaves, trees thousands deep, a million nodes.
    """
    groups, is_softmax = model.objective.groups, model.objective.name == "multiclass"
    factor = 1.0 if is_softmax else model.objective.sigmoid
    factor /= len(model.trees) // groups if model.is_average else 1
    graph = TreeGraph()
    for index, tree in enumerate(model.trees):
        chains = chains_of(tree)
        if tree.is_linear or _nodes_deep(tree, chains) > MOST_NODES_DEEP:
            return None
        _add_tree(graph, tree, chains, index, group=index % groups, factor=factor)
    transform = "SOFTMAX" if is_softmax else "LOGISTIC"
    return graph.to_onnx(features=model.features, groups=groups, transform=transform)


def _add_tree(
    graph: TreeGraph, tree: LightGBMTree, chains: list[Chain], index: int, *, group: int, factor: float
) -> None:
    """Adds a tree.

    A split is a chain of nodes. Where its bound holds, a node leads to one of two subtrees, which the
    whole chain shares, else to the next node, and the last one to the right subtree.
    """
    starts = list(accumulate((len(chain.bounds) for chain in chains), initial=0))

    def place(child: int) -> int:
        return starts[child] if child >= 0 else starts[-1] - child - 1

    children = zip(tree.left.tolist(), tree.right.tolist(), tree.feature.tolist(), strict=True)
    for start, chain, (left, right, feature) in zip(starts, chains, children, strict=False):
        last = start + len(chain.bounds) - 1
        # a missing number passes every bound until a node takes it along
        takes_missing = chain.goes_left.index(True) if chain.missing_left else None
        for step, (bound, goes_left) in enumerate(zip(chain.bounds, chain.goes_left, strict=True)):
            node = start + step
            graph.add_split(
                index,
                node,
                mode="BRANCH_LEQ",
                feature=feature,
                bound=float(bound),
                if_true=place(left if goes_left else right),
                if_false=place(right) if node == last else node + 1,
                missing_is_true=step == takes_missing,
            )
    for leaf, value in enumerate(tree.leaf_value.tolist()):
        graph.add_leaf(index, starts[-1] + leaf, group=group, weight=value * factor)


def _nodes_deep(tree: LightGBMTree, chains: list[Chain]) -> int:
    """Nodes on the longest way from the root of a tree to a leaf."""
    deepest, pending = 0, [(0, 0)] if chains else []
    while pending:
        split, above = pending.pop()
        below = above + len(chains[split].bounds)
        deepest = max(deepest, below)
        children = (int(tree.left[split]), int(tree.right[split]))
        pending += [(child, below) for child in children if child >= 0]
    return deepest
