"""A `tokenizer.json` from strangers: which parts its library may be given, looked at before it is.

A tokenizer is a program of parts. Those of BERT's, RoBERTa's and SentencePiece's tokenizers are taken,
within bounds; refused are regular expressions of others (which can take hours), parts that multiply a text,
sizes that take time by their square, drawn tokens, and numbers over which the library dies of a panic.

Source: the library `tokenizers` for the parts and their keys.
"""

from collections.abc import Mapping
from typing import Final

from servable.artifact.safe.jsons import parse_json
from servable.artifact.safe.precompiled import fault_of_charsmap
from servable.errors import Damaged, Problem, shown

MOST_GROWTH: Final = 16
"""How many times as long a text may become before it is cut into tokens, by what its parts insert."""

_MOST_PARTS, _MOST_ADDED, _MOST_ID = 32, 20_000, (1 << 24) - 1
_MOST_PIECES, _MOST_IDS = 16, 4
_TELLING: Final = frozenset({"merges", "max_input_chars_per_word", "unk_id"})
_MODELS: Final = ("BPE", "Unigram", "WordLevel", "WordPiece")
_LONGEST_WORD, _LONGEST_TOKEN, _LONGEST_INSERT = 1000, 512, 16

_EXPRESSIONS: Final = frozenset({" {2,}", r"\s+", r"\s{2,}", r"\s"})
"""Regular expressions whose time grows with the text and no faster, and which match no empty text."""

_NORMALIZERS: Final = frozenset(
    {
        *("BertNormalizer", "ByteLevel", "Lowercase", "NFC", "NFD", "NFKC", "NFKD", "Nmt", "Precompiled"),
        *("Prepend", "Replace", "Sequence", "Strip", "StripAccents"),
    }
)
_PRE_TOKENIZERS: Final = frozenset(
    {
        *("BertPreTokenizer", "ByteLevel", "CharDelimiterSplit", "Digits", "Metaspace", "Punctuation"),
        *("Sequence", "Split", "UnicodeScripts", "Whitespace", "WhitespaceSplit"),
    }
)
_POST_PROCESSORS: Final = frozenset(
    {"BertProcessing", "ByteLevel", "RobertaProcessing", "Sequence", "TemplateProcessing"}
)
_DECODERS: Final = frozenset(
    {
        "BPEDecoder",
        "ByteFallback",
        "ByteLevel",
        "Fuse",
        "Metaspace",
        "Replace",
        "Sequence",
        "Strip",
        "WordPiece",
    }
)
_STAGES: Final = {
    "normalizer": (_NORMALIZERS, "normalizers"),
    "pre_tokenizer": (_PRE_TOKENIZERS, "pretokenizers"),
    "post_processor": (_POST_PROCESSORS, "processors"),
    "decoder": (_DECODERS, "decoders"),
}
"""Key of each stage -> its parts, and the key under which a sequence holds them."""

_Object = Mapping[str, object]


def check_tokenizer(tokenizer: bytes, *, where: str) -> None:
    """Returns where a `tokenizer.json` is one of bounded parts, else raises.

    Whether the parts are sound is for the library to say.

    Args:
        tokenizer: the file.
        where: its name, as errors show it.

    Raises:
        Damaged: `tokenizer.*`, or `json.*` as `parse_json`.
    """
    content = parse_json(tokenizer, where=where)
    if not isinstance(content, dict):
        raise _refusal("format", where, "an object", "something else")
    for stage, (known, inner) in _STAGES.items():
        parts = _parts(content.get(stage), known, inner, f"{where}, {stage}")
        growth = 1
        for part, place in parts:
            growth *= _checked_growth(part, place)
            if growth > MOST_GROWTH:
                raise _refusal(
                    "growth", place, f"a text at most {MOST_GROWTH} times as long as before", "more"
                )
    _check_model(content.get("model"), f"{where}, model")
    _check_added(content.get("added_tokens"), f"{where}, added_tokens")


