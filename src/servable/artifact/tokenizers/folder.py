"""The files of a tokenizer: `tokenizer.json`, its settings, and the encoder's configuration beside it.

What would have to run code to be understood is refused, and so is a folder that another library would
read otherwise than its `tokenizer.json` says.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from servable.artifact.files import Files
from servable.artifact.safe import check_tokenizer, parse_json
from servable.errors import Damaged, Problem, shown

if TYPE_CHECKING:
    from tokenizers import Tokenizer

TOKENIZER_FOLDER: Final = "tokenizer"
TOKENIZER, ENCODER_CONFIG = "tokenizer.json", "config.json"
TOKENIZER_SETTINGS: Final = "tokenizer_config.json"

SLOW_VOCABULARIES: Final = ("vocab.txt", "vocab.json", "spiece.model", "sentencepiece.bpe.model")
"""Vocabularies of tokenizers that have no `tokenizer.json` yet."""

_WORD_PIECE: Final = "WordPiece"
_PADS: Final = ("[PAD]", "<pad>")
_BERT_CLASSES: Final = ("BertTokenizer", "BertTokenizerFast")
_NORMALIZER: Final = "BertNormalizer"
_ACCENTS: Final = "strip_accents"
_NORMALIZING: Final = {
    "do_lower_case": "lowercase",
    "tokenize_chinese_chars": "handle_chinese_chars",
    _ACCENTS: _ACCENTS,
}
_DEFAULTS: Final = {"do_lower_case": True, "tokenize_chinese_chars": True, _ACCENTS: None}
"""What a tokenizer of these classes does where its settings do not say."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FoundTokenizer:
    """A tokenizer and what stood beside it.

    Attributes:
        tokenizer: content of its `tokenizer.json`.
        vocabulary: token -> id, added tokens included.
        model_type: of the encoder that it belongs to, `bert` or `roberta`; None where it cannot be told.
        encoder: the encoder's `config.json`, or None without it.
        settings: its `tokenizer_config.json`; empty without it.
        where: the place of `tokenizer.json`, for errors.
        remark: where it was found, in words, unless in the artifact itself.
    """

    tokenizer: bytes
    vocabulary: Mapping[str, int]
    model_type: str | None
    encoder: Mapping[str, object] | None
    settings: Mapping[str, object]
    where: str
    remark: str | None = None

    @property
    def size(self) -> int:
        """How many vectors an encoder must have for its tokens: the largest id, and one."""
        return max(self.vocabulary.values(), default=-1) + 1

    @property
    def pad_token_id(self) -> int:
        """The token of padding, as the encoder's configuration or the vocabulary says; 0 for want of it."""
        stored = (self.encoder or {}).get("pad_token_id")
        if isinstance(stored, int) and not isinstance(stored, bool):
            return stored
        return next((self.vocabulary[pad] for pad in _PADS if pad in self.vocabulary), 0)


def read_tokenizer(
    files: Files, *, folder: str = "", place: str = "", remark: str | None = None
) -> FoundTokenizer:
    """The tokenizer in a folder of these files.

    Args:
        files: of an artifact, or of a place outside it.
        folder: name of the folder with its slash; empty for the files themselves.
        place: of the files, before their names in errors.
        remark: see `FoundTokenizer`.

    Raises:
        Damaged: `artifact.tokenizer`, `artifact.remote-code`, `json.*`.
    """
    encoder, settings = (
        _read_object(files, f"{folder}{name}", place) for name in (ENCODER_CONFIG, TOKENIZER_SETTINGS)
    )
    for name, content in ((ENCODER_CONFIG, encoder), (TOKENIZER_SETTINGS, settings)):
        _require_no_code(content or {}, f"{place}{folder}{name}")
    where = f"{place}{folder}{TOKENIZER}"
    if f"{folder}{TOKENIZER}" not in files:
        raise _without_fast(files.names(), settings or {}, folder=folder, where=where)
    data = files.read(f"{folder}{TOKENIZER}")
    opened = _open(data, where=where)
    _require_own_settings(opened, settings or {}, where=where)
    found = FoundTokenizer(
        tokenizer=data,
        vocabulary=opened.get_vocab(with_added_tokens=True),
        model_type=_model_type(opened),
        encoder=encoder,
        settings=settings or {},
        where=where,
        remark=remark,
    )
    _require_vectors(found)
    return found


def is_tokenizer_folder(names: Iterable[str]) -> bool:
    """Whether files of these names hold a tokenizer, with or without a `tokenizer.json`."""
    return not {TOKENIZER, *SLOW_VOCABULARIES}.isdisjoint(names)


