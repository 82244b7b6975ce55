"""Serving one record: how fast, how soon, how large; each beside its floor, in one run.

    python benchmarks/serving.py            # trains and packs the demo's model first
    python benchmarks/serving.py MODEL      # measures a packed artifact that exists

Requests rotate through the golden records: the same row again and again flatters a tree model.
A single run on a shared machine says little about tails; p50 and the ratios are what to read.
"""

import os
import platform
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import TypeVar

from servable.codecs import decode_request, encode_answer
from servable.demo.data import ADULT, demo_table
from servable.pack import pack
from servable.scorer import Scorer, load
from servable.train import TableSettings, XGBoostSettings, train

T = TypeVar("T")

REQUESTS = 6000
STARTS = 5
TARGETS = {
    "start to first 200 on /ping, ms": 800.0,
    "resident memory, MB": 120.0,
    "one record over HTTP, p50 ms": 0.22,
    "request body to response body in process, p50 ms": 0.06,
}


def main() -> None:
    """Measures and prints; nothing is asserted, because a slow machine is no fault of the code."""
    with tempfile.TemporaryDirectory() as folder:
        model = Path(sys.argv[1]) if len(sys.argv) > 1 else _packed_demo_model(Path(folder))
        scorer = load(model)
        bodies = [] if scorer.artifact.golden is None else list(scorer.artifact.golden.requests)
        print(_machine())
        print(
            f"model {scorer.artifact.name}, {len(scorer.artifact.features)} features, {len(bodies)} requests"
        )
        body_to_body = _in_process(bodies, lambda body: _answer(scorer, body))
        inputs = [
            scorer.preprocessor.apply(scorer.schema.bind(decode_request(b, "application/json")))
            for b in bodies
        ]
        graph = _in_process(inputs, scorer.engine.run)
        starts, memory, served = _served([sys.executable, "-m", "servable", "serve", str(model)], bodies)
        answer = _answer(scorer, bodies[0])
        empty_app = str(Path(__file__).with_name("empty_app.py"))
        _, _, empty = _served([sys.executable, empty_app, answer.decode()], bodies)
    _print("start to first 200 on /ping, ms", statistics.median(starts))
    _print("resident memory, MB", memory)
    _print("one record over HTTP, p50 ms", statistics.median(served))
    print(f"  p99 {_p99(served):.3f} ms")
    print(f"  floor: the same bytes from an empty ASGI application, p50 {statistics.median(empty):.3f} ms;")
    print(f"  the record costs {statistics.median(served) / statistics.median(empty):.2f} times that")
    _print("request body to response body in process, p50 ms", statistics.median(body_to_body))
    print(f"  floor: the graph alone, p50 {statistics.median(graph):.4f} ms;")
    print(
        f"  the whole way costs {statistics.median(body_to_body) / statistics.median(graph):.2f} times that"
    )


def _answer(scorer: Scorer, body: bytes) -> bytes:
    records = scorer.schema.bind(decode_request(body, "application/json"))
    return encode_answer(scorer.score_records(records), "")[0]


def _in_process(items: list[T], run: Callable[[T], object]) -> list[float]:
    """Milliseconds of each call, warm, rotating through the items."""
    for item in items:
        run(item)
    times = []
    for index in range(REQUESTS):
        item = items[index % len(items)]
        started = time.perf_counter_ns()
        run(item)
        times.append((time.perf_counter_ns() - started) / 1e6)
    return times


def _served(command: list[str], bodies: list[bytes]) -> tuple[list[float], float, list[float]]:
    """Milliseconds to readiness of each start, resident megabytes, milliseconds of each request."""
    starts = []
    for _ in range(STARTS):
        started = time.perf_counter()
        with _server(command):
            starts.append((time.perf_counter() - started) * 1e3)
    with _server(command) as (process, port):
        times = _requests(port, bodies)
        return starts, _resident_mb(process.pid), times


@contextmanager
def _server(command: list[str]) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
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


def _requests(port: int, bodies: list[bytes]) -> list[float]:
    """One connection, one request after the other; the first thousand are warm-up."""
    heads = [
        b"POST /invocations HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        b"Content-Length: " + str(len(body)).encode() + b"\r\n\r\n" + body
        for body in bodies
    ]
    times = []
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for index in range(REQUESTS + 1000):
            started = time.perf_counter_ns()
            connection.sendall(heads[index % len(heads)])
            _receive(connection)
            times.append((time.perf_counter_ns() - started) / 1e6)
    return times[1000:]


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


def _resident_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return float(status.partition("VmRSS:")[2].split()[0]) * 1024 / 1e6


def _packed_demo_model(folder: Path) -> Path:
    table = demo_table(ADULT, folder, os.environ)
    print(f"data: {table.origin}")
    columns = TableSettings(label=table.label)
    trained = train(table.path, folder / "trained", columns=columns, settings=XGBoostSettings())
    return pack(trained.output, folder / "model.tar.gz").output


def _machine() -> str:
    libraries = ", ".join(f"{name} {version(name)}" for name in ("numpy", "onnxruntime", "uvicorn"))
    cpu = platform.processor() or platform.machine()
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            cpu = line.partition(":")[2].strip()
            break
    return f"{os.cpu_count()} cores of {cpu}, Python {platform.python_version()}, {libraries}"


def _print(what: str, value: float) -> None:
    print(f"{what}: {value:.3g} (target {TARGETS[what]:g})")


def _p99(times: list[float]) -> float:
    return statistics.quantiles(times, n=100)[98]


if __name__ == "__main__":
    main()