def _parts(stage: object, known: frozenset[str], inner: str, where: str) -> list[tuple[_Object, str]]:
    """The parts of a stage with their places, those of sequences in their order."""
    pending = [(stage, where)] if stage is not None else []
    found: list[tuple[_Object, str]] = []
    n = 0
    while pending:
        part, place = pending.pop()
        n += 1
        if n > _MOST_PARTS:
            raise _refusal("part", where, f"at most {_MOST_PARTS} parts", "more")
        if not isinstance(part, dict) or not isinstance(part.get("type"), str):
            raise _refusal("part", place, 'an object with "type"', "something else")
        if part["type"] not in known:
            raise _refusal("part", place, f"one of {', '.join(sorted(known))}", shown(part["type"]))
        if part["type"] != "Sequence":
            found.append((part, place))
            continue
        steps = part.get(inner)
        if not isinstance(steps, list) or len(steps) > _MOST_PARTS:
            raise _refusal(
                "part", place, f'"{inner}", a list of at most {_MOST_PARTS} parts', "something else"
            )
        pending += [(step, f"{place}[{number}]") for number, step in reversed(list(enumerate(steps)))]
    return found


def _checked_growth(part: _Object, where: str) -> int:
    """How many times as long a text may become by one part, which is checked."""
    match part["type"]:
        case "Replace" | "Split":
            pattern = _checked_pattern(part.get("pattern"), where)
            content = part.get("content", "") if part["type"] == "Replace" else ""
            return -(-len(_text(content, "content", where)) // len(pattern)) or 1
        case "Prepend":
            return 1 + len(_text(part.get("prepend"), "prepend", where))
        case "Metaspace":
            _text(part.get("replacement"), "replacement", where)
        case "Precompiled":
            if fault := fault_of_charsmap(part.get("precompiled_charsmap")):
                raise _refusal("charsmap", where, *fault)
        case "TemplateProcessing":
            _check_template(part, where)
        case "BertProcessing" | "RobertaProcessing":
            for key in ("cls", "sep"):
                match part.get(key):
                    case [str(), int(number)] if 0 <= number <= _MOST_ID:
                        continue
                raise _refusal(
                    "template", where, f'"{key}", a token and its id up to {_MOST_ID}', shown(part.get(key))
                )
    return 1


def _checked_pattern(pattern: object, where: str) -> str:
    """What is replaced; for the expressions, which match one character or more, one character."""
    match pattern:
        case {"String": str(text), **rest} if text and not rest:
            return text
        case {"Regex": str(expression), **rest} if not rest:
            if expression in _EXPRESSIONS:
                return " "
            raise _refusal("regex", where, "a text, or a regular expression for blanks", shown(expression))
    raise _refusal("part", where, 'a "pattern" with a text', shown(pattern))


def _check_template(part: _Object, where: str) -> None:
    marks = part.get("special_tokens")
    if not isinstance(marks, dict) or len(marks) > _MOST_PIECES:
        raise _refusal("template", where, f'"special_tokens", at most {_MOST_PIECES}', "something else")
    for mark in marks.values():
        match mark:
            case {"ids": list(ids), "tokens": list(tokens)} if len(ids) == len(tokens) <= _MOST_IDS:
                if all(type(number) is int and 0 <= number <= _MOST_ID for number in ids):
                    continue
        raise _refusal(
            "template", where, f"a special token of at most {_MOST_IDS} ids up to {_MOST_ID}", shown(mark)
        )
    for key, texts in (("single", ("A",)), ("pair", ("A", "B"))):
        pieces = part.get(key)
        if not isinstance(pieces, list) or len(pieces) > _MOST_PIECES:
            expected = f'"{key}", at most {_MOST_PIECES} pieces'
            raise _refusal("template", where, expected, "something else")
        found = [text for piece in pieces if (text := _checked_piece(piece, marks, where))]
        if sorted(found) != [*texts]:
            expected = f'"{key}" with each of the texts {" and ".join(texts)} once'
            raise _refusal("template", where, expected, ", ".join(found) or "none")


def _checked_piece(piece: object, marks: _Object, where: str) -> str | None:
    """The text that a piece stands for, or None for a special token."""
    match piece:
        case {"SpecialToken": {"id": str(mark)}} if mark in marks:
            return None
        case {"Sequence": {"id": ("A" | "B") as text}}:
            return str(text)
    raise _refusal("template", where, "pieces that are a text or one of the special tokens", shown(piece))


def _check_model(model: object, where: str) -> None:
    """Every key that any of the models has, because older files do not say which one they hold."""
    kinds = f"a model of type {', '.join(_MODELS)}"
    if not isinstance(model, dict) or model.get("type") not in (None, *_MODELS):
        raise _refusal("model", where, kinds, "something else")
    if model.get("type") is None and not _TELLING.intersection(model):
        raise _refusal("model", where, kinds, "none of these")
    longest = model.get("max_input_chars_per_word", 1)
    if type(longest) is not int or not 0 < longest <= _LONGEST_WORD:
        raise _refusal("model", where, f"words of at most {_LONGEST_WORD} characters", shown(longest))
    if model.get("dropout") not in (None, 0):
        raise _refusal("model", where, "the same tokens each time", f"a dropout of {shown(model['dropout'])}")
    is_merging = "merges" in model
    for key in ("continuing_subword_prefix", "end_of_word_suffix"):
        text = _text(model.get(key) or "", key, where)
        if is_merging and text:  # which it would cut off tokens that do not have it
            raise _refusal("model", where, f"no {key}", shown(text))
    _check_vocabulary(model, where)


def _check_vocabulary(model: _Object, where: str) -> None:
    vocabulary, unknown = model.get("vocab"), model.get("unk_token")
    match vocabulary:
        case dict():
            ids, tokens = vocabulary.values(), list(vocabulary)
            if {*map(type, ids)} - {int} or not 0 <= min(ids, default=0) <= max(ids, default=0) <= _MOST_ID:
                raise _refusal("vocabulary", where, f"ids from 0 to {_MOST_ID}", "another")
            if unknown is not None and not (isinstance(unknown, str) and unknown in vocabulary):
                expected = f"the unknown token {shown(unknown)} in the vocabulary"
                raise _refusal("vocabulary", where, expected, "none")
        case list() if type(number := model.get("unk_id")) is int and 0 <= number < len(vocabulary):
            tokens = [entry[0] for entry in vocabulary if _is_scored(entry)]
            if len(tokens) < len(vocabulary):
                raise _refusal("vocabulary", where, "tokens with their scores", "something else")
        case _:
            expected = "tokens, the unknown one among them"
            raise _refusal("vocabulary", where, expected, "something else")
    if max(map(len, tokens), default=0) > _LONGEST_TOKEN:
        raise _refusal("vocabulary", where, f"tokens of at most {_LONGEST_TOKEN} characters", "a longer one")


def _is_scored(entry: object) -> bool:
    match entry:
        case [str(text), int() | float()]:
            return text != ""
    return False


def _check_added(added: object, where: str) -> None:
    tokens = added if added is not None else []
    if not isinstance(tokens, list) or len(tokens) > _MOST_ADDED:
        raise _refusal("added", where, f"at most {_MOST_ADDED} added tokens", "more, or something else")
    for token in tokens:
        match token:
            case {"id": int(number), "content": str(text)} if 0 <= number <= _MOST_ID:
                if 0 < len(text) <= _LONGEST_TOKEN:
                    continue
        raise _refusal("added", where, f"tokens with an id up to {_MOST_ID} and a text", shown(token))


def _text(value: object, key: str, where: str) -> str:
    if not isinstance(value, str) or len(value) > _LONGEST_INSERT:
        expected = f'"{key}", a text of at most {_LONGEST_INSERT} characters'
        raise _refusal("growth", where, expected, "a longer one" if isinstance(value, str) else shown(value))
    return value


def _refusal(kind: str, where: str, expected: str, found: str) -> Damaged:
    fix = "copy it from an encoder of type bert or roberta that was trained with it"
    return Damaged(Problem(code=f"tokenizer.{kind}", where=where, expected=expected, found=found, fix=fix))
