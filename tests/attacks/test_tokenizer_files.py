"""Tokenizers that are looked at before their library sees them; the whole artifacts are in the catalogue."""

import base64
import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

from servable.artifact.safe import check_tokenizer
from servable.artifact.safe.precompiled import fault_of_charsmap
from servable.errors import Damaged

WORDS = {word: number for number, word in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "a", "##b"])}
LETTERS = {word: number for number, word in enumerate(["<s>", "<pad>", "</s>", "<unk>", "a", "b", "ab"])}
PIECES = [("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("\u2581", -1.0), ("a", -2.5)]


def bert() -> Tokenizer:
    found = Tokenizer(models.WordPiece(WORDS, unk_token="[UNK]"))  # noqa: S106
    found.normalizer = normalizers.BertNormalizer(lowercase=True)
    found.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    found.decoder = decoders.WordPiece()
    found.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    found.add_special_tokens(["[PAD]", "[CLS]", "[SEP]"])
    return found


def roberta() -> Tokenizer:
    found = Tokenizer(models.BPE(LETTERS, [("a", "b")], continuing_subword_prefix="", end_of_word_suffix=""))
    found.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    found.decoder = decoders.ByteLevel()
    found.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0))
    return found


def xlm_roberta() -> Tokenizer:
    found = Tokenizer(models.Unigram(PIECES, 3))
    letters = normalizers.Precompiled(base64.b64decode(letter_table()))
    found.normalizer = normalizers.Sequence([letters, normalizers.Replace(Regex(" {2,}"), " ")])
    found.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()]
    )
    found.decoder = decoders.Metaspace()
    return found


def table(units: list[int], texts: bytes, *, places: int = 256) -> str:
    """SentencePiece's table of replacements, in base 64."""
    array = np.zeros(places, dtype="<u4")
    array[: len(units)] = units
    return base64.b64encode(array.nbytes.to_bytes(4, "little") + array.tobytes() + texts).decode()


def letter_table() -> str:
    """A table that replaces `A` by `a`: from the first place to the letter's, and from there to the text."""
    units = [0] * 512
    units[0] = 256 << 10  # the letters stand in the second block
    units[256 ^ ord("A")] = ord("A") | 1 << 8 | (1 ^ 0) << 10
    units[(256 ^ ord("A")) ^ 1] = 1 << 31 | 0
    return table(units, b"a\0", places=512)


SOUND = {"bert": bert, "roberta": roberta, "xlm-roberta": xlm_roberta}


@pytest.mark.parametrize("name", SOUND)
def test_the_tokenizers_of_the_encoders_are_read(name: str) -> None:
    check_tokenizer(SOUND[name]().to_str().encode(), where="tokenizer.json")


@pytest.mark.parametrize("name", SOUND)
def test_a_file_that_does_not_say_its_model_is_read(name: str) -> None:
    document = json.loads(SOUND[name]().to_str())
    del document["model"]["type"]  # as older versions of the library wrote it

    check_tokenizer(json.dumps(document).encode(), where="tokenizer.json")


@pytest.mark.conformance
def test_the_tokenizers_of_all_recorded_encoders_are_read(shared_dir: Path) -> None:
    found = list((shared_dir / "conformance" / "encoders").glob("*/tokenizer.json"))

    assert found
    for path in found:
        check_tokenizer(path.read_bytes(), where=path.name)


def test_a_regular_expression_is_refused_with_a_whole_sentence() -> None:
    document = json.loads(bert().to_str())
    document["normalizer"] = {"type": "Replace", "pattern": {"Regex": "(a+)+$"}, "content": "x"}

    with pytest.raises(Damaged) as caught:
        check_tokenizer(json.dumps(document).encode(), where="tokenizer/tokenizer.json")

    assert caught.value.code == "tokenizer.regex"
    assert str(caught.value) == (
        "tokenizer/tokenizer.json, normalizer: expected a text, or a regular expression for blanks, "
        "found '(a+)+$'; copy it from an encoder of type bert or roberta that was trained with it"
    )


def test_a_table_of_replacements_is_read_as_its_library_reads_it() -> None:
    encoded = letter_table()

    assert fault_of_charsmap(encoded) is None
    replaced = normalizers.Precompiled(base64.b64decode(encoded)).normalize_str("AbA")
    assert replaced == "aba"


@pytest.mark.parametrize(
    ("encoded", "found"),
    [
        (None, "another text"),
        ("", "another text"),
        ("no base 64!", "another text"),
        (table([], b"", places=200), "another text"),
        (table([1 << 30], b""), "one that leads out of it"),
        (table([1 << 31 | 5], b"a\0"), "one behind them"),
        (table([1 << 31 | 1], "é\0".encode()), "one within it"),
        (table([], b"\xff"), "other bytes"),
        (table([], b"x" * 300), "a longer one"),
    ],
)
def test_a_table_that_leads_nowhere_is_refused(encoded: object, found: str) -> None:
    fault = fault_of_charsmap(encoded)

    assert fault is not None
    assert fault[1] == found


def places_in(value: object, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path to each value of a document but the whole."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place for key, part in inner for place in [(*path, key), *places_in(part, (*path, key))]]


ODD = [None, 0, 1, -1, 2**31, 2**32, 2**63, 0.5, "", "x", "x" * 20, [], {}, ["a"], {"String": "a"}, True]
TEXTS = ["", "a b  ab", "AbA é \u2581 \0", "[CLS] ab" * 50]


@settings(deadline=None, max_examples=400)
@given(st.sampled_from(sorted(SOUND)), st.data())
def test_a_changed_tokenizer_is_refused_or_opened_and_used_without_a_panic(
    name: str, choices: st.DataObject
) -> None:
    document = json.loads(SOUND[name]().to_str())
    for _ in range(choices.draw(st.integers(1, 3))):
        *steps, last = choices.draw(st.sampled_from(places_in(document)))
        container = document
        for step in steps:
            container = container[step]
        container[last] = deepcopy(choices.draw(st.sampled_from(ODD)))

    data = json.dumps(document).encode()
    try:
        check_tokenizer(data, where="tokenizer.json")
    except Damaged:
        return
    try:  # the library raises bare Exception for what it refuses; a panic is none
        opened = Tokenizer.from_buffer(data)
        opened.no_padding()
        opened.no_truncation()
        for encoding in opened.encode_batch_fast(TEXTS, add_special_tokens=True):
            assert len(encoding.ids) < 5000
            opened.decode(encoding.ids[:3])
    except Exception:
        return
