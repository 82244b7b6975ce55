"""Networks against recorded layers and scores of another implementation, on every engine."""

from pathlib import Path

import numpy as np
import pytest
import torch
from network_cases import FIRST, NetworkCase, case_names, read_case
from numpy.typing import NDArray
from tiny_networks import one_by_one, rows_of

from servable.engines import Engine
from servable.engines.chunks import padded
from servable.engines.networks import Network, TorchNetwork
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
    "t08_bimodal_gate_fusion",
    "t09_bimodal_moe",
    "t10_bimodal_cross_attn",
    "t11_bimodal_multiclass",
    "t12_bimodal_multiclass_calibrated",
    "t13_bimodal_multiclass_named_1_2_3",
    "t15_trimodal_bert",
    "t16_trimodal_gate_fusion",
    "t17_trimodal_cross_attn",
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
    "t14_bimodal_multiclass_onnx_partial",
    "t18_trimodal_bert_onnx_both",
    "t25_onnx_corrupt_percentile",
    "t26_step_table",
    "t28_roberta_onnx",
}


@pytest.fixture(scope="module", params=sorted(ON_TORCH | WITH_GRAPH))
def case(request: pytest.FixtureRequest, shared_dir: Path) -> NetworkCase:
    return read_case(shared_dir, request.param)


def _whole(case: NetworkCase, **suffixes: str) -> OnnxWhole:
    return OnnxWhole(
        (case.folder / "artifact/model.onnx").read_bytes(),
        features=case.features,
        text_fields=case.text_fields,
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


def test_every_case_that_was_answered_is_here(shared_dir: Path) -> None:
    assert case_names(shared_dir, engine="pytorch") == ON_TORCH | {TEXT_UPPER}
    assert case_names(shared_dir, engine="onnx") == WITH_GRAPH | {RENAMED}


@pytest.mark.parametrize("name", sorted(ON_TORCH))
def test_the_layers_give_what_was_recorded(name: str, shared_dir: Path) -> None:
    case = read_case(shared_dir, name)
    recorded = case.layers()

    found = _outputs_of_modules(case.network(), case, recorded)

    # some modules have no counterpart here: their outputs are not used, or are made elsewhere
    known = {layer for layer in recorded if layer.removesuffix(".pooler_output") in found}
    assert {"final_merge_network", "classifier"} & known
    assert all(f"{branch}.head_layer" in known for branch in case.network().TEXTS)  # type: ignore[attr-defined]
    for layer in known:
        ours = found[layer.removesuffix(".pooler_output")]
        theirs = recorded[layer].reshape(ours.shape)  # they hold a sequence of one place
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-5, err_msg=layer)


def _outputs_of_modules(
    network: Network, case: NetworkCase, recorded: dict[str, NDArray[np.float32]]
) -> dict[str, NDArray[np.float32]]:
    """What each module of a network gives for the first request, at the lengths that were recorded."""
    assert isinstance(network, torch.nn.Module)
    outputs: dict[str, NDArray[np.float32]] = {}

    def note(name: str) -> None:
        def keep(module: object, given: object, output: object) -> None:
            if isinstance(output, torch.Tensor):
                outputs[name] = output.numpy()

        network.get_submodule(name).register_forward_hook(keep)

    for name, _ in network.named_modules():
        note(name)
    inputs, _ = case.recorded[FIRST]
    with torch.no_grad():
        means = {}
        for field, branch in zip(case.text_fields, network.TEXTS, strict=True):  # type: ignore[arg-type]
            length = recorded[f"{branch}.bert.embeddings"].shape[1]
            arrays = padded(inputs.texts[field].token_ids, length=length, pad_token_id=case.pad_token_id)
            means[field] = network.encode(field, *map(torch.from_numpy, arrays)).mean(dim=0, keepdim=True)
        network.head(means, torch.from_numpy(inputs.tabular))
    return outputs


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
@pytest.mark.parametrize("name", ["t06_bimodal_bert_onnx_regular", "t18_trimodal_bert_onnx_both"])
def test_neighbours_do_not_move_a_score(make: type[Engine], name: str, shared_dir: Path) -> None:
    case = read_case(shared_dir, name)
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
