"""Dialogues: which steps keep marked messages alone, how they are marked, and dialogues of a known length."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final, NamedTuple

from servable.artifact import StoredText
from servable.schema import MAX_CELL_CHARS


class Marks(NamedTuple):
    """What stands around a message."""

    opening: str
    closing: str


DIALOGUE, CHAT = "dialogue_splitter", "cs_chat_splitter"
"""Steps that keep marked messages alone."""

_MARKS: Final[Mapping[str, tuple[Marks, ...]]] = MappingProxyType(
    {
        DIALOGUE: (Marks("[bom] ", " [eom]"),),
        CHAT: tuple(Marks(f"[{speaker}]: ", " ") for speaker in ("customer", "agent", "customer", "bot")),
    }
)
"""By step: the marks of its messages, in turn."""

_WORD: Final = "a "
"""One letter and a blank: a single token of every vocabulary that knows letters."""


def marks_of(steps: Sequence[str]) -> tuple[Marks, ...]:
    """The marks of messages, in turn, for the splitter among these steps; none without a splitter."""
    return next((_MARKS[step] for step in steps if step in _MARKS), ())


def is_marked(text: str) -> bool:
    """Whether a text has messages that a splitter finds."""
    return any(marks.opening.strip() in text for each in _MARKS.values() for marks in each)


def is_chunked(stored: StoredText) -> bool:
    """Whether the messages of a text become chunks, of which there may be several."""
    from servable.preprocess.text import CHUNKER  # noqa: PLC0415  # tokenizers

    return bool(marks_of(stored.steps)) and CHUNKER in stored.steps


def as_messages(stored: StoredText, messages: Sequence[str]) -> str:
    """A text whose messages are these, as its splitter finds them; without a splitter they are joined."""
    marks = marks_of(stored.steps) or (Marks("", " "),)
    turns = (marks[turn % len(marks)] for turn in range(len(messages)))
    return "".join(
        f"{each.opening}{message}{each.closing}" for each, message in zip(turns, messages, strict=True)
    ).strip()


def of_tokens(stored: StoredText, count: int) -> str | None:
    """A text of so many words of one letter, which are as many tokens; None if a cell has no room for it."""
    return _of_messages(stored, 1, words=max(1, count))


def of_chunks(stored: StoredText, count: int) -> str | None:
    """A text of so many chunks, no two of its messages having room in one; None without room in a cell."""
    return _of_messages(stored, count, words=stored.max_tokens // 2 + 1)


def _of_messages(stored: StoredText, count: int, *, words: int) -> str | None:
    # an artifact may ask for any number; what has no room is not put together first
    if count * (len(_WORD) * words - 1) > MAX_CELL_CHARS:
        return None
    text = as_messages(stored, [(_WORD * words).rstrip()] * count)
    return text if len(text) <= MAX_CELL_CHARS else None
