"""Text steps, chunks and tokens against the recorded answers of an independent implementation."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from servable.preprocess.text import TextPipeline, TextSettings, compose, text_of_html
from servable.preprocess.text.steps import remove_emoji, split_dialogue, upper

pytestmark = pytest.mark.conformance

SETTINGS = {
    "max_24_truncate_false_chunks_5": (24, None),
    "max_24_truncate_true_chunks_2": (24, 2),
    "max_8_truncate_true_chunks_3": (8, 3),
}


STEPS = {
    "then_text_normalizer": ("dialogue_splitter", "html_normalizer", "emoji_remover", "text_normalizer"),
    "then_cs_adapter": ("cs_chat_splitter", "cs_adapter"),
}


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def test_html_becomes_the_recorded_text(shared_dir: Path) -> None:
    cases = _read(shared_dir / "conformance" / "html_cases.json")["cases"]

    assert {markup: text_of_html(markup) for markup, _ in cases} == dict(cases)


def test_each_string_step_gives_the_recorded_text(shared_dir: Path) -> None:
    for case in _read(shared_dir / "conformance" / "text_steps.json")["texts"]:
        text = case["text"]
        messages = compose(["dialogue_splitter", "html_normalizer"], where="test")(text)

        assert case["dialogue_splitter"] == split_dialogue(text), case["name"]
        assert case["html_normalizer_on_list"] == messages, case["name"]
        assert case["html_normalizer_on_string"] == text_of_html(text), case["name"]
        assert case["emoji_remover_on_string"] == remove_emoji(text), case["name"]
        assert case["text_upper_on_string"] == upper(text), case["name"]


@pytest.mark.parametrize(
    ("key", "steps"),
    [
        ("text_normalizer_on_string", ["text_normalizer"]),
        ("then_emoji_remover", ["dialogue_splitter", "html_normalizer", "emoji_remover"]),
        (
            "then_text_normalizer",
            ["dialogue_splitter", "html_normalizer", "emoji_remover", "text_normalizer"],
        ),
        ("then_cs_adapter", ["cs_chat_splitter", "cs_adapter"]),
    ],
)
def test_composed_steps_give_the_recorded_messages(key: str, steps: list[str], shared_dir: Path) -> None:
    for case in _read(shared_dir / "conformance" / "text_steps.json")["texts"]:
        assert case[key] == compose(steps, where="test")(case["text"]), case["name"]


@pytest.mark.parametrize("encoder", ["enc-cased", "enc-roberta", "enc-uncased"])
@pytest.mark.parametrize("setting", SETTINGS)
def test_chunks_and_token_ids_are_the_recorded_ones(encoder: str, setting: str, shared_dir: Path) -> None:
    root = shared_dir / "conformance"
    texts = {case["name"]: case["text"] for case in _read(root / "text_steps.json")["texts"]}
    max_tokens, max_chunks = SETTINGS[setting]
    rows = [row for row in _read(root / f"tokenizer_{encoder}.json")["rows"] if setting in row]

    for origin, steps in STEPS.items():
        pipeline = TextPipeline(
            TextSettings(
                steps=(*steps, "dialogue_chunker", "tokenizer"), max_tokens=max_tokens, max_chunks=max_chunks
            ),
            (root / "encoders" / encoder / "tokenizer.json").read_bytes(),
            where="test",
        )
        own = [row for row in rows if row["messages_from"] == origin]
        column = np.array([texts[row["name"]] for row in own], dtype=object)
        inputs, chunks = pipeline.apply(column), pipeline.chunks(column)

        assert own
        for index, row in enumerate(own):
            start, end = inputs.chunk_offsets[index : index + 2]
            ids = [chunk.tolist() for chunk in inputs.token_ids[start:end]]
            assert row[setting]["chunks"] == chunks[index], row["name"]
            assert row[setting]["ids"] == ids, row["name"]
