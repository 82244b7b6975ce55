"""ONNX files that are looked at before a runtime sees them; the whole artifacts are in the catalogue."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import onnx
import pytest
from google.protobuf.message import DecodeError
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from servable.artifact.safe import check_onnx
from servable.artifact.safe.onnx_files import MOST_NAMES, MOST_NODES, MOST_TENSORS
from servable.artifact.safe.protobuf import Fields, integers_of
from servable.artifact.safe.tree_ensembles import MOST_LEVELS
from servable.engines.onnx_session import GraphFile, open_graph
from servable.errors import Damaged

OWN = "encoder.onnx.data"


def model(*nodes: Any, initializers: tuple[Any, ...] = (), **others: Any) -> Any:
    shapes = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 2]) for name in ("x", "y")]
    graph = helper.make_graph(list(nodes), "graph", shapes[:1], shapes[1:], list(initializers), **others)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def inside(graph: Any) -> Any:
    """A condition with this graph for its branches."""
    return helper.make_node("If", ["c"], ["y"], then_branch=graph, else_branch=graph)


def branch(*nodes: Any, initializers: tuple[Any, ...] = ()) -> Any:
    answer = [helper.make_tensor_value_info("o", TensorProto.FLOAT, None)]
    return helper.make_graph(list(nodes), "branch", [], answer, list(initializers))


def outside(location: str | None, *more: tuple[str, str]) -> Any:
    tensor = TensorProto(name="w", data_type=1, dims=[4], data_location=TensorProto.EXTERNAL)
    for key, value in (*([("location", location)] if location is not None else []), *more):
        tensor.external_data.add(key=key, value=value)
    return tensor


def check(data: bytes, weights_file: str | None = None) -> None:
    check_onnx(data, where="head", fix="pack the artifact again", weights_file=weights_file)


def refusal(found: Any, weights_file: str | None = None) -> Damaged:
    with pytest.raises(Damaged) as caught:
        check(found if isinstance(found, bytes) else found.SerializeToString(), weights_file)
    return caught.value


NEG = helper.make_node("Neg", ["x"], ["y"])
SOUND = model(NEG, initializers=(numpy_helper.from_array(np.ones(3, dtype=np.float32), "w"),))


def test_an_operator_of_another_is_refused_with_a_whole_sentence() -> None:
    error = refusal(model(helper.make_node("Evil", ["x"], ["y"], domain="evil.example")))

    assert error.code == "onnx.operator"
    assert str(error) == (
        "head: expected operators of ONNX itself, and its trees, found 'Evil' of the domain 'evil.example'; "
        "pack the artifact again"
    )


def test_operators_of_onnx_by_its_longer_name_are_read() -> None:
    check(model(helper.make_node("Neg", ["x"], ["y"], domain="ai.onnx")).SerializeToString())


@pytest.mark.parametrize("name", ["Loop", "Scan", "SequenceMap"])
def test_a_loop_is_refused_also_inside_of_a_branch(name: str) -> None:
    loop = helper.make_node(name, ["x"], ["o"])

    assert refusal(model(loop)).code == "onnx.operator"
    assert refusal(model(inside(branch(inside(branch(loop)))))).code == "onnx.operator"


def test_an_operator_with_two_names_is_refused() -> None:
    data = model(NEG).SerializeToString().replace(b"\x22\x03Neg", b"\x22\x03Neg\x22\x04Loop")

    # the node and what holds it have grown by six bytes
    for length in (model(NEG).graph.node[0].ByteSize(), model(NEG).graph.ByteSize()):
        data = data.replace(bytes([length]), bytes([length + 6]), 1)
    assert refusal(data).code == "onnx.operator"


@pytest.mark.parametrize(
    "location", [None, "", "/etc/passwd", "../x", "./encoder.onnx.data", "other", "*/_ORT_MEM_ADDR_/*"]
)
@pytest.mark.parametrize("weights_file", [None, OWN])
def test_a_tensor_in_another_file_is_refused_wherever_it_stands(
    location: str | None, weights_file: str | None
) -> None:
    tensor = outside(location)
    constant = helper.make_node("Constant", [], ["w"], value=tensor)
    listed = helper.make_node("Neg", ["x"], ["y"], values=[tensor])
    for found in (
        model(NEG, initializers=(tensor,)),
        model(NEG, constant),
        model(listed),
        model(inside(branch(initializers=(tensor,)))),
    ):
        assert refusal(found, weights_file).code == "onnx.external"


def test_a_tensor_in_another_file_is_refused_with_a_whole_sentence() -> None:
    assert str(refusal(model(NEG, initializers=(outside("../x"),)), OWN)) == (
        "head: expected tensors in the file itself or in encoder.onnx.data, found a tensor in '../x'; "
        "pack the artifact again"
    )


def test_a_tensor_in_two_places_is_refused() -> None:
    twice = outside(OWN, ("location", "/etc/passwd"))

    assert refusal(model(NEG, initializers=(twice,)), OWN).code == "onnx.external"


def test_a_tensor_in_its_own_file_is_read() -> None:
    check(model(NEG, initializers=(outside(OWN),)).SerializeToString(), OWN)


def test_places_without_the_mark_that_they_count_are_refused() -> None:
    tensor = outside("/etc/passwd")
    tensor.data_location = TensorProto.DEFAULT

    assert refusal(model(NEG, initializers=(tensor,))).code == "onnx.external"


def test_a_sparse_tensor_is_refused() -> None:
    sparse = helper.make_sparse_tensor(
        numpy_helper.from_array(np.ones(1, dtype=np.float32), "w"),
        numpy_helper.from_array(np.zeros(1, dtype=np.int64), "i"),
        [1 << 40],
    )

    assert refusal(model(NEG, sparse_initializer=[sparse])).code == "onnx.sparse"
    assert refusal(model(helper.make_node("Constant", [], ["w"], sparse_value=sparse))).code == "onnx.sparse"


def test_a_function_is_refused() -> None:
    own = helper.make_function("own", "f", ["a"], ["b"], [NEG], [helper.make_opsetid("", 17)])
    found = model(NEG)
    found.functions.append(own)

    assert refusal(found).code == "onnx.function"


@pytest.mark.parametrize(
    "found",
    [
        model(*[NEG] * (MOST_NODES + 1)),
        model(*[inside(branch(*[NEG] * (MOST_NODES // 2)))]),
        model(NEG, initializers=(TensorProto(name="w"),) * (MOST_TENSORS + 1)),
        model(helper.make_node("Sum", ["x"] * (MOST_NAMES + 1), ["y"])),
        model(NEG, value_info=[helper.make_tensor_value_info("v", 1, [])] * (MOST_NAMES + 1)),
    ],
    ids=["nodes", "nodes of branches", "tensors", "inputs", "values"],
)
def test_more_than_a_runtime_opens_in_time_is_refused(found: Any) -> None:
    assert refusal(found).code == "onnx.size"


def test_graphs_too_deep_in_graphs_are_refused() -> None:
    graph = branch(NEG)
    for _ in range(8):
        graph = branch(inside(graph))

    assert refusal(model(inside(graph))).code == "onnx.size"


def tree(*branches: tuple[int, int], nodes: int | None = None, **changes: object) -> Any:
    """An operator with one tree: the branches of its first nodes, the others being leaves."""
    n = nodes or 2 * len(branches) + 1
    ends = [*branches, *[(0, 0)] * (n - len(branches))]
    usual: dict[str, object] = {
        "nodes_treeids": [0] * n,
        "nodes_nodeids": list(range(n)),
        "nodes_truenodeids": [true for true, _ in ends],
        "nodes_falsenodeids": [false for _, false in ends],
        "nodes_modes": ["BRANCH_LEQ"] * len(branches) + ["LEAF"] * (n - len(branches)),
        "nodes_values": [0.5] * n,
    }
    return helper.make_node(
        "TreeEnsembleClassifier", ["x"], ["l", "y"], domain="ai.onnx.ml", **(usual | changes)
    )


def chain(levels: int) -> Any:
    """A tree of so many levels: each split has a leaf and the next split below it."""
    branches = [(n + 1, levels + n) for n in range(levels - 1)]
    return tree(*branches, nodes=2 * levels)


@pytest.mark.parametrize("found", [tree(), tree((1, 2)), tree((1, 2), (3, 4)), chain(MOST_LEVELS)])
def test_a_tree_is_read(found: Any) -> None:
    check(model(found).SerializeToString())


def test_nodes_that_share_what_is_below_them_are_read() -> None:
    check(model(tree((1, 2), (3, 4), (3, 4), nodes=5)).SerializeToString())


@pytest.mark.parametrize(
    "found",
    [
        tree((0, 2)),
        tree((1, 2), (0, 4)),
        tree((1, 2), (1, 4)),
        tree((1, 9)),
        tree((-1, 2)),
        tree((1 << 40, 2)),
        chain(MOST_LEVELS + 2),
        tree((1, 2), nodes_nodeids=[0, 1, 1]),
        tree((1, 2), nodes_treeids=[0, 1, 1]),
        tree((1, 2), nodes_treeids=[-1, -1, -1]),
        tree((1, 2), nodes_truenodeids=[1]),
        tree((1, 2), nodes_modes=["BRANCH_LEQ"]),
    ],
)
def test_nodes_that_make_no_tree_are_refused(found: Any) -> None:
    assert refusal(model(found)).code == "onnx.trees"


def varint(number: int) -> bytes:
    """A number in groups of seven bits, a negative one in ten."""
    number %= 1 << 64
    found = bytearray()
    while number >= 0x80:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*found, number])


@pytest.mark.parametrize("times", [1, 2, 3, 1000])
@pytest.mark.parametrize("numbers", [[0], [1, 300], [-1], [2**63 - 1, -(2**63), 127, 128]])
def test_repeated_numbers_are_the_same_one_by_one_and_packed(numbers: list[int], times: int) -> None:
    expected = numbers * times
    packed = b"".join(map(varint, expected))

    for message in (
        b"".join(b"\x40" + varint(number) for number in expected),
        b"\x42" + varint(len(packed)) + packed,
        b"".join(b"\x40" + varint(number) + b"\x08\x01" for number in expected),
    ):
        fields = list(Fields(most=10_000).of(memoryview(message)))
        assert integers_of([value for number, value in fields if number == 8]).tolist() == expected


@pytest.mark.parametrize(
    "data",
    [
        b"junk",
        b"\x00\x00",
        b"\x3b",
        b"\x3a\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
        b"\x3a\x05\x0a",
        b"\x08" + b"\xff" * 11,
        b"\xff\xff\xff\xff\xff\xff\x01\x00",
        b"\x22\x06\0\0ORTM" + b"\xff" * 20,
    ],
    ids=repr,
)
def test_what_is_no_protobuf_is_refused(data: bytes) -> None:
    error = refusal(data)

    assert error.code == "onnx.format"
    assert "that ONNX Runtime can load, found one that it refuses (" in str(error)


def test_fields_without_end_are_refused() -> None:
    assert refusal(b"\x08\x01\x10\x01" * 600_000).code == "onnx.format"


def test_a_number_said_a_million_times_costs_no_more_than_once() -> None:
    check(b"\x08\x01" * 2_000_000 + b"\x0d\0\0\0\0" * 2_000_000 + SOUND.SerializeToString())


def test_a_file_cut_off_anywhere_is_refused_by_the_check_or_by_the_runtime() -> None:
    data = model(tree((1, 2))).SerializeToString()
    for length in range(0, len(data), 5):
        with pytest.raises(Damaged):
            open_graph(GraphFile(model=data[:length], where="head"), intra_op_threads=1)


def graphs_of(graph: Any) -> Iterator[Any]:
    """A graph and those inside of it, as protobuf's own reader finds them."""
    yield graph
    for node in graph.node:
        for attribute in node.attribute:
            for inner in (*([attribute.g] if attribute.HasField("g") else []), *attribute.graphs):
                yield from graphs_of(inner)


