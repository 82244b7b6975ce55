"""What each step made of one text: for people who ask what a model saw of it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Messages = str | list[str]
"""What one step hands to the next: a text, or the messages that a splitter found in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageTrace:
    """One message on its way into a chunk.

    Attributes:
        text: as it stands in its chunk: what its first tokens spell, if it was too long.
        tokens: how many of it count for the chunk's budget.
        cut_tokens: those beyond the limit of one message, which are lost.
        is_lost: whether it stands in no chunk, because the last allowed one was full before it.
    """

    text: str
    tokens: int
    cut_tokens: int
    is_lost: bool


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ChunkTrace:
    """One chunk as the encoder reads it.

    Attributes:
        text: as it reached the tokenizer.
        token_ids: int32, special tokens included.
        tokens: what each of them is called in the vocabulary.
        cut_tokens: tokens behind the limit, which the tokenizer left out.
    """

    text: str
    token_ids: NDArray[np.int32]
    tokens: tuple[str, ...]
    cut_tokens: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TextTrace:
    """The way of one text to its tokens.

    Attributes:
        steps: name of each step before the chunker and the tokenizer, in order, and what it left: a
            text, or a list of messages.
        is_chunked: whether messages are packed into chunks.
        messages: what the chunker packed; empty without one.
        chunks: what the encoder reads, at least one.
    """

    steps: tuple[tuple[str, Messages], ...]
    is_chunked: bool
    messages: tuple[MessageTrace, ...]
    chunks: tuple[ChunkTrace, ...]

    @property
    def lost_messages(self) -> int:
        """Messages behind the last allowed chunk."""
        return sum(message.is_lost for message in self.messages)

    @property
    def cut_tokens(self) -> int:
        """Tokens that no chunk holds: of messages too long, of lost ones, and of chunks too long."""
        of_messages = sum(
            message.cut_tokens + (message.tokens if message.is_lost else 0) for message in self.messages
        )
        return of_messages + sum(chunk.cut_tokens for chunk in self.chunks)

    @property
    def is_cut(self) -> bool:
        """Whether the encoder reads less than the steps left of the text."""
        return self.lost_messages > 0 or self.cut_tokens > 0
