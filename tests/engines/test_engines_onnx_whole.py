"""A training output's own graph: fed by its signature, and no record padded to another's size."""

import io
import warnings

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper
from tiny_networks import FIELD, one_by_one, rows_of, some_inputs, tiny_network

from servable.engines.networks import Network, TorchNetwork
from servable.engines.onnx_whole import OnnxWhole
from servable.errors import Damaged

FEATURES = ("age", "amount", "score")


class _Whole(torch.nn.Module):
    """What a training exports: padded chunks of all records in, probabilities out."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, ids: torch.Tensor, mask: torch.Tensor, *columns: torch.Tensor) -> torch.Tensor:
        records, chunks, tokens = ids.shape
        vectors = self.network.encode(FIELD, ids.view(-1, tokens), mask.view(-1, tokens))
        means = vectors.view(records, chunks, -1).mean(dim=1)
        return self.network.head({FIELD: means}, torch.cat(columns, dim=1)).softmax(dim=1)


def _exported(network: Network, names: list[str]) -> bytes:
    chunks = torch.ones(2, 3, 5, dtype=torch.int64)
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            _Whole(network).eval(),
            (chunks, chunks, *(torch.ones(2, 1) for _ in FEATURES)),
            file,
            input_names=names,
            output_names=["probs"],
            dynamic_axes={name: {0: "batch", 1: "dim_1", 2: "dim_2"} for name in names[:2]}
            | {name: {0: "batch"} for name in [*names[2:], "probs"]},
            opset_version=14,
            dynamo=False,
        )
    return file.getvalue()


@pytest.fixture(scope="module")
def model() -> bytes:
    return _exported(tiny_network(), [f"{FIELD}_input_ids", f"{FIELD}_attention_mask", *FEATURES])


def _engine(
    model: bytes,
    *,
    features: tuple[str, ...] = FEATURES,
    ids_suffix: str = "input_ids",
    mask_suffix: str = "attention_mask",
) -> OnnxWhole:
    return OnnxWhole(
        model,
        features=features,
        text_fields=(FIELD,),
        ids_suffix=ids_suffix,
        mask_suffix=mask_suffix,
        pad_token_id=0,
        intra_op_threads=1,
    )


def test_a_whole_graph_gives_the_scores_of_the_network(model: bytes) -> None:
    inputs = some_inputs()

    engine = _engine(model)

    assert (engine.features, engine.classes) == (3, 2)
    expected = TorchNetwork(tiny_network(), pad_token_id=0).run(inputs)
    np.testing.assert_allclose(engine.run(inputs), expected, rtol=0, atol=1e-6)


def test_a_record_has_its_own_scores_beside_others_of_as_many_chunks_or_more(model: bytes) -> None:
    engine, inputs = _engine(model), some_inputs(longest=6, records=80)
    order = np.random.default_rng(0).permutation(len(inputs)).tolist()

    together = engine.run(rows_of(inputs, order))

    np.testing.assert_allclose(together, one_by_one(engine, inputs)[order], rtol=0, atol=1e-6)


def test_an_input_gets_the_type_that_the_graph_declares_whatever_it_is_called() -> None:
    model = _exported(tiny_network(), [f"{FIELD}_tok", f"{FIELD}_present", *FEATURES])
    inputs = some_inputs()

    scores = _engine(model, ids_suffix="tok", mask_suffix="present").run(inputs)

    np.testing.assert_allclose(scores, TorchNetwork(tiny_network(), pad_token_id=0).run(inputs), atol=1e-6)


def test_numbers_may_be_declared_as_doubles() -> None:
    names = [f"{FIELD}_input_ids", f"{FIELD}_attention_mask", "age"]
    types = [TensorProto.INT32, TensorProto.INT32, TensorProto.DOUBLE]
    graph = helper.make_graph(
        [
            helper.make_node("Cast", ["age"], ["as_float"], to=TensorProto.FLOAT),
            helper.make_node("Concat", ["as_float", "as_float"], ["probs"], axis=1),
        ],
        "doubles",
        [
            helper.make_tensor_value_info(name, kind, ["batch", "a", "b"] if kind == 6 else ["batch", 1])
            for name, kind in zip(names, types, strict=True)
        ],
        [helper.make_tensor_value_info("probs", TensorProto.FLOAT, ["batch", 2])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)], ir_version=8)
    inputs = some_inputs(features=1)

    scores = _engine(model.SerializeToString(), features=("age",)).run(inputs)

    assert scores.tobytes() == np.repeat(inputs.tabular, 2, axis=1).tobytes()


def test_a_graph_that_reads_something_else_is_refused(model: bytes) -> None:
    text = f"{FIELD}_input_ids, {FIELD}_attention_mask"

    def refusal(model: bytes, features: tuple[str, ...]) -> str:
        with pytest.raises(Damaged) as caught:
            _engine(model, features=features)
        assert caught.value.code in {"engine.model", "onnx.format"}
        return str(caught.value).partition(";")[0]

    assert refusal(model, ("age", "amount")) == (
        f"model.onnx: expected a graph with the inputs {text}, age, amount, found one with {text}, age, "
        "amount, score"
    )
    renamed = onnx.load_from_string(model)
    renamed.graph.output[0].name = "out"
    for node in renamed.graph.node:
        node.output[:] = ["out" if name == "probs" else name for name in node.output]
    assert refusal(renamed.SerializeToString(), FEATURES) == (
        "model.onnx: expected the tensor `probs` with a fixed number of columns, found out"
    )
    assert refusal(model[:1000], FEATURES).startswith(
        "model.onnx: expected an ONNX graph that ONNX Runtime can load, found one that it refuses ("
    )
