"""What calibrate, evaluate and explain take as a whole: each beside a floor or a peer, in one run.

    python benchmarks/verbs.py

The models are made on the spot and mean nothing; their sizes are those of the targets.
"""

import csv
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import msgspec
import numpy as np
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold

from endpoints import machine
from models import NUMBERS, booster_output, network_output, text_of
from servable.calibration import choose_calibrator
from servable.evaluate import EvaluationSettings, evaluate, explain, given_of_json
from servable.prediction import predict
from servable.scorer import Scorer, load

ROWS, DRAWS, FIELDS = 100_000, 1_000, 6
SCORES = 10_000
ROUNDS = 5
SHORT, LONG = 10, 2_000
"""Words of a record's text: one chunk of a few tokens, and several full ones."""


def main() -> None:
    """Measures and prints; nothing is asserted, because a slow machine is no fault of the code."""
    print(machine())
    _calibrate()
    with tempfile.TemporaryDirectory() as folder:
        _evaluate(Path(folder))
        _explain(Path(folder))


def _calibrate() -> None:
    """The choice among all methods; the peer fits two of them in the same folds, and compares nothing."""
    draws = np.random.default_rng(0)
    odds = draws.normal(size=SCORES) * 2 + 1
    labels = (draws.random(SCORES) < 1 / (1 + np.exp(-odds))).astype(np.int64)
    positive = 1 / (1 + np.exp(-1.5 * odds))
    raw = np.column_stack([1 - positive, positive])

    def peer() -> None:
        for fitted, _ in KFold(5, shuffle=True, random_state=0).split(odds):
            IsotonicRegression(out_of_bounds="clip").fit(positive[fitted], labels[fitted])
            LogisticRegression().fit(1.5 * odds[fitted, None], labels[fitted])

    ours, theirs = _in_turns(lambda: choose_calibrator(raw, labels, seed=0), peer)
    print(f"choose a calibrator by 5-fold cross-validation, {SCORES:,} scores, none, platt, beta, isotonic:")
    print(f"  {ours:.2f} s (target 5); scikit-learn fits isotonic and logistic regression in {theirs:.2f} s")


def _evaluate(folder: Path) -> None:
    """The whole verb but for loading: read, score, measure; the floor reads and scores the same table."""
    scorer = load(booster_output(folder / "trees", fields=FIELDS))
    table = _table(folder / "table.csv", scorer)
    started = time.perf_counter()
    rows = 0
    for block in predict(scorer, table):
        rows += len(block)
    floor = time.perf_counter() - started
    started = time.perf_counter()
    evaluate(scorer, table, settings=EvaluationSettings(draws=DRAWS))
    took = time.perf_counter() - started
    print(f"evaluate a CSV of {rows:,} rows, {FIELDS} fields, 200 trees, {DRAWS:,} draws:")
    print(f"  {took:.1f} s (target 20); reading and scoring alone {floor:.1f} s")


def _explain(folder: Path) -> None:
    """One record with its text through every step, and each field in turn taken away."""
    scorer = load(network_output(folder / "network", max_tokens=512))
    fields = dict.fromkeys(NUMBERS, 1.5) | {"region": "k1", "plan": "k2", "channel": "new"}
    for words in (SHORT, LONG):
        record = fields | {"chat": text_of(words)}
        body = msgspec.json.encode(record)
        ours, floor = _in_turns(
            partial(_explained, scorer, body),
            partial(scorer.score, record),
        )
        target = " (target 0.5)" if words == SHORT else ""
        print(f"explain a text of {words:,} words and 6 fields, a network of MiniLM's size, on torch:")
        print(f"  {ours:.3f} s{target}; its score alone {floor:.3f} s")


def _explained(scorer: Scorer, body: bytes) -> None:
    explain(scorer, given_of_json(body, scorer.artifact), file="network")


def _table(path: Path, scorer: Scorer) -> Path:
    draws = np.random.default_rng(1)
    schema = scorer.schema
    categorical = set(scorer.artifact.risk_tables)
    columns = [
        draws.choice([f"k{at}" for at in range(8)], ROWS)
        if name in categorical
        else draws.normal(size=ROWS).round(6)
        for name in schema.names()
    ]
    numbers = [column.astype(float) for column in columns if column.dtype.kind == "f"]
    labels = (sum(numbers) + draws.normal(size=ROWS) > 0).astype(int)
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*schema.names(), "label"])
        writer.writerows(zip(*(column.tolist() for column in columns), labels.tolist(), strict=True))
    return path


def _in_turns(one: Callable[[], object], other: Callable[[], object]) -> tuple[float, float]:
    """Median seconds of each, after a first call of both that warms."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(ROUNDS + 1):
        for run, taken in zip((one, other), times, strict=True):
            started = time.perf_counter()
            run()
            taken.append(time.perf_counter() - started)
    return statistics.median(times[0][1:]), statistics.median(times[1][1:])


if __name__ == "__main__":
    main()
