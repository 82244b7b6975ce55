"""Tar archives, read block by block from a stream that cannot unfold too far, and written reproducibly.

`tarfile` decodes single headers here and nothing else: its reader takes a broken header in the middle of
an archive for the end, and follows links, sparse maps and chains of extension headers.

Zero bytes may follow the two blocks of zeros that end an archive; other bytes are refused.
Source: POSIX.1-2001 `pax` interchange format.
"""

import gzip
import io
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from servable.artifact.safe.members import DEFAULT_LIMITS, Members, beyond, damaged, normal_name
from servable.artifact.safe.streams import Unfolding, truncated
from servable.artifact.safe.writing import atomic_stream, disk_errors
from servable.errors import BadInput, Damaged, shown

ARCHIVE_ENDINGS: Final = (".tar.gz", ".tgz")
"""Of the names of the archives that are written."""

BLOCK_BYTES = 512
_MAX_EXTENSIONS = 4
_EXTENSION_BYTES = 1 << 20
_GZIP_LEVEL = 1
_LONG_LINK, _LONG_NAME = tarfile.GNUTYPE_LONGLINK, tarfile.GNUTYPE_LONGNAME
_PAX, _GLOBAL_PAX = {tarfile.XHDTYPE, tarfile.SOLARIS_XHDTYPE}, tarfile.XGLTYPE
_KINDS = {
    tarfile.LNKTYPE: "a hard link",
    tarfile.SYMTYPE: "a symbolic link",
    tarfile.CHRTYPE: "a character device",
    tarfile.BLKTYPE: "a block device",
    tarfile.FIFOTYPE: "a named pipe",
    tarfile.GNUTYPE_SPARSE: "a sparse file",
    _LONG_LINK: "a link",
}


def read_tar(unfolding: Unfolding, members: Members) -> None:
    """Reads every file of a tar archive into `members`.

    Raises:
        Damaged: if the archive is broken or holds anything but files and folders.
    """
    while (entry := _next_entry(unfolding, members)) is not None:
        name, header = entry
        if header.type == tarfile.DIRTYPE:
            members.admit_folder(name, claimed_bytes=header.size)
        elif header.type in {tarfile.REGTYPE, tarfile.AREGTYPE}:
            normal = members.admit_file(name, claimed_bytes=header.size)
            members.put(normal, _content(unfolding, header.size))
        else:
            kind = _KINDS.get(header.type, f"an entry of type {shown(header.type)}")
            raise damaged("kind", members.where(name), expected="a file or a folder", found=kind)
    if unfolding.exactly(BLOCK_BYTES).strip(b"\0"):
        expected = "two blocks of zeros at the end"
        raise damaged("end", members.archive, expected=expected, found="one")
    unfolding.require_zeros()


def is_tar_header(block: bytes) -> bool:
    """Whether a block of 512 bytes is the header of a tar entry, by its checksum."""
    try:
        tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except tarfile.HeaderError:
        return False
    return True


def names_archive(path: Path) -> bool:
    """Whether a name is one of those that `write_tar_gz` is for, in capitals or not."""
    return path.name.lower().endswith(ARCHIVE_ENDINGS)


def write_tar_gz(path: Path, members: Mapping[str, bytes]) -> None:
    """Writes a .tar.gz whose bytes depend on the members alone: no time, no owner, sorted names (law 5).

    The bytes are equal on one build of zlib; another may compress otherwise. The file is written beside
    its target and renamed.

    Args:
        path: the file to write; its folder must exist.
        members: file contents by name; names as `read_archive` gives them.

    Raises:
        BadInput: if `read_archive` would refuse the archive, or change a name.
        NotFound, Unavailable: as `atomic_write`.
    """
    names = _planned(path, members)
    with atomic_stream(path) as file, disk_errors(path):
        # An empty name and mtime 0 keep the target's name and the clock out of the gzip header.
        with gzip.GzipFile("", "wb", compresslevel=_GZIP_LEVEL, fileobj=file, mtime=0) as packed:
            with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive:
                for name in names:
                    archive.addfile(_plain_header(name, len(members[name])), io.BytesIO(members[name]))
            unfolded_bytes = packed.tell()
        _require_readable(path, stored_bytes=file.tell(), unfolded_bytes=unfolded_bytes)


def _plain_header(name: str, size: int) -> tarfile.TarInfo:
    header = tarfile.TarInfo(name)
    header.size = size
    header.mode = 0o644
    return header


