"""An encoder's configuration from the shapes of its weights, for artifacts that bring no `config.json`.

Layers, widths, positions, types and vocabulary can be read off the weights. The number of attention
heads, the activation and the epsilon of the normalisations cannot: those of the published encoders of
the same type are taken, and that is said.

Source: Devlin et al., "BERT", 2019, and Liu et al., "RoBERTa", 2019, for heads of width 64; Wang et al.,
"MiniLM", 2020, for 12 heads at width 384.
"""

from collections.abc import Mapping
from typing import Final

from servable.artifact.networks.classes import ENCODERS
from servable.artifact.networks.weights import Shapes
from servable.errors import Damaged, Problem

_HEAD_WIDTH: Final = 64
_HEADS_OF_WIDTH: Final = {384: 12}
_ACTIVATION: Final = "gelu"
_EPSILON: Final = {"bert": 1e-12, "roberta": 1e-5}
_WORDS: Final = "embeddings.word_embeddings.weight"


def word_vectors(shapes: Shapes) -> int | None:
    """How many tokens the encoders of a network have vectors for, or None without an encoder.

    Raises:
        Damaged: `network.weights` if its encoders differ in that.
    """
    return _agreed(shapes, _WORDS, 0) if _encoders(shapes) else None


def encoder_of_shapes(shapes: Shapes, *, model_type: str, pad_token_id: int) -> dict[str, object]:
    """The `config.json` of encoders with weights of these shapes.

    Args:
        shapes: of the weights of a network.
        model_type: `bert` or `roberta`.
        pad_token_id: the token of padding.

    Raises:
        Damaged: `network.weights` if the weights of an encoder are not there or its encoders differ,
            `network.encoder` if the number of heads cannot be told from its width.
    """
    width = _agreed(shapes, _WORDS, 1)
    return {
        "model_type": model_type,
        "vocab_size": _agreed(shapes, _WORDS, 0),
        "hidden_size": width,
        "num_hidden_layers": _layers(shapes),
        "num_attention_heads": _heads(width),
        "intermediate_size": _agreed(shapes, "encoder.layer.0.intermediate.dense.weight", 0),
        "max_position_embeddings": _agreed(shapes, "embeddings.position_embeddings.weight", 0),
        "type_vocab_size": _agreed(shapes, "embeddings.token_type_embeddings.weight", 0),
        "hidden_act": _ACTIVATION,
        "layer_norm_eps": _EPSILON[model_type],
        "pad_token_id": pad_token_id,
    }


def assumptions(config: Mapping[str, object]) -> str:
    """What of such a configuration the shapes do not tell, in words."""
    heads, act, epsilon = (config[key] for key in ("num_attention_heads", "hidden_act", "layer_norm_eps"))
    return f"{heads} attention heads, the activation {act} and the epsilon {epsilon} are assumed"


def _heads(width: int) -> int:
    if width in _HEADS_OF_WIDTH:
        return _HEADS_OF_WIDTH[width]
    if width % _HEAD_WIDTH:
        raise Damaged(
            Problem(
                code="network.encoder",
                where="encoder",
                expected=f"its config.json, or a width that is a multiple of {_HEAD_WIDTH}, from which the "
                "number of attention heads can be told",
                found=f"the width {width}",
                fix="put the config.json of the encoder beside its tokenizer.json",
            )
        )
    return width // _HEAD_WIDTH


def _layers(shapes: Shapes) -> int:
    prefix = f"{_encoders(shapes)[0]}encoder.layer."
    return len({name.removeprefix(prefix).partition(".")[0] for name in shapes if name.startswith(prefix)})


def _encoders(shapes: Shapes) -> list[str]:
    return [prefix for prefix in ENCODERS if f"{prefix}{_WORDS}" in shapes]


def _agreed(shapes: Shapes, name: str, axis: int) -> int:
    """The length of an axis of a weight, the same in every encoder."""
    found = {}
    for prefix in _encoders(shapes):
        shape = shapes.get(f"{prefix}{name}", ())
        if len(shape) != 2:
            expected = f"the weight `{prefix}{name}` with two dimensions"
            raise _wrong(expected, "none of that name" if not shape else f"one of shape {list(shape)}")
        found[prefix] = shape[axis]
    if len(set(found.values())) != 1:
        sizes = ", ".join(f"{size} in `{prefix}{name}`" for prefix, size in found.items())
        raise _wrong("the weights of an encoder, of one shape for every text", sizes or "none")
    return next(iter(found.values()))


def _wrong(expected: str, found: str) -> Damaged:
    return Damaged(
        Problem(
            code="network.weights",
            where="model weights",
            expected=expected,
            found=found,
            fix="copy the weights again from the training output",
        )
    )
