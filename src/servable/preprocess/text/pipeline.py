"""A text field's way from cell to token ids: steps, messages, chunks, tokens; column-wise.

Source: the chunking and tokenizing rules of the inference handler, its faults included where the
weights were fitted with them (decision 0006).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from tokenizers import Tokenizer
from tokenizers.processors import TemplateProcessing

from servable.errors import Damaged, Problem
from servable.preprocess.text.steps import CHUNKER, ONE_CHUNK, TOKENIZER, Messages, compose
from servable.records import ObjectArray, TextInputs

NO_MESSAGE: Final = "."
"""What the chunker makes of a text without any message."""

_MOST_STEPS: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class TextSettings:
    """How one text field is read.

    Attributes:
        steps: names in their order; the last one is `tokenizer`.
        max_tokens: tokens of one chunk, the special ones included; also the chunker's budget, which
            leaves them out, so that up to two tokens at a full chunk's end are cut.
        max_chunks: chunks at most, or None for as many as the text gives.
    """

    steps: tuple[str, ...]
    max_tokens: int
    max_chunks: int | None


class TextPipeline:
    """The steps of one text field, with its tokenizer; used by one thread at a time."""

    def __init__(
        self, settings: TextSettings, tokenizer: bytes, *, where: str, steps_where: str = "text steps"
    ) -> None:
        """A pipeline.

        Args:
            settings: how the field is read.
            tokenizer: content of a `tokenizer.json`.
            where: its place, for errors.
            steps_where: the place of the steps, for errors.

        Raises:
            Damaged: `text.pipeline`, `text.step`.
        """
        if not settings.steps or settings.steps[-1] != TOKENIZER or TOKENIZER in settings.steps[:-1]:
            raise Damaged(
                _problem(steps_where, f"steps that end in {TOKENIZER}", ", ".join(settings.steps) or "none")
            )
        if len(settings.steps) > _MOST_STEPS:
            raise Damaged(_problem(steps_where, f"at most {_MOST_STEPS} steps", str(len(settings.steps))))
        before = settings.steps[:-1]
        self._is_chunked = CHUNKER in before
        self._keeps_blanks = ONE_CHUNK in before  # blanks are tokens of some vocabularies
        if self._is_chunked and before[-1] != CHUNKER:
            listed = ", ".join(settings.steps)
            raise Damaged(_problem(steps_where, f"{CHUNKER} right before {TOKENIZER}", listed))
        self._clean = compose(before[:-1] if self._is_chunked else before, where=steps_where)
        self._settings = settings
        self._tokenizer = _tokenizer(tokenizer, where)

    def apply(self, texts: ObjectArray) -> TextInputs:
        """Token ids of n texts (`str`, or None where missing, which is the empty text)."""
        # blank chunks say nothing; without any chunk, the special tokens are the one there is
        kept = [
            [chunk for chunk in of_text if self._keeps_blanks or chunk.strip()] or [""]
            for of_text in self.chunks(texts)
        ]
        flat = [chunk for of_text in kept for chunk in of_text]
        # whether a tokenizer cuts is its own state; a second one would double the memory and the loading
        self._tokenizer.enable_truncation(self._settings.max_tokens)
        try:
            encodings = self._tokenizer.encode_batch_fast(flat, add_special_tokens=True)
        finally:  # a text that fails must not change how the next ones are read
            self._tokenizer.no_truncation()
        return TextInputs(
            token_ids=[np.array(encoding.ids, dtype=np.int32) for encoding in encodings],
            chunk_offsets=np.cumsum([0, *(len(of_text) for of_text in kept)], dtype=np.int64),
        )

    def chunks(self, texts: ObjectArray) -> list[list[str]]:
        """The chunks of each text, as they reach the tokenizer."""
        cleaned = [self._clean(text or "") for text in texts.tolist()]
        # a text that nothing has split or chunked is taken character by character
        return self._chunks(cleaned) if self._is_chunked else [list(value) for value in cleaned]

    def _chunks(self, cleaned: Sequence[Messages]) -> list[list[str]]:
        """Messages packed into chunks; a text that no splitter has split is one message."""
        messages = [[value] if isinstance(value, str) else value for value in cleaned]
        flat = [message for of_text in messages for message in of_text]
        encodings = iter(self._tokenizer.encode_batch_fast(flat, add_special_tokens=False))
        limit = self._settings.max_tokens
        return [
            _pack(
                [self._shortened(message, next(encodings).ids, limit) for message in of_text],
                budget=limit,
                max_chunks=self._settings.max_chunks,
            )
            for of_text in messages
        ]

    def _shortened(self, message: str, ids: list[int], limit: int) -> tuple[str, int]:
        """A message and its number of tokens; one beyond the limit becomes what its first tokens spell."""
        if len(ids) <= limit:
            return message, len(ids)
        return self._tokenizer.decode(ids[:limit], skip_special_tokens=True), limit


def _pack(messages: list[tuple[str, int]], *, budget: int, max_chunks: int | None) -> list[str]:
    """Messages joined into chunks of at most `budget` tokens; beyond the last allowed chunk they are lost."""
    chunks: list[str] = []
    current: list[str] = []
    used = 0
    for message, tokens in messages:
        if used + tokens > budget:
            if current:
                chunks.append(" ".join(current).strip())
            if max_chunks is not None and len(chunks) >= max_chunks:
                current = []
                break
            current, used = [message], tokens
        else:
            current.append(message)
            used += tokens
    if current and (max_chunks is None or len(chunks) < max_chunks):
        chunks.append(" ".join(current).strip())
    return chunks if any(chunk.strip() for chunk in chunks) else [NO_MESSAGE]


def _tokenizer(data: bytes, where: str) -> Tokenizer:
    try:
        tokenizer = Tokenizer.from_buffer(data)
    except Exception as error:  # tokenizers raises bare Exception
        raise Damaged(_problem(where, "a tokenizer.json that can be read", "another file")) from error
    tokenizer.no_padding()
    tokenizer.no_truncation()
    if tokenizer.post_processor is None:  # BERT's own is added by the library that loads the file
        marks = {mark: tokenizer.token_to_id(mark) for mark in ("[CLS]", "[SEP]")}
        if None in marks.values():
            raise Damaged(_problem(where, "a tokenizer with the tokens [CLS] and [SEP]", "one without"))
        tokenizer.post_processor = TemplateProcessing(
            single="[CLS] $A [SEP]", special_tokens=list(marks.items())
        )
    return tokenizer


def _problem(where: str, expected: str, found: str) -> Problem:
    return Problem(
        code="text.pipeline",
        where=where,
        expected=expected,
        found=found,
        fix="use the steps and the tokenizer that the model was trained with",
    )
