"""Texts marked as the splitters among text steps want them, of a known number of tokens."""

from collections.abc import Sequence
from types import MappingProxyType
from typing import Final

from servable.artifact import StoredText
from servable.payload.texts import CHAT, DIALOGUE

_MARKINGS: Final = MappingProxyType({DIALOGUE: ("[bom] ", " [eom]"), CHAT: ("[customer]: ", "\n")})
_WORD: Final = "a "
"""One letter and a blank: a single token of every vocabulary that knows letters."""


def has_splitter(stored: StoredText) -> bool:
    """Whether only what stands in marked messages reaches the model."""
    return any(step in _MARKINGS for step in stored.steps)


def is_chunked(stored: StoredText) -> bool:
    """Whether the messages of a text become chunks, of which there may be several."""
    from servable.preprocess.text import CHUNKER  # noqa: PLC0415  # tokenizers

    return has_splitter(stored) and CHUNKER in stored.steps


def as_messages(stored: StoredText, messages: Sequence[str]) -> str:
    """A text whose messages are these, as its splitter finds them; without a splitter they are joined."""
    begin, end = next((_MARKINGS[step] for step in stored.steps if step in _MARKINGS), ("", " "))
    return "".join(f"{begin}{message}{end}" for message in messages).strip()


def words(count: int) -> str:
    """A text of so many words of one letter, which are as many tokens."""
    return (_WORD * count).rstrip()


def chunks(stored: StoredText, count: int) -> str:
    """A text of so many chunks: no two of its messages have room in one."""
    return as_messages(stored, [words(stored.max_tokens // 2 + 1)] * count)
