"""Graphs that ask for more memory than they may have, and what stays of that limit."""

import resource

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from servable.engines.onnx_memory import MOST_RUN_BYTES
from servable.engines.onnx_session import Graph, GraphFile, open_graph, open_text_graph
from servable.errors import TooLarge

ONE = {"x": np.ones((1, 2), dtype=np.float32)}


def repeating(rows: int) -> bytes:
    """A graph that makes a table of so many rows of two numbers, and adds them all up."""
    shapes = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 2]) for name in ("x", "y")]
    nodes = [
        helper.make_node("Expand", ["x", "shape"], ["many"]),
        helper.make_node("ReduceSum", ["many", "axis"], ["y"]),
    ]
    numbers = {"shape": [rows, 2], "axis": [0]}
    graph = helper.make_graph(
        nodes,
        "repeating",
        shapes[:1],
        shapes[1:],
        [numpy_helper.from_array(np.array(values, dtype=np.int64), name) for name, values in numbers.items()],
    )
    return bytes(
        helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8
        ).SerializeToString()
    )


@pytest.mark.parametrize("opening", [open_graph, open_text_graph])
def test_a_table_larger_than_it_may_be_fails_its_request_in_a_sentence(opening: object) -> None:
    assert callable(opening)
    graph: Graph = opening(GraphFile(model=repeating(1 << 36), where="head"), intra_op_threads=1)

    for _ in range(2):  # the second fails as the first did
        with pytest.raises(TooLarge) as caught:
            graph.run(["y"], ONE)

    assert caught.value.code == "engine.memory-limit"
    assert str(caught.value) == (
        f"records: expected what the model computes within {MOST_RUN_BYTES >> 20} MiB, found more; "
        "send fewer records at once, or shorter texts"
    )


def test_each_graph_has_a_limit_of_its_own() -> None:
    small, large = (
        open_text_graph(GraphFile(model=repeating(rows), where="head"), intra_op_threads=1)
        for rows in (1000, 1 << 36)
    )

    with pytest.raises(TooLarge):
        large.run(["y"], ONE)
    assert small.run(["y"], ONE)[0].tolist() == [[1000.0, 1000.0]]


def test_a_graph_that_was_refused_memory_still_computes_what_fits() -> None:
    shapes = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 2]) for name in ("x", "y")]
    size = helper.make_tensor_value_info("shape", TensorProto.INT64, [2])
    graph = helper.make_graph(
        [
            helper.make_node("Expand", ["x", "shape"], ["many"]),
            helper.make_node("ReduceMax", ["many"], ["y"], axes=[0]),
        ],
        "asked",
        [shapes[0], size],
        shapes[1:],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    opened = open_text_graph(GraphFile(model=model.SerializeToString(), where="head"), intra_op_threads=1)

    with pytest.raises(TooLarge):
        opened.run(["y"], ONE | {"shape": np.array([1 << 36, 2])})
    assert opened.run(["y"], ONE | {"shape": np.array([10, 2])})[0].tolist() == [[1.0, 1.0]]


def test_the_limit_of_the_process_is_afterwards_what_it_was() -> None:
    before = resource.getrlimit(resource.RLIMIT_DATA)

    open_text_graph(GraphFile(model=repeating(1000), where="head"), intra_op_threads=1)

    assert resource.getrlimit(resource.RLIMIT_DATA) == before
