"""Archives as bytes, also such as no program would write."""

import io
import struct
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

from servable.artifact.safe import Limits, read_archive
from servable.errors import Damaged

Refused = Callable[[Callable[[], object]], Damaged]
MODEL = {"code/inference.py": b"# none\n", "manifest.json": b"{}", "model.onnx": bytes(range(256)) * 40}


def entry(name: str, data: bytes = b"x", *, kind: bytes = tarfile.REGTYPE) -> tuple[tarfile.TarInfo, bytes]:
    header = tarfile.TarInfo(name)
    header.type = kind
    header.size = len(data)
    header.linkname = "/etc/passwd" if kind in {tarfile.SYMTYPE, tarfile.LNKTYPE} else ""
    return header, data


def tar_of(*entries: tuple[tarfile.TarInfo, bytes], form: int = tarfile.PAX_FORMAT) -> bytes:
    """The blocks of an archive, also of one that no tar program would write."""
    blocks = b"".join(
        header.tobuf(form, "utf-8", "surrogateescape") + data + bytes(-len(data) % 512)
        for header, data in entries
    )
    return blocks + bytes(1024)


def zip_of(files: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name), data, method)
    return buffer.getvalue()


def zip_with(info: zipfile.ZipInfo, data: bytes = b"x") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(info, data)
    return buffer.getvalue()


def patched(data: bytes, signature: bytes, offset: int, layout: str, value: int) -> bytes:
    """The archive with one number changed, counted from the last record of this signature."""
    changed = bytearray(data)
    struct.pack_into(layout, changed, data.rindex(signature) + offset, value)
    return bytes(changed)


def stored(data: bytes, name: str = "model.tar.gz") -> Path:
    path = Path(name)
    path.write_bytes(data)
    return path


def attack(data: bytes, limits: Limits = Limits()) -> Callable[[], object]:  # noqa: B008  # frozen
    path = stored(data)
    return lambda: read_archive(path, limits=limits)


HOSTILE_NAMES = {
    "../evil": "a step out of its folder (`..`)",
    "a/../../evil": "a step out of its folder (`..`)",
    "..": "a step out of its folder (`..`)",
    "/etc/cron.d/evil": "an absolute name",
    "//server/share": "an absolute name",
    "a\\..\\evil": "a backslash",
    "C:evil": "a drive letter",
    "a\nb": "a control character",
    "a/" * 16 + "b": "17 levels",
    "n" * 256: "256 bytes",
    "é" * 128: "256 bytes",
}
