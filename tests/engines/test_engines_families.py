"""Every family of networks: its formula, its weights by name, and the same scores on every engine."""

from collections.abc import Sequence

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from tiny_networks import Arrays, encoder_config, encoder_weights, one_by_one, rows_of, some_inputs
from torch import nn

from servable.engines import Device
from servable.engines.networks import FAMILIES, Network, TorchNetwork, build_network
from servable.engines.networks.attention_of_one import AttentionOfOne
from servable.engines.onnx_network import OnnxNetwork
from servable.errors import BadInput, Damaged, Unavailable
from servable.pack.networks import to_onnx
from servable.records import ModelInputs

CONFIG = encoder_config()
HIDDEN, FEATURES, CLASSES, WIDTH = 8, 3, 4, 16
ONE, TWO = ("notes",), ("chat", "events")


def _linear(name: str, outputs: int, inputs: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (outputs, inputs), f"{name}.bias": (outputs,)}


def _norm(name: str, width: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (width,), f"{name}.bias": (width,)}


def _attention(name: str) -> dict[str, tuple[int, ...]]:
    stacked = {f"{name}.in_proj_weight": (3 * HIDDEN, HIDDEN), f"{name}.in_proj_bias": (3 * HIDDEN,)}
    return stacked | _linear(f"{name}.out_proj", HIDDEN, HIDDEN)


def _gate(name: str, inputs: int, outputs: int) -> dict[str, tuple[int, ...]]:
    return _linear(f"{name}.0", outputs, inputs) | _norm(f"{name}.1", outputs)


def _three_gates() -> dict[str, tuple[int, ...]]:
    projections = [
        _linear(f"gate_fusion.{of}_proj", HIDDEN, HIDDEN) for of in ("primary", "secondary", "tab")
    ]
    gates = [
        _gate(f"gate_fusion.{name}", 2 * HIDDEN, HIDDEN)
        for name in ("gate_primary_secondary", "gate_text_tab")
    ]
    shapes = _gate("gate_fusion.trimodal_gate", 3 * HIDDEN, 3 * HIDDEN)
    for part in (*projections, *gates):
        shapes |= part
    return shapes


def _cross_attention() -> dict[str, tuple[int, ...]]:
    shapes = _attention("cross_attention.attn_p2s") | _attention("cross_attention.attn_s2p")
    for text in ("primary", "secondary"):
        shapes |= _norm(f"cross_attention.norm_{text}", HIDDEN)
        shapes |= _norm(f"cross_attention.norm_ffn_{text}", HIDDEN)
        shapes |= _linear(f"cross_attention.ffn_{text}.0", 4 * HIDDEN, HIDDEN)
        shapes |= _linear(f"cross_attention.ffn_{text}.3", HIDDEN, 4 * HIDDEN)
    return shapes


def _merged(branches: int) -> dict[str, tuple[int, ...]]:
    return _linear("final_merge_network.2", 128, branches * HIDDEN) | _linear(
        "final_merge_network.5", CLASSES, 128
    )


LAST = _linear("final_merge_network.1", CLASSES, HIDDEN)
CASES: dict[str, tuple[str, tuple[str, ...], int, dict[str, tuple[int, ...]]]] = {
    "text": ("bert", ONE, 0, {}),
    "concat": ("bimodal_bert", ONE, FEATURES, _linear("final_merge_network.1", CLASSES, 2 * HIDDEN)),
    "concat, text alone": ("bimodal_bert", ONE, 0, LAST),
    "gates": (
        "bimodal_gate_fusion",
        ONE,
        FEATURES,
        LAST
        | _linear("gate_fusion.text_proj", HIDDEN, HIDDEN)
        | _linear("gate_fusion.tab_proj", HIDDEN, HIDDEN)
        | _gate("gate_fusion.gate_net", 2 * HIDDEN, HIDDEN),
    ),
    "experts": (
        "bimodal_moe",
        ONE,
        FEATURES,
        _linear("moe_fusion.router.0", 2, 2 * HIDDEN) | _linear("classifier.1", CLASSES, HIDDEN),
    ),
    "attention": (
        "bimodal_cross_attn",
        ONE,
        FEATURES,
        _attention("cross_att.text2tab")
        | _attention("cross_att.tab2text")
        | _norm("cross_att.text_norm", HIDDEN)
        | _norm("cross_att.tab_norm", HIDDEN)
        | _linear("final_merge_network.0", HIDDEN, 2 * HIDDEN)
        | _linear("final_merge_network.2", CLASSES, HIDDEN),
    ),
    "two texts": ("trimodal_bert", TWO, FEATURES, _merged(3)),
    "two texts alone": ("trimodal_bert", TWO, 0, _merged(2)),
    "two texts, gates": (
        "trimodal_gate_fusion",
        TWO,
        FEATURES,
        _three_gates() | _linear("final_merge_network.2", CLASSES, HIDDEN),
    ),
    "two texts alone, gates": (
        "trimodal_gate_fusion_bert",
        TWO,
        0,
        _three_gates() | _linear("final_merge_network.2", CLASSES, HIDDEN),
    ),
    "two texts, attention": ("trimodal_cross_attn", TWO, FEATURES, _cross_attention() | _merged(3)),
    "two texts alone, attention": ("trimodal_cross_attn_bert", TWO, 0, _cross_attention() | _merged(2)),
}


