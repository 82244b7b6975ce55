"""Packed networks: the graphs are the network, a record has its own scores, damage is refused."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from tiny_networks import (
    FIELD,
    encoder_config,
    encoder_weights,
    one_by_one,
    roberta_config,
    rows_of,
    some_inputs,
    tiny_network,
)

from servable.engines import EncoderGraph, head_text
from servable.engines.networks import Network, TorchNetwork
from servable.engines.onnx_network import OnnxNetwork
from servable.errors import Damaged
from servable.pack.networks import NetworkGraphs, to_onnx
from servable.records import ModelInputs

CONFIGS = {
    "bert": encoder_config(),
    "gelu_new": encoder_config(hidden_act="gelu_new", layer_norm_eps=1e-6),
    "relu, one layer": encoder_config(hidden_act="relu", num_hidden_layers=1),
    "roberta": roberta_config(),
    "13 positions": encoder_config(max_position_embeddings=13),
}


def _engine(graphs: NetworkGraphs, *, pad_token_id: int = 0, threads: int = 1) -> OnnxNetwork:
    return OnnxNetwork(graphs.encoders, graphs.head, intra_op_threads=threads, pad_token_id=pad_token_id)


@pytest.fixture(scope="module")
def graphs() -> NetworkGraphs:
    return to_onnx(tiny_network())


@pytest.mark.parametrize("features", [0, 3])
@pytest.mark.parametrize("name", CONFIGS)
def test_the_graphs_give_the_scores_of_the_network_at_every_length(name: str, features: int) -> None:
    config: dict[str, Any] = CONFIGS[name]
    network = tiny_network(config, features=features, classes=3)
    longest = min(68, network.max_tokens)
    inputs = some_inputs(features=features, longest=longest, records=150)
    pad = config["pad_token_id"]

    engine = _engine(to_onnx(network), pad_token_id=pad)

    assert (features, 3) == (engine.features, engine.classes)
    scores, expected = engine.run(inputs), TorchNetwork(network, pad_token_id=pad).run(inputs)
    assert scores.dtype == np.float32
    assert np.ptp(scores) > 0.05
    np.testing.assert_allclose(scores, expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("threads", [1, 2])
def test_a_record_has_its_own_scores_in_any_company(graphs: NetworkGraphs, threads: int) -> None:
    engine, inputs = _engine(graphs, threads=threads), some_inputs()
    order = np.random.default_rng(0).permutation(len(inputs)).tolist()

    together = engine.run(rows_of(inputs, order))

    np.testing.assert_allclose(together, one_by_one(engine, inputs)[order], rtol=0, atol=1e-6)


def test_the_same_network_gives_the_same_bytes_in_training_mode_or_not(graphs: NetworkGraphs) -> None:
    network = tiny_network()
    network.train(mode=False)

    assert graphs == to_onnx(network)
    assert not network.training


def test_graphs_hold_no_word_of_the_machine_that_wrote_them(graphs: NetworkGraphs) -> None:
    for graph in (graphs.head, *(encoder.model for encoder in graphs.encoders.values())):
        model = onnx.load_from_string(graph)
        for tensor in model.graph.initializer:
            tensor.ClearField("raw_data")
        text = onnx.printer.to_text(model)

        assert not [word for word in (str(Path.home()), "site-packages", ".py", "Traceback") if word in text]
        assert not any(node.doc_string or node.metadata_props for node in model.graph.node)


def test_a_packed_network_runs_without_torch(graphs: NetworkGraphs, tmp_path: Path) -> None:
    for name, data in graphs.members().items():
        (tmp_path / name).write_bytes(data)
    program = f"""
import sys
from pathlib import Path
import numpy as np
from servable.engines import EncoderGraph
from servable.engines.onnx_network import OnnxNetwork
from servable.records import ModelInputs, TextInputs
folder = Path({str(tmp_path)!r})
name = "encoder.onnx.data"
model = (folder / "encoder.onnx").read_bytes()
encoders = {{{FIELD!r}: EncoderGraph(model=model, weights_file=name, weights=folder / name)}}
engine = OnnxNetwork(encoders, (folder / "head.onnx").read_bytes(), intra_op_threads=1, pad_token_id=0)
text = TextInputs(token_ids=[np.array([2, 3], dtype=np.int32)], chunk_offsets=np.array([0, 1]))
engine.run(ModelInputs(tabular=np.zeros((1, 3), dtype=np.float32), texts={{{FIELD!r}: text}}))
sys.exit(str(sorted({{"torch", "onnx", "transformers", "lightning"}} & set(sys.modules))))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    assert done.stderr.strip() == "[]"


def _narrow() -> Network:
    config = encoder_config(hidden_size=8)
    assert encoder_weights(config)
    return tiny_network(config)