def tensors_of(graph: Any) -> Iterator[Any]:
    yield from graph.initializer
    for node in graph.node:
        for attribute in node.attribute:
            yield from (*([attribute.t] if attribute.HasField("t") else []), *attribute.tensors)


HONEST = [
    SOUND.SerializeToString(),
    model(tree((1, 2), (3, 4))).SerializeToString(),
    model(inside(branch(NEG, initializers=(outside(OWN),)))).SerializeToString(),
]


@settings(deadline=None, max_examples=300)
@given(st.sampled_from(HONEST), st.data())
def test_what_is_let_through_holds_nothing_that_is_refused_for_protobufs_own_reader_either(
    honest: bytes, choices: st.DataObject
) -> None:
    data = bytearray(honest)
    for _ in range(choices.draw(st.integers(1, 4))):
        start = choices.draw(st.integers(0, len(data)))
        data[start : start + choices.draw(st.integers(0, 3))] = choices.draw(st.binary(max_size=3))

    try:
        check(bytes(data), OWN)
        found = onnx.load_from_string(bytes(data))
    except (Damaged, DecodeError):
        return
    assert not found.functions
    for graph in graphs_of(found.graph):
        assert not graph.sparse_initializer
        assert {node.domain for node in graph.node} <= {"", "ai.onnx", "ai.onnx.ml"}
        assert not {node.op_type for node in graph.node} & {"Loop", "Scan", "SequenceMap"}
        for tensor in tensors_of(graph):
            places = {entry.value for entry in tensor.external_data if entry.key == "location"}
            assert places <= {OWN}
            assert places or tensor.data_location == TensorProto.DEFAULT
