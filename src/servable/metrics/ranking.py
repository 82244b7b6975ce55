"""How well scores of any scale rank rows of class 1 above rows of class 0: AUC and average precision."""

import numpy as np
from numpy.typing import NDArray

from servable.metrics.checks import checked_scores, require_both_classes, require_weights
from servable.metrics.figure import Figure, Weights, latest
from servable.records import FloatArray


def auc(scores: FloatArray, labels: NDArray[np.int64], weights: Weights | None = None) -> float:
    """The chance that a row of class 1 scores above a row of class 0, ties counted half.

    Args:
        scores: `[n]` class-1 scores, of any scale.
        labels: `[n]` 0 or 1, both present.
        weights: `[n]` how often each row counts; None stands for once.

    Raises:
        BadInput: `metrics.*`, if a score is NaN, a class is absent or there are no rows.
    """
    return Ranking(scores, labels).auc()(weights)


def average_precision(scores: FloatArray, labels: NDArray[np.int64], weights: Weights | None = None) -> float:
    """Precision averaged over the rows of class 1, each at its own score; no interpolation.

    Args:
        scores: `[n]` class-1 scores, of any scale.
        labels: `[n]` 0 or 1, both present.
        weights: `[n]` how often each row counts; None stands for once.

    Raises:
        BadInput: `metrics.*`, if a score is NaN, a class is absent or there are no rows.
    """
    return Ranking(scores, labels).average_precision()(weights)


class Ranking:
    """Rows of each class in the order of rising scores, sorted once for any number of draws.

    Args:
        scores: `[n]` class-1 scores, of any scale.
        labels: `[n]` 0 or 1, both present.

    Raises:
        BadInput: `metrics.*`, if a score is NaN, a class is absent or there are no rows.
    """

    def __init__(self, scores: FloatArray, labels: NDArray[np.int64]) -> None:
        scores, labels = checked_scores(scores, labels)
        require_both_classes(labels, "an AUC or a precision")
        order = np.argsort(scores, kind="stable")
        is_one = labels[order] == 1
        self._zeros, self._ones = order[~is_one], order[is_one]
        of_zeros, of_ones = scores[self._zeros], scores[self._ones]
        # of each row of class 1: where its score would stand among those of class 0, and of its own
        self._below = np.searchsorted(of_zeros, of_ones, side="left")
        self._not_above = np.searchsorted(of_zeros, of_ones, side="right")
        self._own_below = np.searchsorted(of_ones, of_ones, side="left")
        self._rows = latest(self._weighed)
        self._rarest = min(len(self._zeros), len(self._ones))

    def auc(self) -> Figure:
        """`auc` of these rows."""
        has_ties = bool((self._below != self._not_above).any())

        def of(weights: Weights | None) -> float:
            of_ones, zeros_up_to = self._rows(weights)
            beaten = zeros_up_to[self._below]
            if has_ties:
                beaten += zeros_up_to[self._not_above]
                beaten /= 2
            pairs = of_ones.sum() * zeros_up_to[-1]
            return float(np.einsum("i,i->", of_ones, beaten) / pairs) if pairs else np.nan

        return Figure(of=of, rarest=self._rarest)

    def average_precision(self) -> Figure:
        """`average_precision` of these rows."""
        has_ties = bool((self._own_below != np.arange(len(self._ones))).any())

        def of(weights: Weights | None) -> float:
            of_ones, zeros_up_to = self._rows(weights)
            ones_up_to = _up_to(of_ones)
            if not ones_up_to[-1]:
                return np.nan
            hits = ones_up_to[-1] - (ones_up_to[self._own_below] if has_ties else ones_up_to[:-1])
            answered = zeros_up_to[self._below]
            np.subtract(zeros_up_to[-1], answered, out=answered)
            answered += hits
            # above the highest row that counts there are 0 hits of 0, which add nothing
            answered[answered == 0] = 1.0
            hits /= answered
            return float(np.einsum("i,i->", of_ones, hits) / ones_up_to[-1])

        return Figure(of=of, rarest=self._rarest)

    def _weighed(self, weights: Weights | None) -> tuple[FloatArray, FloatArray]:
        """How often each row of class 1 counts, and how many of class 0 count up to each place."""
        rows = len(self._zeros) + len(self._ones)
        if weights is None:
            weights = np.ones(rows)
        require_weights(weights, rows)
        return weights[self._ones], _up_to(weights[self._zeros])


def _up_to(counts: FloatArray) -> FloatArray:
    """`[n + 1]` sums of the first 0, 1 and so on up to n counts."""
    up_to = np.zeros(len(counts) + 1)
    np.cumsum(counts, out=up_to[1:])
    return up_to
