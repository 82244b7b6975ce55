"""Tokenizers of the Hugging Face hub: those in its cache on this machine, and those that may be fetched.

The cache keeps a folder for each repository: `refs/main` names a revision, `snapshots/<revision>/` holds
its files as links into `blobs/`. Those links are followed, and none that leads out of the repository's
folder.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from servable.artifact.files import MemoryFiles
from servable.artifact.safe import Limits
from servable.artifact.tokenizers.folder import (
    ENCODER_CONFIG,
    SLOW_VOCABULARIES,
    TOKENIZER,
    TOKENIZER_SETTINGS,
)
from servable.errors import Damaged, NotFound, Problem, Unavailable

_NAME: Final = re.compile(r"[A-Za-z0-9][\w.-]{0,95}(/[A-Za-z0-9][\w.-]{0,95})?", re.ASCII)
_REVISION: Final = re.compile(r"[0-9A-Za-z][\w.-]{0,99}", re.ASCII)
_FILES: Final = (TOKENIZER, ENCODER_CONFIG, TOKENIZER_SETTINGS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The tokenizer's files of one revision of a repository."""

    files: MemoryFiles
    folder: Path
    revision: str


def is_hub_name(name: str) -> bool:
    """Whether a repository of the hub can have this name; no such name leads out of a folder."""
    return bool(_NAME.fullmatch(name)) and ".." not in name and "--" not in name


def cached_snapshot(cache: Path, name: str) -> Snapshot | None:
    """What the cache of the hub holds of a repository's main revision, or None if it holds nothing of it.

    Raises:
        Damaged: `artifact.tokenizer` if a link leads out of the repository's folder.
    """
    repository = cache / f"models--{name.replace('/', '--')}"
    reference = repository / "refs" / "main"
    if not reference.is_file():
        return None
    revision = reference.read_text(encoding="utf-8", errors="replace").strip()
    if not _REVISION.fullmatch(revision) or not (repository / "snapshots" / revision).is_dir():
        return None
    return _snapshot(repository, revision)


def fetched_snapshot(cache: Path | None, name: str, *, endpoint: str | None) -> Snapshot:
    """The main revision of a repository, fetched into the cache.

    Args:
        cache: of the hub; its library's own default where it is None.
        name: of the repository.
        endpoint: address of the hub; its library's own default where it is None.

    Raises:
        Unavailable: `artifact.extra` if the hub's library is not installed.
        NotFound: `artifact.tokenizer` if the repository or its tokenizer cannot be had.
    """
    try:
        from huggingface_hub import errors, hf_hub_download  # noqa: PLC0415  # slow, of the extra `train`
    except ImportError as error:
        raise Unavailable(
            Problem(
                code="artifact.extra",
                where=f"tokenizer {name}",
                expected="the package huggingface-hub, to fetch it",
                found="that it is not installed",
                fix="install servable[train], or copy the tokenizer's folder by hand",
            )
        ) from error

    # whatever the HTTP library raises, which differs between versions of the hub's own
    of_transport = [base for base in errors.HfHubHTTPError.__bases__ if issubclass(base, Exception)]
    failures: tuple[type[Exception], ...] = (OSError, ValueError, *of_transport)

    def fetch(file: str, revision: str | None) -> Path:
        return Path(hf_hub_download(name, file, revision=revision, cache_dir=cache, endpoint=endpoint))

    try:
        folder = fetch(TOKENIZER, None).parent
        for file in (ENCODER_CONFIG, TOKENIZER_SETTINGS):
            try:
                fetch(file, folder.name)  # the same revision, whatever has been uploaded meanwhile
            except errors.EntryNotFoundError as error:
                if isinstance(error, errors.LocalEntryNotFoundError):  # it was not asked whether it is there
                    raise
    except failures as error:
        raise NotFound(
            Problem(
                code="artifact.tokenizer",
                where=f"tokenizer {name}",
                expected=f"a repository of the hub with a {TOKENIZER}",
                found=f"that it could not be fetched ({type(error).__name__})",
                fix="check the name and the connection, or copy the tokenizer's folder by hand",
            )
        ) from error
    return _snapshot(folder.parents[1], folder.name)


def _snapshot(repository: Path, revision: str) -> Snapshot:
    folder = repository / "snapshots" / revision
    members = {name: _read(folder / name, repository) for name in _FILES if (folder / name).is_file()}
    # that it is there is all that is asked of such a vocabulary
    members |= {name: b"" for name in SLOW_VOCABULARIES if (folder / name).is_file()}
    return Snapshot(files=MemoryFiles(members), folder=folder, revision=revision)


def _read(path: Path, repository: Path) -> bytes:
    most = Limits().member_bytes
    if not path.resolve().is_relative_to(repository.resolve()):
        raise _damaged(path, "a link into the folder of its repository", "one to another place")
    if path.stat().st_size > most:
        raise _damaged(path, f"at most {most} bytes", "more")
    return path.read_bytes()


def _damaged(path: Path, expected: str, found: str) -> Damaged:
    return Damaged(
        Problem(
            code="artifact.tokenizer",
            where=str(path),
            expected=expected,
            found=found,
            fix="remove the repository from the cache and fetch it again",
        )
    )
