"""Archives that lead out of their place, unfold without end, or say what is not so."""

import gzip
import io
import stat
import struct
import tarfile
import zipfile
from collections.abc import Callable

from attack import Attack, Form, tar_gz
from hostile import HOSTILE_NAMES, entry, patched, tar_of, zip_of
from sound_artifacts import Files

EVIL = b"evil"


def _tar(*further: tuple[tarfile.TarInfo, bytes]) -> Callable[[Files], bytes]:
    """A sound artifact, and further entries behind it."""

    def archive(files: Files) -> bytes:
        return gzip.compress(tar_of(*(entry(name, data) for name, data in files.items()), *further), 1)

    return archive


def _sized(name: str, size: int) -> tuple[tarfile.TarInfo, bytes]:
    header, _ = entry(name, b"")
    header.size = size
    return header, b""


def _device(kind: bytes) -> tuple[tarfile.TarInfo, bytes]:
    header, data = entry("zero", b"", kind=kind)
    header.devmajor, header.devminor = 1, 5
    return header, data


def _renamed(key: str, value: str) -> tuple[tarfile.TarInfo, bytes]:
    header, data = entry("harmless", EVIL)
    header.pax_headers = {key: value}
    return header, data


def _global_name(files: Files) -> bytes:
    blocks = tarfile.TarInfo.create_pax_global_header({"path": "../evil"})
    return gzip.compress(blocks + tar_of(*(entry(name, data) for name, data in files.items())), 1)


def _many(files: Files) -> bytes:
    entries = [entry(f"f{number}", b"") for number in range(10_001)]
    return gzip.compress(tar_of(*(entry(name, data) for name, data in files.items()), *entries), 1)


def _streams(files: Files) -> bytes:
    return gzip.compress(tar_of(*(entry(name, data) for name, data in files.items())), 1) + gzip.compress(
        EVIL
    )


def _cut_tar(files: Files) -> bytes:
    return tar_gz(files)[:-200]


def _wrong_sum(files: Files) -> bytes:
    data = bytearray(tar_gz(files))
    data[-8] ^= 1
    return bytes(data)


_TARS: dict[str, tuple[Callable[[Files], bytes], str]] = {
    **{f"the name {name[:20]!r}": (_tar(entry(name, EVIL)), found) for name, found in HOSTILE_NAMES.items()},
    "a symbolic link to the root": (_tar(entry("link", b"", kind=tarfile.SYMTYPE)), "a symbolic link"),
    "a hard link to a password": (_tar(entry("link", b"", kind=tarfile.LNKTYPE)), "a hard link"),
    "a character device": (_tar(_device(tarfile.CHRTYPE)), "a character device"),
    "a block device": (_tar(_device(tarfile.BLKTYPE)), "a block device"),
    "a pipe": (_tar(entry("pipe", b"", kind=tarfile.FIFOTYPE)), "a named pipe"),
    "a sparse file": (_tar(entry("sparse", b"", kind=tarfile.GNUTYPE_SPARSE)), "a sparse file"),
    "a sparse file by another header": (
        _tar(_renamed("GNU.sparse.realsize", "1099511627776")),
        "a sparse file",
    ),
    "a file twice": (_tar(entry("xgboost_model.bst", EVIL)), "expected one member of this name"),
    "a file twice by another spelling": (
        _tar(entry("./xgboost_model.bst", EVIL)),
        "expected one member of this name",
    ),
    "a name in an extension header": (_tar(_renamed("path", "../evil")), "a step out of its folder"),
    "a name for all in a global header": (_global_name, "a global header without names"),
    "a size of a terabyte": (_tar(_sized("large", 1 << 40)), "a file of at most"),
    "a size beyond the end": (_tar(_sized("large", 1 << 20)), "one that is cut off"),
    "ten thousand files": (_many, "expected at most 10000 members"),
    "a bomb": (_tar(entry("zeros", bytes(70 << 20))), "unfolds to at most"),
    "another stream behind it": (_streams, "expected nothing after the end"),
    "its end cut off": (_cut_tar, "expected a whole archive"),
    "a wrong checksum": (_wrong_sum, "one that does not inflate"),
}


