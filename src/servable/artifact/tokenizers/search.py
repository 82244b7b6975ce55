"""Where a network's tokenizer is found: in the artifact, on the machine, and only then on the hub."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from servable.artifact.files import Files, FolderFiles
from servable.artifact.tokenizers.folder import (
    ENCODER_CONFIG,
    TOKENIZER,
    TOKENIZER_FOLDER,
    FoundTokenizer,
    is_tokenizer_folder,
    read_tokenizer,
)
from servable.artifact.tokenizers.hub_cache import Snapshot, cached_snapshot, fetched_snapshot, is_hub_name
from servable.errors import NotFound, Problem

TOKENIZER_PATH_VARIABLE: Final = "SERVABLE_TOKENIZER_PATH"
_HUB_CACHE_VARIABLE, _HUB_HOME_VARIABLE, _HUB_VARIABLE = "HF_HUB_CACHE", "HF_HOME", "HF_ENDPOINT"


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenizerSearch:
    """Where to look for a tokenizer that is not in its artifact.

    Attributes:
        folder: holds `tokenizer.json` and `config.json`, or folders with these by name.
        cache: the Hugging Face hub's on this machine.
        allow_download: whether what is in neither may be fetched from the hub.
        endpoint: the hub's address; its library's own default where it is None.
    """

    folder: Path | None = None
    cache: Path | None = None
    allow_download: bool = False
    endpoint: str | None = None

    @classmethod
    def of(
        cls, environment: Mapping[str, str], *, folder: Path | str | None = None, allow_download: bool = False
    ) -> "TokenizerSearch":
        """Where a process looks: in this folder, else in the places that its environment names."""
        named = folder or environment.get(TOKENIZER_PATH_VARIABLE)
        return cls(
            folder=Path(named) if named else None,
            cache=_hub_cache(environment),
            allow_download=allow_download,
            endpoint=environment.get(_HUB_VARIABLE) or None,
        )


def find_tokenizer(files: Files, name: str | None, *, search: TokenizerSearch) -> FoundTokenizer:
    """The tokenizer of an artifact: of its folder `tokenizer/`, else of the machine, else of the hub.

    Args:
        files: the artifact's.
        name: by which the artifact names the tokenizer.
        search: where to look beside.

    Raises:
        NotFound: `artifact.tokenizer`.
        Damaged: see `read_tokenizer`.
        Unavailable: `artifact.extra` if it is to be fetched and the library for that is not installed.
    """
    prefix = f"{TOKENIZER_FOLDER}/"
    if is_tokenizer_folder(file.removeprefix(prefix) for file in files.names() if file.startswith(prefix)):
        return read_tokenizer(files, folder=prefix)
    for folder in _folders(name, search.folder):
        # false, not an error, for what cannot be a path
        if os.path.isdir(folder) and is_tokenizer_folder(path.name for path in folder.iterdir()):
            return read_tokenizer(FolderFiles(folder), place=f"{folder}/")
    for snapshot in _snapshots(name, search):
        remark = f"tokenizer {name}: revision {snapshot.revision} of the hub is taken"
        return read_tokenizer(snapshot.files, place=f"{snapshot.folder}/", remark=remark)
    raise _not_found(name, search)


def _folders(name: str | None, search: Path | None) -> list[Path]:
    if search is None:
        return []
    if name is None or "\0" in name:
        return [search]
    below = (search / name).resolve()
    # a name with `..` or a root of its own must not lead elsewhere
    return [*([below] if below.is_relative_to(search.resolve()) else []), search]


def _snapshots(name: str | None, search: TokenizerSearch) -> Iterator[Snapshot]:
    """What the cache holds, if it has a tokenizer; else, where that is allowed, what the hub gives."""
    if name is None or not is_hub_name(name):
        return
    cached = cached_snapshot(search.cache, name) if search.cache else None
    if cached is not None and TOKENIZER in cached.files:
        yield cached
    elif search.allow_download:
        yield fetched_snapshot(search.cache, name, endpoint=search.endpoint)
    elif cached is not None and is_tokenizer_folder(cached.files.names()):
        yield cached  # which says what it lacks


def _hub_cache(environment: Mapping[str, str]) -> Path | None:
    """The cache of the hub, where its own library keeps it."""
    if own := environment.get(_HUB_CACHE_VARIABLE):
        return Path(own)
    if home := environment.get(_HUB_HOME_VARIABLE):
        return Path(home) / "hub"
    user = environment.get("HOME") or environment.get("USERPROFILE")
    caches = environment.get("XDG_CACHE_HOME") or (Path(user) / ".cache" if user else None)
    return Path(caches) / "huggingface" / "hub" if caches else None


def _not_found(name: str | None, search: TokenizerSearch) -> NotFound:
    places = [f"{TOKENIZER_FOLDER}/{TOKENIZER} in the artifact"]
    places += ["a folder of this name where SERVABLE_TOKENIZER_PATH says"]
    places += ["the cache of the Hugging Face hub"] if name else []
    is_set = "" if search.folder else f", and {TOKENIZER_PATH_VARIABLE} is not set"
    return NotFound(
        Problem(
            code="artifact.tokenizer",
            where=f"tokenizer {name}" if name else "tokenizer",
            expected=f"{', '.join(places[:-1])}, or {places[-1]}",
            found=f"none of them{is_set}",
            fix=f"set {TOKENIZER_PATH_VARIABLE} to a folder with {TOKENIZER} and {ENCODER_CONFIG}"
            + (
                ", or pass `--allow-download`"
                if name and is_hub_name(name) and not search.allow_download
                else ""
            ),
        )
    )
