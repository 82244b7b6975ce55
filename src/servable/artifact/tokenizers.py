"""Where a network's tokenizer and its encoder's configuration are found."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from servable.artifact.files import Files, FolderFiles
from servable.artifact.safe import parse_json
from servable.errors import Damaged, NotFound, Problem

TOKENIZER_FOLDER: Final = "tokenizer"
TOKENIZER, ENCODER_CONFIG = "tokenizer.json", "config.json"
TOKENIZER_PATH_VARIABLE: Final = "SERVABLE_TOKENIZER_PATH"


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenizerSearch:
    """Where to look for a tokenizer that is not in its artifact.

    Attributes:
        folder: holds `tokenizer.json` and `config.json`, or folders with these by name.
    """

    folder: Path | None = None

    @classmethod
    def of(cls, environment: Mapping[str, str], *, folder: Path | str | None = None) -> "TokenizerSearch":
        """Where a process looks: in this folder, else in the one that its environment names."""
        named = folder or environment.get(TOKENIZER_PATH_VARIABLE)
        return cls(folder=Path(named) if named else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundTokenizer:
    """A `tokenizer.json`, the encoder's `config.json` beside it, and where they were found."""

    tokenizer: bytes
    encoder: Mapping[str, object]
    where: str


def find_tokenizer(files: Files, name: str | None, *, search: TokenizerSearch) -> FoundTokenizer:
    """The tokenizer of an artifact: in its folder `tokenizer/`, else under a folder of the machine.

    Args:
        files: the artifact's.
        name: by which the artifact names the tokenizer.
        search: where to look beside.

    Raises:
        NotFound: `artifact.tokenizer`.
        Damaged: `artifact.tokenizer` if a folder holds one of the two files only.
    """
    if f"{TOKENIZER_FOLDER}/{TOKENIZER}" in files:
        return _read(files, f"{TOKENIZER_FOLDER}/")
    for folder in _candidates(name, search.folder):
        if (folder / TOKENIZER).is_file():
            return _read(FolderFiles(folder), "", place=f"{folder}/")
    raise NotFound(
        Problem(
            code="artifact.tokenizer",
            where=f"tokenizer {name}" if name else "tokenizer",
            expected=f"{TOKENIZER_FOLDER}/{TOKENIZER} in the artifact, or a folder of this name where "
            f"{TOKENIZER_PATH_VARIABLE} says",
            found="neither" if search.folder else f"no such file, and {TOKENIZER_PATH_VARIABLE} is not set",
            fix=f"set {TOKENIZER_PATH_VARIABLE} to a folder with {TOKENIZER} and {ENCODER_CONFIG}",
        )
    )


def _candidates(name: str | None, search: Path | None) -> list[Path]:
    if search is None:
        return []
    below = (search / name).resolve() if name else search
    # a name with `..` or a root of its own must not lead elsewhere
    return [*([below] if name and below.is_relative_to(search.resolve()) else []), search]


def _read(files: Files, prefix: str, *, place: str = "") -> FoundTokenizer:
    config = f"{prefix}{ENCODER_CONFIG}"
    where = f"{place}{prefix}{TOKENIZER}"
    encoder = parse_json(files.read(config), where=f"{place}{config}") if config in files else None
    if not isinstance(encoder, dict):
        raise Damaged(
            Problem(
                code="artifact.tokenizer",
                where=f"{place}{config}",
                expected="the encoder's configuration beside its tokenizer",
                found="no such file" if encoder is None else "something else than an object",
                fix="copy both files from the encoder that was trained",
            )
        )
    tokenizer = files.read(f"{prefix}{TOKENIZER}")
    _require_vectors(tokenizer, encoder, where)
    return FoundTokenizer(tokenizer=tokenizer, encoder=encoder, where=where)


def _require_vectors(tokenizer: bytes, encoder: Mapping[str, object], where: str) -> None:
    """Nothing, if the encoder has a vector for every token: a text with another one could not be scored."""
    most = encoder.get("vocab_size")
    if not isinstance(most, int):
        return  # whoever builds the encoder says so
    found = vocabulary_size(tokenizer, where=where)
    if found > most:
        raise Damaged(
            Problem(
                code="artifact.tokenizer",
                where=where,
                expected=f"at most {most} tokens, which the encoder has vectors for",
                found=str(found),
                fix="copy both files from the encoder that was trained",
            )
        )


def vocabulary_size(tokenizer: bytes, *, where: str) -> int:
    """The largest token id of a `tokenizer.json`, and one.

    Raises:
        Damaged: `artifact.tokenizer` if it cannot be read.
    """
    from tokenizers import Tokenizer  # noqa: PLC0415  # only where there is text

    try:
        vocabulary = Tokenizer.from_buffer(tokenizer).get_vocab(with_added_tokens=True)
    except Exception as error:  # tokenizers raises bare Exception
        raise Damaged(
            Problem(
                code="artifact.tokenizer",
                where=where,
                expected="a tokenizer.json that can be read",
                found="another file",
                fix=f"copy {TOKENIZER} and {ENCODER_CONFIG} from the encoder once more",
            )
        ) from error
    return max(vocabulary.values(), default=-1) + 1
