"""Tokenizers that take hours, multiply a text, run code, or end the process by a panic."""

import base64
import json
from collections.abc import Callable
from typing import Any

import numpy as np
from attack import Attack, put, rework
from sound_artifacts import VOCABULARY, Files, as_json, tokenizer

FILE = "tokenizer/tokenizer.json"


def _stage(stage: str, part: object) -> Callable[[Files], object]:
    return rework(FILE, lambda document: document.__setitem__(stage, part))


def _model(**values: object) -> Callable[[Files], object]:
    return rework(FILE, lambda document: document["model"].update(values))


def _replace(pattern: dict[str, str], content: str) -> dict[str, object]:
    return {"type": "Replace", "pattern": pattern, "content": content}


def _sequence(*parts: object) -> dict[str, object]:
    return {"type": "Sequence", "normalizers": list(parts)}


def _added(*tokens: dict[str, object]) -> Callable[[Files], object]:
    usual = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": False}
    return rework(FILE, lambda document: document["added_tokens"].extend(usual | token for token in tokens))


def _template(pieces: list[object], **ids: list[int]) -> Callable[[Files], object]:
    marks = {
        f"[{name}]": {"id": f"[{name}]", "ids": found, "tokens": ["x"] * len(found)}
        for name, found in ids.items()
    }
    part = {"type": "TemplateProcessing", "single": pieces, "pair": [], "special_tokens": marks}
    return _stage("post_processor", part)


def _charsmap(units: list[int], texts: bytes) -> dict[str, object]:
    array = np.zeros(256, dtype="<u4")
    array[: len(units)] = units
    data = (array.nbytes).to_bytes(4, "little") + array.tobytes() + texts
    return {"type": "Precompiled", "precompiled_charsmap": base64.b64encode(data).decode()}


def _whole(**values: object) -> bytes:
    return as_json(json.loads(tokenizer()) | values)


A = {"Sequence": {"id": "A", "type_id": 0}}
MARK = {"SpecialToken": {"id": "[CLS]", "type_id": 0}}
UNIGRAM = {
    "type": "Unigram",
    "unk_id": 1,
    "vocab": [["[PAD]", 0.0], ["[UNK]", 0.0], ["[CLS]", 0], ["[SEP]", 0]],
}
MERGES: dict[str, Any] = {"type": "BPE", "vocab": VOCABULARY, "merges": []}
BLANKS = "a text, or a regular expression for blanks"

