"""What an attack is: a sound artifact, what is changed in it, and the words of the refusal."""

import gzip
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from hostile import entry, tar_of, zip_of
from sound_artifacts import SOUND, Files, as_json, write_folder


class Form(StrEnum):
    """How an artifact arrives."""

    FOLDER = "folder"
    TAR_GZ = "tar.gz"
    ZIP = "zip"


ALL = tuple(Form)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """One hostile artifact.

    Attributes:
        kind: the class of attacks that it belongs to.
        name: what it does.
        says: words of the sentence that refuses it.
        base: the sound artifact, a key of `SOUND`.
        change: what is done to its files; the digests of a packed artifact follow.
        forms: as what it arrives.
        archive: its bytes, where the archive itself is what is hostile.
        lay: what is done to its folder, where that is.
    """

    kind: str
    name: str
    says: str
    base: str = "xgboost"
    change: Callable[[Files], object] = dict.copy
    forms: tuple[Form, ...] = ALL
    archive: Callable[[Files], bytes] | None = None
    lay: Callable[[Path], object] | None = None

    @property
    def title(self) -> str:
        """Class and name."""
        return f"{self.kind}: {self.name}"

    def files(self) -> Files:
        """The files that it is made of."""
        files = SOUND[self.base]()
        before = files.get("manifest.json")
        self.change(files)
        if before is not None and files["manifest.json"] == before:
            seal(files)
        return files

    def write(self, files: Files, form: Form, place: Path) -> None:
        """Writes it, made of its files, in this form and at this place."""
        if self.archive is not None:
            place.write_bytes(self.archive(files))
        elif form is Form.FOLDER:
            write_folder(files, place)
            if self.lay is not None:
                self.lay(place)
        else:
            place.write_bytes(tar_gz(files) if form is Form.TAR_GZ else zip_of(files))


def tar_gz(files: Mapping[str, bytes]) -> bytes:
    return gzip.compress(tar_of(*(entry(name, data) for name, data in files.items())), 1)


def seal(files: Files) -> None:
    """Makes the manifest agree with the files, as an attacker would."""
    manifest = json.loads(files["manifest.json"])
    manifest["files"] = {
        name: {"sha256": hashlib.sha256(files[name]).hexdigest(), "size": len(files[name])}
        for name in manifest["files"]
        if name in files
    }
    files["manifest.json"] = as_json(manifest)


def put(name: str, data: bytes) -> Callable[[Files], object]:
    """One file with another content."""
    return lambda files: files.__setitem__(name, data)


def cut(name: str, share: float = 0.5) -> Callable[[Files], object]:
    """One file without its end."""
    return lambda files: files.__setitem__(name, files[name][: int(len(files[name]) * share)])


def edit(name: str, **values: object) -> Callable[[Files], object]:
    """Other values in an object of JSON."""
    return lambda files: files.__setitem__(name, as_json(json.loads(files[name]) | values))


def rework(name: str, work: Callable[[Any], object]) -> Callable[[Files], object]:
    """A document of JSON that a function changes in place."""

    def change(files: Files) -> None:
        document = json.loads(files[name])
        work(document)
        files[name] = as_json(document)

    return change


def at(document: Any, path: str) -> tuple[Any, Any]:
    """The container that holds the last step of a path, and that step."""
    *steps, last = [int(step) if step.isdigit() else step.replace("~", ".") for step in path.split(".")]
    for step in steps:
        document = document[step]
    return document, last


def set_at(name: str, path: str, value: object) -> Callable[[Files], object]:
    """A value somewhere in a document of JSON."""

    def work(document: Any) -> None:
        container, last = at(document, path)
        container[last] = value

    return rework(name, work)
