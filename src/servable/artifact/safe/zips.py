"""Zip archives: the central directory names the members, and each must be exactly what it says.

`zipfile` decodes the central directory, whose length is bounded first. Members are inflated here: a
member that unfolds to more or less than its header says, or shares bytes with another, is refused, so
that every reader of the archive sees the same files.

The zip64 form of the end record is accepted where it says what the plain one says, as PyTorch writes it:
readers that know one form or both then see the same directory. Refused as not needed: a zip64 form that says
more, encryption, compression other than deflate, bytes after the archive's comment.
Source: PKWARE APPNOTE 6.3.10.
"""

import io
import stat
import struct
import zipfile
import zlib
from typing import BinaryIO

from servable.artifact.safe.members import Members, damaged
from servable.errors import Damaged

SIGNATURES = (b"PK\x03\x04", b"PK\x05\x06")
_CHUNK_BYTES = 1 << 20
# Signature, disk numbers, entries here and in all, directory's length and offset, comment's length.
_END = struct.Struct("<4sHHHHIIH")
_END_SIGNATURE = b"PK\x05\x06"
# Signature, length of the rest, versions made by and needed, disk numbers, entries here and in all,
# directory's length and offset.
_ZIP64_END = struct.Struct("<4sQHHIIQQQQ")
_ZIP64_END_SIGNATURE, _ZIP64_END_REST_BYTES = b"PK\x06\x06", 44
# Signature, disk of the record above, its offset, number of disks.
_ZIP64_LOCATOR = struct.Struct("<4sIQI")
_ZIP64_LOCATOR_SIGNATURE = b"PK\x06\x07"
_ZIP64_BYTES = _ZIP64_END.size + _ZIP64_LOCATOR.size
_LONGEST_COMMENT_BYTES = 0xFFFF
# Signature, version, flags, method, time, date, checksum, two sizes, lengths of name and extra field.
_LOCAL = struct.Struct("<4sHHHHHIIIHH")
_DIRECTORY_BYTES_PER_MEMBER = 1024
_ENCRYPTED = 0x1
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_KINDS = {
    stat.S_IFLNK: "a symbolic link",
    stat.S_IFCHR: "a character device",
    stat.S_IFBLK: "a block device",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
}


def read_zip(file: BinaryIO, *, stored_bytes: int, members: Members) -> None:
    """Reads every file of a zip archive into `members`.

    Args:
        file: the archive, seekable.
        stored_bytes: its size.
        members: takes the files, and knows the limits.

    Raises:
        Damaged: if the archive is broken, encrypted, or holds anything but files and folders.
    """
    _check_directory(file, stored_bytes=stored_bytes, members=members)
    entries = _entries(file, members)
    admitted = [(entry, name) for entry in entries if (name := _admitted(entry, members)) is not None]
    _refuse_overlaps([entry for entry, _ in admitted], stored_bytes=stored_bytes, members=members)
    for entry, name in admitted:
        members.put(name, _content(file, entry, members.where(entry.orig_filename)))


def _check_directory(file: BinaryIO, *, stored_bytes: int, members: Members) -> None:
    """Refuses a directory too long to be read, before it is."""
    most_tail = _END.size + _LONGEST_COMMENT_BYTES + _ZIP64_BYTES
    file.seek(max(0, stored_bytes - most_tail))
    tail = file.read(most_tail)
    start = tail.rfind(_END_SIGNATURE)
    if start < 0 or start + _END.size > len(tail):
        raise _bad_directory(members, "none")
    *_, n_entries, directory_bytes, directory_start, comment_bytes = _END.unpack_from(tail, start)
    if start + _END.size + comment_bytes != len(tail):
        raise damaged(
            "trailing", members.archive, expected="nothing after the end record", found="more bytes"
        )
    end_start = stored_bytes - len(tail) + start
    zip64 = tail[max(0, start - _ZIP64_BYTES) : start]
    if zip64[-_ZIP64_LOCATOR.size :].startswith(_ZIP64_LOCATOR_SIGNATURE):
        end_start -= _ZIP64_BYTES
        plain = (n_entries, n_entries, directory_bytes, directory_start)
        if not _is_repeated(zip64, plain=plain, record_start=end_start):
            raise _bad_directory(members, "its zip64 form, which differs from the plain one")
    if directory_start + directory_bytes != end_start:
        raise _bad_directory(members, "none where the end record says")
    most_bytes = members.limits.members * _DIRECTORY_BYTES_PER_MEMBER
    if directory_bytes > most_bytes:
        raise _bad_directory(members, f"{directory_bytes} bytes, where at most {most_bytes} are read")


def _is_repeated(zip64: bytes, *, plain: tuple[int, int, int, int], record_start: int) -> bool:
    """Whether the zip64 end record and its locator say what the plain end record says, of one disk."""
    if len(zip64) < _ZIP64_BYTES:
        return False
    signature, rest_bytes, _, _, *numbers = _ZIP64_END.unpack_from(zip64)
    locator = _ZIP64_LOCATOR.unpack_from(zip64, _ZIP64_END.size)
    return (
        (signature, rest_bytes) == (_ZIP64_END_SIGNATURE, _ZIP64_END_REST_BYTES)
        and tuple(numbers) == (0, 0, *plain)
        and locator == (_ZIP64_LOCATOR_SIGNATURE, 0, record_start, 1)
    )


