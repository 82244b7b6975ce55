"""Laws of the text room, and what it refuses, on a small tokenizer made here."""

import itertools
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from servable.errors import Damaged
from servable.preprocess.text import TextPipeline, TextSettings, compose, text_of_html

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", ".", "a", "b", "late", "order", "##s", "where", "?"]
TOKENIZER = json.dumps(
    {
        "version": "1.0",
        "truncation": {"max_length": 2, "strategy": "LongestFirst", "stride": 0, "direction": "Right"},
        "padding": None,
        "added_tokens": [
            {
                "id": WORDS.index(mark),
                "content": mark,
                "single_word": False,
                "lstrip": False,
                "rstrip": False,
                "normalized": False,
                "special": True,
            }
            for mark in WORDS[:4]
        ],
        "normalizer": {
            "type": "BertNormalizer",
            "clean_text": True,
            "handle_chinese_chars": True,
            "strip_accents": None,
            "lowercase": True,
        },
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": None,
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
        "model": {
            "type": "WordPiece",
            "unk_token": "[UNK]",
            "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100,
            "vocab": {word: index for index, word in enumerate(WORDS)},
        },
    }
).encode()
CHUNKED = ("html_normalizer", "text_normalizer", "dialogue_chunker", "tokenizer")
DIALOGUE = ("dialogue_splitter", "text_normalizer", "dialogue_chunker", "tokenizer")

texts = st.one_of(
    st.none(),
    st.text(max_size=40),
    st.lists(st.sampled_from(["late", "order", "[bom]", "[eom]", "<b>", "&amp", "?", "a"]), max_size=12).map(
        " ".join
    ),
)


def _pipeline(*steps: str, max_tokens: int = 6, max_chunks: int | None = None) -> TextPipeline:
    read = TextSettings(steps=steps, max_tokens=max_tokens, max_chunks=max_chunks)
    return TextPipeline(read, TOKENIZER, where="text", steps_where="text")


def _ids(pipeline: TextPipeline, *values: str | None) -> list[list[list[int]]]:
    inputs = pipeline.apply(np.array([*values, None], dtype=object)[:-1])
    bounds = inputs.chunk_offsets.tolist()
    return [
        [chunk.tolist() for chunk in inputs.token_ids[start:end]] for start, end in itertools.pairwise(bounds)
    ]


@settings(deadline=None)
@given(st.lists(texts, min_size=1, max_size=5), st.sampled_from([CHUNKED, DIALOGUE, ("tokenizer",)]))
def test_the_tokens_of_a_text_do_not_depend_on_its_neighbours(
    column: list[str | None], steps: tuple[str, ...]
) -> None:
    pipeline = _pipeline(*steps)

    assert [_ids(pipeline, value)[0] for value in column] == _ids(pipeline, *column)


@settings(deadline=None)
@given(texts, st.integers(3, 9), st.one_of(st.none(), st.integers(1, 3)))
def test_every_text_gives_a_chunk_and_none_is_longer_than_the_limit(
    text: str | None, max_tokens: int, max_chunks: int | None
) -> None:
    (chunks,) = _ids(_pipeline(*DIALOGUE, max_tokens=max_tokens, max_chunks=max_chunks), text)

    assert 1 <= len(chunks) <= (max_chunks or len(chunks))
    assert all(2 <= len(chunk) <= max_tokens for chunk in chunks)


@given(st.text(alphabet="<>/!-?[]&#xab;\"'= \n", max_size=60))
def test_any_markup_becomes_text_and_none_is_refused(markup: str) -> None:
    assert text_of_html(markup) == text_of_html(markup).strip()


def test_messages_are_packed_into_chunks_of_the_budget() -> None:
    pipeline = _pipeline(*DIALOGUE, max_tokens=3)

    assert pipeline.chunks(np.array(["[bom]late[eom][bom]order a[eom][bom]b[eom]"], dtype=object)) == [
        ["late order a", "b"]
    ]


def test_messages_behind_the_last_allowed_chunk_are_lost() -> None:
    pipeline = _pipeline(*DIALOGUE, max_tokens=2, max_chunks=1)

    assert pipeline.chunks(np.array(["[bom]late order[eom][bom]a[eom]"], dtype=object)) == [["late order"]]


def test_a_text_that_no_splitter_has_split_is_one_message() -> None:
    assert _pipeline(*CHUNKED).chunks(np.array(["<p>Late</p>  order"], dtype=object)) == [["late order"]]


def test_a_text_without_a_message_is_a_full_stop_for_the_chunker() -> None:
    assert _ids(_pipeline(*DIALOGUE), None, "no marks") == [[[2, 4, 3]], [[2, 4, 3]]]


def test_without_a_chunker_each_character_is_a_chunk() -> None:
    assert _ids(_pipeline("tokenizer"), "a b", "") == [[[2, 5, 3], [2, 6, 3]], [[2, 3]]]


def test_a_limit_inside_the_tokenizer_file_has_no_effect() -> None:
    assert _ids(_pipeline(*CHUNKED), "where late orders ?") == [[[2, 10, 7, 8, 9, 3]]]


@pytest.mark.parametrize(
    ("steps", "sentence"),
    [
        (
            ("text_normalizer",),
            "text: expected steps that end in tokenizer, found text_normalizer; "
            "use the steps and the tokenizer that the model was trained with",
        ),
        (
            (),
            "text: expected steps that end in tokenizer, found none; "
            "use the steps and the tokenizer that the model was trained with",
        ),
        (
            ("dialogue_chunker", "text_normalizer", "tokenizer"),
            "text: expected dialogue_chunker right before tokenizer, "
            "found dialogue_chunker, text_normalizer, tokenizer; "
            "use the steps and the tokenizer that the model was trained with",
        ),
        (
            ("dialogue_splitter", "text_upper", "tokenizer"),
            "text: expected text_upper before any splitter, because it takes no list, found 'text_upper'; "
            "use the step list that the model was trained with",
        ),
    ],
)
def test_steps_that_cannot_work_are_refused(steps: tuple[str, ...], sentence: str) -> None:
    with pytest.raises(Damaged) as caught:
        _pipeline(*steps)

    assert str(caught.value) == sentence


def test_an_unknown_step_is_refused_with_the_known_ones() -> None:
    with pytest.raises(Damaged) as caught:
        compose(["stemmer"], where="hyperparameters.json")

    assert str(caught.value) == (
        "hyperparameters.json: expected one of dialogue_splitter, cs_chat_splitter, one_chunk, "
        "html_normalizer, emoji_remover, text_normalizer, text_upper, cs_adapter, dialogue_chunker, "
        "tokenizer, found 'stemmer'; use the step list that the model was trained with"
    )


def test_a_file_that_is_no_tokenizer_is_refused() -> None:
    with pytest.raises(Damaged) as caught:
        TextPipeline(
            TextSettings(steps=("tokenizer",), max_tokens=8, max_chunks=None), b"{}", where="tokenizer.json"
        )

    assert str(caught.value) == (
        "tokenizer.json: expected a tokenizer.json that can be read, found another file; "
        "use the steps and the tokenizer that the model was trained with"
    )
