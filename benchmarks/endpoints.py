"""Servers and requests as the benchmarks measure them."""

import os
import platform
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path


def start_times(command: Sequence[str], *, starts: int) -> list[float]:
    """Milliseconds from the start of the process to the first 200 on /ping, of each start."""
    times = []
    for _ in range(starts):
        started = time.perf_counter()
        with server(command):
            times.append((time.perf_counter() - started) * 1e3)
    return times


@contextmanager
def server(command: Sequence[str]) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """A server that answers /ping with 200, and its port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen([*command, "--port", str(port)], stderr=subprocess.DEVNULL)
    try:
        _await_ready(port)
        yield process, port
    finally:
        process.terminate()
        process.wait()


def _await_ready(port: int) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
                connection.sendall(b"GET /ping HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                if connection.recv(4096).startswith(b"HTTP/1.1 200"):
                    return
        except OSError:
            time.sleep(0.002)
    raise SystemExit("the server did not become ready within 30 s")


def request_times(port: int, bodies: Sequence[bytes], *, requests: int, warm_up: int) -> list[float]:
    """Milliseconds of each request: one connection, one after the other, rotating through the bodies."""
    heads = [
        b"POST /invocations HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        b"Content-Length: " + str(len(body)).encode() + b"\r\n\r\n" + body
        for body in bodies
    ]
    times = []
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for index in range(warm_up + requests):
            started = time.perf_counter_ns()
            connection.sendall(heads[index % len(heads)])
            _receive(connection)
            times.append((time.perf_counter_ns() - started) / 1e6)
    return times[warm_up:]


def _receive(connection: socket.socket) -> None:
    data = connection.recv(65536)
    while b"\r\n\r\n" not in data:
        data += connection.recv(65536)
    head, _, body = data.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200"):
        raise SystemExit(f"the server answered {head.splitlines()[0]!r}")
    length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
    while len(body) < length:
        body += connection.recv(65536)


def resident_mb(pid: int) -> float:
    """Resident memory of a process."""
    status = Path(f"/proc/{pid}/status").read_text()
    return float(status.partition("VmRSS:")[2].split()[0]) * 1024 / 1e6


def machine() -> str:
    """What a figure was measured on."""
    libraries = ", ".join(f"{name} {version(name)}" for name in ("numpy", "onnxruntime", "uvicorn"))
    cpu = platform.processor() or platform.machine()
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            cpu = line.partition(":")[2].strip()
            break
    return f"{os.cpu_count()} cores of {cpu}, Python {platform.python_version()}, {libraries}"