def _entries(file: BinaryIO, members: Members) -> list[zipfile.ZipInfo]:
    try:
        with zipfile.ZipFile(file) as archive:
            return archive.infolist()
    # OSError: a directory that begins before the file does.
    except (zipfile.BadZipFile, NotImplementedError, struct.error, ValueError, OSError) as error:
        raise _bad_directory(members, f"one that does not read ({error})") from error


def _admitted(entry: zipfile.ZipInfo, members: Members) -> str | None:
    """The normal name of a file, or None for a folder."""
    # `filename` is cut at a zero byte; the name as it was stored is not.
    raw = entry.orig_filename
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in {0, stat.S_IFREG, stat.S_IFDIR}:
        found = _KINDS.get(kind, "another kind of entry")
        raise damaged("kind", members.where(raw), expected="a file or a folder", found=found)
    if entry.flag_bits & _ENCRYPTED:
        raise damaged(
            "encrypted", members.where(raw), expected="a file that anyone can read", found="encryption"
        )
    if entry.compress_type not in _METHODS:
        found = f"method {entry.compress_type}"
        raise damaged("method", members.where(raw), expected="a stored or deflated file", found=found)
    if raw.endswith("/") or kind == stat.S_IFDIR:
        members.admit_folder(raw, claimed_bytes=entry.file_size)
        return None
    return members.admit_file(raw, claimed_bytes=entry.file_size)


def _refuse_overlaps(entries: list[zipfile.ZipInfo], *, stored_bytes: int, members: Members) -> None:
    """Refuses members that share stored bytes, by which a small archive unfolds to a huge one."""
    ordered = sorted(entries, key=lambda entry: entry.header_offset)
    starts = [entry.header_offset for entry in ordered] + [stored_bytes]
    for entry, next_start in zip(ordered, starts[1:], strict=True):
        end = entry.header_offset + _LOCAL.size + entry.compress_size
        if entry.header_offset < 0 or end > next_start:
            where = members.where(entry.orig_filename)
            raise damaged("overlap", where, expected="bytes of its own", found="bytes that it shares")


def _content(file: BinaryIO, entry: zipfile.ZipInfo, where: str) -> bytes:
    """The bytes of one member, which must have the size and the checksum of its header."""
    file.seek(entry.header_offset)
    local = file.read(_LOCAL.size)
    if len(local) < _LOCAL.size or not local.startswith(SIGNATURES[0]):
        raise damaged("header", where, expected="the header of the file", found="other bytes")
    *_, method, _, _, _, _, _, name_bytes, extra_bytes = _LOCAL.unpack(local)
    name = file.read(name_bytes)
    if method != entry.compress_type or name != _encoded(entry):
        raise damaged(
            "header", where, expected="a header that agrees with the directory", found="another file"
        )
    file.seek(extra_bytes, io.SEEK_CUR)
    is_stored = entry.compress_type == zipfile.ZIP_STORED
    if is_stored and entry.compress_size != entry.file_size:
        raise _other_size(entry, where)
    data = file.read(entry.file_size) if is_stored else _inflated(file, entry, where)
    if len(data) != entry.file_size:
        raise _other_size(entry, where)
    if zlib.crc32(data) != entry.CRC:
        raise damaged("checksum", where, expected="the checksum of its header", found="another one")
    return data


def _inflated(file: BinaryIO, entry: zipfile.ZipInfo, where: str) -> bytes:
    inflate = zlib.decompressobj(wbits=-zlib.MAX_WBITS)
    data = io.BytesIO()
    left = entry.compress_size
    while not inflate.eof:
        stored = inflate.unconsumed_tail or file.read(min(left, _CHUNK_BYTES))
        if not inflate.unconsumed_tail:
            left -= len(stored)
        try:
            piece = inflate.decompress(stored, min(entry.file_size - data.tell() + 1, _CHUNK_BYTES))
        except zlib.error as error:
            found = f"bytes that do not ({error})"
            raise damaged("deflate", where, expected="bytes that inflate", found=found) from error
        data.write(piece)
        if data.tell() > entry.file_size:
            raise _other_size(entry, where)
        if not (piece or stored or inflate.eof):
            raise damaged("truncated", where, expected="a whole file", found="one that is cut off")
    if left or inflate.unused_data:
        raise damaged("deflate", where, expected="nothing after the end of the file", found="more bytes")
    return data.getvalue()


def _encoded(entry: zipfile.ZipInfo) -> bytes:
    """The name as it is stored: in UTF-8 where a flag says so, else in the code page of the first PCs."""
    return entry.orig_filename.encode("utf-8" if entry.flag_bits & 0x800 else "cp437")


def _other_size(entry: zipfile.ZipInfo, where: str) -> Damaged:
    return damaged(
        "size", where, expected=f"{entry.file_size} bytes, as its header says", found="another number"
    )


def _bad_directory(members: Members, found: str) -> Damaged:
    return damaged("directory", members.archive, expected="the directory of a zip archive", found=found)
