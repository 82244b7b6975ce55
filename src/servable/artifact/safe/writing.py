"""Outputs that are whole or absent: written beside their target, flushed to disk, then renamed (law 6).

Whatever ends the writing, an error or an interrupt, removes the temporary. Only a killed process leaves
one, under a name that begins with `PREFIX`; the target is then still the old one, or absent.
"""

import io
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, TextIO

from servable.errors import BadInput, NotFound, Problem, Unavailable

PREFIX = ".servable-"


def atomic_write(path: Path, data: bytes) -> None:
    """Writes one file whole, in place of the one that was there, or leaves everything as it was.

    Raises:
        NotFound: `write.folder` if the folder does not exist.
        BadInput: `write.target` if the target is a folder.
        Unavailable: `write.failed` if the disk or its permissions refuse.
    """
    with atomic_stream(path) as file, disk_errors(path):
        file.write(data)


@contextmanager
def atomic_writer(path: Path) -> Iterator[TextIO]:
    r"""A UTF-8 text file, `\n` written as it is, that takes its name when the block ends well.

    Raises:
        NotFound, BadInput, Unavailable: as `atomic_write`.
    """
    with atomic_stream(path) as file:
        text = io.TextIOWrapper(file, encoding="utf-8", newline="")
        try:
            yield text
            with disk_errors(path):
                text.flush()
        finally:
            with suppress(OSError):
                text.detach()


@contextmanager
def atomic_stream(path: Path) -> Iterator[BinaryIO]:
    """A binary file that takes its name when the block ends well, and vanishes when it does not.

    Raises:
        NotFound, BadInput, Unavailable: as `atomic_write`.
    """
    require_writable(path)
    temporary = _sibling(path)
    try:
        with disk_errors(path):
            file = temporary.open("xb")
        try:
            yield file
            with disk_errors(path):
                file.flush()
                os.fsync(file.fileno())
        finally:
            # What could not be written has shown in `flush`; here it would hide why the block ended.
            with suppress(OSError):
                file.close()
        with disk_errors(path):
            temporary.replace(path)
            _sync_folder(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def atomic_directory(path: Path) -> Iterator[Path]:
    """A temporary folder beside `path` that takes its name when the block ends well.

    Raises:
        NotFound: `write.folder` if the folder around it does not exist.
        BadInput: `write.target` if the target is a file or a folder that holds something.
        Unavailable: `write.failed` if the disk or its permissions refuse.
    """
    require_vacant(path)
    temporary = _sibling(path)
    try:
        with disk_errors(path):
            temporary.mkdir()
        yield temporary
        _require_vacant(path)
        with disk_errors(path):
            _sync_tree(temporary)
            temporary.replace(path)
            _sync_folder(path.parent)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turns what the disk refuses within the block into one sentence about the target."""
    try:
        yield
    except OSError as error:
        raise Unavailable(
            Problem(
                code="write.failed",
                where=str(path),
                expected="to write there",
                found=f"the error {error.strerror or type(error).__name__}",
                fix="look at the space and the permissions of that folder, then try again",
            )
        ) from error


def _sibling(path: Path) -> Path:
    return path.parent / f"{PREFIX}{secrets.token_hex(8)}"


def _require_folder(path: Path) -> None:
    if not path.parent.is_dir():
        raise NotFound(
            Problem(
                code="write.folder",
                where=str(path),
                expected="a place in a folder that exists",
                found=f"no folder {path.parent}",
                fix="make the folder, or choose another place",
            )
        )


def require_vacant(path: Path) -> None:
    """Refuses a folder that could not be written, before the work whose output it is to hold.

    Raises:
        NotFound, BadInput: as `atomic_directory`.
    """
    _require_folder(path)
    _require_vacant(path)


def require_writable(path: Path) -> None:
    """Refuses a file that could not be written, before the work whose output it is to hold.

    Raises:
        NotFound, BadInput: as `atomic_write`.
    """
    _require_folder(path)
    if path.is_dir():
        raise _target(path, expected="a file, or nothing", found="a folder")


def _require_vacant(path: Path) -> None:
    expected = "an empty folder, or nothing"
    if path.is_symlink() or (path.exists() and not path.is_dir()):
        raise _target(path, expected=expected, found="a link" if path.is_symlink() else "a file")
    if path.is_dir() and any(path.iterdir()):
        raise _target(path, expected=expected, found="a folder that holds something")


def _target(path: Path, *, expected: str, found: str) -> BadInput:
    return BadInput(
        Problem(
            code="write.target",
            where=str(path),
            expected=expected,
            found=found,
            fix="remove it, or choose another place",
        )
    )


def _sync_tree(folder: Path) -> None:
    for root, _, names in os.walk(folder):
        for name in names:
            member = Path(root, name)
            if member.is_file() and not member.is_symlink():
                with member.open("rb") as file:
                    os.fsync(file.fileno())
        _sync_folder(Path(root))


def _sync_folder(folder: Path) -> None:
    # A rename lasts through a power failure only once the folder itself is on disk.
    # Windows cannot open a folder and needs no such call.
    if not hasattr(os, "O_DIRECTORY"):
        return
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
