"""Networks against recorded layers and scores of another implementation, on every engine."""

from pathlib import Path

import numpy as np
import pytest
import torch
from network_cases import FIRST, NetworkCase, case_names, read_case
from tiny_networks import one_by_one, rows_of

from servable.engines import Engine
from servable.engines.chunks import padded
from servable.engines.networks import TorchNetwork
from servable.engines.onnx_network import OnnxNetwork
from servable.engines.onnx_whole import OnnxWhole
from servable.pack.networks import to_onnx

pytestmark = pytest.mark.conformance

TEXT_UPPER, RENAMED = "t24_text_upper", "t29_renamed_keys_onnx"
"""Cases whose every request failed, so that no scores were recorded."""

ON_TORCH = {
    "t02_text_only",
    "t04_bimodal_bert",
    "t05_bimodal_bert_regular_ignored",
    "t11_bimodal_multiclass",
    "t12_bimodal_multiclass_calibrated",
    "t19_bimodal_cats_ignored",
    "t20_bimodal_bare",
    "t21_cs_format",
    "t22_no_chunker",
    "t23_unlimited_chunks",
    "t27_roberta_encoder",
}
WITH_GRAPH = {
    "t03_text_only_onnx_percentile",
    "t06_bimodal_bert_onnx_regular",
    "t07_bimodal_bert_onnx_percentile",
    "t26_step_table",
}


@pytest.fixture(scope="module", params=sorted(ON_TORCH | WITH_GRAPH))
def case(request: pytest.FixtureRequest, shared_dir: Path) -> NetworkCase:
    return read_case(shared_dir, request.param)


def _whole(case: NetworkCase, **suffixes: str) -> OnnxWhole:
    return OnnxWhole(
        (case.folder / "artifact/model.onnx").read_bytes(),
        features=case.features,
        text_fields=(case.text_field,),
        ids_suffix=suffixes.get("ids", "input_ids"),
        mask_suffix=suffixes.get("mask", "attention_mask"),
        pad_token_id=case.pad_token_id,
        intra_op_threads=1,
    )


def _packed(case: NetworkCase) -> OnnxNetwork:
    graphs = to_onnx(case.network())
    return OnnxNetwork(graphs.encoders, graphs.head, intra_op_threads=1, pad_token_id=case.pad_token_id)


def _on_torch(case: NetworkCase) -> TorchNetwork:
    return TorchNetwork(case.network(), pad_token_id=case.pad_token_id)


def test_every_case_of_these_families_is_here(shared_dir: Path) -> None:
    assert case_names(shared_dir, engine="pytorch") == ON_TORCH | {TEXT_UPPER}
    assert case_names(shared_dir, engine="onnx") == WITH_GRAPH | {RENAMED}


@pytest.mark.parametrize("name", sorted(ON_TORCH))
def test_the_layers_give_what_was_recorded(name: str, shared_dir: Path) -> None:
    case = read_case(shared_dir, name)
    layers, network = case.layers(), case.network()
    inputs, _ = case.recorded[FIRST]
    text = inputs.texts[case.text_field]
    length = layers["text_subnetwork.bert.embeddings"].shape[1]
    ids, mask = map(torch.from_numpy, padded(text.token_ids, length=length, pad_token_id=case.pad_token_id))

    with torch.no_grad():
        encoder = network.encoders[case.text_field]
        vectors = network.encode(case.text_field, ids, mask)
        means = {case.text_field: vectors.mean(dim=0, keepdim=True)}
        found = {
            "text_subnetwork.bert.embeddings": encoder.embeddings(ids),
            "text_subnetwork.bert.pooler_output": vectors,
            "final_merge_network": network.head(means, torch.from_numpy(inputs.tabular)),
        }

    for module, tensor in found.items():
        np.testing.assert_allclose(tensor.numpy(), layers[module], rtol=0, atol=1e-5, err_msg=module)


def test_weights_on_torch_give_the_recorded_scores(case: NetworkCase) -> None:
    inputs, expected = case.together()

    found = _on_torch(case).run(inputs)

    assert len(inputs) >= 15
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)


def test_packed_graphs_give_the_scores_of_torch(case: NetworkCase) -> None:
    inputs, _ = case.together()

    found = _packed(case).run(inputs)

    np.testing.assert_allclose(found, _on_torch(case).run(inputs), rtol=0, atol=1e-6)


@pytest.mark.parametrize("name", sorted(WITH_GRAPH))
def test_a_graph_that_training_brought_gives_the_recorded_scores(name: str, shared_dir: Path) -> None:
    case = read_case(shared_dir, name)
    inputs, expected = case.together()

    found = _whole(case).run(inputs)

    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("make", [_on_torch, _packed, _whole], ids=["torch", "packed", "whole"])
def test_neighbours_do_not_move_a_score(make: type[Engine], shared_dir: Path) -> None:
    case = read_case(shared_dir, "t06_bimodal_bert_onnx_regular")
    engine = make(case)
    inputs, _ = case.together()
    order = np.random.default_rng(0).permutation(len(inputs)).tolist()

    together = engine.run(rows_of(inputs, order))

    np.testing.assert_allclose(together, one_by_one(engine, inputs)[order], rtol=0, atol=1e-6)


def test_inputs_of_other_names_are_fed_by_their_type(shared_dir: Path) -> None:
    renamed = read_case(shared_dir, RENAMED)
    inputs, _ = read_case(shared_dir, "t06_bimodal_bert_onnx_regular").together()

    found = _whole(renamed, ids="tok_ids", mask="tok_mask").run(inputs)

    np.testing.assert_allclose(found, _on_torch(renamed).run(inputs), rtol=0, atol=1e-5)


def test_weights_whose_requests_all_failed_load_too(shared_dir: Path) -> None:
    assert read_case(shared_dir, TEXT_UPPER).network().features == 3
