"""Keep-alive connections of the load generator: raw asyncio protocols, one request at a time each.

A connection knows nothing of schedules or samples; it tells its listener how a request ended.
"""

import asyncio
import errno
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from servable.prove.response import Malformed, Response, ResponseParser
from servable.prove.samples import Outcome

IDLE: Final = -1

_LOCAL_ERRORS: Final = frozenset(
    [errno.EMFILE, errno.ENFILE, errno.EADDRNOTAVAIL, errno.ENOBUFS, errno.ENOMEM, errno.EAGAIN]
)


@dataclass(frozen=True, slots=True)
class Address:
    """Where to connect to: a family and the address of that family, resolved before the run."""

    family: socket.AddressFamily
    host: str
    port: int


class Listener(Protocol):
    """Who is told how a request ended."""

    def finished(self, connection: "Connection", result: Response | Outcome) -> None:
        """The request of `connection.request` ended; the connection is idle again or closing."""

    def lost(self, connection: "Connection") -> None:
        """An idle connection is gone."""


class Connection(asyncio.Protocol):
    """One connection; `request` is the number of the request under way, or `IDLE`."""

    __slots__ = ("_clock", "_listener", "_parser", "_transport", "first_byte_ns", "request")

    def __init__(self, listener: Listener, clock: Callable[[], int]) -> None:
        self._listener = listener
        self._clock = clock
        self._parser = ResponseParser()
        self._transport: asyncio.Transport | None = None
        self.request = IDLE
        self.first_byte_ns = -1

    def ask(self, request: int, wire: bytes) -> None:
        """Send the bytes of a request."""
        self.request = request
        self.first_byte_ns = -1
        self._parser = ResponseParser()
        if self._transport is not None:
            self._transport.write(wire)

    def abandon(self) -> None:
        """Close at once; the listener hears nothing more about the request under way."""
        self.request = IDLE
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See `asyncio.BaseProtocol`."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  # for the type checker: a TCP transport
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """See `asyncio.Protocol`."""
        if self.request == IDLE:
            # unasked bytes, such as a server's 408 to a silent client: not an answer to anything
            self._listener.lost(self)
            self._close()
            return
        if self.first_byte_ns < 0:
            self.first_byte_ns = self._clock()
        try:
            response = self._parser.feed(data)
        except Malformed:
            self._close()
            self._listener.finished(self, Outcome.MALFORMED)
            return
        if response is not None:
            if not response.keeps_alive:
                self._close()
            self._listener.finished(self, response)

    def eof_received(self) -> None:
        """See `asyncio.Protocol`; the connection is closed right after it, and must not be used meanwhile."""
        if self.request == IDLE:
            self._listener.lost(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """See `asyncio.BaseProtocol`."""
        if self.request == IDLE:
            self._listener.lost(self)
        else:
            whole = self._parser.end() if exc is None else None
            self._listener.finished(self, Outcome.CONNECTION if whole is None else whole)

    def _close(self) -> None:
        if self._transport is not None:
            self._transport.abort()


async def connect(
    address: Address, listener: Listener, *, clock: Callable[[], int], max_files: int
) -> Connection:
    """A new connection without delay of small packets.

    Args:
        address: where to.
        listener: who hears how requests end.
        clock: nanoseconds of CLOCK_MONOTONIC.
        max_files: file descriptors from this number on cannot be watched by the loop.

    Raises:
        OSError: refused, unreachable, or out of files or ports.
    """
    loop = asyncio.get_running_loop()
    sock = socket.socket(address.family, socket.SOCK_STREAM)
    try:
        if sock.fileno() >= max_files:
            raise OSError(errno.EMFILE, "more connections than this event loop can watch")
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await loop.sock_connect(sock, (address.host, address.port))
        _, connection = await loop.create_connection(lambda: Connection(listener, clock), sock=sock)
    except BaseException:
        sock.close()
        raise
    return connection


def outcome_of(error: OSError) -> Outcome:
    """Whose fault a failed connect is: this machine's or the endpoint's."""
    return Outcome.LOCAL if error.errno in _LOCAL_ERRORS else Outcome.CONNECTION
