"""Text pipelines built from a list of steps: the same steps and tokens that a loaded model has."""

import math
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from example_artifacts import Layout
from tokenizers import Tokenizer

from servable.handler import build_text_pipeline_from_steps, model_fn

FULL = (
    *("dialogue_splitter", "html_normalizer", "emoji_remover"),
    *("text_normalizer", "dialogue_chunker", "tokenizer"),
)
TEXT = "[bom] <b>Lovely</b> dress &amp; soft \U0001f600 [eom] outside [bom] It was TOO huge [eom]"


def test_steps_build_what_a_model_with_these_steps_reads(
    text_output: Callable[[Layout], Path], encoder: Path
) -> None:
    layout = Layout(numbers={"feature1": 1.0}, columns=("text", "feature1"), steps=FULL)
    of_model = model_fn(text_output(layout))["pipelines"]["text"]

    built = build_text_pipeline_from_steps(
        processing_steps=list(FULL),
        tokenizer=encoder,
        max_sen_len=24,
        chunk_trancate=True,
        max_total_chunks=3,
    )

    texts = [TEXT, "", "no marks", TEXT * 20, None, math.nan, 12]
    assert built.apply(texts) == of_model.apply(texts)
    assert [built.process(text) for text in texts] == built.apply(texts)
    assert len(built.process(TEXT * 20)) == 3
    assert built(TEXT)[0].keys() == {"input_ids", "attention_mask"}


def test_a_tokenizer_is_an_object_of_its_library_or_around_one_bytes_or_a_path(encoder: Path) -> None:
    file = encoder / "tokenizer.json"
    tokenizer = Tokenizer.from_file(str(file))
    right = build_text_pipeline_from_steps(FULL, file.read_bytes()).process(TEXT)

    forms: list[Any] = [
        *(tokenizer, SimpleNamespace(backend_tokenizer=tokenizer), bytearray(file.read_bytes())),
        *(file, str(file), encoder, str(encoder)),
    ]
    for form in forms:
        assert build_text_pipeline_from_steps(FULL, form).process(TEXT) == right


def test_chunks_have_the_names_that_are_asked_for(encoder: Path) -> None:
    pipeline = build_text_pipeline_from_steps(
        FULL, encoder, input_ids_key="chat_ids", attention_mask_key="chat_mask"
    )

    assert [list(chunk) for chunk in pipeline.process(TEXT)] == [["chat_ids", "chat_mask"]]


def test_chunks_beyond_the_limit_are_kept_unless_they_are_to_be_dropped(encoder: Path) -> None:
    settings: dict[str, Any] = {"tokenizer": encoder, "max_sen_len": 12, "max_total_chunks": 2}

    kept = build_text_pipeline_from_steps(FULL, **settings).process(TEXT * 10)
    dropped = build_text_pipeline_from_steps(FULL, **settings, chunk_trancate=True).process(TEXT * 10)

    assert len(kept) > 2
    assert dropped == kept[:2]


@pytest.mark.parametrize(
    ("steps", "found"),
    [
        (("dialogue_splitter",), ["<b>Lovely</b> dress &amp; soft \U0001f600", "It was TOO huge"]),
        (
            ("dialogue_splitter", "html_normalizer", "emoji_remover", "text_normalizer"),
            ["lovely dress & soft", "it was too huge"],
        ),
        (
            ("dialogue_splitter", "html_normalizer", "emoji_remover", "text_normalizer", "dialogue_chunker"),
            ["lovely dress & soft it was too huge"],
        ),
    ],
)
def test_steps_without_a_tokenizer_give_texts(
    steps: tuple[str, ...], found: list[str], encoder: Path
) -> None:
    tokenizer = encoder if "dialogue_chunker" in steps else None

    assert build_text_pipeline_from_steps(steps, tokenizer).process(TEXT) == found


def test_a_text_alone_stays_a_text() -> None:
    assert build_text_pipeline_from_steps(["text_upper"]).apply([" a  b ", None]) == ["A B", ""]


@pytest.mark.parametrize(
    ("steps", "tokenizer", "words"),
    [
        ([], None, r"^processing_steps: expected a list of names, found \[\]"),
        ("tokenizer", None, r"^processing_steps: expected a list of names, found 'tokenizer'"),
        (["spell_checker"], None, r"^processing_steps: expected one of dialogue_splitter, .*'spell_checker'"),
        (["spell_checker", "tokenizer"], b"", r"^processing_steps: expected"),
        (["tokenizer", "text_normalizer"], b"", r"^processing_steps: expected"),
        (["tokenizer"], None, r"^tokenizer: expected a tokenizer, the bytes .* found none"),
        (["tokenizer"], 12, r"^tokenizer: expected a tokenizer, .* found a value of type int"),
        (["tokenizer"], "no-such-path", r"^tokenizer: expected a tokenizer, .* found a value of type str"),
        (["tokenizer"], b"{", r"^processing_steps: expected a tokenizer.json that can be read"),
    ],
)
def test_steps_that_make_no_pipeline_are_a_value_error(steps: Any, tokenizer: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        build_text_pipeline_from_steps(steps, tokenizer)
