"""uvicorn's HTTP/1.1 protocol with the limits and timers that it lacks (decision 0014).

Everything here is about one connection: what is received at the moment (`_Phase`), since when, and
how much of it. A request that breaks a limit is refused with one sentence; the connection then ends.
A refusal waits until the requests before it on the same connection are answered.
"""

import asyncio
from collections import deque
from enum import Enum
from typing import Any

import httptools
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from servable.errors import ServableError, shown
from servable.serve import refusals
from servable.serve.asgi import CLIENT
from servable.serve.limits import Limits
from servable.serve.refusals import RefusedError


class _Phase(Enum):
    """What a connection is receiving."""

    IDLE = "nothing"
    HEAD = "request line and headers"
    BODY = "a body"
    REFUSED = "bytes that nobody reads any more"


class LimitedProtocol(HttpToolsProtocol):
    """A connection with limits; `limited_by` makes the class that a server uses.

    One timer per connection looks at it often enough to miss no deadline. Deadlines move with every
    request, the timer does not.
    """

    limits = Limits()

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._phase = _Phase.IDLE
        self._since_s = self.loop.time()
        self._timer: asyncio.TimerHandle | None = None
        self._chunk_bytes = 0
        self._earlier_bytes = 0
        self._head_bytes = 0
        self._header_bytes = 0
        self._body_bytes = 0
        self._unsent_bytes = 0
        self._unsent_since_s = 0.0
        self._declined_offer = b""
        self._running: RequestResponseCycle | None = None
        self._refusal: ServableError | None = None

    # Connection

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start to watch a connection, or refuse it if there are too many."""
        super().connection_made(transport)
        self._timer = self.loop.call_later(self.limits.shortest_s, self._look)
        if len(self.connections) > self.limits.connections:
            self._refuse(refusals.many_connections(self.limits))

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget everything about the connection, whatever ended it."""
        super().connection_lost(exc)
        if self._running is not None:  # with pipelining, it need not be the one that uvicorn tells
            self._running.disconnected = True
            self._running.message_event.set()
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._running = None
        self.pipeline.clear()

    def data_received(self, data: bytes) -> None:
        """Parse what has arrived, unless the connection is being refused."""
        if self._phase is _Phase.REFUSED:
            return
        self._chunk_bytes, self._earlier_bytes = len(data), 0
        try:
            self._feed(data)
            if self._phase is _Phase.HEAD:
                self._head_bytes += len(data)
                self._check_unfinished_head()
        except RefusedError as refused:
            self._refuse(refused.error)

    def _feed(self, data: bytes) -> None:
        """Parse bytes.

        Raises:
            RefusedError: a limit is broken, or the bytes are not HTTP/1.1.
        """
        rest = data
        while rest:
            try:
                self.parser.feed_data(rest)
                return
            except httptools.HttpParserUpgrade as upgrade:
                rest = self._declined_offer + rest[upgrade.args[0] :]
                self._declined_offer = b""
            except httptools.HttpParserCallbackError as error:
                if isinstance(error.__context__, RefusedError):
                    raise error.__context__ from None
                raise
            except httptools.HttpParserError as error:
                raise RefusedError(
                    refusals.bad_framing("a well-formed request", shown(str(error)))
                ) from error

    def _check_unfinished_head(self) -> None:
        """Raise RefusedError if a head of which nothing has been parsed yet is already too long.

        The parser tells of a header only when it is complete.
        """
        if self._head_bytes > self.limits.request_line_bytes + self.limits.header_bytes:
            raise RefusedError(refusals.large_head(self.limits))

    # What the parser tells

    def on_message_begin(self) -> None:
        """A request line begins, possibly in the middle of what has arrived."""
        super().on_message_begin()
        self._enter(_Phase.HEAD)
        self._head_bytes = -self._earlier_bytes
        self._header_bytes = 0

    def on_url(self, url: bytes) -> None:
        """A piece of the request target."""
        super().on_url(url)
        if len(self.url) > self.limits.request_line_bytes:
            raise RefusedError(refusals.long_target(self.limits))

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header, or a trailer, which is checked and dropped."""
        self._header_bytes += len(name) + len(value) + 4
        is_large = (
            self._header_bytes > self.limits.header_bytes or len(value) > self.limits.header_value_bytes
        )
        if is_large or len(self.headers) >= self.limits.header_count:
            raise RefusedError(refusals.large_head(self.limits))
        if self._phase is _Phase.HEAD:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is complete: check it, then start the application."""
        if not self.url.startswith(b"/") or self.parser.get_method() == b"CONNECT":
            raise RefusedError(refusals.bad_framing("a path of this server", "another kind of target"))
        self._check_headers()
        if self.parser.should_upgrade():
            # Clients offer another protocol with an ordinary request (Java's does with its first one).
            # The parser then takes the body for the other protocol, so it gets the head without the offer.
            self._declined_offer = self._head_without_offer()
            return
        super().on_headers_complete()
        self.scope["extensions"] = {CLIENT: {"request": self.cycle}}
        self._enter(_Phase.BODY)
        self._body_bytes = 0

    def _check_headers(self) -> None:
        """Raise RefusedError if the headers leave the addressee or the length of the body open."""
        hosts = 0
        for name, value in self.headers:
            if name == b"host":
                hosts += 1
            elif name == b"content-length" and int(value) > self.limits.max_body_bytes:
                raise RefusedError(refusals.large_body(self.limits))
            elif name == b"transfer-encoding" and value.strip().lower() != b"chunked":
                raise RefusedError(refusals.bad_framing("transfer encoding chunked or none", "another one"))
        if hosts != 1 and (hosts > 1 or self.parser.get_http_version() != "1.0"):
            raise RefusedError(refusals.bad_framing("one Host header", f"{hosts} of them"))

    def _head_without_offer(self) -> bytes:
        """The head that has been parsed, as a client that offers no other protocol would have sent it."""
        version = self.parser.get_http_version().encode("ascii")
        lines = [b"%s %s HTTP/%s\r\n" % (self.parser.get_method(), self.url, version)]
        for name, value in self.headers:
            if name == b"connection":
                options = [option.strip() for option in value.lower().split(b",")]
                lines.append(b"connection: %s\r\n" % b", ".join(o for o in options if o != b"upgrade"))
            elif name != b"upgrade":
                lines.append(b"%s: %s\r\n" % (name, value))
        return b"".join([*lines, b"\r\n"])

    def on_body(self, body: bytes) -> None:
        """A piece of the body, whether or not anybody reads it."""
        self._body_bytes += len(body)
        if self._body_bytes > self.limits.max_body_bytes:
            raise RefusedError(refusals.large_body(self.limits))
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request is complete; the next one may follow at once."""
        if self._declined_offer:
            return
        super().on_message_complete()
        self._enter(_Phase.IDLE)
        # where in the chunk the next request begins is not known: none of the chunk is counted as its head
        self._earlier_bytes = self._chunk_bytes

    # Answers

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._running = cycle
        super()._start_asgi_task(cycle, app)

    def on_response_complete(self) -> None:
        """An answer is written: go on with the next request, the refusal, or nothing."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        elif self._refusal is not None:
            self._write_refusal()
        elif self._phase is _Phase.IDLE or self.flow.read_paused:
            self._enter(self._phase)  # its time begins now
        self.flow.resume_reading()

    @property
    def _is_answering(self) -> bool:
        return self._running is not None and not self._running.response_complete

    def _refuse(self, error: ServableError) -> None:
        """Answer with an error after what came before, and read nothing more."""
        if self._phase is _Phase.BODY:
            self._abandon(self.cycle)
        self._refusal = error
        self._enter(_Phase.REFUSED)
        if not self._is_answering:
            self._write_refusal()

    def _abandon(self, cycle: RequestResponseCycle) -> None:
        """Tell the application that the rest of this body will not come."""
        cycle.disconnected = True
        cycle.message_event.set()
        if self._running is cycle:
            self._running = None
            if cycle.response_started:
                self.transport.close()
        else:
            self.pipeline = deque(entry for entry in self.pipeline if entry[0] is not cycle)

    def _write_refusal(self) -> None:
        """Write the refusal and close our side; what still arrives is dropped, so that it is not lost."""
        if self._refusal is None or self.transport.is_closing():
            return
        self.transport.write(refusals.refusal_bytes(self._refusal, self.server_state.default_headers))
        self.transport.write_eof()
        self._enter(_Phase.REFUSED)
        self.flow.resume_reading()

    # Time

    def _enter(self, phase: _Phase) -> None:
        self._phase = phase
        self._since_s = self.loop.time()

    def _look(self) -> None:
        """End the connection if its time is over, else look again when it may be."""
        now_s = self.loop.time()
        if self._is_stalled(now_s):
            self.transport.abort()
            return
        wait_s = min(self._deadline_s(now_s) - now_s, self.limits.shortest_s)
        if wait_s > 0:
            self._timer = self.loop.call_later(wait_s, self._look)
            return
        self._timer = self.loop.call_later(self.limits.shortest_s, self._look)
        self._expire()

    def _deadline_s(self, now_s: float) -> float:
        """When the present phase is over, on the loop's clock."""
        limits = self.limits
        if self.flow.read_paused:  # it is us who do not read
            self._since_s = now_s
        if self._phase is _Phase.HEAD:
            return self._since_s + limits.header_s
        if self._phase is _Phase.BODY:
            at_least_s = self._body_bytes / limits.min_body_bytes_per_s
            return self._since_s + min(limits.body_s, max(limits.body_grace_s, at_least_s))
        if self._is_answering:
            return now_s + limits.shortest_s
        return self._since_s + (limits.keep_alive_s if self._phase is _Phase.IDLE else limits.linger_s)

    def _expire(self) -> None:
        if self._phase is _Phase.HEAD:
            self._refuse(refusals.slow_head(self.limits))
        elif self._phase is _Phase.BODY:
            self._refuse(refusals.slow_body(self.limits))
        elif self._phase is _Phase.REFUSED:
            self.transport.abort()
        else:
            self.transport.close()

    def _is_stalled(self, now_s: float) -> bool:
        """Whether the client has taken nothing of its answer for too long."""
        unsent_bytes = self.transport.get_write_buffer_size()
        if not unsent_bytes or unsent_bytes != self._unsent_bytes:
            self._unsent_bytes, self._unsent_since_s = unsent_bytes, now_s
        return now_s - self._unsent_since_s >= self.limits.write_s


def limited_by(limits: Limits) -> type[LimitedProtocol]:
    """The protocol class of a server with these limits."""
    return type("LimitedProtocol", (LimitedProtocol,), {"limits": limits})