_ATTACKS: dict[str, tuple[Callable[[Files], object], str]] = {
    "a regular expression of exponential time": (
        _stage("normalizer", _replace({"Regex": "(a+)+$"}, "x")),
        BLANKS,
    ),
    "another one where a text is cut": (
        _stage(
            "pre_tokenizer",
            {"type": "Split", "pattern": {"Regex": "(a|aa)+$"}, "behavior": "Isolated", "invert": False},
        ),
        BLANKS,
    ),
    "another one where tokens are spelt": (_stage("decoder", _replace({"Regex": "(a*)*b"}, "x")), BLANKS),
    "a regular expression that matches nothing": (
        _stage("normalizer", _replace({"Regex": ""}, "xx")),
        BLANKS,
    ),
    "a hundred thousand brackets": (
        _stage("normalizer", _replace({"Regex": "(" * 100_000 + ")" * 100_000}, "x")),
        BLANKS,
    ),
    "a letter that becomes a megabyte": (
        _stage("normalizer", _replace({"String": "a"}, "x" * 1_000_000)),
        "a text of at most 16 characters",
    ),
    "a letter that doubles thirty times": (
        _stage("normalizer", _sequence(*[_replace({"String": "a"}, "aa")] * 30)),
        "at most 16 times as long",
    ),
    "a text before the text, thirty times": (
        _stage("normalizer", _sequence(*[{"type": "Prepend", "prepend": "x" * 16}] * 30)),
        "at most 16 times as long",
    ),
    "nothing that becomes something": (
        _stage("normalizer", _replace({"String": ""}, "x")),
        '"pattern" with a text',
    ),
    "two thousand parts": (_stage("normalizer", _sequence(*[{"type": "NFC"}] * 2000)), "at most 32 parts"),
    "sequences inside sequences": (
        _stage("normalizer", _sequence(*[_sequence(*[_sequence(*[{"type": "NFC"}] * 9)] * 9)] * 9)),
        "at most 32 parts",
    ),
    "a part that nobody knows": (
        _stage("pre_tokenizer", {"type": "os.system", "run": "touch evil"}),
        "one of",
    ),
    "a part of a length of zero": (_stage("pre_tokenizer", {"type": "FixedLength", "length": 0}), "one of"),
    "a table of replacements that is none": (
        _stage("normalizer", {"type": "Precompiled", "precompiled_charsmap": "AAAA"}),
        "a table of replacements",
    ),
    "a table that leads out of itself": (
        _stage("normalizer", _charsmap([0x1FFFFF << 10], b"x\0")),
        "steps within the table",
    ),
    "a table that leads behind its texts": (
        _stage("normalizer", _charsmap([1 << 10, 1 << 31 | 1_000_000], b"x\0")),
        "places within the replacements",
    ),
    "a table that leads into a letter": (
        _stage("normalizer", _charsmap([1 << 10, 1 << 31 | 1], "é\0".encode())),
        "places at the start of a character",
    ),
    "a table of a long text": (_stage("normalizer", _charsmap([], b"x" * 10_000)), "replacements of at most"),
    "words of 2^62 letters": (_model(max_input_chars_per_word=2**62), "words of at most 1000 characters"),
    "words of no letter": (_model(max_input_chars_per_word=0), "words of at most 1000 characters"),
    "a token of the number 2^32": (_model(vocab=VOCABULARY | {"evil": 2**32 - 1}), "ids from 0 to"),
    "a token of a negative number": (_model(vocab=VOCABULARY | {"evil": -1}), "ids from 0 to"),
    "a token of a megabyte": (_model(vocab=VOCABULARY | {"x" * 1_000_000: 12}), "tokens of at most"),
    "more tokens than the encoder has": (_model(vocab=VOCABULARY | {"evil": 12}), "tokens"),
    "no unknown token": (_model(unk_token="evil"), "the unknown token"),  # noqa: S106
    "tokens that are drawn": (
        put(FILE, _whole(model=MERGES | {"dropout": 0.5})),
        "the same tokens each time",
    ),
    "a prefix that tokens do not have": (
        put(FILE, _whole(model=MERGES | {"continuing_subword_prefix": "evil" * 4})),
        "no continuing_subword_prefix",
    ),
    "merges of tokens that are none": (put(FILE, _whole(model=MERGES | {"merges": ["x y"]})), "can be read"),
    "an unknown token that is none": (put(FILE, _whole(model=UNIGRAM | {"unk_id": 99})), "the unknown one"),
    "tokens without text": (
        put(FILE, _whole(model=UNIGRAM | {"vocab": [["", 0], ["", 0]]})),
        "tokens with their scores",
    ),
    "another model": (
        put(FILE, _whole(model={"type": "os.system", "vocab": VOCABULARY})),
        "a model of type BPE",
    ),
    "a special token of 2^32": (_template([MARK, A], CLS=[2**32 - 1]), "a special token of at most"),
    "a hundred thousand special tokens": (
        _template([MARK, A], CLS=[2] * 100_000),
        "a special token of at most",
    ),
    "the text ten thousand times": (_template([A] * 10_000), "at most 16 pieces"),
    "the text twice": (_template([A, A]), "once"),
    "no text": (_template([MARK], CLS=[2]), "once"),
    "a special token that is none": (_template([MARK, A]), "one of the special tokens"),
    "a second text": (_template([{"Sequence": {"id": "B", "type_id": 0}}]), "once"),
    "marks beyond the vocabulary": (
        _stage(
            "post_processor", {"type": "BertProcessing", "sep": ["[SEP]", 2**32 - 1], "cls": ["[CLS]", 2]}
        ),
        "a token and its id",
    ),
    "twenty thousand added tokens": (
        _added(*({"id": 100 + n, "content": f"t{n}"} for n in range(20_001))),
        "at most 20000 added tokens",
    ),
    "an added token without text": (_added({"id": 5, "content": ""}), "an id up to"),
    "an added token of 2^32": (_added({"id": 2**32 - 1, "content": "x"}), "an id up to"),
    "code from a hub": (
        put("tokenizer/tokenizer_config.json", as_json({"auto_map": {"AutoTokenizer": ["evil--t.T", None]}})),
        "need no code of their own",
    ),
    "settings that trust": (
        put("tokenizer/tokenizer_config.json", as_json({"trust_remote_code": True})),
        "need no code of their own",
    ),
    "a tokenizer that is a list": (put(FILE, b"[]"), "an object"),
    "a pickle": (put(FILE, b"\x80\x02cos\nsystem\n(X\x0a\0\0\0touch eviltR."), "expected UTF-8"),
}

TOKENIZERS = (
    *(
        Attack(kind="tokenizers", name=name, says=says, base="network", change=change)
        for name, (change, says) in _ATTACKS.items()
    ),
    Attack(
        kind="tokenizers",
        name="a regular expression in a packed artifact",
        says=BLANKS,
        base="packed network",
        change=_stage("normalizer", _replace({"Regex": "(a+)+$"}, "x")),
    ),
)
