"""One record and its parts, in process: each beside its floor, in one run.

    python benchmarks/records.py

The models are made on the spot and mean nothing; their sizes are those of the targets. Requests rotate
through many bodies: the same row again and again flatters a tree model.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

import msgspec
import numpy as np
import onnxruntime as ort

from endpoints import machine
from models import CATEGORIES, NUMBERS, STEPS, booster_output, network_output, text_of, tokenizer
from servable.calibration import LookupTable
from servable.codecs import decode_request, encode_answer
from servable.engines import ENCODER_INPUTS
from servable.pack import pack
from servable.preprocess import Preprocessor, RiskTable
from servable.preprocess.text import TextPipeline, TextSettings
from servable.records import Table
from servable.schema import Field, Kind, Schema
from servable.scorer import Scorer, load

T = TypeVar("T")

CALLS, ROUNDS = 4000, 7
SHORT_WORDS = 10


def main() -> None:
    """Measures and prints; nothing is asserted, because a slow machine is no fault of the code."""
    print(machine())
    _preprocessing()
    _calibration()
    with tempfile.TemporaryDirectory() as folder:
        _trees(Path(folder))
        _network(Path(folder))


def _preprocessing() -> None:
    """A short text and six fields to the inputs of a network; the floor is its tokenizer alone."""
    settings = TextSettings(steps=STEPS, max_tokens=512, max_chunks=None)
    words = tokenizer()
    bins = {f"k{number}": number / 8 for number in range(8)}
    preprocessor = Preprocessor(
        features=(*NUMBERS, *CATEGORIES),
        risk_tables={name: RiskTable(bins, 0.5) for name in CATEGORIES},
        imputation=dict.fromkeys(NUMBERS, 0.0),
        missing=0.0,
        texts={"chat": TextPipeline(settings, words.to_str().encode(), where="tokenizer.json")},
    )
    schema = Schema(
        fields=(
            *(Field(name, Kind.NUMERIC) for name in NUMBERS),
            *(Field(name, Kind.CATEGORICAL) for name in CATEGORIES),
            Field("chat", Kind.TEXT),
        ),
        classes=("0", "1"),
    )
    texts = [text_of(SHORT_WORDS + number % 5) for number in range(50)]
    records = [
        schema.bind(
            Table.of_records([dict.fromkeys(NUMBERS, 1.5) | dict.fromkeys(CATEGORIES, "k3") | {"chat": text}])
        )
        for text in texts
    ]
    took, floor = _in_turns(records, preprocessor.apply, texts, words.encode)
    print(f"preprocess one short record (text + 6 fields), p50: {took:.3f} ms (target 0.35)")
    print(f"  floor: one call of the tokenizer, {floor:.3f} ms; {took / floor:.1f} times that")


def _calibration() -> None:
    knots = np.linspace(0, 1, 1001)
    table = LookupTable(knots, knots**1.5)
    scores = np.random.default_rng(0).random(100_000).astype(np.float32)
    rounds = [
        (_ms(partial(table.apply, scores)), _ms(partial(np.interp, scores, knots, knots**1.5)))
        for _ in range(5 * ROUNDS)
    ]
    ratio = statistics.median(ours / theirs for ours, theirs in rounds)
    ours, theirs = (statistics.median(times) for times in zip(*rounds, strict=True))
    print(f"calibrate 100,000 rows, 1,001 knots: {ours:.2f} ms; numpy.interp {theirs:.2f} ms;")
    print(f"  {ratio:.2f} times that (target 2)")


def _trees(folder: Path) -> None:
    """200 trees of depth 6: a request's body to the body of its answer; the floor is the graph alone."""
    for fields, target in ((6, 0.06), (200, 0.25)):
        output = booster_output(folder / f"trees{fields}", fields=fields)
        scorer = load(pack(output, folder / f"trees{fields}.tar.gz").output)
        golden = scorer.artifact.golden
        bodies = [] if golden is None else list(golden.requests)
        inputs = [
            scorer.preprocessor.apply(scorer.schema.bind(decode_request(body, "application/json")))
            for body in bodies
        ]
        took, floor = _in_turns(bodies, partial(_answer, scorer), inputs, scorer.engine.run)
        print(f"packed trees, {fields} fields, body to body, p50: {took:.3f} ms (target {target})")
        print(f"  floor: the graph alone, {floor:.3f} ms; {took / floor:.1f} times that")
    _loads("load a legacy XGBoost artifact", folder / "trees6", target_s=0.5)


