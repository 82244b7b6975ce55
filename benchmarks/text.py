"""Serving texts: how soon, how large, and what a request costs beyond the encoder's own work.

    python benchmarks/text.py MODEL         # a packed text model, as `make demo` leaves it

One record is compared with the ONNX forward of the same tokens, unpadded. Sixty-four records of mixed
length in one request are compared with the best order of unpadded forwards: the better of one by one and
of equal lengths together.
"""

import statistics
import sys
import tarfile
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import msgspec
import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from endpoints import machine, request_times, resident_mb, server, start_times
from servable.engines import ENCODER_INPUTS
from servable.records import Table
from servable.scorer import Scorer, load

STARTS = 5
REQUESTS, WARM_UP = 300, 20
ROWS, ROUNDS = 64, 7


def main() -> None:
    """Measures and prints; nothing is asserted, because a slow machine is no fault of the code."""
    if len(sys.argv) != 2:
        raise SystemExit("name a packed text model: python benchmarks/text.py demo-output/model.tar.gz")
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(sys.argv[1]) as archive:
            archive.extractall(folder, filter="data")
        _measure(Path(folder))


def _measure(folder: Path) -> None:
    print(machine())
    command = [sys.executable, "-m", "servable", "serve", str(folder)]
    starts = start_times(command, starts=STARTS)
    scorer = load(folder)
    chunks = _chunks(scorer)
    bodies = [body for body, _ in chunks]
    print(f"model {scorer.artifact.name}, {len(bodies)} requests of one chunk, one thread")
    print(f"start to first 200 on /ping: {statistics.median(starts):.0f} ms (target 1500)")
    many = msgspec.json.encode([msgspec.json.decode(body) for body in bodies[:ROWS]])
    encode = _encoder(scorer)
    order = [chunks[index % len(chunks)][1] for index in range(WARM_UP + REQUESTS)]
    lengths = [ids for _, ids in chunks[:ROWS]]
    with server([*command, "--threads", "1"]) as (process, port):
        one = request_times(port, bodies, requests=REQUESTS, warm_up=WARM_UP)
        forward = [_ms(partial(encode, ids[None, :])) for ids in order][WARM_UP:]
        request_times(port, [many], requests=1, warm_up=0)
        # in turns, because the machine's own speed moves within a minute
        rounds = [
            (
                request_times(port, [many], requests=1, warm_up=0)[0],
                _ms(partial(_one_by_one, encode, lengths)),
                _ms(partial(_by_length, encode, lengths)),
            )
            for _ in range(ROUNDS)
        ]
        print(f"resident memory after them: {resident_mb(process.pid):.0f} MB (target 300)")
    p50, floor = statistics.median(one), statistics.median(forward)
    print(f"one record over HTTP, p50: {p50:.2f} ms; forward of its tokens {floor:.2f} ms")
    print(f"  {(p50 - 0.4) / floor:.3f} of the forward, with 0.4 ms allowed on top (target 1.15)")
    took, singly, alike = (statistics.median(times) for times in zip(*rounds, strict=True))
    print(f"{ROWS} records in one request, p50: {took:.1f} ms; forwards one by one {singly:.1f} ms,")
    ratio = statistics.median(request / min(floors) for request, *floors in rounds)
    print(f"  equal lengths together {alike:.1f} ms; {ratio:.3f} of the better (target 1.1)")


def _chunks(scorer: Scorer) -> list[tuple[bytes, NDArray[np.int64]]]:
    """Golden requests whose text is one chunk, with the tokens of that chunk."""
    golden = scorer.artifact.golden
    if golden is None or not scorer.artifact.texts:
        raise SystemExit("this model has no text, or no golden records")
    field = scorer.artifact.texts[0].field
    found = []
    for body in golden.requests:
        records = scorer.schema.bind(Table.of_records([msgspec.json.decode(body)]))
        tokens = scorer.preprocessor.apply(records).texts[field].token_ids
        if len(tokens) == 1:
            found.append((body, tokens[0].astype(np.int64)))
    return found


def _encoder(scorer: Scorer) -> Callable[[NDArray[np.int64]], object]:
    """The encoder's graph alone, on one thread."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    file = next(iter(scorer.artifact.engine.encoders.values()))
    place = scorer.artifact.files.place(file)
    session = ort.InferenceSession(str(place), options, providers=["CPUExecutionProvider"])
    names = ENCODER_INPUTS

    def encode(ids: NDArray[np.int64]) -> object:
        return session.run(None, dict(zip(names, (ids, np.ones_like(ids)), strict=True)))

    return encode


def _one_by_one(encode: Callable[[NDArray[np.int64]], object], lengths: Sequence[NDArray[np.int64]]) -> None:
    for ids in lengths:
        encode(ids[None, :])


def _by_length(encode: Callable[[NDArray[np.int64]], object], lengths: Sequence[NDArray[np.int64]]) -> None:
    alike: dict[int, list[NDArray[np.int64]]] = defaultdict(list)
    for ids in lengths:
        alike[len(ids)].append(ids)
    for group in alike.values():
        encode(np.stack(group))


def _ms(run: Callable[[], object]) -> float:
    started = time.perf_counter_ns()
    run()
    return (time.perf_counter_ns() - started) / 1e6


if __name__ == "__main__":
    main()
