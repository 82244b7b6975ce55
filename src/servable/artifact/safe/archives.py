"""Archives from strangers: read whole into memory, with nothing written to disk (law 3)."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from servable.artifact.safe.members import DEFAULT_LIMITS, Limits, Members, damaged
from servable.artifact.safe.streams import Gunzip, Unfolding
from servable.artifact.safe.tars import BLOCK_BYTES, is_tar_header, read_tar
from servable.artifact.safe.zips import SIGNATURES, read_zip
from servable.errors import BadInput, Damaged, NotFound, Problem, Unavailable

_GZIP = b"\x1f\x8b"


def read_archive(path: Path, *, limits: Limits = DEFAULT_LIMITS) -> dict[str, bytes]:
    """The files of a .tar.gz, .tgz, .tar or .zip by name, sorted.

    The format is told by the first bytes, never by the file's name. Names are normalised (`./a` is `a`)
    and folders are left out.

    Args:
        path: the archive.
        limits: how much it may hold.

    Raises:
        NotFound: `archive.absent` if there is no such file.
        BadInput: `archive.file` if the path is a folder, a pipe or a device.
        Damaged: `archive.*` if the archive is broken, hostile or beyond the limits.
        Unavailable: `archive.unreadable` if the disk or its permissions refuse.
    """
    with _opened(path) as file:
        stored_bytes = os.fstat(file.fileno()).st_size
        start = file.read(BLOCK_BYTES)
        file.seek(0)
        members = Members(archive=str(path), stored_bytes=stored_bytes, limits=limits)
        if start.startswith(_GZIP):
            read_tar(Unfolding(Gunzip(file, archive=members.archive), members), members)
        elif start.startswith(SIGNATURES):
            read_zip(file, stored_bytes=stored_bytes, members=members)
        elif is_tar_header(start):
            read_tar(Unfolding(file, members), members)
        else:
            raise _unknown_format(members.archive, start)
    return members.files()


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    """The file opened for reading; only a plain file, since opening a pipe would wait for its writer."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise _not_a_file(path)
        with path.open("rb") as file:
            yield file
    except (FileNotFoundError, NotADirectoryError) as error:
        raise _absent(path) from error
    except OSError as error:
        raise _unreadable(path, error) from error


def _unknown_format(archive: str, start: bytes) -> Damaged:
    found = f"a file that begins with the bytes {start[:8].hex(' ')}" if start else "an empty file"
    return damaged("format", archive, expected="a .tar.gz, .tar or .zip archive", found=found)


def _absent(path: Path) -> NotFound:
    return NotFound(
        Problem(
            code="archive.absent",
            where=str(path),
            expected="an archive",
            found="no such file",
            fix="look at the path",
        )
    )


def _not_a_file(path: Path) -> BadInput:
    return BadInput(
        Problem(
            code="archive.file",
            where=str(path),
            expected="an archive",
            found="a folder, a pipe or a device",
            fix="give the path of a .tar.gz, .tar or .zip file",
        )
    )


def _unreadable(path: Path, error: OSError) -> Unavailable:
    return Unavailable(
        Problem(
            code="archive.unreadable",
            where=str(path),
            expected="to read it",
            found=f"the error {error.strerror or type(error).__name__}",
            fix="look at its permissions, then try again",
        )
    )
