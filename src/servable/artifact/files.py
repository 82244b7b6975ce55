"""The files of an artifact, in a folder or in an archive, by relative name with forward slashes."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Protocol

from servable.artifact.safe import Limits, read_archive
from servable.errors import Damaged, NotFound, Problem

MAX_TEXT_BYTES: Final = 64 << 20
"""Of a file that is no weights: nothing else is so large, and it would be held in memory many times over."""

_WEIGHTS: Final = (".bin", ".bst", ".data", ".model", ".onnx", ".pt", ".pth", ".safetensors", ".ubj")


class Files(Protocol):
    """Named byte strings that can be listed and read, and nothing else."""

    def names(self) -> tuple[str, ...]:
        """All names, sorted."""
        ...

    def read(self, name: str) -> bytes:
        """The bytes of one file."""
        ...

    def sha256(self, name: str) -> str:
        """The digest of one file, in hexadecimal."""
        ...

    def place(self, name: str) -> Path | None:
        """Where a file lies on disk, for readers that map it; None in an archive."""
        ...

    def __contains__(self, name: object) -> bool: ...


class FolderFiles:
    """The regular files below a folder, within the limits of archives; a link may not leave the folder.

    A snapshot in the cache of the Hugging Face hub is links to the blobs of its repository: those may leave
    the snapshot, and not the repository's folder.
    """

    def __init__(self, root: Path, limits: Limits | None = None) -> None:
        self._root = root
        self._limits = limits or Limits()
        self._bytes_left = self._limits.total_bytes
        bounds = _bounds(root)
        names: list[str] = []
        for path in root.rglob("*"):
            name = path.relative_to(root).as_posix()
            if path.is_symlink() and not _leads_below(path, bounds):
                raise Damaged(_folder_problem(name, "a file in this folder", "a link to another place"))
            if not path.is_file():
                continue
            names.append(name)
            if len(names) > self._limits.members:
                raise Damaged(_folder_problem(str(root), f"at most {self._limits.members} files", "more"))
            self._bytes_left -= path.stat().st_size
            if self._bytes_left < 0:
                raise Damaged(_folder_problem(str(root), f"at most {self._limits.total_bytes} bytes", "more"))
        self._names = tuple(sorted(names))
        self._known = frozenset(names)

    def names(self) -> tuple[str, ...]:
        """All names, sorted."""
        return self._names

    def read(self, name: str) -> bytes:
        """The bytes of one file."""
        path = self._admitted(name)
        if not name.endswith(_WEIGHTS) and path.stat().st_size > MAX_TEXT_BYTES:
            raise Damaged(_folder_problem(name, f"at most {MAX_TEXT_BYTES} bytes of text or tables", "more"))
        return path.read_bytes()

    def sha256(self, name: str) -> str:
        """The digest of one file, in hexadecimal; weights are not held in memory for it."""
        with self._admitted(name).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def place(self, name: str) -> Path | None:
        """Where a file lies on disk."""
        return self._admitted(name)

    def _admitted(self, name: str) -> Path:
        path = self._root / name
        if path.stat().st_size > self._limits.member_bytes:
            raise Damaged(_folder_problem(name, f"at most {self._limits.member_bytes} bytes", "more"))
        return path

    def __contains__(self, name: object) -> bool:
        return name in self._known


def _bounds(root: Path) -> Path:
    """The folder that links may not leave, resolved."""
    root = root.resolve()
    is_snapshot = root.parent.name == "snapshots" and root.parents[1].name.startswith("models--")
    return root.parents[1] if is_snapshot else root


def _leads_below(link: Path, bounds: Path) -> bool:
    try:
        return link.resolve().is_relative_to(bounds)
    except (OSError, RuntimeError):  # a link that leads to itself
        return False


def _folder_problem(where: str, expected: str, found: str) -> Problem:
    return Problem(
        code="artifact.folder",
        where=where,
        expected=expected,
        found=found,
        fix="name the folder that training or unpacking wrote",
    )


class MemoryFiles:
    """Files that are held in memory, those of an archive above all."""

    def __init__(self, members: Mapping[str, bytes]) -> None:
        self._members = dict(sorted(members.items()))

    def names(self) -> tuple[str, ...]:
        """All names, sorted."""
        return tuple(self._members)

    def read(self, name: str) -> bytes:
        """The bytes of one file."""
        return self._members[name]

    def sha256(self, name: str) -> str:
        """The digest of one file, in hexadecimal."""
        return hashlib.sha256(self._members[name]).hexdigest()

    def place(self, name: str) -> Path | None:
        """None: these files are in memory."""
        return None

    def __contains__(self, name: object) -> bool:
        return name in self._members


class Declared:
    """Those of an artifact's files that its manifest declares; the others are not part of it."""

    def __init__(self, files: Files, declared: frozenset[str]) -> None:
        self._files = files
        self._names = tuple(name for name in files.names() if name in declared)
        self._known = frozenset(self._names)

    def names(self) -> tuple[str, ...]:
        """All names, sorted."""
        return self._names

    def read(self, name: str) -> bytes:
        """The bytes of one file."""
        return self._files.read(name)

    def sha256(self, name: str) -> str:
        """The digest of one file, in hexadecimal."""
        return self._files.sha256(name)

    def place(self, name: str) -> Path | None:
        """Where a file lies on disk; None in an archive."""
        return self._files.place(name)

    def __contains__(self, name: object) -> bool:
        return name in self._known


def open_files(path: Path) -> Files:
    """The files of a folder or an archive; nothing is unpacked to disk.

    Raises:
        NotFound: `artifact.not-found`.
        Damaged: see `read_archive`.
    """
    if path.is_dir():
        return FolderFiles(path)
    if not path.exists():
        raise NotFound(
            Problem(
                code="artifact.not-found",
                where=str(path),
                expected="a folder or an archive (.tar.gz, .tar, .zip) with a model",
                found="nothing",
                fix="check the path",
            )
        )
    return MemoryFiles(read_archive(path))
