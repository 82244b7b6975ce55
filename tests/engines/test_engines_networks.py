"""Networks on torch: the formulas, stored weights under all their names, and what is refused."""

import math
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from tiny_networks import (
    FIELD,
    Arrays,
    encoder_config,
    encoder_weights,
    one_by_one,
    roberta_config,
    rows_of,
    some_inputs,
    tiny_network,
    weights_of,
)

from servable.engines.networks import Network, TorchNetwork, build_network, new_network
from servable.errors import Damaged

_ERF = np.vectorize(math.erf)
_ACTIVATIONS = {
    "gelu": lambda x: x * 0.5 * (1 + _ERF(x / math.sqrt(2))),
    "gelu_new": lambda x: 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))),
    "relu": lambda x: np.maximum(x, 0),
}


def _encoded(config: dict[str, Any], weights: Arrays, tokens: NDArray[np.int32]) -> NDArray[np.float64]:
    """The published formulas in float64, for one chunk without padding."""

    def linear(name: str, x: NDArray[np.float64]) -> NDArray[np.float64]:
        return x @ weights[f"{name}.weight"].astype(np.float64).T + weights[f"{name}.bias"]

    def normalised(name: str, x: NDArray[np.float64]) -> NDArray[np.float64]:
        centred = x - x.mean(axis=-1, keepdims=True)
        scale = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + config.get("layer_norm_eps", 1e-12))
        return centred / scale * weights[f"{name}.weight"] + weights[f"{name}.bias"]

    first = config["pad_token_id"] + 1 if config["model_type"] == "roberta" else 0
    x = weights["embeddings.word_embeddings.weight"][tokens].astype(np.float64)
    x += weights["embeddings.position_embeddings.weight"][first : first + len(tokens)]
    x = normalised("embeddings.LayerNorm", x + weights["embeddings.token_type_embeddings.weight"][0])
    heads = config["num_attention_heads"]
    for index in range(config["num_hidden_layers"]):
        layer = f"encoder.layer.{index}"
        q, k, v = (
            np.split(linear(f"{layer}.attention.self.{part}", x), heads, axis=1)
            for part in ("query", "key", "value")
        )
        mixed = []
        for head in range(heads):
            odds = np.exp(q[head] @ k[head].T / math.sqrt(q[head].shape[1]))
            mixed.append(odds / odds.sum(axis=1, keepdims=True) @ v[head])
        attended = linear(f"{layer}.attention.output.dense", np.concatenate(mixed, axis=1))
        x = normalised(f"{layer}.attention.output.LayerNorm", x + attended)
        inner = _ACTIVATIONS[config["hidden_act"]](linear(f"{layer}.intermediate.dense", x))
        x = normalised(f"{layer}.output.LayerNorm", x + linear(f"{layer}.output.dense", inner))
    return np.tanh(linear("pooler.dense", x[0]))


def _vector(network: Network, tokens: NDArray[np.int32], *, padding: int, pad: int) -> NDArray[np.float32]:
    ids = torch.tensor([[*tokens.tolist(), *[pad] * padding]])
    mask = torch.tensor([[1] * len(tokens) + [0] * padding])
    network.train(mode=False)
    with torch.no_grad():
        return network.encode(FIELD, ids, mask)[0].numpy()


@pytest.mark.parametrize("padding", [0, 1, 9])
@pytest.mark.parametrize(
    "config",
    [
        encoder_config(),
        encoder_config(hidden_act="gelu_new", layer_norm_eps=1e-6, num_attention_heads=2),
        encoder_config(hidden_act="relu", num_hidden_layers=1),
        roberta_config(layer_norm_eps=1e-5),
    ],
    ids=["bert", "gelu_new", "one layer", "roberta"],
)
def test_a_vector_is_that_of_the_published_formulas_with_padding_or_without(
    config: dict[str, Any], padding: int
) -> None:
    tokens = np.array([2, 30, 7, 7, 49, 3], dtype=np.int32)

    found = _vector(tiny_network(config), tokens, padding=padding, pad=config["pad_token_id"])

    np.testing.assert_allclose(found, _encoded(config, encoder_weights(config), tokens), atol=2e-6)


