"""Whether weights, settings and tokenizer are of one and the same training."""

from collections.abc import Mapping
from typing import Final

from servable.artifact.damage import DamageLog
from servable.artifact.hyperparameters import HYPERPARAMETERS, problem
from servable.artifact.networks.classes import family_of, family_of_weights
from servable.artifact.networks.encoder_shapes import assumptions, encoder_of_shapes, word_vectors
from servable.artifact.networks.settings import MODEL_ARTIFACTS, NetworkSettings
from servable.artifact.networks.weights import WEIGHTS, Shapes
from servable.artifact.tokenizers.folder import ENCODER_CONFIG, TOKENIZER, FoundTokenizer
from servable.errors import Damaged, Problem, shown

_HEADS: Final = ("text_subnetwork.", "primary_text_subnetwork.", "secondary_text_subnetwork.")
_MOST_PADDING, _PADDED_TO = 128, 8


def agreed_class(settings: NetworkSettings, shapes: Shapes, damage: DamageLog) -> str:
    """The `model_class` of a network, whose family is that of its weights.

    Where damage is tolerated and no name is given, it is the name of the family that the weights have.

    Raises:
        Damaged: `network.model-class` if the name is unknown, missing, or that of another family.
    """
    of_weights = family_of_weights(shapes)
    name = settings.model_class
    if name is None:
        error = Damaged(problem(MODEL_ARTIFACTS, '"model_class", the name of a family', "none"))
        if of_weights is None:
            raise error
        damage.report(error)
        return of_weights
    if of_weights is not None and family_of(name, where="model_class") != of_weights:
        raise Damaged(
            Problem(
                code="network.model-class",
                where="model_class",
                expected=f"{of_weights}, because the names of the weights in {WEIGHTS} are of this family",
                found=name,
                fix="use the weights and the model_class of one and the same training",
            )
        )
    family_of(name, where="model_class")
    return name


def require_widths(settings: Mapping[str, object], shapes: Shapes, damage: DamageLog) -> None:
    """Nothing, if the width of the branches is the one that the settings name; else the damage of it."""
    said = settings.get("hidden_common_dim")
    for prefix in _HEADS:
        shape = shapes.get(f"{prefix}head_layer.1.weight")
        if shape and isinstance(said, int) and shape[0] != said:
            expected = f'"hidden_common_dim" of {shape[0]}, the width of the weights in {WEIGHTS}'
            damage.report(Damaged(problem(HYPERPARAMETERS, expected, str(said))))
            return


def require_tokenizer(
    found: FoundTokenizer,
    shapes: Shapes,
    *,
    vocabulary: Mapping[str, object] | None,
    damage: DamageLog,
) -> tuple[str, ...]:
    """What is odd and yet sound, if the tokenizer is the one that the network was trained with.

    Args:
        found: the tokenizer.
        shapes: of the network's weights; empty where they cannot be read.
        vocabulary: token -> id that training wrote down, or None.
        damage: takes another vocabulary of the same size.

    Raises:
        Damaged: `artifact.tokenizer` if the encoder has vectors for another number of tokens, or none for
            its token of padding. Vectors beyond
            the tokens are admitted where the vocabulary is the one of training, or where they fill up a
            round number, as published encoders have them.
    """
    _require_padding(found)
    is_confirmed = vocabulary is not None and dict(vocabulary) == dict(found.vocabulary)
    rows, tokens = word_vectors(shapes), found.size
    remarks: tuple[str, ...] = ()
    if rows is not None and rows != tokens:
        spare = rows - tokens
        if spare < 0 or not (is_confirmed or (spare < _MOST_PADDING and rows % _PADDED_TO == 0)):
            raise Damaged(_of_another(f"{rows} tokens, as many as the weights have vectors for", str(tokens)))
        remarks = (f"{TOKENIZER}: {tokens} tokens, and the weights have vectors for {rows}",)
    if vocabulary is not None and not is_confirmed:
        damage.report(Damaged(_first_difference(vocabulary, found.vocabulary)))
    return remarks


def agreed_encoder(found: FoundTokenizer, shapes: Shapes, damage: DamageLog) -> Mapping[str, object]:
    """The encoder's configuration: the one beside the tokenizer, else what the weights' shapes tell.

    Raises:
        Damaged: `artifact.tokenizer` or `network.encoder` if neither tells it.
    """
    if found.encoder is not None:
        return found.encoder
    if found.model_type is None or not shapes:
        raise Damaged(
            Problem(
                code="artifact.tokenizer",
                where=found.where.removesuffix(TOKENIZER) + ENCODER_CONFIG,
                expected="the encoder's configuration beside its tokenizer",
                found="no such file",
                fix="copy both files from the encoder that was trained",
            )
        )
    config = encoder_of_shapes(shapes, model_type=found.model_type, pad_token_id=found.pad_token_id)
    told = f"no {ENCODER_CONFIG} beside {TOKENIZER}, so the encoder is told from its weights"
    damage.note(f"{told}; {assumptions(config)}")
    return config


def _require_padding(found: FoundTokenizer) -> None:
    """Nothing, if the encoder's configuration names no token of padding, or one that has a vector."""
    encoder = found.encoder or {}
    stored, size = encoder.get("pad_token_id"), encoder.get("vocab_size")
    most = size if isinstance(size, int) and not isinstance(size, bool) else found.size
    is_token = isinstance(stored, int) and not isinstance(stored, bool) and 0 <= stored < most
    if stored is not None and not is_token:
        raise Damaged(
            Problem(
                code="artifact.tokenizer",
                where=f'{ENCODER_CONFIG}, "pad_token_id"',
                expected=f"a whole number from 0 to {most - 1}, a token that the encoder has a vector for",
                found=shown(stored),
                fix=f"copy {TOKENIZER} and {ENCODER_CONFIG} from the encoder that was trained",
            )
        )


def _first_difference(stored: Mapping[str, object], vocabulary: Mapping[str, int]) -> Problem:
    """The token of the smallest id that one side has otherwise than the other."""
    for token in sorted(vocabulary, key=vocabulary.__getitem__):
        if stored.get(token) != vocabulary[token]:
            return _of_another(
                f"the vocabulary in {MODEL_ARTIFACTS}, which has {_entry(token, stored.get(token))}",
                _entry(token, vocabulary[token]),
            )
    token = min(str(token) for token in stored if token not in vocabulary)
    expected = f"the vocabulary in {MODEL_ARTIFACTS}, which has {_entry(token, stored.get(token))}"
    return _of_another(expected, _entry(token, None))


def _entry(token: str, number: object) -> str:
    return f"no {shown(token)}" if number is None else f"{shown(token)} as {shown(number)}"


def _of_another(expected: str, found: str) -> Problem:
    return Problem(
        code="artifact.tokenizer",
        where=TOKENIZER,
        expected=expected,
        found=found,
        fix=f"copy {TOKENIZER} and {ENCODER_CONFIG} from the encoder that was trained",
    )