def stored_weights(name: str) -> Arrays:
    """Random weights under the names that a training output of the family has."""
    _, texts, features, shapes = CASES[name]
    draws = np.random.default_rng(7)
    weights: Arrays = {}
    if name == "text":
        shapes, branches = _linear("bert.classifier", CLASSES, WIDTH), ["bert.bert."]
    else:
        branches = (
            ["text_subnetwork."]
            if texts == ONE
            else ["primary_text_subnetwork.", "secondary_text_subnetwork."]
        )
        for branch in branches:
            shapes = shapes | _linear(f"{branch}head_layer.1", HIDDEN, WIDTH)
        if features:
            table = "tab_subnetwork.embedding_layer"
            shapes = shapes | _norm(f"{table}.0", features) | _linear(f"{table}.1", HIDDEN, features)
        branches = [f"{branch}bert." for branch in branches]
    for number, branch in enumerate(branches):
        weights |= {branch + key: array for key, array in encoder_weights(CONFIG, seed=number).items()}
    for key, shape in shapes.items():
        weights[key] = (draws.normal(size=shape) / np.sqrt(shape[-1] if len(shape) > 1 else 1)).astype(
            np.float32
        )
    return weights


def network_of(name: str) -> Network:
    model_class, texts, _, _ = CASES[name]
    return build_network(model_class, stored_weights(name), CONFIG, text_fields=texts)


def inputs_of(name: str, *, records: int = 12) -> ModelInputs:
    _, texts, features, _ = CASES[name]
    drawn = [some_inputs(features=features, records=records, seed=5 + number) for number in range(len(texts))]
    return ModelInputs(
        tabular=drawn[0].tabular,
        texts={field: one.texts["notes"] for field, one in zip(texts, drawn, strict=True)},
    )


def test_every_family_is_here() -> None:
    assert {FAMILIES[model_class] for model_class, *_ in CASES.values()} == set(FAMILIES.values())


@pytest.mark.parametrize("name", CASES)
def test_packed_graphs_score_as_the_weights_do_in_any_company(name: str) -> None:
    network, inputs = network_of(name), inputs_of(name)
    reference = TorchNetwork(network, pad_token_id=0).run(inputs)
    graphs = to_onnx(network)
    packed = OnnxNetwork(graphs.encoders, graphs.head, intra_op_threads=1, pad_token_id=0)
    order = np.random.default_rng(0).permutation(len(inputs)).tolist()

    together = packed.run(rows_of(inputs, order))

    np.testing.assert_allclose(packed.run(inputs), reference, rtol=0, atol=1e-6)
    np.testing.assert_array_equal(together, one_by_one(packed, inputs)[order])
    assert reference.shape == (12, CLASSES)
    assert np.ptp(reference, axis=0).max() > 0.005  # scores that differ, or the comparison says nothing


@pytest.mark.parametrize("name", CASES)
def test_every_text_and_every_number_reaches_the_score(name: str) -> None:
    engine, inputs = TorchNetwork(network_of(name), pad_token_id=0), inputs_of(name)
    before = engine.run(inputs)
    last_first = list(range(len(inputs)))[::-1]

    for field, text in inputs.texts.items():
        other = rows_of(ModelInputs(tabular=inputs.tabular, texts={field: text}), last_first)
        changed = ModelInputs(tabular=inputs.tabular, texts=inputs.texts | other.texts)
        assert np.abs(engine.run(changed) - before).max() > 1e-3, field
    for column in range(inputs.tabular.shape[1]):
        tabular = inputs.tabular.copy()
        tabular[:, column] += 1
        found = engine.run(ModelInputs(tabular=tabular, texts=inputs.texts))
        assert np.abs(found - before).max() > 1e-3, column


def test_attention_to_one_place_is_multi_head_attention() -> None:
    torch.manual_seed(0)
    ours, theirs = AttentionOfOne(HIDDEN), nn.MultiheadAttention(HIDDEN, num_heads=4, batch_first=True)
    ours.load_state_dict(theirs.state_dict())
    queries, attended = torch.randn(5, 1, HIDDEN), torch.randn(5, 1, HIDDEN)

    with torch.no_grad():
        expected, _ = theirs(queries, attended, attended)
        found = ours(attended[:, 0])

    torch.testing.assert_close(found, expected[:, 0])