def test_padding_may_reach_beyond_the_last_position() -> None:
    config = encoder_config(max_position_embeddings=13)
    tokens = np.arange(2, 15, dtype=np.int32)

    found = _vector(tiny_network(config), tokens, padding=3, pad=0)

    np.testing.assert_allclose(found, _encoded(config, encoder_weights(config), tokens), atol=2e-6)


@pytest.mark.parametrize("features", [0, 3])
def test_logits_join_text_and_table(features: int) -> None:
    network = tiny_network(features=features, classes=4)
    network.train(mode=False)
    weights = {name: array.astype(np.float64) for name, array in weights_of(network).items()}
    draws = np.random.default_rng(2)
    text, table = draws.normal(size=(5, 16)), draws.normal(size=(5, features))

    def linear(name: str, x: NDArray[np.float64]) -> NDArray[np.float64]:
        return x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]

    parts = [linear("text_subnetwork.head_layer.1", text)]
    if features:
        centred = table - table.mean(axis=1, keepdims=True)
        scaled = centred / np.sqrt((centred**2).mean(axis=1, keepdims=True) + 1e-5)
        parts.append(np.maximum(0, linear("tab_subnetwork.embedding_layer.1", scaled)))
    expected = linear("final_merge_network.1", np.maximum(0, np.concatenate(parts, axis=1)))

    with torch.no_grad():
        found = network.head(
            {FIELD: torch.tensor(text, dtype=torch.float32)}, torch.tensor(table, dtype=torch.float32)
        )

    np.testing.assert_allclose(found.numpy(), expected, atol=1e-6)


@pytest.mark.parametrize("features", [0, 3])
def test_stored_weights_give_the_network_that_they_were_stored_from(features: int) -> None:
    trained = tiny_network(features=features, classes=3)
    inputs = some_inputs(features=features)

    built = build_network("multimodal_bert", weights_of(trained), encoder_config(), text_fields=[FIELD])

    assert (features, 3, (FIELD,), 70) == (built.features, built.classes, built.text_fields, built.max_tokens)
    assert not built.training
    expected, found = (TorchNetwork(network, pad_token_id=0).run(inputs) for network in (trained, built))
    assert expected.tobytes() == found.tobytes()


@pytest.mark.parametrize("prefix", ["", "model.", "module.", "_orig_mod.", "module._orig_mod.model."])
def test_prefixes_of_wrappers_and_what_only_training_needs_are_passed_over(prefix: str) -> None:
    weights = {prefix + name: array for name, array in weights_of(tiny_network()).items()}
    extras = {
        "class_weights_tensor": np.ones(2, dtype=np.float32),
        "loss_op.weight": np.ones(2, dtype=np.float32),
        f"{prefix}text_subnetwork.bert.embeddings.position_ids": np.arange(70)[None],
    }

    built = build_network("bimodal", {"state_dict": weights | extras}, encoder_config(), text_fields=[FIELD])

    assert weights_of(tiny_network()).keys() == weights_of(built).keys()


@pytest.mark.parametrize("prefix", ["", "bert.", "roberta."])
def test_a_published_checkpoint_loads_under_the_names_that_it_has(prefix: str) -> None:
    config = encoder_config()
    plain = encoder_weights(config)
    former = {
        prefix
        + name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"): a
        for name, a in plain.items()
    }
    heads = {"cls.predictions.bias": np.zeros(50, dtype=np.float32)} if prefix else {}

    network = new_network(
        "bimodal_bert",
        config,
        former | heads,
        text_field=FIELD,
        features=3,
        hidden=6,
        classes=2,
        seed=3,
    )

    assert all(
        np.array_equal(array, weights_of(network)[f"text_subnetwork.bert.{name}"])
        for name, array in plain.items()
    )


def test_new_layers_follow_the_seed_alone() -> None:
    torch.manual_seed(1)
    first = weights_of(tiny_network())
    torch.manual_seed(2)
    again = weights_of(tiny_network())
    other = weights_of(
        new_network(
            "bimodal_bert",
            encoder_config(),
            encoder_weights(encoder_config()),
            text_field=FIELD,
            features=3,
            hidden=6,
            classes=2,
            seed=4,
        )
    )

    name = "final_merge_network.1.weight"
    assert all(np.array_equal(first[name], again[name]) for name in first)
    assert not np.array_equal(first[name], other[name])
    assert np.abs(first[name]).max() <= 12**-0.5
    assert np.unique(first[name]).size == first[name].size


