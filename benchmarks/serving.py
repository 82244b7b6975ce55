"""Serving one record: how fast, how soon, how large; each beside its floor, in one run.

    python benchmarks/serving.py            # trains and packs the demo's model first
    python benchmarks/serving.py MODEL      # measures a packed artifact that exists

Requests rotate through the golden records: the same row again and again flatters a tree model.
A single run on a shared machine says little about tails; p50 and the ratios are what to read.
"""

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from endpoints import machine, request_times, resident_mb, server, start_times
from servable.codecs import decode_request, encode_answer
from servable.demo.data import ADULT, demo_table
from servable.pack import pack
from servable.scorer import Scorer, load
from servable.train import TableSettings, XGBoostSettings, train

T = TypeVar("T")

REQUESTS, WARM_UP = 6000, 1000
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
        print(machine())
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
    starts = start_times(command, starts=STARTS)
    with server(command) as (process, port):
        times = request_times(port, bodies, requests=REQUESTS, warm_up=WARM_UP)
        return starts, resident_mb(process.pid), times


def _packed_demo_model(folder: Path) -> Path:
    table = demo_table(ADULT, folder, os.environ)
    print(f"data: {table.origin}")
    columns = TableSettings(label=table.label)
    trained = train(table.path, folder / "trained", columns=columns, settings=XGBoostSettings())
    return pack(trained.output, folder / "model.tar.gz").output


def _print(what: str, value: float) -> None:
    print(f"{what}: {value:.3g} (target {TARGETS[what]:g})")


def _p99(times: list[float]) -> float:
    return statistics.quantiles(times, n=100)[98]


if __name__ == "__main__":
    main()
