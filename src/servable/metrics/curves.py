"""How a score tells two classes apart at every threshold: ROC, precision against recall, and their bands."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from servable.metrics.bootstrap import reach_of
from servable.metrics.checks import checked_scores, require_both_classes, require_weights
from servable.metrics.figure import FEWEST_OF_CLASS, Weights
from servable.records import FloatArray

BAND_POINTS: Final = 101
"""Places of a band, a hundredth apart; a page can show no more."""

_ROUNDING: Final = 1e-6
"""Of rows: 0.07 of 100 is 7.000000000000001 in binary, and is 7."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RocCurve:
    """Shares that score at least a threshold, one point for each distinct score, highest first.

    Attributes:
        thresholds: `[m]`, the first one infinite, where nothing is class 1.
        false_positive_rate: `[m]` of the rows of class 0, rising from 0 to 1.
        true_positive_rate: `[m]` of the rows of class 1, rising from 0 to 1.
    """

    thresholds: FloatArray
    false_positive_rate: FloatArray
    true_positive_rate: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PrecisionRecallCurve:
    """Precision and recall of "at least a threshold", one point for each distinct score, highest first.

    Attributes:
        thresholds: `[m]`.
        precision: `[m]` share of class 1 among the rows that score at least the threshold.
        recall: `[m]` share of the rows of class 1 that do, rising to 1.
        base_rate: share of class 1, the precision of a score that says nothing.
    """

    thresholds: FloatArray
    precision: FloatArray
    recall: FloatArray
    base_rate: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Band:
    """A curve with its interval at each of some places: 1.96 bootstrap standard errors, point by point.

    Attributes:
        at: `[m]` false positive rates of an ROC curve, recalls of the other.
        value: `[m]` true positive rates, or precisions.
        low: `[m]`
        high: `[m]`
    """

    at: FloatArray
    value: FloatArray
    low: FloatArray
    high: FloatArray


def roc_curve(scores: FloatArray, labels: NDArray[np.int64]) -> RocCurve:
    """The ROC curve of `[n]` scores against `[n]` labels 0 or 1, both present.

    Raises:
        BadInput: `metrics.*`, if a score is NaN, a class is absent or there are no rows.
    """
    thresholds, positives, negatives = _Ranked(scores, labels, "an ROC curve").counts(None)
    return RocCurve(
        thresholds=np.concatenate(([np.inf], thresholds)),
        false_positive_rate=np.concatenate(([0.0], negatives / negatives[-1])),
        true_positive_rate=np.concatenate(([0.0], positives / positives[-1])),
    )


def precision_recall_curve(scores: FloatArray, labels: NDArray[np.int64]) -> PrecisionRecallCurve:
    """The precision-recall curve of `[n]` scores against `[n]` labels 0 or 1, both present.

    Raises:
        BadInput: `metrics.*`, if a score is NaN, a class is absent or there are no rows.
    """
    thresholds, positives, negatives = _Ranked(scores, labels, "a precision-recall curve").counts(None)
    return PrecisionRecallCurve(
        thresholds=thresholds,
        precision=positives / (positives + negatives),
        recall=positives / positives[-1],
        base_rate=float(positives[-1] / len(labels)),
    )


def roc_band(scores: FloatArray, labels: NDArray[np.int64], draws: Iterable[Weights]) -> Band | None:
    """The ROC curve at 101 false positive rates, with its interval over draws of the rows.

    None where rows are too few for an interval, as of an AUC.

    Raises:
        BadInput: as `roc_curve`.
    """
    ranked = _Ranked(scores, labels, "an ROC curve")
    at = np.linspace(0, 1, BAND_POINTS)

    def curve(weights: Weights | None) -> FloatArray:
        _, positives, negatives = ranked.counts(weights)
        if not positives[-1] or not negatives[-1]:
            return np.full(BAND_POINTS, np.nan)
        # from the corner, so that the rate before the first threshold is a straight line from it
        false_rate, true_rate = (
            np.concatenate(([0.0], counts / counts[-1])) for counts in (negatives, positives)
        )
        return np.interp(at, false_rate, true_rate)

    return _band(at, curve, draws) if ranked.rarest >= FEWEST_OF_CLASS else None


def precision_recall_band(
    scores: FloatArray, labels: NDArray[np.int64], draws: Iterable[Weights]
) -> Band | None:
    """The precision at 101 recalls, with its interval over draws of the rows.

    At a recall is the highest threshold that reaches it: between two thresholds precision does not move
    on a straight line. None where rows are too few for an interval.

    Raises:
        BadInput: as `precision_recall_curve`.
    """
    ranked = _Ranked(scores, labels, "a precision-recall curve")
    at = np.linspace(0, 1, BAND_POINTS)

    def curve(weights: Weights | None) -> FloatArray:
        _, positives, negatives = ranked.counts(weights)
        if not positives[-1]:
            return np.full(BAND_POINTS, np.nan)
        # of rows that a draw left out there is no point: the first threshold that has any row stands for them
        first = np.searchsorted(positives + negatives, 0.0, side="right")
        wanted = at * positives[-1] - _ROUNDING
        reached = np.maximum(np.searchsorted(positives, wanted, side="left"), first)
        return np.asarray(positives[reached] / (positives[reached] + negatives[reached]))

    return _band(at, curve, draws) if ranked.rarest >= FEWEST_OF_CLASS else None


class _Ranked:
    """Rows in the order of falling scores, and where a run of equal scores ends.

    Attributes:
        rarest: rows of the rarer class.
    """

    def __init__(self, scores: FloatArray, labels: NDArray[np.int64], figure: str) -> None:
        scores, labels = checked_scores(scores, labels)
        require_both_classes(labels, figure)
        self._order = np.argsort(-scores, kind="stable")
        ranked = scores[self._order]
        self._ends = np.flatnonzero(np.append(ranked[:-1] != ranked[1:], True))
        self._has_ties = len(self._ends) < len(ranked)
        self._thresholds = ranked[self._ends]
        self._is_one = labels[self._order].astype(np.float64)
        self.rarest = int(np.bincount(labels).min())

    def counts(self, weights: Weights | None) -> tuple[FloatArray, FloatArray, FloatArray]:
        """The distinct scores, highest first; rows of class 1 and of class 0 that score at least each."""
        if weights is None:
            weights = np.ones(len(self._order))
        require_weights(weights, len(self._order))
        ranked = weights[self._order]
        rows, positives = ranked.cumsum(), (ranked * self._is_one).cumsum()
        if self._has_ties:
            rows, positives = rows[self._ends], positives[self._ends]
        return self._thresholds, positives, rows - positives


def _band(
    at: FloatArray, curve: Callable[[Weights | None], FloatArray], draws: Iterable[Weights]
) -> Band | None:
    value, reach = curve(None), reach_of(np.array([curve(weights) for weights in draws]))
    if reach is None:
        return None
    return Band(at=at, value=value, low=np.maximum(value - reach, 0.0), high=np.minimum(value + reach, 1.0))