def test_dropout_acts_in_training_and_only_there() -> None:
    network, inputs = tiny_network(dropout=0.5), some_inputs(records=1)
    text = torch.ones(4, 16)

    def logits() -> torch.Tensor:
        return network.head({FIELD: text}, torch.ones(4, 3))

    def vectors() -> torch.Tensor:
        ids = torch.arange(2, 34).reshape(4, 8)
        return network.encode(FIELD, ids, torch.ones_like(ids))

    assert not torch.equal(logits(), logits())
    assert not torch.equal(vectors(), vectors())
    engine = TorchNetwork(network, pad_token_id=0)
    assert engine.run(inputs).tobytes() == engine.run(inputs).tobytes()


def test_an_engine_leaves_the_network_and_torch_as_they_were() -> None:
    network = tiny_network()
    frozen = network.encoders[FIELD].embeddings.eval()
    modes = [module.training for module in network.modules()]
    threads = torch.get_num_threads()

    TorchNetwork(network, pad_token_id=0).run(some_inputs(records=2))

    assert modes == [module.training for module in network.modules()]
    assert network.training
    assert not frozen.training
    assert threads == torch.get_num_threads()
    assert all(parameter.requires_grad and parameter.grad is None for parameter in network.parameters())


def test_scores_are_probabilities_whatever_the_size_of_the_logits() -> None:
    weights = weights_of(tiny_network(classes=3))
    weights["final_merge_network.1.weight"] *= 1e4

    network = build_network("bimodal_bert", weights, encoder_config(), text_fields=[FIELD])
    scores = TorchNetwork(network, pad_token_id=0).run(some_inputs())

    assert scores.dtype == np.float32
    np.testing.assert_allclose(scores.sum(axis=1), 1, atol=1e-6)


@pytest.mark.parametrize("config", [encoder_config(), roberta_config()], ids=["bert", "roberta"])
def test_a_record_has_its_own_scores_on_torch_in_any_company(config: dict[str, Any]) -> None:
    engine = TorchNetwork(tiny_network(config), pad_token_id=config["pad_token_id"])
    inputs = some_inputs()
    order = np.random.default_rng(0).permutation(len(inputs)).tolist()

    together = engine.run(rows_of(inputs, order))

    np.testing.assert_allclose(together, one_by_one(engine, inputs)[order], rtol=0, atol=5e-6)


TEXT = "text_subnetwork"
LAST = "final_merge_network.1.weight"
WORDS = f"{TEXT}.bert.embeddings.word_embeddings.weight"


def _zeros(*shape: int) -> NDArray[np.float32]:
    return np.zeros(shape, dtype=np.float32)


@pytest.mark.parametrize(
    ("changes", "expected", "found"),
    [
        ({f"{TEXT}.bert.pooler.dense.bias": None}, f"the weight `{TEXT}.bert.pooler.dense.bias`", "none of"),
        ({LAST: None}, f"the weight `{LAST}`", "none of that name"),
        ({f"{TEXT}.head_layer.1.weight": None}, f"the weight `{TEXT}.head_layer.1.weight`", "none of"),
        ({"gate.bias": _zeros(3)}, "weights of this network alone", "another one, 'gate.bias'"),
        ({LAST: _zeros(2, 6)}, f"the weight `{LAST}` of shape [2, 12]", "one of shape [2, 6]"),
        ({WORDS: _zeros(9, 16)}, f"the weight `{WORDS}` of shape [50, 16]", "one of shape [9, 16]"),
        ({LAST: "hello"}, f"numbers under `{LAST}`", "a value of type str"),
        ({LAST: np.zeros((2, 12), dtype=np.int64)}, f"numbers under `{LAST}`", "an array of int64"),
        ({"state_dict": 5}, "weights under `state_dict`", "a value of type int"),
    ],
)
def test_weights_that_do_not_fit_are_refused_by_name(
    changes: dict[str, object], expected: str, found: str
) -> None:
    changed = weights_of(tiny_network()) | changes
    weights = {name: array for name, array in changed.items() if array is not None}

    with pytest.raises(Damaged) as caught:
        build_network("bimodal_bert", weights, encoder_config(), text_fields=[FIELD])

    assert caught.value.code == "network.weights"
    assert str(caught.value).startswith(f"model weights: expected {expected}")
    assert f", found {found}" in str(caught.value)


