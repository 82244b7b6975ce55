"""Writing the copy of an artifact, whole or not at all."""

import shutil
from pathlib import Path
from typing import Final

from servable.artifact import (
    Files,
    atomic_directory,
    disk_errors,
    names_archive,
    require_vacant,
    require_writable,
    write_tar_gz,
)
from servable.errors import BadInput, Problem
from servable.train.calibrate.recalibration import Recalibration

_OTHER_ARCHIVES: Final = frozenset(
    (
        ".7z",
        ".bz2",
        ".gz",
        ".lz",
        ".lzma",
        ".rar",
        ".tar",
        ".tbz",
        ".tbz2",
        ".txz",
        ".tzst",
        ".xz",
        ".zip",
        ".zst",
    )
)
"""Endings of archives that are not written; a folder of such a name would be taken for one."""


def require_output(path: Path, output: Path) -> None:
    """Nothing, if a copy of an artifact can be written; asked before the work whose outcome it is.

    Raises:
        NotFound: `write.folder`.
        BadInput: `write.target` if there is something already, or it would lie within the artifact.
    """
    if names_archive(output):
        require_writable(output)
        if output.is_symlink() or output.exists():
            found = "a link" if output.is_symlink() else "a file"
            raise _target(output, "nothing there yet, because no artifact is overwritten", found)
    elif output.suffix.lower() in _OTHER_ARCHIVES:
        raise _target(
            output, "a folder, or an archive whose name ends in .tar.gz", f"a name in {output.suffix}"
        )
    else:
        require_vacant(output)
    if output.resolve().is_relative_to(path.resolve()):
        raise _target(output, "a place beside the artifact, which is not changed", "one within it")


def write_copy(source: Files, copy: Recalibration, output: Path) -> None:
    """Writes the copy of an artifact: an archive if the name ends in .tar.gz, else a folder.

    Raises:
        NotFound, BadInput, Unavailable: nothing is written then.
    """
    if names_archive(output):
        write_tar_gz(output, {name: _content(source, name) for name in copy.kept} | dict(copy.written))
        return
    with atomic_directory(output) as folder, disk_errors(output):
        for name in (*copy.kept, *copy.written):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
        for name in copy.kept:
            place = source.place(name)
            if place is None:
                (folder / name).write_bytes(source.read(name))
            else:
                shutil.copyfile(place, folder / name)
        for name, data in copy.written.items():
            (folder / name).write_bytes(data)


def _content(source: Files, name: str) -> bytes:
    # of a folder without the limits of what is read into memory: other files may lie there too
    place = source.place(name)
    return source.read(name) if place is None else place.read_bytes()


def _target(output: Path, expected: str, found: str) -> BadInput:
    return BadInput(
        Problem(
            code="write.target", where=str(output), expected=expected, found=found, fix="choose another place"
        )
    )
