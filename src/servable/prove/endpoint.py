"""The endpoint under proof: a process of our own, or one that runs already at a URL.

It is known by its address only; nothing here knows how a server is built.
"""

import http.client
import ipaddress
import platform
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NoReturn
from urllib.parse import urlsplit

import msgspec

from servable.errors import BadInput, Problem, shown
from servable.prove.connection import Address

Launch = Callable[[Path, int], Sequence[str]]
"""The command that serves an artifact at a port of 127.0.0.1."""

START_TIMEOUT_S: Final = 240.0
URL_TIMEOUT_S: Final = 10.0
_PING_TIMEOUT_S: Final = 2.0
_PING_PAUSE_S: Final = 0.05
_STOP_TIMEOUT_S: Final = 15.0
_LOG_LINES: Final = 20
_LOG_TAIL_BYTES: Final = 65_536
_MAX_PING_BYTES: Final = 65_536
_FOLDERS = re.compile(r"(?<![\w.:/])/(?:[^\s/\"':,;()<>]+/)+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A URL that can be connected to.

    Attributes:
        authority: host and port, as the `Host` header has them.
        path: what stands before `/ping` and `/invocations`, without a slash at its end.
        address: the resolved address.
    """

    authority: str
    path: str
    address: Address

    @property
    def is_local(self) -> bool:
        """Whether prover and endpoint share a machine."""
        return ipaddress.ip_address(self.address.host.partition("%")[0]).is_loopback


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What an endpoint says about itself in the body of /ping.

    Attributes:
        artifact: digest of what it serves.
        process_start: of its process; another one means a restart.
        threads: that compute inside one operation, where it says so.
    """

    artifact: str
    process_start: str
    threads: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Death:
    """An endpoint's process that ended by itself: its exit code and the last lines it wrote."""

    exit_code: int
    log: tuple[str, ...]


class Endpoint:
    """An endpoint while a proof talks to it; `process` is None for one that somebody else runs."""

    def __init__(self, target: Target, process: "subprocess.Popen[bytes] | None", log: Path) -> None:
        self.target = target
        self._process = process
        self._log = log

    @property
    def is_own(self) -> bool:
        """Whether this proof started the process."""
        return self._process is not None

    def wait_until_ready(self, timeout_s: float) -> bool:
        """Whether /ping answered 200 within this time; a process that ends is not waited for."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            status, _ = _ping(self.target)
            if status == 200:
                return True
            if self._process is not None and self._process.poll() is not None:
                return False
            time.sleep(_PING_PAUSE_S)
        return False

    def identity(self) -> Identity | None:
        """What the endpoint says about itself; None where it does not answer or does not tell."""
        status, body = _ping(self.target)
        try:
            facts = msgspec.json.decode(body) if status == 200 else None
        except msgspec.DecodeError:
            return None
        if not (isinstance(facts, dict) and "artifact" in facts and "process_start" in facts):
            return None
        threads = facts.get("threads")
        return Identity(
            artifact=str(facts["artifact"]),
            process_start=str(facts["process_start"]),
            threads=threads if isinstance(threads, int) else None,
        )

    def death(self) -> Death | None:
        """How the process of our own ended, or None while it runs."""
        code = None if self._process is None else self._process.poll()
        return None if code is None else Death(exit_code=code, log=self.last_lines())

    def last_lines(self) -> tuple[str, ...]:
        """The last lines of the server's log, without folders and host names."""
        if not self._log.exists():
            return ()
        with self._log.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - _LOG_TAIL_BYTES))
            text = file.read().decode(errors="replace")
        return tuple(redacted(line) for line in text.splitlines()[-_LOG_LINES:])


@contextmanager
def own_endpoint(artifact: Path, *, log: Path, launch: Launch) -> Iterator[Endpoint]:
    """An endpoint in a process of its own, ended with the context; it is not ready yet.

    Args:
        artifact: what it serves.
        log: file that takes what it writes.
        launch: its command.

    Raises:
        BadInput: `prove.launch` if the command cannot be run.
    """
    port = _free_port()
    command = list(launch(artifact, port))
    with log.open("wb") as output:
        try:
            process = subprocess.Popen(  # noqa: S603  # the project's own command, or the caller's
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
            )
        except OSError as error:
            raise BadInput(
                Problem(
                    code="prove.launch",
                    where="the endpoint's command",
                    expected="a program that can be started",
                    found=shown(command[0]),
                    fix=f"check it ({error.strerror})",
                )
            ) from error
    try:
        yield Endpoint(parse_target(f"http://127.0.0.1:{port}"), process, log)
    finally:
        _stop(process)


def serve_command(artifact: Path, port: int) -> Sequence[str]:
    """The command of `servable serve` in this interpreter."""
    return [
        *(sys.executable, "-m", "servable", "serve", str(artifact)),
        *("--host", "127.0.0.1", "--port", str(port)),
    ]


def parse_target(url: str) -> Target:
    """The target of a URL such as `http://127.0.0.1:8080`; its path stands before /invocations.

    Raises:
        BadInput: `prove.url`.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or 80
    except ValueError as error:
        _refuse_url(url, f"correct it ({error})")
    if parts.scheme == "https":
        _refuse_url(url, "TLS is not built yet: prove the endpoint behind it, over http")
    if parts.scheme != "http" or not parts.hostname or parts.query or parts.fragment or parts.username:
        _refuse_url(url, "write scheme, host and port only")
    if not parts.netloc.isascii() or not re.fullmatch(r"[!-~]*", parts.path):
        _refuse_url(url, "write it in ASCII")
    try:
        family, _, _, _, address = socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)[0]
    except OSError:
        _refuse_url(url, "check the host name, it cannot be resolved")
    return Target(
        authority=parts.netloc,
        path=parts.path.rstrip("/").removesuffix("/invocations"),
        address=Address(family, str(address[0]), port),
    )


def redacted(line: str) -> str:
    """A line of a log without the folders of this machine and without its name."""
    name = platform.node()
    return _FOLDERS.sub("", line.replace(name, "host") if len(name) > 2 else line)


def _ping(target: Target) -> tuple[int, bytes]:
    """Status and body of /ping; status 0 where there is no answer."""
    connection = http.client.HTTPConnection(target.address.host, target.address.port, timeout=_PING_TIMEOUT_S)
    try:
        connection.request("GET", f"{target.path}/ping", headers={"Host": target.authority})
        response = connection.getresponse()
        return response.status, response.read(_MAX_PING_BYTES)
    except (OSError, http.client.HTTPException):
        return 0, b""
    finally:
        connection.close()


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


def _stop(process: "subprocess.Popen[bytes]") -> None:
    """End a process of ours, gently first."""
    process.terminate()
    try:
        process.wait(_STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _refuse_url(url: str, fix: str) -> NoReturn:
    raise BadInput(
        Problem(
            code="prove.url",
            where="url",
            expected="the http address of an endpoint, such as http://127.0.0.1:8080",
            found=shown(url),
            fix=fix,
        )
    )