def test_weights_that_do_not_fit_are_all_listed_in_one_sentence() -> None:
    weights = weights_of(tiny_network()) | {LAST: _zeros(2, 6), WORDS: _zeros(9, 16), "gate.bias": _zeros(3)}
    del weights[f"{TEXT}.head_layer.1.bias"]

    with pytest.raises(Damaged) as caught:
        build_network("bimodal_bert", weights, encoder_config(), text_fields=[FIELD])

    assert str(caught.value) == (
        "model weights: expected weights that fit this network, found 4 that do not: "
        f"for the weight `{WORDS}` of shape [50, 16] one of shape [9, 16]; "
        f"for the weight `{TEXT}.head_layer.1.bias` of shape [6] none of that name; "
        f"for the weight `{LAST}` of shape [2, 12] one of shape [2, 6]; "
        "for weights of this network alone another one, 'gate.bias'; "
        "use the weights, the encoder and the model_class of one and the same training"
    )


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"model_type": "distilbert"}, "distilbert"),
        ({"hidden_act": "silu"}, "silu"),
        ({"position_embedding_type": "relative_key"}, "relative_key"),
        ({"is_decoder": True}, "a decoder"),
        ({"num_attention_heads": 3}, "hidden_size 16 for 3 heads"),
        ({"hidden_size": "16"}, "str"),
        ({"vocab_size": None}, "vocab_size"),
        ({"num_hidden_layers": 10**9}, "128"),
    ],
)
def test_an_encoder_of_another_kind_is_refused(changes: dict[str, object], found: str) -> None:
    with pytest.raises(Damaged) as caught:
        build_network("bimodal_bert", {}, encoder_config(**changes), text_fields=[FIELD])

    assert caught.value.code == "network.encoder"
    assert found in str(caught.value)


def test_an_unknown_family_is_refused_with_the_known_ones() -> None:
    with pytest.raises(Damaged) as caught:
        build_network("bimodal_lstm", {}, encoder_config(), text_fields=[FIELD])

    assert str(caught.value) == (
        "model_class: expected one of bert, bimodal, bimodal_bert, bimodal_cross_attn, bimodal_gate_fusion, "
        "bimodal_moe, multimodal_bert, multimodal_cross_attn, multimodal_gate_fusion, multimodal_moe, "
        "trimodal, trimodal_bert, trimodal_cross_attn, trimodal_cross_attn_bert, trimodal_gate_fusion, "
        "trimodal_gate_fusion_bert, found bimodal_lstm; use a model of one of these families"
    )


def test_only_what_can_be_trained_is_made_anew() -> None:
    with pytest.raises(Damaged) as caught:
        new_network(
            "bimodal_moe",
            encoder_config(),
            encoder_weights(encoder_config()),
            text_field=FIELD,
            features=3,
            hidden=6,
            classes=2,
            seed=3,
        )

    assert str(caught.value).startswith(
        "model_class: expected one of bimodal, bimodal_bert, multimodal_bert,"
    )


def test_a_network_of_one_text_refuses_two() -> None:
    with pytest.raises(Damaged) as caught:
        build_network("bimodal_bert", weights_of(tiny_network()), encoder_config(), text_fields=["a", "b"])

    assert caught.value.code == "network.texts"


def test_without_torch_a_network_says_what_to_install() -> None:
    program = """
import sys
sys.modules["torch"] = None
from servable.errors import Unavailable
try:
    import servable.engines.networks
except Unavailable as error:
    sys.exit(str(error))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    assert done.stderr.strip() == (
        "text network: expected the package torch, found that it is not installed; install servable[torch], "
        "or serve the packed artifact, which does not need it"
    )
