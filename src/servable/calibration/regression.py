"""Platt scaling and beta calibration: logistic regressions on logarithms of the raw score.

Sources: J. Platt, Probabilistic Outputs for Support Vector Machines (1999), with its smoothed
targets; M. Kull, T. Silva Filho, P. Flach, Beta calibration (AISTATS 2017).
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from servable.calibration.rising_curve import RisingCurve, inside, logistic, logit, opened, smooth
from servable.records import FloatArray

_Features = Callable[[FloatArray], FloatArray]


def platt(scores: FloatArray, labels: FloatArray) -> RisingCurve:
    """Log odds = c + a logit(p), a not negative; few rows of a class are not taken for certainty.

    Args:
        scores: `[n]` raw probabilities.
        labels: `[n]` 0 or 1, both present.
    """
    positives = labels.sum()
    negatives = len(labels) - positives
    targets = np.where(labels == 1, (positives + 1) / (positives + 2), 1 / (negatives + 2))
    weights = _newton(_odds(scores), targets)
    return _curve(_odds, weights if weights[1] > 0 else _level(targets, features=1))


def beta(scores: FloatArray, labels: FloatArray) -> RisingCurve:
    """Log odds = c + a ln(p) - b ln(1 - p), a and b not negative, so that the curve never falls.

    Args:
        scores: `[n]` raw probabilities.
        labels: `[n]` 0 or 1, both present.
    """
    design = _logarithms(scores)
    weights = _newton(design, labels)
    slopes = weights[1:]
    if (slopes < 0).any():  # the negative one leaves, the other is fitted again
        kept = int(np.argmax(slopes))
        reduced = _newton(design[:, [kept]], labels)
        weights = _level(labels, features=2)
        if reduced[1] > 0:
            weights[0], weights[1 + kept] = reduced
    return _curve(_logarithms, weights)


def _odds(scores: FloatArray) -> FloatArray:
    return np.column_stack([logit(scores)])


def _logarithms(scores: FloatArray) -> FloatArray:
    clipped = inside(scores)
    return np.column_stack([np.log(clipped), -np.log1p(-clipped)])


def _level(targets: FloatArray, *, features: int) -> NDArray[np.float64]:
    """Weights that answer the mean target: scores that rank the wrong way say nothing more."""
    mean = float(targets.mean())
    return np.array([np.log(mean / (1 - mean)), *[0.0] * features])


def _curve(features: _Features, weights: FloatArray) -> RisingCurve:
    return smooth(lambda scores: opened(logistic(weights[0] + features(scores) @ weights[1:])))


def _newton(features: FloatArray, targets: FloatArray) -> NDArray[np.float64]:
    """Weights (intercept first) of a logistic regression, by damped Newton steps."""
    design = np.column_stack([np.ones(len(features)), features])
    weights = np.zeros(design.shape[1])
    ridge = 1e-9 * len(targets) * np.eye(design.shape[1])

    def loss(candidate: FloatArray) -> float:
        odds = design @ candidate
        return float(np.sum(np.logaddexp(0, odds) - targets * odds))

    least = loss(weights)
    for _ in range(100):
        probabilities = logistic(design @ weights)
        gradient = design.T @ (probabilities - targets)
        curvature = (design * (probabilities * (1 - probabilities))[:, None]).T @ design
        step = np.linalg.solve(curvature + ridge, gradient)
        size = 1.0
        while (found := loss(weights - size * step)) > least and size > 1e-6:
            size /= 2
        weights, least = weights - size * step, found
        if np.abs(step).max() < 1e-10:
            break
    return weights
