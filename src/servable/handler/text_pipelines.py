"""Text pipelines built from a list of steps, as the documentation of the inference handler calls them."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from servable.errors import Damaged
from servable.handler.processors import IDS, MASK, Processor, chunk_tokens
from servable.handler.refusals import RefusedRequest, refusal
from servable.records import ObjectArray
from servable.schema import Field, Kind, Schema

_WHERE: Final = "processing_steps"
_CHUNKER, _TOKENIZER = "dialogue_chunker", "tokenizer"
_TEXT: Final = Schema(fields=(Field("text", Kind.TEXT),), classes=("0", "1"))


def build_text_pipeline_from_steps(
    processing_steps: Sequence[str],
    tokenizer: object = None,
    *,
    max_sen_len: int = 512,
    chunk_trancate: bool = False,  # the documentation's spelling
    max_total_chunks: int = 5,
    input_ids_key: str = IDS,
    attention_mask_key: str = MASK,
) -> Processor[Any]:
    """What a text becomes by these steps, in their order; `process` takes one, `apply` any number.

    With the step `tokenizer` at the end: a list of chunks, each `{"input_ids": [...],
    "attention_mask": [...]}` without padding. With `dialogue_chunker` at the end: the chunks' texts.
    Else what the last step gives, a text or a list of messages.

    Args:
        processing_steps: names of steps.
        tokenizer: a tokenizer of the library `tokenizers`, an object that holds one as
            `backend_tokenizer`, the bytes of a `tokenizer.json`, or the path of one or of its folder.
        max_sen_len: tokens of one chunk, the special ones included.
        chunk_trancate: whether chunks beyond `max_total_chunks` are dropped.
        max_total_chunks: chunks of one text at most, where `chunk_trancate` is set.
        input_ids_key: name of the token ids in the result.
        attention_mask_key: name of the mask in the result.

    Raises:
        ValueError: for a step that is unknown or cannot stand at its place, or without a tokenizer where
            a step needs one.
    """
    if isinstance(processing_steps, str) or not processing_steps:
        raise refusal(_WHERE, "a list of names", repr(processing_steps), "name the steps of the training")
    steps = tuple(processing_steps)
    try:
        if _CHUNKER not in steps and _TOKENIZER not in steps:
            return Processor(_TEXT, _cleaned(steps))
        max_chunks = max_total_chunks if chunk_trancate else None
        return Processor(
            _TEXT, _chunked(steps, tokenizer, max_sen_len, max_chunks, (input_ids_key, attention_mask_key))
        )
    except Damaged as error:  # these steps come from a caller, not from a file
        raise RefusedRequest.of(error) from error


def _cleaned(steps: tuple[str, ...]) -> Callable[[ObjectArray], list[Any]]:
    from servable.preprocess.text import compose  # noqa: PLC0415  # tokenizers, which a table model never needs

    clean = compose(steps, where=_WHERE)
    return lambda texts: [clean(text or "") for text in texts.tolist()]


def _chunked(
    steps: tuple[str, ...],
    tokenizer: object,
    max_tokens: int,
    max_chunks: int | None,
    keys: tuple[str, str],
) -> Callable[[ObjectArray], list[Any]]:
    from servable.preprocess.text import TextPipeline, TextSettings  # noqa: PLC0415  # as above

    ends_in_tokens = steps[-1] == _TOKENIZER
    settings = TextSettings(
        steps=steps if ends_in_tokens else (*steps, _TOKENIZER), max_tokens=max_tokens, max_chunks=max_chunks
    )
    pipeline = TextPipeline(settings, _tokenizer_json(tokenizer), where=_WHERE, steps_where=_WHERE)
    if not ends_in_tokens:
        return pipeline.chunks
    return lambda texts: chunk_tokens(pipeline.apply(texts), keys=keys)


def _tokenizer_json(tokenizer: Any) -> bytes:
    """The content of a `tokenizer.json`, of any of the forms in which a tokenizer is passed."""
    found = getattr(tokenizer, "backend_tokenizer", tokenizer)
    if isinstance(found, bytes | bytearray):
        return bytes(found)
    if hasattr(found, "to_str"):
        text: str = found.to_str()
        return text.encode()
    if isinstance(found, str | Path):
        path = Path(found)
        file = path / "tokenizer.json" if path.is_dir() else path
        if file.is_file():
            return file.read_bytes()
    raise refusal(
        "tokenizer",
        "a tokenizer, the bytes of a tokenizer.json, or its path",
        "none" if found is None else f"a value of type {type(found).__name__}",
        "pass the tokenizer of the training",
    )
