"""One tree-ensemble graph, written node by node."""

from typing import Any, Final

from servable.engines import TREES_INPUT, TREES_OUTPUT
from servable.errors import Problem, Unavailable

try:
    from onnx import TensorProto, helper
except ImportError as error:
    raise Unavailable(
        Problem(
            code="pack.extra",
            where="trees",
            expected="the package onnx",
            found="that it is not installed",
            fix="install servable[trees]",
        )
    ) from error

_OPSET, _TREES_OPSET, _IR_VERSION = 15, 3, 8
_NEXT_TO_NOTHING: Final = -1e-30
_MOST_NODES: Final = 900_000
_ATTRIBUTES: Final = (
    *("nodes_treeids", "nodes_nodeids", "nodes_modes", "nodes_featureids", "nodes_values"),
    *("nodes_truenodeids", "nodes_falsenodeids", "nodes_missing_value_tracks_true"),
    *("class_treeids", "class_nodeids", "class_ids", "class_weights"),
)

MOST_NODES_DEEP: Final = 1000
"""ONNX Runtime follows a tree by recursion when it loads one."""


class TreeGraph:
    """Nodes and leaves of trees, and the graph that they make.

    Of two classes, one sum is held: the group 0 of every leaf. The nodes of a tree come root first.
    """

    def __init__(self) -> None:
        self._nodes: list[tuple[int, int, str, int, float, int, int, int]] = []
        self._leaves: list[tuple[int, int, int, float]] = []

    def add_split(
        self,
        tree: int,
        node: int,
        *,
        mode: str,
        feature: int,
        bound: float,
        if_true: int,
        if_false: int,
        missing_is_true: bool,
    ) -> None:
        """Adds a node that compares a feature with a bound, as `mode` says (BRANCH_LT, BRANCH_LEQ)."""
        self._nodes.append((tree, node, mode, feature, bound, if_true, if_false, int(missing_is_true)))

    def add_leaf(self, tree: int, node: int, *, group: int, weight: float) -> None:
        """Adds a leaf, and what it adds to the sum of its group."""
        self._nodes.append((tree, node, "LEAF", 0, 0.0, 0, 0, 0))
        self._leaves.append((tree, node, group, weight))

    def to_onnx(
        self, *, features: int, groups: int, transform: str, base: tuple[float, ...] = ()
    ) -> bytes | None:
        """The graph: input `[n, features]` float32, output `probabilities`.

        Args:
            features: how many columns it reads.
            groups: how many sums there are; one for two classes.
            transform: of sums to probabilities (LOGISTIC, SOFTMAX).
            base: where each sum begins.

        Returns:
            The graph, or None if it has more nodes than a reader of strangers' graphs takes.
        """
        if len(self._nodes) > _MOST_NODES:
            return None
        # as trees of one leaf: of base values for two classes, ONNX Runtime reads the second alone
        first = 1 + max(tree for tree, *_ in self._nodes)
        for group, weight in enumerate(base):
            self.add_leaf(first + group, 0, group=group, weight=weight)
        if groups == 1:
            # where no weight is negative, ONNX Runtime takes sums of leaves for probabilities
            self.add_leaf(first + len(base), 0, group=0, weight=_NEXT_TO_NOTHING)
        columns = [*zip(*self._nodes, strict=True), *zip(*self._leaves, strict=True)]
        attributes: dict[str, Any] = dict(zip(_ATTRIBUTES, map(list, columns), strict=True))
        classes = max(2, groups)
        node = helper.make_node(
            "TreeEnsembleClassifier",
            [TREES_INPUT],
            ["label", TREES_OUTPUT],
            domain="ai.onnx.ml",
            classlabels_int64s=list(range(classes)),
            post_transform=transform,
            **attributes,
        )
        graph = helper.make_graph(
            [node],
            "trees",
            [helper.make_tensor_value_info(TREES_INPUT, TensorProto.FLOAT, [None, features])],
            [
                helper.make_tensor_value_info("label", TensorProto.INT64, [None]),
                helper.make_tensor_value_info(TREES_OUTPUT, TensorProto.FLOAT, [None, classes]),
            ],
        )
        opsets = [helper.make_opsetid("", _OPSET), helper.make_opsetid("ai.onnx.ml", _TREES_OPSET)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=_IR_VERSION)
        return bytes(model.SerializeToString(deterministic=True))
