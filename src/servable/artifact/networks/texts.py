"""The text fields of a network's training output: steps, limits, and the columns that make a text."""

from collections.abc import Mapping
from typing import Final

from servable.artifact.artifact import StoredText
from servable.artifact.damage import DamageLog
from servable.artifact.hyperparameters import HYPERPARAMETERS, names, problem
from servable.artifact.networks.fields import PRIMARY, SECONDARY, TEXT
from servable.artifact.tokenizers.folder import FoundTokenizer
from servable.errors import Damaged, shown
from servable.records import TextJoin

FULL_STEPS: Final = (
    *("dialogue_splitter", "html_normalizer", "emoji_remover"),
    *("text_normalizer", "dialogue_chunker", "tokenizer"),
)
MINIMAL_STEPS: Final = ("dialogue_splitter", "text_normalizer", "dialogue_chunker", "tokenizer")
"""What a text field goes through where an artifact says nothing: the handler's documented defaults."""

_STEPS: Final = {
    TEXT: ("text_processing_steps", FULL_STEPS),
    PRIMARY: ("primary_text_processing_steps", FULL_STEPS),
    SECONDARY: ("secondary_text_processing_steps", MINIMAL_STEPS),
}
_MAX_TOKENS, _MAX_CHUNKS = 512, 5
_LEAST_TOKENS: Final = 3
"""Two special ones, and one of the text."""


def stored_texts(
    settings: Mapping[str, object], texts: Mapping[str, str], found: FoundTokenizer, damage: DamageLog
) -> tuple[StoredText, ...]:
    """How each text field becomes token ids.

    Args:
        settings: of the network.
        texts: setting that names it -> text field, in the order in which the network reads them.
        found: the tokenizer of all of them.
        damage: takes a sentence for each field without steps of its own.

    Raises:
        Damaged: `artifact.hyperparameters` for steps that are no list of names, a limit that is none,
            or chunks too short for a token of the text.
    """
    max_tokens = _limit(settings, "max_sen_len", _MAX_TOKENS, least=_LEAST_TOKENS)
    is_limited = _flag(settings, "chunk_trancate")
    max_chunks = _limit(settings, "max_total_chunks", _MAX_CHUNKS, least=1) if is_limited else None
    return tuple(
        StoredText(
            field=field,
            steps=_steps(settings, key, field, damage),
            max_tokens=max_tokens,
            max_chunks=max_chunks,
            tokenizer=found.tokenizer,
            where=found.where,
        )
        for key, field in texts.items()
    )


def text_join(settings: Mapping[str, object], texts: Mapping[str, str]) -> TextJoin | None:
    """Which columns training joined into its first text field, if it did.

    Raises:
        Damaged: `artifact.hyperparameters`.
    """
    if settings.get("text_columns") is None:
        return None
    separator = settings.get("text_separator", " ")
    if not isinstance(separator, str):
        raise Damaged(problem(HYPERPARAMETERS, '"text_separator", a text', "something else"))
    return TextJoin(
        field=next(iter(texts.values())),
        columns=names(settings, "text_columns", where=HYPERPARAMETERS),
        separator=separator,
    )


def _steps(settings: Mapping[str, object], key: str, field: str, damage: DamageLog) -> tuple[str, ...]:
    steps_key, default = _STEPS[key]
    if settings.get(steps_key) is not None:
        return names(settings, steps_key, where=HYPERPARAMETERS)
    damage.note(f'field "{field}": no "{steps_key}", so the default steps {", ".join(default)} are used')
    return default


def _flag(settings: Mapping[str, object], key: str) -> bool:
    value = settings.get(key)
    if value is None or isinstance(value, bool):
        return bool(value)
    raise Damaged(problem(HYPERPARAMETERS, f'"{key}", true or false', shown(value)))


def _limit(settings: Mapping[str, object], key: str, default: int, *, least: int) -> int:
    value = settings.get(key)
    if value is None:
        return default
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise Damaged(problem(HYPERPARAMETERS, f'"{key}", a whole number from {least} on', shown(value)))
    return value
