"""Oddities of text fields: what of a text never reaches the encoder.

The faults of steps are kept, because the weights were fitted with them (decision 0006).
"""

from collections.abc import Iterator
from typing import Final

from servable.artifact import StoredText
from servable.inspection.chunking import Chunking, chunking_of
from servable.inspection.oddity import Oddity, fields, note, warning
from servable.scorer import Scorer

_SPECIAL: Final = 2  # tokens that begin and end each chunk
_LOSSES: Final = {
    "dialogue_splitter": "what stands outside of [bom] and [eom] is lost, so a text without these marks is "
    "scored as an empty one",
    "cs_chat_splitter": "what stands before the first [bot]:, [customer]: or [agent]: is lost, so a text "
    "without these marks is scored as an empty one",
    "emoji_remover": "it also removes Chinese, Japanese and Korean characters and full-width forms, as it "
    "did in training, so a text in such a script is scored as an empty one; the newest emoji stay",
}


def oddities_of_texts(scorer: Scorer) -> Iterator[Oddity]:
    """What the steps of each text field lose, and what its chunks leave out."""
    for text in scorer.artifact.texts:
        names = (text.field,)
        for step, loses in _LOSSES.items():
            if step in text.steps:
                code = f"text.{step.replace('_', '-')}"
                yield warning(code, fields(names), f"{step}: {loses}", names=names)
        yield from _of_chunks(text)


def _of_chunks(text: StoredText) -> Iterator[Oddity]:
    names, kept = (text.field,), text.max_tokens - _SPECIAL
    rest = f"its first {kept} tokens are read, and what follows changes no score"
    match chunking_of(text.steps):
        case Chunking.MESSAGES:
            yield note(
                "text.full-chunk",
                fields(names),
                f"a message is cut to its first {text.max_tokens} tokens, and a full chunk of "
                f"{text.max_tokens} loses up to two more to the special ones; what is cut changes no score",
                names=names,
            )
            yield from _limited(text)
        case Chunking.EACH_MESSAGE:
            yield note(
                "text.message-chunks",
                fields(names),
                f"without dialogue_chunker every message is a chunk of its own; {rest}",
                names=names,
            )
        case Chunking.ONE:
            yield note(
                "text.one-message",
                fields(names),
                f"nothing splits it into messages, so it is one chunk: {rest}",
                names=names,
            )
        case Chunking.EACH_CHARACTER:
            yield warning(
                "text.no-chunker",
                fields(names),
                "without dialogue_chunker every character is a chunk of its own, as it was in training, so "
                "the encoder never sees a word",
                names=names,
            )


def _limited(text: StoredText) -> Iterator[Oddity]:
    if text.max_chunks is not None:
        is_one = text.max_chunks == 1
        most = "the first chunk" if is_one else f"the first {text.max_chunks} chunks"
        yield note(
            "text.chunk-limit",
            fields([text.field]),
            f"{most} of {text.max_tokens} tokens {'is' if is_one else 'are'} read; the messages behind "
            "change no score",
            names=[text.field],
        )
