"""The bytes of an archive as they unfold: inflated no further than asked for, and counted.

Zero bytes may follow the end of a gzip stream, as may another stream; other bytes are refused.
Source: RFC 1952.
"""

import io
import zlib
from typing import BinaryIO, Protocol

from servable.artifact.safe.members import Members, beyond, damaged
from servable.errors import Damaged

_CHUNK_BYTES = 1 << 20
# Small, because the rest of a piece is copied at each end of a gzip stream, and a stream can be 20 bytes.
_STORED_BYTES = 1 << 16


class Stream(Protocol):
    """What can be read a piece at a time; an empty piece is its end."""

    def read(self, size: int, /) -> bytes:
        """At most so many bytes."""


class Gunzip:
    """The bytes of a gzip file, inflated no further than they are asked for."""

    __slots__ = ("_archive", "_file", "_inflate", "_tail")

    def __init__(self, file: BinaryIO, *, archive: str) -> None:
        self._file = file
        self._archive = archive
        self._inflate = zlib.decompressobj(wbits=31)
        self._tail = b""

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; empty at the end, where nothing but zero bytes may follow.

        Raises:
            Damaged: if the stream is cut off or its checksum is wrong.
        """
        while True:
            if self._inflate.eof and not self._next_stream():
                return b""
            stored = self._tail or self._file.read(_STORED_BYTES)
            try:
                data = self._inflate.decompress(stored, size)
            except zlib.error as error:
                found = f"one that does not inflate ({error})"
                raise damaged("gzip", self._archive, expected="a gzip stream", found=found) from error
            self._tail = self._inflate.unconsumed_tail
            if data:
                return data
            if not stored and not self._inflate.eof:
                raise truncated(self._archive)

    def _next_stream(self) -> bool:
        rest = self._inflate.unused_data.lstrip(b"\0")
        while not rest and (more := self._file.read(_STORED_BYTES)):
            rest = more.lstrip(b"\0")
        if rest:
            self._inflate = zlib.decompressobj(wbits=31)
            self._tail = rest
        return bool(rest)


class Unfolding:
    """The bytes that an archive unfolds to, counted; reading beyond the limit is refused."""

    __slots__ = ("_left", "_members", "_stream")

    def __init__(self, stream: Stream, members: Members) -> None:
        self._stream = stream
        self._members = members
        self._left = members.most_bytes

    def exactly(self, size: int) -> bytes:
        """The next `size` bytes.

        Raises:
            Damaged: if the archive ends before, or unfolds beyond its limits.
        """
        # A header may claim any size, so the memory grows with what is really there.
        data = io.BytesIO()
        while data.tell() < size:
            chunk = self._piece(min(size - data.tell(), _CHUNK_BYTES))
            if not chunk:
                raise truncated(self._members.archive)
            data.write(chunk)
        return data.getvalue()

    def require_zeros(self) -> None:
        """Reads to the end, which makes the gzip checksum count; only zero bytes may be there."""
        while chunk := self._piece(_CHUNK_BYTES):
            if chunk.strip(b"\0"):
                raise damaged(
                    "trailing",
                    self._members.archive,
                    expected="nothing after the end of the archive",
                    found="more bytes",
                )

    def _piece(self, size: int) -> bytes:
        chunk = self._stream.read(min(size, self._left + 1))
        self._left -= len(chunk)
        if self._left < 0:
            raise beyond(self._members.archive, most_bytes=self._members.most_bytes)
        return chunk


def truncated(archive: str) -> Damaged:
    """The error for an archive that is cut off."""
    return damaged("truncated", archive, expected="a whole archive", found="one that is cut off")