def _zip(info: zipfile.ZipInfo, data: bytes = EVIL) -> Callable[[Files], bytes]:
    """A sound artifact, and one more member."""

    def archive(files: Files) -> bytes:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as written:
            for name, content in files.items():
                written.writestr(zipfile.ZipInfo(name), content)
            written.writestr(info, data, zipfile.ZIP_DEFLATED)
        return buffer.getvalue()

    return archive


def _of_kind(kind: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo("entry")
    info.external_attr = (kind | 0o777) << 16
    return info


def _patched(signature: bytes, offset: int, layout: str, value: int) -> Callable[[Files], bytes]:
    return lambda files: patched(zip_of(files), signature, offset, layout, value)


def _overlapping(files: Files) -> bytes:
    """All members of the directory point to the bytes of the first."""
    data = bytearray(zip_of(dict.fromkeys(files, b"x" * 999)))
    place = data.find(b"PK\x01\x02")
    while place >= 0:
        struct.pack_into("<I", data, place + 42, 0)
        place = data.find(b"PK\x01\x02", place + 1)
    return bytes(data)


def _zip_twice(files: Files) -> bytes:
    """Its header and the directory name a member by the same name, which another has already."""
    return zip_of(files).replace(b"feature_columns.txt", b"xgboost_model.bst\0\0")


def _bomb_of_members(files: Files) -> bytes:
    return zip_of(files | {f"zeros{number}": bytes(8 << 20) for number in range(9)})


_CENTRAL, _LOCAL, _END = b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06"
_ZIPS: dict[str, tuple[Callable[[Files], bytes], str]] = {
    **{
        f"the name {name[:20]!r}": (_zip(zipfile.ZipInfo(name)), found)
        for name, found in HOSTILE_NAMES.items()
    },
    "a symbolic link": (_zip(_of_kind(stat.S_IFLNK), b"/etc/passwd"), "a symbolic link"),
    "a character device": (_zip(_of_kind(stat.S_IFCHR)), "a character device"),
    "a pipe": (_zip(_of_kind(stat.S_IFIFO)), "a named pipe"),
    "encryption": (_patched(_CENTRAL, 8, "<H", 1), "encryption"),
    "another compression": (_patched(_CENTRAL, 10, "<H", 14), "method 14"),
    "a bomb": (_zip(zipfile.ZipInfo("zeros"), bytes(70 << 20)), "unfolds to at most"),
    "a bomb of many members": (_bomb_of_members, "unfolds to at most"),
    "members that share their bytes": (_overlapping, "bytes that it shares"),
    "a member larger than it says": (_patched(_CENTRAL, 24, "<I", 5), "as its header says"),
    "a member of four gigabytes": (_patched(_CENTRAL, 24, "<I", 0xFFFF_FFF0), "a file of at most"),
    "a wrong checksum": (_patched(_CENTRAL, 16, "<I", 7), "the checksum of its header"),
    "a directory elsewhere": (_patched(_END, 16, "<I", 3), "the directory of a zip archive"),
    "a name with a zero byte": (_zip_twice, "a control character"),
    "bytes behind its end": (lambda files: zip_of(files) + EVIL, "nothing after the end record"),
    "its end cut off": (lambda files: zip_of(files)[:-40], "the directory of a zip archive"),
}

ARCHIVES = (
    *(
        Attack(kind="tar archives", name=name, says=says, forms=(Form.TAR_GZ,), archive=archive)
        for name, (archive, says) in _TARS.items()
    ),
    *(
        Attack(kind="zip archives", name=name, says=says, forms=(Form.ZIP,), archive=archive)
        for name, (archive, says) in _ZIPS.items()
    ),
)