def _sigmoid(x: NDArray[np.float32]) -> NDArray[np.float32]:
    return 1 / (1 + np.exp(-x))


def _lin(weights: Arrays, name: str, x: NDArray[np.float32]) -> NDArray[np.float32]:
    return x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]


def _ln(weights: Arrays, name: str, x: NDArray[np.float32]) -> NDArray[np.float32]:
    centred = x - x.mean(axis=1, keepdims=True)
    normal = centred / np.sqrt((centred**2).mean(axis=1, keepdims=True) + 1e-5)
    return normal * weights[f"{name}.weight"] + weights[f"{name}.bias"]


def test_two_texts_without_a_table_are_mixed_by_one_gate() -> None:
    weights, network = stored_weights("two texts alone, gates"), network_of("two texts alone, gates")
    draws = np.random.default_rng(3)
    means = {field: draws.normal(size=(5, WIDTH)).astype(np.float32) for field in TWO}
    first, second = (
        _lin(
            weights,
            f"gate_fusion.{text}_proj",
            _lin(weights, f"{text}_text_subnetwork.head_layer.1", means[field]),
        )
        for text, field in zip(("primary", "secondary"), TWO, strict=True)
    )
    gate = "gate_fusion.gate_primary_secondary"
    share = _sigmoid(_ln(weights, f"{gate}.1", _lin(weights, f"{gate}.0", np.hstack([first, second]))))
    mixed = share * first + (1 - share) * second
    expected = _lin(weights, "final_merge_network.2", np.maximum(mixed, 0))

    with torch.no_grad():
        found = network.head(
            {field: torch.from_numpy(mean) for field, mean in means.items()}, torch.empty(5, 0)
        )

    np.testing.assert_allclose(found.numpy(), expected, rtol=0, atol=1e-4)


@pytest.mark.parametrize("name", [name for name, (_, texts, *_) in CASES.items() if texts == TWO])
@pytest.mark.parametrize("fields", [(), ("chat",), ("chat", "events", "more")], ids=len)
def test_a_network_of_two_texts_refuses_another_number(name: str, fields: Sequence[str]) -> None:
    with pytest.raises(Damaged) as caught:
        build_network(CASES[name][0], stored_weights(name), CONFIG, text_fields=fields)

    assert caught.value.code == "network.texts"
    assert "expected the two that a network of two texts reads, found " in str(caught.value)


@pytest.mark.parametrize("name", ["gates", "experts", "attention"])
def test_a_merge_that_needs_a_table_refuses_weights_without_one(name: str) -> None:
    weights = {key: array for key, array in stored_weights(name).items() if not key.startswith("tab_sub")}

    with pytest.raises(Damaged) as caught:
        build_network(CASES[name][0], weights, CONFIG, text_fields=ONE)

    assert "expected the weight `tab_subnetwork.embedding_layer.0.weight`, found none" in str(caught.value)


@pytest.mark.parametrize("name", CASES)
def test_weights_of_another_family_are_refused(name: str) -> None:
    texts = CASES[name][1]
    others = {other for other, (_, fields, *_) in CASES.items() if fields == texts}
    others -= {other for other in others if FAMILIES[CASES[other][0]] is FAMILIES[CASES[name][0]]}

    for other in others:
        with pytest.raises(Damaged) as caught:
            build_network(CASES[other][0], stored_weights(name), CONFIG, text_fields=texts)
        assert caught.value.code == "network.weights"


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_a_gpu_that_is_not_there_is_refused_and_auto_does_without() -> None:
    network, inputs = network_of("concat"), inputs_of("concat")
    graphs = to_onnx(network)

    for library, engine in (
        ("torch", lambda device: TorchNetwork(network, pad_token_id=0, device=device)),
        (
            "ONNX Runtime",
            lambda device: OnnxNetwork(
                graphs.encoders, graphs.head, intra_op_threads=1, pad_token_id=0, device=device
            ),
        ),
    ):
        with pytest.raises(BadInput) as caught:
            engine(Device.CUDA)
        assert str(caught.value) == (
            f"device: expected a CUDA device that {library} can use, found none; use `cpu` or `auto`, "
            "or install a build of it for CUDA on a machine with a GPU"
        )
        np.testing.assert_array_equal(engine(Device.AUTO).run(inputs), engine(Device.CPU).run(inputs))


def test_a_device_without_memory_is_said_in_words() -> None:
    network = network_of("concat")

    def exhausted(*_: object) -> torch.Tensor:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB.")

    for encoder in network.encoders.values():
        encoder.register_forward_hook(exhausted)
    with pytest.raises(Unavailable) as caught:
        TorchNetwork(network, pad_token_id=0).run(inputs_of("concat"))

    assert caught.value.code == "engine.memory"
    assert isinstance(caught.value.__cause__, torch.OutOfMemoryError)
