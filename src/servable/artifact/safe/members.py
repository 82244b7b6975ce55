"""The members of an archive: which names and sizes are accepted, whatever the format.

An archive is a set of files under relative names with `/` between folders. What could leave the target
folder, stand for two files or exhaust the machine is refused before its bytes are read (law 3).
"""

import re
from dataclasses import dataclass, fields

from servable.errors import BadInput, Damaged, Problem, shown

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_DRIVE = re.compile(r"[A-Za-z]:")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much an archive may hold.

    Attributes:
        members: entries of any kind, folders too.
        member_bytes: of one file.
        total_bytes: what the whole archive unfolds to; of a tar, its headers and padding too.
        ratio: unfolded bytes for one stored byte, where more than `ratio_free_bytes` unfold.
        ratio_free_bytes: what may unfold at any ratio.
        depth: levels of a name: `a/b/c` has 3.
        name_bytes: of a whole name in UTF-8.
    """

    members: int = 10_000
    member_bytes: int = 2 << 30
    total_bytes: int = 4 << 30
    ratio: int = 20
    ratio_free_bytes: int = 64 << 20
    depth: int = 16
    name_bytes: int = 255

    def __post_init__(self) -> None:
        for field in fields(self):
            if getattr(self, field.name) < 1:
                raise BadInput(
                    Problem(
                        code="archive.limit",
                        where=field.name,
                        expected="a limit of at least 1",
                        found=shown(getattr(self, field.name)),
                        fix="raise it",
                    )
                )

    def unfolded_bytes(self, stored_bytes: int) -> int:
        """The most bytes that an archive of this size on disk may unfold to."""
        return min(self.total_bytes, max(self.ratio_free_bytes, self.ratio * stored_bytes))


DEFAULT_LIMITS = Limits()


def damaged(
    kind: str, where: str, *, expected: str, found: str, fix: str = "make the archive again"
) -> Damaged:
    """The error for something in an archive that is broken or hostile."""
    return Damaged(Problem(code=f"archive.{kind}", where=where, expected=expected, found=found, fix=fix))


def normal_name(raw: str) -> str:
    """A member's name without `.` steps and doubled slashes; empty for the archive's own folder."""
    return "/".join(part for part in raw.split("/") if part not in {"", "."})


def name_fault(raw: str, *, limits: Limits) -> tuple[str, str] | None:
    """What a name should have been and what is wrong with it, or None where nothing is."""
    steps = normal_name(raw).split("/")
    n_bytes = len(normal_name(raw).encode("utf-8", "surrogatepass"))
    relative = "a relative name inside the archive"
    faults = (
        (raw.startswith("/"), relative, "an absolute name"),
        (".." in steps, relative, "a step out of its folder (`..`)"),
        ("\\" in raw, relative, "a backslash"),
        (_DRIVE.match(raw), relative, "a drive letter"),
        (_CONTROL.search(raw), "a printable name", "a control character"),
        (any("\ud800" <= char <= "\udfff" for char in raw), "a name in UTF-8", "other bytes"),
        (len(steps) > limits.depth, f"a name of at most {limits.depth} levels", f"{len(steps)} levels"),
        (n_bytes > limits.name_bytes, f"a name of at most {limits.name_bytes} bytes", f"{n_bytes} bytes"),
    )
    return next(((expected, found) for wrong, expected, found in faults if wrong), None)


class Members:
    """The files of one archive while they are read; each is admitted by its header before its bytes are.

    Attributes:
        archive: its path, as errors name it.
        limits: how much it may hold.
        most_bytes: how much it may unfold to, given its size on disk.
    """

    __slots__ = ("_claimed_bytes", "_files", "_folders", "_n", "archive", "limits", "most_bytes")

    def __init__(self, *, archive: str, stored_bytes: int, limits: Limits) -> None:
        self.archive = archive
        self.limits = limits
        self.most_bytes = limits.unfolded_bytes(stored_bytes)
        self._files: dict[str, bytes] = {}
        self._folders: set[str] = set()
        self._claimed_bytes = 0
        self._n = 0

    def where(self, raw: str) -> str:
        """The place of a member, as errors name it."""
        return f"{self.archive}, member {shown(raw)}"

    def admit_folder(self, raw: str, *, claimed_bytes: int) -> None:
        """Accepts an entry for a folder, of which nothing is kept."""
        self._folders.add(self._admitted_name(raw))
        if claimed_bytes:
            found = f"{claimed_bytes} bytes"
            raise damaged("folder", self.where(raw), expected="a folder without content", found=found)

    def admit_file(self, raw: str, *, claimed_bytes: int) -> str:
        """The normal name of a file whose header claims so many bytes; they are read afterwards.

        Raises:
            Damaged: if the name, the size, the sum of sizes or the number of entries is refused.
        """
        name = self._admitted_name(raw)
        where = self.where(raw)
        if not name or raw.endswith(("/", "/.")):
            raise damaged("name", where, expected="the name of a file", found="the name of a folder")
        if name in self._files:
            raise damaged("duplicate", where, expected="one member of this name", found="a second one")
        self._refuse_size(where, claimed_bytes)
        # Held from now on, so that a second one is refused before its bytes are read.
        self._files[name] = b""
        self._folders.update(name[: slash.start()] for slash in re.finditer("/", name))
        return name

    def put(self, name: str, data: bytes) -> None:
        """Keeps the bytes of a file that was admitted under this normal name."""
        self._files[name] = data

    def files(self) -> dict[str, bytes]:
        """The files by normal name, sorted.

        Raises:
            Damaged: if there is none, or one of them has the name of a folder.
        """
        if not self._files:
            raise damaged("empty", self.archive, expected="an archive of files", found="none in it")
        both = self._folders & self._files.keys()
        if both:
            where = self.where(min(both))
            raise damaged("duplicate", where, expected="a file or a folder", found="both of one name")
        return dict(sorted(self._files.items()))

    def _admitted_name(self, raw: str) -> str:
        self._n += 1
        if self._n > self.limits.members:
            expected = f"at most {self.limits.members} members"
            raise damaged("members", self.archive, expected=expected, found="more", fix="pack fewer files")
        fault = name_fault(raw, limits=self.limits)
        if fault:
            raise damaged("name", self.where(raw), expected=fault[0], found=fault[1])
        return normal_name(raw)

    def _refuse_size(self, where: str, claimed_bytes: int) -> None:
        if not 0 <= claimed_bytes <= self.limits.member_bytes:
            raise damaged(
                "member-size",
                where,
                expected=f"a file of at most {self.limits.member_bytes} bytes",
                found=f"{claimed_bytes} bytes",
            )
        self._claimed_bytes += claimed_bytes
        if self._claimed_bytes > self.most_bytes:
            raise beyond(where, most_bytes=self.most_bytes)


def beyond(where: str, *, most_bytes: int) -> Damaged:
    """The error for an archive that unfolds too far: too much in all, or too much for its size on disk."""
    return damaged(
        "total-size",
        where,
        expected=f"an archive that unfolds to at most {most_bytes} bytes",
        found="more",
        fix="pack less, or compress less",
    )
