"""Networks small enough to make in a test, with random weights, and inputs for them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from servable.engines.networks import Network, new_network
from servable.records import FloatArray, ModelInputs, TextInputs

FIELD = "notes"
Arrays = dict[str, NDArray[Any]]


def encoder_config(**changes: object) -> dict[str, object]:
    """The configuration of a BERT of two layers."""
    return {
        "model_type": "bert",
        "vocab_size": 50,
        "hidden_size": 16,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "intermediate_size": 24,
        "max_position_embeddings": 70,
        "type_vocab_size": 2,
        "hidden_act": "gelu",
        "pad_token_id": 0,
    } | changes


def roberta_config(**changes: object) -> dict[str, object]:
    return encoder_config(model_type="roberta", pad_token_id=1, type_vocab_size=1, **changes)


def encoder_weights(config: dict[str, Any], *, seed: int = 0) -> Arrays:
    """Weights of an encoder, large enough that every part of it shows in the vector."""
    width, inner = config["hidden_size"], config["intermediate_size"]
    shapes: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings.weight": (config["vocab_size"], width),
        "embeddings.position_embeddings.weight": (config["max_position_embeddings"], width),
        "embeddings.token_type_embeddings.weight": (config["type_vocab_size"], width),
        **_normalisation("embeddings.LayerNorm", width),
        **_linear("pooler.dense", width, width),
    }
    for index in range(config["num_hidden_layers"]):
        layer = f"encoder.layer.{index}"
        for part in ("query", "key", "value"):
            shapes |= _linear(f"{layer}.attention.self.{part}", width, width)
        shapes |= _linear(f"{layer}.attention.output.dense", width, width)
        shapes |= _normalisation(f"{layer}.attention.output.LayerNorm", width)
        shapes |= _linear(f"{layer}.intermediate.dense", inner, width)
        shapes |= _linear(f"{layer}.output.dense", width, inner)
        shapes |= _normalisation(f"{layer}.output.LayerNorm", width)
    draws = np.random.default_rng(seed)
    return {
        name: (draws.normal(size=shape) * 0.5 + ("LayerNorm.weight" in name)).astype(np.float32)
        for name, shape in shapes.items()
    }


def _linear(name: str, outputs: int, inputs: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (outputs, inputs), f"{name}.bias": (outputs,)}


def _normalisation(name: str, width: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (width,), f"{name}.bias": (width,)}


def tiny_network(
    config: dict[str, object] | None = None, *, features: int = 3, classes: int = 2, dropout: float = 0.1
) -> Network:
    """A network in training mode."""
    config = config or encoder_config()
    return new_network(
        "bimodal_bert",
        config,
        encoder_weights(config),
        text_field=FIELD,
        features=features,
        hidden=6,
        classes=classes,
        seed=3,
        dropout=dropout,
    )


def weights_of(network: Network) -> Arrays:
    return {name: tensor.numpy().copy() for name, tensor in network.state_dict().items()}


def some_inputs(*, features: int = 3, longest: int = 68, records: int = 40, seed: int = 5) -> ModelInputs:
    """Records of one to four chunks, of two tokens up to the longest that the encoder takes."""
    draws = np.random.default_rng(seed)
    counts = draws.integers(1, 5, records)
    lengths = draws.integers(2, longest + 1, counts.sum())
    # no token is the one of padding: a text does not spell it
    ids = [draws.integers(2, 50, length).astype(np.int32) for length in lengths]
    return ModelInputs(
        tabular=draws.normal(size=(records, features)).astype(np.float32),
        texts={FIELD: TextInputs(token_ids=ids, chunk_offsets=np.cumsum([0, *counts], dtype=np.int64))},
    )


def rows_of(inputs: ModelInputs, rows: list[int]) -> ModelInputs:
    """Some records, in this order."""
    return ModelInputs(
        tabular=np.ascontiguousarray(inputs.tabular[rows]),
        texts={field: text_rows(text, rows) for field, text in inputs.texts.items()},
    )


def text_rows(text: TextInputs, rows: list[int]) -> TextInputs:
    of_rows = [text.token_ids[text.chunk_offsets[row] : text.chunk_offsets[row + 1]] for row in rows]
    return TextInputs(
        token_ids=[chunk for chunks in of_rows for chunk in chunks],
        chunk_offsets=np.cumsum([0, *map(len, of_rows)], dtype=np.int64),
    )


def one_by_one(engine: Any, inputs: ModelInputs) -> FloatArray:
    """The scores of each record alone."""
    return np.concatenate([engine.run(rows_of(inputs, [row])) for row in range(len(inputs))])
