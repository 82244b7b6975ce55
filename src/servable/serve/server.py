"""The server process: its socket, its event loop, and an end that finishes what has begun."""

import gc
import resource
import socket
from collections.abc import Callable
from types import FrameType

import uvicorn

from servable.errors import BadInput, Problem
from servable.serve.app import App
from servable.serve.limits import Limits
from servable.serve.protocol import limited_by

BACKLOG = 2048
DRAIN_S = 25
"""How long requests in flight have after SIGTERM; hosting platforms kill after 30 s."""

_OTHER_FILES = 256
"""Descriptors beside the connections: logs, model files, the event loop's own."""


def open_socket(host: str, port: int) -> socket.socket:
    """A socket that accepts connections at an address; they wait until `run`. Port 0 takes a free one.

    It is opened before the model is loaded, so that a port in use is told at once.

    Raises:
        BadInput: `serve.host` if the host is not an address, `serve.port` if it cannot be bound there.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (OSError, UnicodeError, OverflowError) as error:
        raise BadInput(
            Problem(
                code="serve.host",
                where="option --host",
                expected="an address of this machine",
                found=host,
                fix="choose 127.0.0.1 for this machine alone, or 0.0.0.0 for every caller",
            )
        ) from error
    sock = socket.socket(family, kind, protocol)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(address)
        sock.listen(BACKLOG)
    except OSError as error:
        sock.close()
        raise BadInput(
            Problem(
                code="serve.port",
                where=f"port {port} of {host}",
                expected="a port that this process may use",
                found=(error.strerror or "an error").lower(),
                fix="choose another one with `--port`",
            )
        ) from error
    return sock


def url_of(sock: socket.socket) -> str:
    """The address at which a socket listens, as a caller on this machine writes it."""
    host, port = sock.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def run(
    app: App,
    sock: socket.socket,
    *,
    limits: Limits | None = None,
    on_ready: Callable[[str], None] | None = None,
) -> None:
    """Nothing, after SIGTERM or SIGINT; serves until then.

    The first signal ends readiness and finishes requests in flight, for at most 25 s; the second ends
    at once. The socket and the application are closed in any case.

    Args:
        app: answers the requests.
        sock: from `open_socket`.
        limits: of connections and requests.
        on_ready: called with the server's URL once it answers.
    """
    limits = limits or Limits()
    _allow_descriptors(limits.connections + _OTHER_FILES)
    gc.freeze()  # what is loaded by now stays: later collections need not walk through it
    try:
        build_server(app, limits=limits, on_ready=on_ready).run(sockets=[sock])
    finally:
        sock.close()
        app.close()


def build_server(
    app: App, *, limits: Limits, on_ready: Callable[[str], None] | None = None
) -> "DrainingServer":
    """The server of an application, not yet running."""
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http=limited_by(limits),
        ws="none",
        lifespan="off",
        interface="asgi3",
        access_log=False,
        log_config=None,
        proxy_headers=False,
        server_header=False,
        backlog=BACKLOG,
        timeout_graceful_shutdown=DRAIN_S,
    )
    return DrainingServer(config, app=app, on_ready=on_ready)


class DrainingServer(uvicorn.Server):
    """uvicorn's server, whose process ends with exit code 0 when it is told to stop."""

    def __init__(
        self, config: uvicorn.Config, *, app: App, on_ready: Callable[[str], None] | None = None
    ) -> None:
        super().__init__(config)
        self._app = app
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept connections, then say so."""
        await super().startup(sockets=sockets)
        if self._on_ready is not None and sockets:
            self._on_ready(url_of(sockets[0]))

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Drain at the first signal; end at once at the second.

        The signal is not recorded: uvicorn would raise it again at the end, and the process would
        then not end with code 0.
        """
        self._app.drain()
        self.force_exit = self.should_exit
        self.should_exit = True


def _allow_descriptors(wanted: int) -> None:
    """Raise the process's own limit of open files, as far as it may, to what the connections need."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < allowed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))
