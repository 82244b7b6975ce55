"""What the steps of a text field make its chunks of."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Final

_SPLITTERS: Final = frozenset(["dialogue_splitter", "cs_chat_splitter"])
_CHUNKER, _WHOLE = "dialogue_chunker", "one_chunk"


class Chunking(StrEnum):
    """What one chunk is; only chunks of messages can be limited in number."""

    MESSAGES = "as many messages as fit"
    ONE = "the whole text"
    EACH_MESSAGE = "one message"
    EACH_CHARACTER = "one character"


def chunking_of(steps: Sequence[str]) -> Chunking:
    """What a chunk is after these steps: a text that nothing splits is one message."""
    is_split, is_chunked = not _SPLITTERS.isdisjoint(steps), _CHUNKER in steps
    if is_split:
        return Chunking.MESSAGES if is_chunked else Chunking.EACH_MESSAGE
    return Chunking.ONE if is_chunked or _WHOLE in steps else Chunking.EACH_CHARACTER
