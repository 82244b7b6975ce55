"""Messages packed into chunks of a budget of tokens.

Source: the chunking rule of the inference handler, its faults included where the weights were fitted
with them (decision 0006).
"""

from collections.abc import Sequence
from typing import Final

NO_MESSAGE: Final = "."
"""What the chunker makes of a text without any message."""

Message = tuple[str, int, int]
"""What goes into a chunk, how many tokens it counts for, and how many it has lost."""

Packed = tuple[list[str], int]
"""The chunks of one text, blank ones among them, and how many of its messages stand in them."""


def pack_messages(messages: Sequence[Message], *, budget: int, max_chunks: int | None) -> Packed:
    """Messages joined into chunks of at most `budget` tokens; beyond the last allowed chunk they are lost."""
    chunks: list[str] = []
    current: list[str] = []
    used = kept = 0
    for text, tokens, _ in messages:
        if used + tokens > budget:
            if current:
                chunks.append(" ".join(current).strip())
                kept += len(current)
            if max_chunks is not None and len(chunks) >= max_chunks:
                current = []
                break
            current, used = [text], tokens
        else:
            current.append(text)
            used += tokens
    if current and (max_chunks is None or len(chunks) < max_chunks):
        chunks.append(" ".join(current).strip())
        kept += len(current)
    return (chunks if any(chunk.strip() for chunk in chunks) else [NO_MESSAGE]), kept
