"""A text field's way from cell to token ids: steps, messages, chunks, tokens; column-wise.

Source: the chunking and tokenizing rules of the inference handler, its faults included where the
weights were fitted with them (decision 0006).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

import numpy as np
from tokenizers import Encoding, Tokenizer
from tokenizers.processors import TemplateProcessing

from servable.errors import Damaged, Problem
from servable.preprocess.text.chunking import Message, Packed, pack_messages
from servable.preprocess.text.steps import CHUNKER, ONE_CHUNK, TOKENIZER, compose
from servable.preprocess.traces import ChunkTrace, Messages, MessageTrace, TextTrace
from servable.records import ObjectArray, TextInputs

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
        kept = [self._told(of_text) for of_text in self.chunks(texts)]
        encodings = self._encodings([chunk for of_text in kept for chunk in of_text])
        return TextInputs(
            token_ids=[np.array(encoding.ids, dtype=np.int32) for encoding in encodings],
            chunk_offsets=np.array([0, *accumulate(map(len, kept))], dtype=np.int64),
        )

    def chunks(self, texts: ObjectArray) -> list[list[str]]:
        """The chunks of each text, as they reach the tokenizer."""
        cleaned = [self._clean(text or "") for text in texts.tolist()]
        return [chunks for chunks, _ in map(self._packed, self._messages(cleaned))]

    def trace(self, text: str | None) -> TextTrace:
        """What each step made of one text, by the functions that `apply` runs."""
        (trace,) = self.traces([text])
        return trace

    def traces(self, texts: Sequence[str | None]) -> list[TextTrace]:
        """What each step made of each text; the tokens of all are made in one call."""
        steps = [tuple(self._clean.each(text or "")) for text in texts]
        left = [of_text[-1][1] if of_text else text or "" for of_text, text in zip(steps, texts, strict=True)]
        return self._traces_behind(steps, left)

    def trace_of_left(self, left: Messages) -> TextTrace:
        """What the chunker and the tokenizer make of what some steps have left of a text."""
        (trace,) = self._traces_behind([()], [left])
        return trace

    def _traces_behind(
        self, steps: Sequence[tuple[tuple[str, Messages], ...]], left: Sequence[Messages]
    ) -> list[TextTrace]:
        """The traces of texts of which the steps are done.

        Args:
            steps: of each text, what each step left.
            left: of each text, what the last one left.
        """
        messages = self._messages(left)
        packed = [self._packed(of_text) for of_text in messages]
        kept = [self._told(chunks) for chunks, _ in packed]
        encodings = iter(self._encodings([chunk for of_text in kept for chunk in of_text]))
        return [
            TextTrace(
                steps=of_steps,
                is_chunked=self._is_chunked,
                messages=_traced_messages(of_text, in_chunks=in_chunks) if self._is_chunked else (),
                chunks=tuple(self._traced(chunk, next(encodings)) for chunk in chunks),
            )
            for of_steps, of_text, (_, in_chunks), chunks in zip(steps, messages, packed, kept, strict=True)
        ]

    def _messages(self, cleaned: Sequence[Messages]) -> list[list[Message]]:
        """The messages of each text with their tokens, if they are chunked; else what each chunk is made of.

        A text that no splitter has split is one message; one that nothing chunks either is taken character
        by character.
        """
        if not self._is_chunked:
            return [[(part, 0, 0) for part in value] for value in cleaned]
        messages = [[value] if isinstance(value, str) else value for value in cleaned]
        flat = [message for of_text in messages for message in of_text]
        encodings = iter(self._tokenizer.encode_batch_fast(flat, add_special_tokens=False))
        return [
            [self._shortened(message, next(encodings).ids) for message in of_text] for of_text in messages
        ]

    def _shortened(self, message: str, ids: list[int]) -> Message:
        """A message and its number of tokens; one beyond the limit becomes what its first tokens spell."""
        limit = self._settings.max_tokens
        if len(ids) <= limit:
            return message, len(ids), 0
        return self._tokenizer.decode(ids[:limit], skip_special_tokens=True), limit, len(ids) - limit

    def _packed(self, messages: Sequence[Message]) -> Packed:
        if not self._is_chunked:
            return [part for part, _, _ in messages], len(messages)
        settings = self._settings
        return pack_messages(messages, budget=settings.max_tokens, max_chunks=settings.max_chunks)

    def _told(self, chunks: Sequence[str]) -> list[str]:
        """The chunks without blank ones, which say nothing; if none is left, that of the special tokens."""
        return [chunk for chunk in chunks if self._keeps_blanks or chunk.strip()] or [""]

    def _encodings(self, chunks: Sequence[str]) -> list[Encoding]:
        """The tokens of each chunk, special ones included, cut at the limit."""
        # whether a tokenizer cuts is its own state; a second one would double the memory and the loading
        self._tokenizer.enable_truncation(self._settings.max_tokens)
        try:
            return self._tokenizer.encode_batch_fast(chunks, add_special_tokens=True)
        finally:  # a text that fails must not change how the next ones are read
            self._tokenizer.no_truncation()

    def _traced(self, chunk: str, encoding: Encoding) -> ChunkTrace:
        special = self._tokenizer.num_special_tokens_to_add(False)
        return ChunkTrace(
            text=chunk,
            token_ids=np.array(encoding.ids, dtype=np.int32),
            tokens=tuple(self._tokenizer.id_to_token(token) or "" for token in encoding.ids),
            cut_tokens=sum(len(rest.ids) - special for rest in encoding.overflowing),
        )


def _traced_messages(messages: Sequence[Message], *, in_chunks: int) -> tuple[MessageTrace, ...]:
    return tuple(
        MessageTrace(text=text, tokens=tokens, cut_tokens=cut_tokens, is_lost=at >= in_chunks)
        for at, (text, tokens, cut_tokens) in enumerate(messages)
    )


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
