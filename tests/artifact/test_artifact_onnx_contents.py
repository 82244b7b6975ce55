"""What an ONNX file stores, read without a runtime: against the library of the format itself."""

from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from servable.artifact import read_onnx
from servable.errors import Damaged

FLOATS = (TensorProto.FLOAT, TensorProto.DOUBLE, TensorProto.FLOAT16)
INTEGERS = (
    *(TensorProto.INT8, TensorProto.INT16, TensorProto.INT32, TensorProto.INT64),
    *(TensorProto.UINT8, TensorProto.UINT16, TensorProto.UINT32, TensorProto.UINT64, TensorProto.BOOL),
)
OUTSIDE = "graph.onnx.data"


def _model(*tensors: TensorProto, nodes: tuple[Any, ...] = ()) -> bytes:
    output = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1])
    graph = helper.make_graph(list(nodes), "graph", [], [output], initializer=list(tensors))
    return bytes(helper.make_model(graph).SerializeToString())


def _read(model: bytes, **outside: Any) -> Any:
    return read_onnx(model, where="graph.onnx", **outside)


@pytest.mark.parametrize("kind", [*FLOATS, *INTEGERS], ids=TensorProto.DataType.Name)
@pytest.mark.parametrize("is_raw", [True, False], ids=["as bytes", "as numbers"])
def test_a_tensor_is_read_as_the_format_s_own_library_reads_it(kind: int, is_raw: bool) -> None:
    low, high = (0, 2) if kind == TensorProto.BOOL else (0, 100) if kind in INTEGERS[4:] else (-50, 50)
    values = np.random.default_rng(0).integers(low, high, (3, 4))
    values = values.astype(helper.tensor_dtype_to_np_dtype(kind)) / (4 if kind in FLOATS else 1)
    values = values.astype(helper.tensor_dtype_to_np_dtype(kind))
    data = values.tobytes() if is_raw else values.reshape(-1).tolist()
    tensor = helper.make_tensor("weight", kind, values.shape, data, raw=is_raw)

    found = _read(_model(tensor)).tensors["weight"]

    expected = numpy_helper.to_array(tensor)
    assert (found.dtype, found.shape) == (expected.dtype, (3, 4))
    assert np.array_equal(found, expected)


def test_the_upper_halves_of_float32_become_float32() -> None:
    values = np.array([1.0, -2.5, 0.15625], dtype=np.float32)
    halves = (values.view(np.uint32) >> 16).astype(np.uint16)
    tensor = helper.make_tensor("weight", TensorProto.BFLOAT16, [3], halves.tobytes(), raw=True)

    assert _read(_model(tensor)).tensors["weight"].tolist() == values.tolist()


def test_a_tensor_outside_is_a_part_of_the_file_of_weights() -> None:
    values = np.arange(6, dtype=np.float32).reshape(2, 3)
    data = bytes(16) + values.tobytes() + bytes(8)

    found = _read(_outside(offset=16, length=24), weights_file=OUTSIDE, weights=data)

    assert np.array_equal(found.tensors["weight"], values)


def _outside(*, offset: int, length: int) -> bytes:
    tensor = helper.make_tensor("weight", TensorProto.FLOAT, [2, 3], bytes(24), raw=True)
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in (("location", OUTSIDE), ("offset", str(offset)), ("length", str(length))):
        tensor.external_data.add(key=key, value=value)
    return _model(tensor)


@pytest.mark.parametrize(
    ("model", "weights"),
    [
        (_outside(offset=16, length=24), bytes(39)),
        (_outside(offset=-8, length=24), bytes(64)),
        (_outside(offset=0, length=20), bytes(64)),
        (_outside(offset=0, length=24), None),
    ],
    ids=["beyond the end", "before the start", "of another size", "nowhere"],
)
def test_a_tensor_whose_bytes_are_not_there_is_refused(model: bytes, weights: bytes | None) -> None:
    with pytest.raises(Damaged) as refused:
        _read(model, weights_file=OUTSIDE, weights=weights)

    assert refused.value.code == "onnx.tensor"


def test_a_tensor_of_fewer_elements_than_its_shape_is_refused() -> None:
    tensor = helper.make_tensor("weight", TensorProto.FLOAT, [2], bytes(8), raw=True)
    tensor.dims[0] = 3

    with pytest.raises(Damaged, match="expected 3 elements of the tensor 'weight', found 2 of them"):
        _read(_model(tensor))


