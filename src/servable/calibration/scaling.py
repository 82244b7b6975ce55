"""Fitting the one parameter of temperature scaling.

Source: C. Guo, G. Pleiss, Y. Sun, K. Weinberger, On Calibration of Modern Neural Networks (ICML 2017).
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from servable.calibration.curves import Temperature
from servable.calibration.rising_curve import RisingCurve, inside, logistic, logit, opened, smooth
from servable.records import FloatArray

_COLDEST, _HOTTEST = 0.05, 100.0
_STEPS: Final = 60


def fit_temperature(raw: FloatArray, labels: NDArray[np.int64]) -> Temperature:
    """The temperature of the least log-loss, between 0.05 and 100.

    It is 0.05 where the scores make no mistake, and 100 where they are no better than chance: the loss
    falls or rises all the way. Probabilities below 1e-12 count as that, or few rows would decide. The loss
    is convex in 1 / T; the root of its slope is looked for by Newton steps, and by halving where one leaves
    the bracket.

    Args:
        raw: `[n, classes]` raw probabilities.
        labels: `[n]` class indices.
    """
    logarithms = np.log(inside(raw))
    own = logarithms[np.arange(len(labels)), labels].mean()
    low, high = 1 / _HOTTEST, 1 / _COLDEST
    inverse = 1.0
    for _ in range(_STEPS):
        slope, curvature = _slope(logarithms, inverse)
        slope -= own
        low, high = (inverse, high) if slope < 0 else (low, inverse)
        step = inverse - slope / curvature if curvature > 0 else low
        if abs(step - inverse) < 1e-12:
            break
        inverse = step if low < step < high else (low + high) / 2
    return Temperature(float(1 / inverse))


def is_hottest(curve: Temperature) -> bool:
    """Whether the scores were no better than chance, so that the answers are nearly alike."""
    return curve.temperature > 0.999 * _HOTTEST


def curve_of(curve: Temperature) -> RisingCurve:
    """Class 1 of two as a function of its raw probability alone."""
    return smooth(lambda scores: opened(logistic(logit(scores) / curve.temperature)))


def _slope(logarithms: NDArray[np.float64], inverse: float) -> tuple[float, float]:
    """Means of the logarithms under the scaled probabilities, and of their variances."""
    powers = logarithms * inverse
    shares = np.exp(powers - powers.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    means = (shares * logarithms).sum(axis=1)
    squares = (shares * logarithms**2).sum(axis=1)
    return float(means.mean()), float((squares - means**2).mean())
