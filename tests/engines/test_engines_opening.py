"""Which engine an artifact gets, and what is refused before it scores."""

import io
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from onnx import TensorProto, helper
from tiny_networks import FIELD, encoder_config, some_inputs, tiny_network, weights_of

from servable.artifact import Artifact, EngineFile, EngineKind, MemoryFiles, StoredNetwork, StoredText
from servable.engines import load_network, open_engine
from servable.engines.networks import TorchNetwork
from servable.engines.onnx_network import OnnxNetwork
from servable.engines.onnx_session import GraphFile, open_text_graph
from servable.engines.onnx_whole import OnnxWhole
from servable.errors import Damaged
from servable.pack.networks import to_onnx
from servable.schema import Field, Kind, Schema

FEATURES = ("age", "amount", "score")


def _artifact(files: dict[str, bytes], engine: EngineFile, *, max_tokens: int = 70) -> Artifact:
    fields = (*(Field(name, Kind.NUMERIC) for name in FEATURES), Field(FIELD, Kind.TEXT))
    return Artifact(
        name="tiny",
        family="bimodal_bert",
        digest="sha256:0",
        schema=Schema(fields=fields, classes=("0", "1")),
        features=FEATURES,
        risk_tables={},
        imputation={},
        calibrations=(),
        engine=engine,
        golden=None,
        manifest=None,
        degradations=(),
        files=MemoryFiles(files),
        texts=(
            StoredText(
                field=FIELD,
                steps=("tokenizer",),
                max_tokens=max_tokens,
                max_chunks=None,
                tokenizer=b"",
                where="",
            ),
        ),
        network=StoredNetwork(model_class="bimodal_bert", encoder=encoder_config()),
    )


def _saved(value: object) -> bytes:
    file = io.BytesIO()
    torch.save(value, file)
    return file.getvalue()


def _training_output(*, max_tokens: int = 70) -> Artifact:
    state = dict(tiny_network().state_dict())
    engine = EngineFile(kind=EngineKind.TORCH, file="model.pth")
    return _artifact({"model.pth": _saved(state)}, engine, max_tokens=max_tokens)


def _packed() -> Artifact:
    graphs = to_onnx(tiny_network())
    engine = EngineFile(
        kind=EngineKind.ONNX_NETWORK, file="head.onnx", encoders={FIELD: "encoder.onnx"}, intra_op_threads=2
    )
    return _artifact(graphs.members(), engine)


def test_packed_graphs_and_the_weights_of_a_training_output_give_one_score() -> None:
    inputs = some_inputs()

    packed, native = open_engine(_packed()), open_engine(_training_output())

    assert isinstance(packed, OnnxNetwork)
    assert isinstance(native, TorchNetwork)
    np.testing.assert_allclose(packed.run(inputs), native.run(inputs), rtol=0, atol=1e-6)


def test_a_network_takes_the_number_of_threads_that_it_is_given() -> None:
    inputs = some_inputs(records=3)

    scores = [open_engine(_packed(), threads=threads).run(inputs) for threads in (None, 1, 3)]

    for found in scores[1:]:
        np.testing.assert_allclose(found, scores[0], rtol=0, atol=1e-6)


def test_the_network_of_an_output_that_brought_a_graph_is_made_of_its_weights() -> None:
    output = _training_output()
    engine = EngineFile(kind=EngineKind.ONNX_WHOLE, file="model.onnx")
    files = {"model.onnx": b"anything", "model.pth": output.files.read("model.pth")}

    network = load_network(replace(output, engine=engine, files=MemoryFiles(files)))

    assert weights_of(network).keys() == weights_of(tiny_network()).keys()


def test_an_output_that_brought_a_graph_runs_on_it() -> None:
    inputs = [f"{FIELD}_input_ids", f"{FIELD}_attention_mask", *FEATURES]
    graph = helper.make_graph(
        [helper.make_node("Concat", ["age", "amount"], ["probs"], axis=1)],
        "ages",
        [
            helper.make_tensor_value_info(
                name,
                TensorProto.FLOAT if name in FEATURES else TensorProto.INT64,
                ["batch", 1] if name in FEATURES else ["batch", "chunks", "tokens"],
            )
            for name in inputs
        ],
        [helper.make_tensor_value_info("probs", TensorProto.FLOAT, ["batch", 2])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)], ir_version=8)
    artifact = _artifact(
        {"model.onnx": model.SerializeToString()}, EngineFile(kind=EngineKind.ONNX_WHOLE, file="model.onnx")
    )
    records = some_inputs()

    engine = open_engine(artifact)

    assert isinstance(engine, OnnxWhole)
    assert engine.run(records).tobytes() == np.ascontiguousarray(records.tabular[:, :2]).tobytes()


def test_a_loaded_graph_does_not_keep_its_file_in_memory() -> None:
    graphs = to_onnx(tiny_network())
    before = sys.getrefcount(graphs.head)

    engine = OnnxNetwork(graphs.encoders, graphs.head, intra_op_threads=1, pad_token_id=0)
    after = sys.getrefcount(graphs.head)

    assert after == before
    assert engine.classes == 2


@pytest.mark.parametrize(
    ("missing", "what"),
    [
        ("head.onnx", "the model file"),
        ("encoder.onnx", "the model file"),
        ("encoder.onnx.data", "the weights of an encoder"),
    ],
)
def test_a_graph_that_is_not_there_is_named(missing: str, what: str) -> None:
    packed = _packed()
    files = {name: packed.files.read(name) for name in packed.files.names() if name != missing}

    with pytest.raises(Damaged) as caught:
        open_engine(replace(packed, files=MemoryFiles(files)))

    assert str(caught.value) == (
        f"{missing}: expected {what}, found no such file; copy the artifact again, or pack it again"
    )


def test_chunks_longer_than_the_encoder_has_positions_are_refused() -> None:
    with pytest.raises(Damaged) as caught:
        open_engine(_training_output(max_tokens=71))

    assert str(caught.value).startswith(
        'field "notes": expected chunks of at most 70 tokens, for which the encoder has positions, found a '
        "limit of 71;"
    )


@pytest.mark.parametrize(("content", "code"), [([1, 2], "network.weights"), ({"a": 1}, "network.weights")])
def test_a_file_without_weights_is_refused(content: object, code: str) -> None:
    output = replace(_training_output(), files=MemoryFiles({"model.pth": _saved(content)}))

    with pytest.raises(Damaged) as caught:
        open_engine(output)

    assert caught.value.code == code


def test_a_graph_reads_no_weights_from_the_working_directory(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path_factory.mktemp("here")
    (folder / "weights.bin").write_bytes(np.arange(4, dtype=np.float32).tobytes())
    monkeypatch.chdir(folder)
    weights = TensorProto(
        name="w", data_type=TensorProto.FLOAT, dims=[2, 2], data_location=TensorProto.EXTERNAL
    )
    for key, value in {"location": "weights.bin", "offset": "0", "length": "16"}.items():
        weights.external_data.add(key=key, value=value)
    shapes = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 2]) for name in ("x", "y")]
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"])], "outside", shapes[:1], shapes[1:], [weights]
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)

    with pytest.raises(Damaged, match=r"found a tensor in 'weights\.bin'"):
        open_text_graph(GraphFile(model=model.SerializeToString(), where="head"), intra_op_threads=1)
