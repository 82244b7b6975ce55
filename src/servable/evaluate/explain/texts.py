"""The texts of a record on their way to tokens."""

import hashlib

from servable.artifact import StoredText
from servable.evaluate.explain.found import ChunkSeen, StepSeen, TextSeen
from servable.preprocess import TextTrace


def text_seen(text: str | None, trace: TextTrace, stored: StoredText) -> TextSeen:
    """One text, step by step.

    Args:
        text: as it was read, None where it is missing.
        trace: what the steps made of it.
        stored: how the artifact reads the field.
    """
    return TextSeen(
        field=stored.field,
        text=text or "",
        steps=tuple(StepSeen(name=name, value=value) for name, value in trace.steps),
        is_chunked=trace.is_chunked,
        max_tokens=stored.max_tokens,
        max_chunks=stored.max_chunks,
        messages=trace.messages,
        chunks=tuple(
            ChunkSeen(
                place=place,
                text=chunk.text,
                tokens=chunk.tokens,
                token_ids=tuple(chunk.token_ids.tolist()),
                cut_tokens=chunk.cut_tokens,
            )
            for place, chunk in enumerate(trace.chunks)
        ),
        tokens=sum(len(chunk.token_ids) for chunk in trace.chunks),
        cut_tokens=trace.cut_tokens,
        lost_messages=trace.lost_messages,
        tokenizer=hashlib.sha256(stored.tokenizer).hexdigest(),
    )
