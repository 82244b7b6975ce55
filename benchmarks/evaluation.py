"""What a verb of evaluation takes, part by part: each beside a peer or a floor, in one run.

    python benchmarks/evaluation.py

The scores are drawn and mean nothing; their number is that of the targets.
"""

import statistics
import time
from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray
from sklearn import metrics

from endpoints import machine
from servable.metrics import (
    Figure,
    Resampler,
    brier_decomposition,
    calibration_errors,
    figures_of,
    figures_of_classes,
    precision_recall_band,
    reliability_bins,
    resample,
    roc_band,
)

Scores = NDArray[np.float64]
Labels = NDArray[np.int64]

ROWS, DRAWS, BAND_DRAWS = 100_000, 1_000, 200
SEED = 0
PEER_ROUNDS = 5
"""Draws that scikit-learn is timed on; all of them would take minutes."""


def main() -> None:
    """Measures and prints; nothing is asserted, because a slow machine is no fault of the code."""
    print(machine())
    _figures_of_two_classes()
    _figures_of_several_classes()


def _figures_of_two_classes() -> None:
    """Raw and calibrated scores on the same draws, and all that an evaluation shows beside the intervals."""
    raw, calibrated, labels = _two_classes()
    peer = _seconds_a_draw(partial(_figures_of_a_peer, calibrated, labels))
    started = time.perf_counter()
    figures = _of_both(figures_of(raw, labels), figures_of(calibrated, labels))
    draws = Resampler(n=ROWS, draws=DRAWS, seed=SEED)
    resampled = resample(figures, draws)
    intervals = [resampled.estimate(name) for name in figures]
    took = time.perf_counter() - started
    four = ("auc", "average_precision", "log_loss", "brier")
    ours = _seconds_a_draw(partial(_each, [figures[f"calibrated {name}"] for name in four]))
    started = time.perf_counter()
    some = Resampler(n=ROWS, draws=BAND_DRAWS, seed=SEED)
    for scores in (raw, calibrated):
        calibration_errors(scores, labels, seed=SEED)
        brier_decomposition(scores, labels)
        reliability_bins(scores, labels)
        roc_band(scores, labels, some)
        precision_recall_band(scores, labels, some)
    rest = time.perf_counter() - started
    print(f"{len(intervals)} figures with intervals, raw and calibrated, {ROWS:,} rows, {DRAWS:,} draws:")
    print(f"  {took:.1f} s; calibration errors with their nulls, parts of the Brier score, bins, bands of")
    print(f"  {BAND_DRAWS} draws: {rest:.1f} s; together {took + rest:.1f} s (target of the whole verb 20)")
    print(f"  AUC, average precision, log-loss and Brier score of one draw: {ours * 1e3:.1f} ms;")
    print(f"  scikit-learn with weights {peer * 1e3:.0f} ms, {peer / ours:.0f} times that")


def _figures_of_several_classes(classes: int = 3) -> None:
    probabilities, labels = _several_classes(classes)
    peer = _seconds_a_draw(partial(_figures_of_a_peer_of_classes, probabilities, labels))
    started = time.perf_counter()
    figures = figures_of_classes(probabilities, labels)
    resample(figures, Resampler(n=ROWS, draws=DRAWS, seed=SEED))
    took = time.perf_counter() - started
    areas = [figures[f"auc_{number}"] for number in range(classes)]
    ours = _seconds_a_draw(partial(_each, [*areas, figures["log_loss"], figures["brier"]]))
    print(f"{len(figures)} figures of {classes} classes, {ROWS:,} rows, {DRAWS:,} draws: {took:.1f} s;")
    print(f"  AUC of each class, log-loss and Brier score of one draw: {ours * 1e3:.1f} ms;")
    print(f"  scikit-learn with weights {peer * 1e3:.0f} ms, {peer / ours:.0f} times that")


def _two_classes() -> tuple[Scores, Scores, Labels]:
    """Scores that are too sure, the same calibrated, and labels drawn from the latter."""
    rng = np.random.default_rng(SEED)
    logits = rng.normal(size=ROWS) * 2 + 1.5
    calibrated = 1 / (1 + np.exp(-logits))
    labels = (rng.random(ROWS) < calibrated).astype(np.int64)
    return 1 / (1 + np.exp(-1.5 * logits)), calibrated, labels


def _several_classes(classes: int) -> tuple[Scores, Labels]:
    rng = np.random.default_rng(SEED)
    probabilities = rng.dirichlet(np.ones(classes), ROWS)
    up_to = probabilities.cumsum(axis=1)[:, :-1]
    return probabilities, (rng.random(ROWS)[:, np.newaxis] >= up_to).sum(axis=1).astype(np.int64)


def _figures_of_a_peer(scores: Scores, labels: Labels, weights: Scores) -> None:
    metrics.roc_auc_score(labels, scores, sample_weight=weights)
    metrics.average_precision_score(labels, scores, sample_weight=weights)
    metrics.log_loss(labels, scores, sample_weight=weights)
    metrics.brier_score_loss(labels, scores, sample_weight=weights)


def _figures_of_a_peer_of_classes(probabilities: Scores, labels: Labels, weights: Scores) -> None:
    for number in range(probabilities.shape[1]):
        metrics.roc_auc_score(labels == number, probabilities[:, number], sample_weight=weights)
    metrics.log_loss(labels, probabilities, sample_weight=weights)
    metrics.brier_score_loss(labels, probabilities, sample_weight=weights)


def _of_both(raw: dict[str, Figure], calibrated: dict[str, Figure]) -> dict[str, Figure]:
    return {f"raw {name}": figure for name, figure in raw.items()} | {
        f"calibrated {name}": figure for name, figure in calibrated.items()
    }


def _each(figures: list[Figure], weights: Scores) -> None:
    for figure in figures:
        figure(weights)


def _seconds_a_draw(run: Callable[[Scores], None]) -> float:
    """Median seconds of what is done with one draw; the first one warms."""
    times = []
    for weights in Resampler(n=ROWS, draws=PEER_ROUNDS + 1, seed=SEED):
        started = time.perf_counter()
        run(weights)
        times.append(time.perf_counter() - started)
    return statistics.median(times[1:])


if __name__ == "__main__":
    main()