def _next_entry(unfolding: Unfolding, members: Members) -> tuple[str, tarfile.TarInfo] | None:
    """The next name and header, after the extension headers that belong to it; None at the end."""
    long_name = None
    records: dict[str, str] = {}
    for n_extensions in range(_MAX_EXTENSIONS + 1):
        header = _header(unfolding, members)
        if header is None:
            if n_extensions:
                raise truncated(members.archive)
            return None
        if header.type == _LONG_NAME:
            long_name = (
                _extension(unfolding, header, members).rstrip(b"\0").decode("utf-8", "surrogateescape")
            )
        elif header.type in _PAX:
            records |= _pax_records(_extension(unfolding, header, members), members)
        elif header.type == _GLOBAL_PAX:
            _refuse_global(_pax_records(_extension(unfolding, header, members), members), members)
        else:
            return _described(header, long_name=long_name, records=records, members=members)
    expected = f"at most {_MAX_EXTENSIONS} extension headers before one member"
    raise damaged("extensions", members.archive, expected=expected, found="more")


def _header(unfolding: Unfolding, members: Members) -> tarfile.TarInfo | None:
    block = unfolding.exactly(BLOCK_BYTES)
    if not block.strip(b"\0"):
        return None
    try:
        return tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except tarfile.HeaderError as error:
        found = f"a block that is none ({error})"
        raise damaged("header", members.archive, expected="the header of a member", found=found) from error


def _described(
    header: tarfile.TarInfo, *, long_name: str | None, records: Mapping[str, str], members: Members
) -> tuple[str, tarfile.TarInfo]:
    """The name and the header, as its extension headers correct them."""
    name = records.get("path", long_name if long_name is not None else header.name)
    where = members.where(name)
    if "path" in records and long_name is not None:
        raise damaged("name", where, expected="one name for a member", found="two extension headers with one")
    if any(key.startswith("GNU.sparse.") for key in records):
        raise damaged("kind", where, expected="a file or a folder", found="a sparse file")
    if "size" in records:
        header.size = _decimal(records["size"], members)
    return name, header


def _content(unfolding: Unfolding, size: int) -> bytes:
    data = unfolding.exactly(size)
    unfolding.exactly(-size % BLOCK_BYTES)
    return data


def _extension(unfolding: Unfolding, header: tarfile.TarInfo, members: Members) -> bytes:
    if not 0 <= header.size <= _EXTENSION_BYTES:
        expected = f"an extension header of at most {_EXTENSION_BYTES} bytes"
        raise damaged("extensions", members.archive, expected=expected, found=f"{header.size} bytes")
    return _content(unfolding, header.size)


def _pax_records(data: bytes, members: Members) -> dict[str, str]:
    """The `key=value` pairs of an extension header: lines of `<length> <key>=<value>`."""
    records = {}
    start = 0
    while start < len(data):
        blank = data.find(b" ", start, start + 10)
        length = _decimal(data[start : max(blank, start)].decode("latin-1"), members)
        record, start = data[blank + 1 : start + length], start + length
        key, equals, value = record[:-1].partition(b"=")
        if start > len(data) or not equals or record[-1:] != b"\n":
            raise _bad_extension(members)
        records[key.decode("utf-8", "surrogateescape")] = value.decode("utf-8", "surrogateescape")
    return records


def _refuse_global(records: Mapping[str, str], members: Members) -> None:
    # Version control writes its commit as a comment there. A name or a size for all members at once
    # has no honest use.
    if records.keys() & {"path", "size", "linkpath"} or any(key.startswith("GNU.") for key in records):
        expected = "a global header without names and sizes"
        raise damaged("extensions", members.archive, expected=expected, found=shown(min(records)))


def _decimal(text: str, members: Members) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        raise _bad_extension(members)
    return int(text)


def _bad_extension(members: Members) -> Damaged:
    expected = "lines of `length key=value` in an extension header"
    return damaged("extensions", members.archive, expected=expected, found="something else")


def _planned(path: Path, members: Mapping[str, bytes]) -> list[str]:
    """The names in the order of the archive, refused by the same rules as when it is read."""
    plan = Members(archive=str(path), stored_bytes=DEFAULT_LIMITS.total_bytes, limits=DEFAULT_LIMITS)
    try:
        for name in sorted(members):
            if plan.admit_file(name, claimed_bytes=len(members[name])) != name:
                expected, found = f"the name {shown(normal_name(name))}", "another spelling"
                raise damaged("name", plan.where(name), expected=expected, found=found, fix="rename the file")
        return list(plan.files())
    except Damaged as error:
        raise BadInput(error.problems) from error


def _require_readable(path: Path, *, stored_bytes: int, unfolded_bytes: int) -> None:
    most_bytes = DEFAULT_LIMITS.unfolded_bytes(stored_bytes)
    if unfolded_bytes > most_bytes:
        raise BadInput(beyond(str(path), most_bytes=most_bytes).problems)
