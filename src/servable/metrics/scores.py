"""What a score is worth: AUC, log-loss and calibration error of two classes, each with its interval."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from servable.records import FloatArray

CLIP = 1e-15
BINS = 15
_DRAWS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A figure of the test rows with its 95 % interval: 1.96 bootstrap standard errors around it.

    Not the percentiles of the draws: drawing rows twice makes calibration look worse than it is, so
    the percentiles of a well calibrated model's error leave out the error itself.
    """

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreReport:
    """How good class-1 probabilities are on rows that nothing was fitted on.

    Attributes:
        rows: number of rows; of class 1 in `positives`.
        auc: area under the ROC curve, ties counted half.
        log_loss: mean negative log-likelihood in nats, probabilities clipped at 1e-15.
        calibration_error: expected calibration error of P(class 1), 15 bins of equal width.
        calibration_error_null: its 95 % quantile for a perfectly calibrated model with these scores;
            a value below it is consistent with calibration.
    """

    rows: int
    positives: int
    auc: Estimate
    log_loss: Estimate
    calibration_error: Estimate
    calibration_error_null: float


def report(scores: FloatArray, labels: NDArray[np.int64], *, seed: int) -> ScoreReport:
    """The figures of `[n]` class-1 probabilities against `[n]` labels 0 or 1, both classes present."""
    scores = scores.astype(np.float64)
    rng = np.random.default_rng(seed)
    draws = [rng.integers(0, len(labels), len(labels)) for _ in range(_DRAWS)]

    def estimate(figure: Callable[[FloatArray, NDArray[np.int64]], float], highest: float) -> Estimate:
        drawn = [figure(scores[rows], labels[rows]) for rows in draws if 0 < labels[rows].sum() < len(rows)]
        value, reach = figure(scores, labels), 1.96 * float(np.std(drawn, ddof=1))
        return Estimate(value=value, low=max(0.0, value - reach), high=min(highest, value + reach))

    null = [calibration_error(scores, (rng.random(len(scores)) < scores).astype(np.int64)) for _ in draws]
    return ScoreReport(
        rows=len(labels),
        positives=int(labels.sum()),
        auc=estimate(auc, 1.0),
        log_loss=estimate(log_loss, np.inf),
        calibration_error=estimate(calibration_error, 1.0),
        calibration_error_null=float(np.quantile(null, 0.95)),
    )


def auc(scores: FloatArray, labels: NDArray[np.int64]) -> float:
    """The chance that a row of class 1 scores above a row of class 0, ties counted half."""
    _, rank_group, counts = np.unique(scores, return_inverse=True, return_counts=True)
    mean_rank = counts.cumsum() - (counts - 1) / 2
    positives = int(labels.sum())
    negatives = len(labels) - positives
    rank_sum = mean_rank[rank_group][labels == 1].sum()
    return float((rank_sum - positives * (positives + 1) / 2) / (positives * negatives))


def log_loss(scores: FloatArray, labels: NDArray[np.int64]) -> float:
    """Mean negative log-likelihood in nats."""
    likelihood = np.clip(np.where(labels == 1, scores, 1 - scores), CLIP, 1)
    return float(-np.log(likelihood).mean())


def calibration_error(scores: FloatArray, labels: NDArray[np.int64]) -> float:
    """Mean distance between score and share of class 1, over bins of equal width, weighted by rows."""
    bins = np.minimum((scores * BINS).astype(np.int64), BINS - 1)
    gap = np.bincount(bins, weights=scores - labels, minlength=BINS)
    return float(np.abs(gap).sum() / len(scores))