@pytest.mark.parametrize("sizes", [(2**62, 4, 0), (2**63 - 1, 0), (2**30, 2**30, 2**30, 0)])
def test_a_tensor_without_an_element_whose_sizes_no_array_has_is_refused(sizes: tuple[int, ...]) -> None:
    tensor = helper.make_tensor("weight", TensorProto.FLOAT, [0], b"", raw=True)
    tensor.dims[:] = sizes

    with pytest.raises(Damaged, match="sizes of the tensor 'weight' whose product is at most") as refused:
        _read(_model(tensor))

    assert refused.value.code == "onnx.tensor"


@pytest.mark.parametrize(
    ("kind", "numbers"),
    [
        (TensorProto.INT32, {"float_data": [float("nan")]}),
        (TensorProto.INT64, {"double_data": [float("inf")]}),
        (TensorProto.FLOAT, {"double_data": [1e300]}),
    ],
    ids=["floats for integers", "doubles for integers", "doubles for floats"],
)
def test_numbers_of_another_type_than_the_tensor_s_are_refused(kind: int, numbers: dict[str, Any]) -> None:
    tensor = TensorProto(name="weight", data_type=kind, dims=[1], **numbers)

    with pytest.raises(Damaged, match="expected 1 elements of the tensor 'weight', found 0 of them"):
        _read(_model(tensor))


def test_a_tensor_without_an_element_is_read() -> None:
    tensor = helper.make_tensor("weight", TensorProto.FLOAT, [0, 100_000], b"", raw=True)

    assert _read(_model(tensor)).tensors["weight"].shape == (0, 100_000)


def test_attributes_and_outputs_are_told() -> None:
    nodes = [helper.make_node("LeakyRelu", ["x"], ["y"], alpha=alpha) for alpha in (0.1, 0.1, 0.9)]

    one, same, other = (_read(_model(nodes=(node,))) for node in nodes)

    assert one.outputs == ("y",)
    assert one.nodes[0].attributes == same.nodes[0].attributes
    assert one.nodes[0].attributes.keys() == {"alpha"}
    assert one.nodes[0].attributes != other.nodes[0].attributes


def test_a_tensor_of_texts_is_named_and_not_read() -> None:
    found = _read(_model(helper.make_tensor("words", TensorProto.STRING, [1], [b"good"])))

    assert (found.tensors, found.unread) == ({}, ("words",))


@pytest.mark.parametrize("length", [0, 1, 2, 3, 6, 40])
def test_the_lists_of_a_node_are_read_whatever_their_length(length: int) -> None:
    floats: NDArray[np.float32] = np.linspace(-1, 1, length, dtype=np.float32)
    node = helper.make_node(
        "Normalizer",
        ["x"],
        ["y"],
        name="node",
        domain="ai.onnx.ml",
        norm="L2",
        numbers=floats.tolist() or None,
        places=[*range(-1, length - 1)] or None,
        words=[str(place) for place in range(length)] or None,
    )

    (found,) = _read(_model(nodes=(node,))).nodes

    assert (found.name, found.operator, found.inputs, found.outputs) == ("node", "Normalizer", ("x",), ("y",))
    assert found.strings["norm"] == ("L2",)
    if length:
        assert found.floats["numbers"].tolist() == floats.tolist()
        assert found.integers["places"].tolist() == [*range(-1, length - 1)]
        assert found.strings["words"] == tuple(map(str, range(length)))


def test_a_file_that_is_cut_off_is_refused() -> None:
    model = _model(helper.make_tensor("weight", TensorProto.FLOAT, [64], bytes(256), raw=True))
    assert onnx.load_from_string(model).graph.initializer

    with pytest.raises(Damaged) as refused:
        _read(model[:100])

    assert refused.value.code.startswith("onnx.")


def test_a_damaged_file_is_read_or_refused_and_nothing_else() -> None:
    weight = helper.make_tensor(
        "weight", TensorProto.FLOAT, [2, 3], np.ones(6, np.float32).tobytes(), raw=True
    )
    node = helper.make_node("Relu", ["weight"], ["y"], name="node", numbers=[1.0, 2.0, 3.0])
    model, draws = _model(weight, nodes=(node,)), np.random.default_rng(0)

    refused = 0
    for _ in range(400):
        damaged = bytearray(model)
        damaged[draws.integers(len(model))] = draws.integers(256)
        try:
            _read(bytes(damaged))
        except Damaged:
            refused += 1

    assert 0 < refused < 400