def test_graphs_that_do_not_belong_together_are_refused(graphs: NetworkGraphs) -> None:
    other = to_onnx(_narrow())

    def refusal(encoders: dict[str, EncoderGraph], head: bytes) -> str:
        with pytest.raises(Damaged) as caught:
            OnnxNetwork(encoders, head, intra_op_threads=1, pad_token_id=0)
        assert caught.value.code == "engine.model"
        return str(caught.value)

    encoder = graphs.encoders[FIELD]
    assert refusal({FIELD: other.encoders[FIELD]}, graphs.head) == (
        'encoder of the field "notes": expected vectors of width 16, which the head reads, found width 8; '
        "pack the artifact again"
    )
    assert refusal({"title": encoder}, graphs.head) == (
        "head: expected a graph with the inputs title_vector, tabular, found one with notes_vector, tabular; "
        "pack the artifact again"
    )
    assert refusal({FIELD: replace(encoder, model=graphs.head)}, graphs.head) == (
        'encoder of the field "notes": expected a graph with the inputs input_ids, attention_mask, found one '
        "with notes_vector, tabular; pack the artifact again"
    )
    with pytest.raises(Damaged) as caught:
        OnnxNetwork({FIELD: encoder}, encoder.model, intra_op_threads=1, pad_token_id=0)
    assert str(caught.value) == (
        "head: expected tensors in the file itself, found a tensor in 'encoder.onnx.data'; "
        "pack the artifact again"
    )


@pytest.mark.parametrize("damage", ["empty", "cut", "text"])
def test_a_damaged_graph_is_refused_in_a_sentence(graphs: NetworkGraphs, damage: str) -> None:
    encoder = graphs.encoders[FIELD]
    broken = {"empty": b"", "cut": encoder.model[: len(encoder.model) // 2], "text": b"not a graph"}[damage]

    for encoders, head, where in (
        ({FIELD: replace(encoder, model=broken)}, graphs.head, 'encoder of the field "notes"'),
        ({FIELD: encoder}, broken, "head"),
    ):
        with pytest.raises(Damaged) as caught:
            OnnxNetwork(encoders, head, intra_op_threads=1, pad_token_id=0)
        assert str(caught.value).startswith(
            f"{where}: expected an ONNX graph that ONNX Runtime can load, found one that it refuses ("
        )


def test_a_table_that_is_not_a_number_spoils_its_own_record_alone(graphs: NetworkGraphs) -> None:
    engine, inputs = _engine(graphs), some_inputs(records=4)
    table = inputs.tabular.copy()
    table[2, 1] = np.nan

    spoilt = engine.run(ModelInputs(tabular=table, texts=inputs.texts))

    assert np.isnan(spoilt).all(axis=1).tolist() == [False, False, True, False]
    assert spoilt[[0, 1, 3]].tobytes() == engine.run(inputs)[[0, 1, 3]].tobytes()


def test_the_heads_input_for_a_text_is_named_after_it() -> None:
    assert head_text("notes") == "notes_vector"


def test_the_files_are_well_formed_in_the_eyes_of_onnx_itself(graphs: NetworkGraphs, tmp_path: Path) -> None:
    for name, data in graphs.members().items():
        (tmp_path / name).write_bytes(data)

    for name in ("head.onnx", "encoder.onnx"):
        onnx.checker.check_model(str(tmp_path / name), full_check=True)


@pytest.mark.parametrize("place", ["memory", "folder"])
def test_weights_in_memory_and_on_disk_give_the_same_bits(
    place: str, graphs: NetworkGraphs, tmp_path: Path
) -> None:
    encoder, inputs = graphs.encoders[FIELD], some_inputs()
    assert isinstance(encoder.weights, bytes)
    (tmp_path / encoder.weights_file).write_bytes(encoder.weights)
    on_disk = replace(encoder, weights=tmp_path / encoder.weights_file)
    used = encoder if place == "memory" else on_disk

    engine = OnnxNetwork({FIELD: used}, graphs.head, intra_op_threads=1, pad_token_id=0)

    assert engine.run(inputs).tobytes() == _engine(graphs).run(inputs).tobytes()


@pytest.mark.parametrize("place", ["memory", "folder"])
def test_weights_that_are_cut_off_are_refused(place: str, graphs: NetworkGraphs, tmp_path: Path) -> None:
    encoder = graphs.encoders[FIELD]
    assert isinstance(encoder.weights, bytes)
    cut = encoder.weights[: len(encoder.weights) // 2]
    (tmp_path / encoder.weights_file).write_bytes(cut)
    weights = cut if place == "memory" else tmp_path / encoder.weights_file

    with pytest.raises(Damaged) as caught:
        OnnxNetwork(
            {FIELD: replace(encoder, weights=weights)}, graphs.head, intra_op_threads=1, pad_token_id=0
        )

    assert str(caught.value).startswith('encoder of the field "notes": expected an ONNX graph')


def test_a_graph_does_not_find_weights_outside_the_folder_of_its_own(
    graphs: NetworkGraphs, tmp_path: Path
) -> None:
    encoder, folder = graphs.encoders[FIELD], tmp_path / "artifact"
    assert isinstance(encoder.weights, bytes)
    folder.mkdir()
    (tmp_path / "outside").write_bytes(encoder.weights)
    (folder / encoder.weights_file).symlink_to(tmp_path / "outside")
    linked = replace(encoder, weights=folder / encoder.weights_file)

    with pytest.raises(Damaged):
        OnnxNetwork({FIELD: linked}, graphs.head, intra_op_threads=1, pad_token_id=0)
