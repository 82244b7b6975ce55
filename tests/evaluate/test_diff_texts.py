"""How texts become tokens in two artifacts: each change is found, and nothing else."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from diffed import told
from tokenizers import Tokenizer, models

from servable.artifact import StoredText
from servable.evaluate.diff.texts import texts_diff


def _text(**changes: Any) -> StoredText:
    words = {word: number for number, word in enumerate(("[PAD]", "[UNK]", "[CLS]", "[SEP]", "good"))}
    tokenizer = Tokenizer(models.WordLevel(words, unk_token="[UNK]"))  # noqa: S106  # a token of a vocabulary
    plain = StoredText(
        field="review",
        steps=("html_normalizer", "text_normalizer", "dialogue_chunker", "tokenizer"),
        max_tokens=48,
        max_chunks=None,
        tokenizer=tokenizer.to_str().encode(),
        where="tokenizer.json",
    )
    return replace(plain, **changes)


OTHER_TEXTS: Mapping[str, tuple[StoredText, set[str]]] = {
    "a step": (_text(steps=("text_normalizer", "dialogue_chunker", "tokenizer")), {"steps"}),
    "the order of steps": (
        _text(steps=("text_normalizer", "html_normalizer", "dialogue_chunker", "tokenizer")),
        {"steps"},
    ),
    "the length of a chunk": (_text(max_tokens=47), {"tokens of a chunk"}),
    "the number of chunks": (_text(max_chunks=3), {"chunks of a text"}),
    "a word of the tokenizer": (
        _text(tokenizer=_text().tokenizer.replace(b"good", b"bad")),
        {"tokenizer's sha256"},
    ),
    "the size of the tokenizer": (
        _text(tokenizer=_text().tokenizer.replace(b'"good":4', b'"good":4,"bad":5')),
        {"tokenizer's sha256", "tokenizer's vocabulary"},
    ),
}


@pytest.mark.parametrize("what", OTHER_TEXTS)
def test_a_change_of_how_texts_become_tokens_is_found_and_nothing_else(what: str) -> None:
    text, changes = OTHER_TEXTS[what]

    a, b = (told("a", texts=(side,)).artifact for side in (_text(), text))

    there, back = texts_diff(a, b), texts_diff(b, a)
    assert texts_diff(a, a).is_equal
    assert there.moves_scores
    assert {change.what for item in there.texts for change in item.changes} == changes
    assert [(change.a, change.b) for item in there.texts for change in item.changes] == [
        (change.b, change.a) for item in back.texts for change in item.changes
    ]


def test_a_step_that_is_left_out_is_named() -> None:
    a, b = (told("a", texts=(text,)).artifact for text in (_text(), OTHER_TEXTS["a step"][0]))

    (there,), (back,) = texts_diff(a, b).texts, texts_diff(b, a).texts

    assert (there.left_out, there.put_in) == (("html_normalizer",), ())
    assert (back.left_out, back.put_in) == ((), ("html_normalizer",))
