"""Graphs of trees that no packer of ours wrote: what is told, and what is not called the same."""

from dataclasses import replace
from typing import Any

import pytest
from onnx import helper

from servable.artifact import read_onnx
from servable.errors import Damaged
from servable.evaluate.diff.tree_graph import trees_of_graph
from servable.evaluate.diff.tree_models import TreeModel
from servable.evaluate.diff.trees import TreesDiff, trees_diff
from servable.evaluate.diff.weights import WeightsDiff
from servable.evaluate.diff.weights_lines import weights_lines

PLAIN: dict[str, Any] = {
    "nodes_treeids": [0, 0, 0],
    "nodes_nodeids": [0, 1, 2],
    "nodes_featureids": [0, 0, 0],
    "nodes_truenodeids": [1, 0, 0],
    "nodes_falsenodeids": [2, 0, 0],
    "nodes_values": [0.5, 0.0, 0.0],
    "nodes_modes": ["BRANCH_LT", "LEAF", "LEAF"],
    "class_treeids": [0, 0],
    "class_nodeids": [1, 2],
    "class_ids": [0, 0],
    "class_weights": [0.125, 0.25],
    "classlabels_int64s": [0, 1],
    "post_transform": "LOGISTIC",
}


def _ensemble(**changes: Any) -> Any:
    attributes = PLAIN | changes
    return helper.make_node("TreeEnsembleClassifier", ["x"], ["y"], domain="ai.onnx.ml", **attributes)


def _model(*others: Any, **changes: Any) -> TreeModel:
    graph = helper.make_graph([_ensemble(**changes), *others], "graph", [], [])
    contents = read_onnx(helper.make_model(graph).SerializeToString(), where="trees.onnx")
    found = trees_of_graph(contents.nodes, where="trees.onnx", features=2, classes=2)
    return replace(found, features=("age", "income"))


def _diff(**changes: Any) -> TreesDiff:
    return trees_diff(_model(), _model(**changes))


def _lines(found: TreesDiff) -> dict[str, str]:
    return dict(weights_lines(WeightsDiff(digest_a="a", digest_b="b", trees=found)))


def test_two_readings_of_one_graph_are_the_same() -> None:
    found = _diff(nodes_hitrates=[1.0, 1.0, 1.0])

    assert (found.is_equal, found.is_whole, found.equal) == (True, True, 1)


@pytest.mark.parametrize("base", [[3.0], [5e-5], [0.0, 3.0]], ids=["far", "near", "of both classes"])
def test_sums_that_begin_elsewhere_are_a_difference(base: list[float]) -> None:
    found = _diff(base_values=base)

    assert (found.is_equal, found.is_constant_moved) == (False, True)
    assert _lines(found)["base"] == "the sums begin elsewhere"


def test_splits_that_ask_otherwise_are_a_difference() -> None:
    found = _diff(nodes_modes=["BRANCH_LEQ", "LEAF", "LEAF"])

    assert (found.is_equal, found.is_asked_otherwise) == (False, True)
    assert _lines(found)["splits ask"] == "x < bound -> x <= bound"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"nodes_modes": ["BRANCH_GTE", "LEAF", "LEAF"]}, "splits that all ask one of"),
        ({"nodes_featureids": [2, 0, 0]}, "trees of 2 columns, counted from 0, found the number 2"),
        ({"nodes_featureids": [1 << 40, 0, 0]}, "trees of 2 columns"),
        ({"nodes_featureids": [-5, 0, 0]}, "found the number -5"),
        ({"class_ids": [1 << 40, 0]}, "trees of 2 classes"),
        ({"class_ids": [-3, -3]}, "trees of 2 classes"),
        ({"base_values": [1.0, 2.0, 3.0]}, "base_values for 1 sums, found 3 of them"),
        ({"aggregate_function": "MAX"}, "found the attribute 'aggregate_function'"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else None,
)
def test_a_graph_that_no_packer_wrote_is_not_compared(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(Damaged) as refused:
        _model(**changes)

    assert refused.value.code == "engine.model"
    assert words in str(refused.value)


def test_a_graph_that_computes_more_than_its_trees_is_not_compared() -> None:
    with pytest.raises(Damaged, match="and no other, found 2 operators"):
        _model(helper.make_node("Neg", ["y"], ["z"]))