def _network(folder: Path) -> None:
    """A network of MiniLM's size with room for 512 tokens; the floor is the forward of the text, unpadded."""
    packed = pack(network_output(folder / "network", max_tokens=512), folder / "network.tar.gz").output
    unpacked = folder / "packed"
    unpacked.mkdir()
    subprocess.run(["tar", "-xzf", packed, "-C", unpacked], check=True)  # noqa: S607
    _loads("load a packed MiniLM directory", unpacked, target_s=0.9)
    scorer = load(unpacked)
    bodies = [
        msgspec.json.encode(
            dict.fromkeys(NUMBERS, 1.5)
            | dict.fromkeys(CATEGORIES, "k3")
            | {"chat": text_of(SHORT_WORDS + number % 5)}
        )
        for number in range(20)
    ]
    tokens = [
        scorer.preprocessor.apply(scorer.schema.bind(decode_request(body, "application/json")))
        .texts["chat"]
        .token_ids[0]
        for body in bodies
    ]
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    encoder = unpacked / next(iter(scorer.artifact.engine.encoders.values()))
    session = ort.InferenceSession(str(encoder), options, providers=["CPUExecutionProvider"])

    def forward(ids: object) -> object:
        arrays = (np.array([ids], dtype=np.int64), np.ones((1, len(ids)), dtype=np.int64))  # type: ignore[arg-type]
        return session.run(None, dict(zip(ENCODER_INPUTS, arrays, strict=True)))

    took, floor = _in_turns(bodies, partial(_answer, scorer), tokens, forward, calls=400)
    print(f"bimodal network of MiniLM's size, up to 512 tokens, one short text, p50: {took:.2f} ms")
    print(
        f"  floor: the forward of its {len(tokens[0])} to {len(tokens[4])} tokens, unpadded, {floor:.2f} ms;"
    )
    print(f"  {took / floor:.3f} times that (target 1.15)")


def _answer(scorer: Scorer, body: bytes) -> bytes:
    records = scorer.schema.bind(decode_request(body, "application/json"))
    return encode_answer(scorer.score_records(records), "")[0]


_LOAD = """
import sys, time
started = time.perf_counter()
from servable.scorer import load
imported = time.perf_counter()
load(sys.argv[1])
print(imported - started, time.perf_counter() - imported)
"""


def _loads(what: str, artifact: Path, *, target_s: float) -> None:
    """Seconds of `load` in a process of its own, with what it imports; before it, `import servable`'s."""
    runs = []
    for _ in range(ROUNDS):
        done = subprocess.run(
            [sys.executable, "-c", _LOAD, str(artifact)], capture_output=True, text=True, check=True
        )
        runs.append([float(number) for number in done.stdout.split()])
    imports, loads = (statistics.median(times) for times in zip(*runs, strict=True))
    print(f"{what}, digests verified: {loads:.2f} s (target {target_s}), after {imports:.2f} s of imports")


def _in_turns(
    items: Sequence[T],
    run: Callable[[T], object],
    others: Sequence[object],
    floor: Callable[..., object],
    *,
    calls: int = CALLS,
) -> tuple[float, float]:
    """Median milliseconds of a call of each, in turns, because the machine's own speed moves."""
    ours, theirs = [], []
    for _ in range(ROUNDS):
        ours += _times(items, run, calls // ROUNDS)
        theirs += _times(others, floor, calls // ROUNDS)
    return statistics.median(ours), statistics.median(theirs)


def _times(items: Sequence[T], run: Callable[[T], object], calls: int) -> list[float]:
    """Milliseconds of calls that rotate through the items, warm."""
    for item in items:
        run(item)
    return [_ms(partial(run, items[call % len(items)])) for call in range(calls)]


def _ms(run: Callable[[], object]) -> float:
    started = time.perf_counter_ns()
    run()
    return (time.perf_counter_ns() - started) / 1e6


if __name__ == "__main__":
    main()
