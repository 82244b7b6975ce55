"""Reading one HTTP/1.1 answer from bytes as they come. Pure: no socket, no clock.

Just what a load generator needs: status line, Content-Length, chunked, and a body that ends with
the connection. Law: how the bytes are cut into pieces changes nothing.

Source: RFC 9112, sections 4, 6 and 7.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_MAX_HEAD_BYTES = 65_536
_MAX_BODY_BYTES = 256 * 1024 * 1024
_STATUS_LINE = re.compile(rb"HTTP/1\.([01]) ([1-9][0-9]{2})(?: [^\r\n]*)?")
_HEX = re.compile(rb"[0-9A-Fa-f]{1,15}")


class Malformed(Exception):  # noqa: N818  # it is caught here in this room and never reaches a person
    """The bytes are not an HTTP/1.1 answer."""


@dataclass(frozen=True, slots=True)
class Response:
    """One whole answer.

    Attributes:
        status: HTTP status.
        body: without its framing.
        keeps_alive: whether the connection may carry another request.
    """

    status: int
    body: bytes
    keeps_alive: bool


@dataclass(frozen=True, slots=True)
class _Head:
    """Status and framing; the body's length is None for chunked and for until-close bodies."""

    status: int
    length: int | None
    is_chunked: bool
    keeps_alive: bool


class ResponseParser:
    """Collects the bytes of one answer; a new one is needed for the next answer."""

    __slots__ = ("_at", "_buffer", "_chunks", "_head", "_size")

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._head: _Head | None = None
        self._at = 0  # first byte of the body, of the current chunk's size line in a chunked one
        self._chunks: list[bytes] = []
        self._size = 0

    def feed(self, data: bytes) -> Response | None:
        """The answer, once its last byte is here.

        Raises:
            Malformed: if the bytes cannot be an answer, or go on after its end.
        """
        self._buffer += data
        while self._head is None:
            if not self._read_head():
                return None
        head = self._head
        if head.is_chunked:
            return self._read_chunks(head)
        if head.length is None:
            self._limit(len(self._buffer) - self._at)
            return None
        have = len(self._buffer) - self._at
        if have > head.length:
            raise Malformed("more bytes than announced")
        return self._whole(head, bytes(self._buffer[self._at :])) if have == head.length else None

    def end(self) -> Response | None:
        """The answer whose body ends with the connection, or None if it was not whole."""
        head = self._head
        if head is None or head.is_chunked or head.length is not None:
            return None
        return self._whole(head, bytes(self._buffer[self._at :]))

    def _read_head(self) -> bool:
        """Whether a whole head was here; an interim one (1xx) is dropped, and the next is looked for."""
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0 or end > _MAX_HEAD_BYTES:
            if len(self._buffer) > _MAX_HEAD_BYTES:
                raise Malformed("a head without an end")
            return False
        head = _parse_head(bytes(self._buffer[:end]))
        if 100 <= head.status < 200:
            del self._buffer[: end + 4]
            return True
        self._head, self._at = head, end + 4
        self._limit(head.length or 0)
        return True

    def _read_chunks(self, head: _Head) -> Response | None:
        while True:
            line_end = self._buffer.find(b"\r\n", self._at)
            if line_end < 0:
                if len(self._buffer) - self._at > _MAX_HEAD_BYTES:
                    raise Malformed("a chunk size without an end")
                return None
            size_text = bytes(self._buffer[self._at : line_end]).split(b";")[0].strip()
            if not _HEX.fullmatch(size_text):
                raise Malformed("a chunk without a size")
            size, begin = int(size_text, 16), line_end + 2
            if size == 0:
                return self._read_trailers(head, line_end)
            self._limit(self._size + size)
            if len(self._buffer) < begin + size + 2:
                return None
            if self._buffer[begin + size : begin + size + 2] != b"\r\n":
                raise Malformed("a chunk longer than announced")
            self._chunks.append(bytes(self._buffer[begin : begin + size]))
            self._size += size
            self._at = begin + size + 2

    def _read_trailers(self, head: _Head, line_end: int) -> Response | None:
        """The answer, once the empty line behind the trailers (usually none) is here."""
        end = self._buffer.find(b"\r\n\r\n", line_end)
        if end < 0:
            if len(self._buffer) - line_end > _MAX_HEAD_BYTES:
                raise Malformed("trailers without an end")
            return None
        if end + 4 != len(self._buffer):
            raise Malformed("bytes after the last chunk")
        return self._whole(head, b"".join(self._chunks))

    def _whole(self, head: _Head, body: bytes) -> Response:
        return Response(head.status, body, head.keeps_alive)

    def _limit(self, size: int) -> None:
        if size > _MAX_BODY_BYTES:
            raise Malformed("a body beyond 256 MiB")


def _parse_head(head: bytes) -> _Head:
    status_line, *lines = head.split(b"\r\n")
    match = _STATUS_LINE.fullmatch(status_line)
    if match is None:
        raise Malformed("no status line")
    headers: dict[bytes, bytes] = {}
    for line in lines:
        name, colon, value = line.partition(b":")
        if not colon:
            raise Malformed("a header without a colon")
        key, value = name.lower(), value.strip()
        if key == b"content-length" and headers.get(key, value) != value:
            raise Malformed("two lengths")
        headers[key] = value
    status = int(match[2])
    is_chunked = headers.get(b"transfer-encoding", b"").lower().endswith(b"chunked")
    length = None if is_chunked else _length(status, headers)
    tokens = {token.strip() for token in headers.get(b"connection", b"").lower().split(b",")}
    is_reusable = b"close" not in tokens if match[1] == b"1" else b"keep-alive" in tokens
    return _Head(status, length, is_chunked, is_reusable and (is_chunked or length is not None))


def _length(status: int, headers: Mapping[bytes, bytes]) -> int | None:
    if status in (204, 304):
        return 0
    text = headers.get(b"content-length")
    if text is None:
        return None
    if not text.isdigit() or len(text) > 15:
        raise Malformed("a length that is no number")
    return int(text)
