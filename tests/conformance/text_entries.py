"""Recorded calls of the text steps, the chunker and the tokenizers."""

import re
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from function_entries import Entry, stored
from tokenizers import Tokenizer

from servable.preprocess.text import TextPipeline, TextSettings, compose, text_of_html

_CLEANED = ("dialogue_splitter", "html_normalizer", "emoji_remover", "text_normalizer")
STEPS: Mapping[str, tuple[str, ...]] = {
    "dialogue_splitter": ("dialogue_splitter",),
    "html_normalizer_on_list": _CLEANED[:2],
    "html_normalizer_on_string": ("html_normalizer",),
    "emoji_remover_on_string": ("emoji_remover",),
    "text_normalizer_on_string": ("text_normalizer",),
    "text_upper_on_string": ("text_upper",),
    "text_upper_on_list": ("dialogue_splitter", "text_upper"),
    "then_emoji_remover": _CLEANED[:3],
    "then_text_normalizer": _CLEANED,
    "cs_chat_splitter": ("cs_chat_splitter",),
    "then_cs_adapter": ("cs_chat_splitter", "cs_adapter"),
}
"""Keys of one recorded text and the step lists that they stand for."""

_SETTING = re.compile(r"max_(\d+)_truncate_(true|false)_chunks_(\d+)")


def text_step_entries(content: Mapping[str, Any]) -> Iterator[Entry]:
    """Every string step on every text."""
    for text in content["texts"]:
        for key in text.keys() - {"name", "text"}:
            yield Entry(
                path=f"{text['name']}/{key}",
                stored=_as_messages(stored(text[key])),
                ours=partial(_composed, STEPS[key], text["text"]),
            )


def html_entries(content: Mapping[str, Any]) -> Iterator[Entry]:
    """Every fragment of HTML."""
    for index, (markup, text) in enumerate(content["cases"]):
        yield Entry(path=str(index), stored=text, ours=partial(text_of_html, markup))


def tokenizer_entries(
    content: Mapping[str, Any], texts: Mapping[str, str], tokenizer: Path
) -> Iterator[Entry]:
    """Chunks and token ids of every text with every setting, and the tokenizer by itself.

    Args:
        content: one of the files `tokenizer_*.json`.
        texts: by the names that its rows use.
        tokenizer: the encoder's `tokenizer.json`.
    """
    plain = Tokenizer.from_buffer(tokenizer.read_bytes())
    plain.no_truncation()
    plain.no_padding()
    for index, raw in enumerate(content["raw_encode"]):
        ids = raw["ids_no_special"]
        yield Entry(path=f"raw/{index}/ids", stored=ids, ours=partial(_ids, plain, raw["text"]))
        yield Entry(
            path=f"raw/{index}/decoded", stored=raw["decode_skip_special"], ours=partial(plain.decode, ids)
        )
    readers = _readers(content["rows"], tokenizer)
    for row in content["rows"]:
        text, origin = texts[row["name"]], row["messages_from"]
        path = f"{row['name']}/{origin}"
        yield Entry(
            path=f"{path}/message_token_counts",
            stored=row["message_token_counts"],
            ours=partial(_counts, plain, origin, text),
        )
        for setting in row.keys() & {name for _, name in readers}:
            reader = readers[origin, setting]
            for kind, read in (("chunks", _chunks), ("ids", _token_ids)):
                yield Entry(
                    path=f"{path}/{setting}/{kind}",
                    stored=row[setting][kind],
                    ours=partial(read, reader, text),
                )


def _readers(rows: list[dict[str, Any]], tokenizer: Path) -> dict[tuple[str, str], TextPipeline]:
    """A pipeline for each step list and each setting that the rows name."""
    data = tokenizer.read_bytes()
    pairs = {(row["messages_from"], key) for row in rows for key in row if _SETTING.fullmatch(key)}
    return {pair: TextPipeline(_settings(*pair), data, where=tokenizer.name) for pair in pairs}


def _settings(origin: str, setting: str) -> TextSettings:
    match = _SETTING.fullmatch(setting)
    assert match
    return TextSettings(
        steps=(*STEPS[origin], "dialogue_chunker", "tokenizer"),
        max_tokens=int(match[1]),
        max_chunks=int(match[3]) if match[2] == "true" else None,
    )


def _composed(steps: tuple[str, ...], text: str) -> object:
    return compose(steps, where="steps")(text)


def _as_messages(value: object) -> object:
    """The chat splitter's pairs as its adapter writes them, which ours does in one step."""
    if isinstance(value, list):
        return [f"[{m['role']}]: {m['content']}" if isinstance(m, dict) else m for m in value]
    return value


def _ids(tokenizer: Tokenizer, text: str) -> list[int]:
    ids: list[int] = tokenizer.encode(text, add_special_tokens=False).ids
    return ids


def _counts(tokenizer: Tokenizer, origin: str, text: str) -> list[int]:
    messages = _composed(STEPS[origin], text)
    assert isinstance(messages, list)
    return [len(_ids(tokenizer, message)) for message in messages]


def _column(text: str) -> Any:
    return np.array([text], dtype=object)


def _chunks(reader: TextPipeline, text: str) -> list[str]:
    return reader.chunks(_column(text))[0]


def _token_ids(reader: TextPipeline, text: str) -> list[list[int]]:
    return [ids.tolist() for ids in reader.apply(_column(text)).token_ids]
