"""The folder of a proof: whole or absent, and an older proof is replaced as a whole (law 6)."""

import ctypes
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from servable.artifact import atomic_directory
from servable.errors import BadInput, Problem

PROOF: Final = "proof.json"
PAGE: Final = "proof.html"
_AT_FDCWD: Final = -100
_RENAME_EXCHANGE: Final = 2


@contextmanager
def proof_folder(path: Path) -> Iterator[Path]:
    """A temporary folder that takes the place of `path` when the block ends well.

    Raises:
        BadInput: `prove.output` if `path` is a folder with something else than a proof in it, or as
            `atomic_directory`.
        NotFound, Unavailable: as `atomic_directory`.
    """
    if not (path.is_dir() and any(path.iterdir())):
        with atomic_directory(path) as folder:
            yield folder
        return
    if path.is_symlink() or not (path / PROOF).is_file():
        raise BadInput(
            Problem(
                code="prove.output",
                where=str(path),
                expected="no folder, an empty one, or one with an older proof",
                found="a folder that holds something else",
                fix="choose another place for the proof",
            )
        )
    fresh = path.with_name(f".servable-{secrets.token_hex(8)}")
    with atomic_directory(fresh) as folder:
        yield folder
    _replace(path, fresh)


def _replace(path: Path, fresh: Path) -> None:
    """Put a folder in the place of another; on Linux at no moment is there none."""
    if not _exchange(path, fresh):
        old = path.with_name(f".servable-{secrets.token_hex(8)}")
        path.rename(old)
        fresh.rename(path)
        fresh = old
    shutil.rmtree(fresh, ignore_errors=True)


def _exchange(one: Path, other: Path) -> bool:
    """Whether two paths could change places in one step. Source: rename(2), RENAME_EXCHANGE."""
    rename = getattr(ctypes.CDLL(None), "renameat2", None) if os.name == "posix" else None
    if rename is None:
        return False
    names = os.fsencode(one), os.fsencode(other)
    return bool(rename(_AT_FDCWD, names[0], _AT_FDCWD, names[1], _RENAME_EXCHANGE) == 0)