def vocabulary_size(tokenizer: bytes, *, where: str) -> int:
    """The largest token id of a `tokenizer.json`, and one.

    Raises:
        Damaged: `artifact.tokenizer` if it cannot be read.
    """
    return max(_open(tokenizer, where=where).get_vocab(with_added_tokens=True).values(), default=-1) + 1


def _open(tokenizer: bytes, *, where: str) -> "Tokenizer":
    from tokenizers import Tokenizer  # noqa: PLC0415  # only where there is text

    check_tokenizer(tokenizer, where=where)
    try:
        return Tokenizer.from_buffer(tokenizer)
    except Exception as error:  # tokenizers raises bare Exception
        raise Damaged(
            _problem(
                where,
                expected="a tokenizer.json that can be read",
                found="another file",
                fix=f"copy {TOKENIZER} and {ENCODER_CONFIG} from the encoder once more",
            )
        ) from error


def _model_type(tokenizer: "Tokenizer") -> str | None:
    if type(tokenizer.model).__name__ == _WORD_PIECE:
        return "bert"
    return "roberta" if tokenizer.token_to_id("<s>") is not None else None


def _read_object(files: Files, name: str, place: str) -> dict[str, object] | None:
    if name not in files:
        return None
    found = parse_json(files.read(name), where=f"{place}{name}")
    if not isinstance(found, dict):
        raise Damaged(_problem(f"{place}{name}", expected="an object", found="something else"))
    return found


def _require_no_code(content: Mapping[str, object], where: str) -> None:
    """Nothing, if a configuration can be understood without running code of its author."""
    for key in ("auto_map", "trust_remote_code"):
        if content.get(key):
            raise Damaged(
                Problem(
                    code="artifact.remote-code",
                    where=f'{where}, "{key}"',
                    expected="an encoder and a tokenizer that need no code of their own",
                    found=shown(content[key]),
                    fix="use an encoder of type bert or roberta with its own tokenizer.json",
                )
            )


def _without_fast(
    names: Iterable[str], settings: Mapping[str, object], *, folder: str, where: str
) -> Damaged:
    beside = [name.removeprefix(folder) for name in names if name.startswith(folder)]
    slow = next((name for name in SLOW_VOCABULARIES if name in beside), None)
    kind = settings.get("tokenizer_class")
    found = " and ".join(
        filter(None, [f"{slow} alone" if slow else None, f"the class {shown(kind)}" if kind else None])
    )
    return Damaged(
        _problem(
            where,
            expected="a tokenizer.json, which is read without running a tokenizer's own code",
            found=found or "no such file",
            fix='where transformers is installed, run `python -c "import sys, transformers; '
            'transformers.AutoTokenizer.from_pretrained(sys.argv[1]).save_pretrained(sys.argv[1])" FOLDER` '
            "for its folder",
        )
    )


def _require_own_settings(tokenizer: "Tokenizer", settings: Mapping[str, object], *, where: str) -> None:
    """Nothing, unless the settings beside a BERT tokenizer say other rules than `tokenizer.json`.

    The library that the encoder was trained with lets the settings win, and its defaults where settings
    that name the class of a BERT tokenizer are silent.
    """
    named, normalizer = settings.get("tokenizer_class"), tokenizer.normalizer
    if named not in (None, *_BERT_CLASSES) or type(normalizer).__name__ != _NORMALIZER:
        return
    rules = settings if named is None else {**_DEFAULTS, **settings}
    for key, of_file in _NORMALIZING.items():
        stored, said = getattr(normalizer, of_file), rules.get(key)
        differs = isinstance(said, bool) and said != stored
        if key == _ACCENTS and key in rules:  # None: accents go where capitals go
            lowers = normalizer.lowercase
            differs = (lowers if said is None else said) != (lowers if stored is None else stored)
        if differs:
            told = "says" if key in settings else "leaves to its library"
            raise Damaged(
                _problem(
                    where,
                    expected=f'"{of_file}": {json.dumps(said)}, as "{key}" of {TOKENIZER_SETTINGS} {told}',
                    found=json.dumps(stored),
                    fix=f"use the {TOKENIZER_SETTINGS} that was saved with this {TOKENIZER}",
                )
            )


def _require_vectors(found: FoundTokenizer) -> None:
    """Nothing, if the encoder has a vector for every token: a text with another one could not be scored."""
    most = (found.encoder or {}).get("vocab_size")
    if isinstance(most, int) and found.size > most:
        raise Damaged(
            _problem(
                found.where,
                expected=f"at most {most} tokens, which the encoder has vectors for",
                found=str(found.size),
                fix="copy both files from the encoder that was trained",
            )
        )


def _problem(
    where: str, *, expected: str, found: str, fix: str = "copy it from the encoder once more"
) -> Problem:
    return Problem(code="artifact.tokenizer", where=where, expected=expected, found=found, fix=fix)
