"""Fitting a calibrator for two classes and reducing it to a lookup table.

Sources: J. Platt, Probabilistic Outputs for Support Vector Machines (1999), with its smoothed
targets; M. Kull, T. Silva Filho, P. Flach, Beta calibration (AISTATS 2017).
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from servable.calibration.lookup import LookupTable
from servable.errors import BadInput, Problem
from servable.records import FloatArray

MIN_ROWS = 20
"""Fewer calibration rows than this, or rows of one class only, are refused."""

MIN_ROWS_BETA = 500
MIN_RARE_BETA = 100
MAX_KNOTS = 101
KNOT_ERROR = 0.001

_CLIP = 1e-12
_OPEN = 1e-6
"""No fitted table answers exactly 0 or 1, where one wrong row would cost an infinite log-loss."""


class Method(StrEnum):
    """How the calibrator was fitted."""

    PLATT = "platt"
    BETA = "beta"


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedTable:
    """A lookup table with how it was made.

    Attributes:
        table: knots, at most 101.
        method: what was fitted.
        rows: calibration rows used.
        knot_error: largest difference between the table and the fitted curve at the calibration scores.
    """

    table: LookupTable
    method: Method
    rows: int
    knot_error: float


def fit_lookup_table(scores: FloatArray, labels: FloatArray) -> FittedTable:
    """A lookup table of calibration rows: beta calibration, or Platt's where rows are few.

    Args:
        scores: `[n]` raw class-1 probabilities in [0, 1].
        labels: `[n]` 0 or 1.

    Raises:
        BadInput: `calibration.rows` for fewer than 20 rows or only one class.
    """
    scores = scores.astype(np.float64)
    rare = int(min(labels.sum(), len(labels) - labels.sum()))
    if len(labels) < MIN_ROWS or rare == 0:
        raise BadInput(
            Problem(
                code="calibration.rows",
                where="calibration split",
                expected=f"at least {MIN_ROWS} rows with both classes",
                found=f"{len(labels)} rows, {rare} of the rarer class",
                fix="use a larger table",
            )
        )
    enough = len(labels) >= MIN_ROWS_BETA and rare >= MIN_RARE_BETA
    method = Method.BETA if enough else Method.PLATT
    curve = _beta(scores, labels) if enough else _platt(scores, labels)
    table = reduce_to_table(curve, scores)
    error = float(np.abs(table.apply(scores) - curve(scores)).max())
    return FittedTable(table=table, method=method, rows=len(labels), knot_error=error)


Curve = Callable[[FloatArray], NDArray[np.float64]]


def _platt(scores: FloatArray, labels: FloatArray) -> Curve:
    positives = labels.sum()
    negatives = len(labels) - positives
    targets = np.where(labels == 1, (positives + 1) / (positives + 2), 1 / (negatives + 2))

    def features(values: FloatArray) -> FloatArray:
        clipped = np.clip(values, _CLIP, 1 - _CLIP)
        return np.column_stack([np.log(clipped) - np.log1p(-clipped)])

    weights = _newton(features(scores), targets)
    return _logistic(features, weights if weights[1] > 0 else _flat(targets, features=1))


def _beta(scores: FloatArray, labels: FloatArray) -> Curve:
    """Log odds = c + a ln(p) - b ln(1 - p), a and b not negative, so that the curve never falls."""

    def features(values: FloatArray) -> FloatArray:
        clipped = np.clip(values, _CLIP, 1 - _CLIP)
        return np.column_stack([np.log(clipped), -np.log1p(-clipped)])

    design = features(scores)
    weights = _newton(design, labels)
    slopes = weights[1:]
    if (slopes < 0).any():  # the negative one leaves, the other is fitted again
        kept = int(np.argmax(slopes))
        reduced = _newton(design[:, [kept]], labels)
        weights = _flat(labels, features=2)
        if reduced[1] > 0:
            weights[0], weights[1 + kept] = reduced
    return _logistic(features, weights)


def _flat(targets: FloatArray, *, features: int) -> NDArray[np.float64]:
    """Weights that answer the mean target: scores that rank the wrong way say nothing more."""
    mean = float(targets.mean())
    return np.array([np.log(mean / (1 - mean)), *[0.0] * features])


def _logistic(features: Callable[[FloatArray], FloatArray], weights: FloatArray) -> Curve:
    def curve(values: FloatArray) -> NDArray[np.float64]:
        odds = weights[0] + features(values.astype(np.float64)) @ weights[1:]
        probabilities: NDArray[np.float64] = np.clip(
            1 / (1 + np.exp(-np.clip(odds, -700, 700))), _OPEN, 1 - _OPEN
        )
        return probabilities

    return curve


def _newton(features: FloatArray, targets: FloatArray) -> NDArray[np.float64]:
    """Weights (intercept first) of a logistic regression, by damped Newton steps."""
    design = np.column_stack([np.ones(len(features)), features])
    weights = np.zeros(design.shape[1])
    ridge = 1e-9 * len(targets) * np.eye(design.shape[1])

    def loss(candidate: FloatArray) -> float:
        odds = design @ candidate
        return float(np.sum(np.logaddexp(0, odds) - targets * odds))

    for _ in range(100):
        probabilities = 1 / (1 + np.exp(-np.clip(design @ weights, -700, 700)))
        gradient = design.T @ (probabilities - targets)
        curvature = (design * (probabilities * (1 - probabilities))[:, None]).T @ design
        step = np.linalg.solve(curvature + ridge, gradient)
        size = 1.0
        while size > 1e-6 and loss(weights - size * step) > loss(weights):
            size /= 2
        weights = weights - size * step
        if np.abs(step).max() < 1e-10:
            break
    return weights


def reduce_to_table(curve: Curve, scores: FloatArray) -> LookupTable:
    """At most 101 knots of a rising curve: split, again and again, where the table is most wrong.

    The ends 0 and 1 and the smallest and largest calibration score are always knots. Candidates are
    the calibration scores and a grid on the logit beyond them.
    """
    odds = np.linspace(-16, 16, 513)
    candidates = np.unique(np.concatenate([[0.0, 1.0], scores, 1 / (1 + np.exp(-odds))]))
    exact = np.maximum.accumulate(curve(candidates))
    ends = np.searchsorted(candidates, [0.0, scores.min(), scores.max(), 1.0])
    knots = sorted(set(ends.tolist()))
    while len(knots) < MAX_KNOTS:
        table = LookupTable(candidates[knots], exact[knots])
        errors = np.abs(table.apply(candidates) - exact)
        worst = int(errors.argmax())
        if errors[worst] <= KNOT_ERROR / 10:
            break
        knots = sorted({*knots, worst})
    return LookupTable(candidates[knots], exact[knots])
