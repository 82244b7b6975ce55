"""The methods by which a calibrator is fitted, and how many rows each needs."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray


class Method(StrEnum):
    """How a calibrator is fitted, from the one that changes least to the one that can change most."""

    NONE = "none"
    TEMPERATURE = "temperature"
    PLATT = "platt"
    BETA = "beta"
    ISOTONIC = "isotonic"
    PERCENTILE = "percentile"


MIN_ROWS: Final[Mapping[Method, int]] = {
    Method.NONE: 0,
    Method.TEMPERATURE: 20,
    Method.PLATT: 20,
    Method.BETA: 50,
    Method.ISOTONIC: 100,
    Method.PERCENTILE: 100,
}
"""Fewer calibration rows are refused: a parameter that is hardly seen, or a rank of less than a hundredth."""

ENOUGH_ROWS: Final[Mapping[Method, int]] = {Method.BETA: 500, Method.ISOTONIC: 1000}
"""From so many calibration rows a method is worth trying; with fewer, Platt's is the more stable.

Measured as log-loss on 2,346 other rows of a text model, a logistic regression and a naive Bayes. Of 200
rows, beta calibration lost up to 0.009 against Platt's and varied by 0.004 to 0.025 from draw to draw,
Platt's by 0.001 to 0.003; of 500 it was between 0.0025 better and 0.0013 worse. Isotonic regression as it is
fitted here beat both by less than 0.0005 of 500 rows, and the over-confident model by 0.001 of 2,000.
"""

ENOUGH_RARE: Final = 100
"""Rows of the rarest class that beta and isotonic need to be worth trying: errors depend on these rows."""


def default_method(labels: NDArray[np.int64]) -> Method:
    """Beta calibration where the rows and those of the rarer class are enough for it, else Platt scaling.

    Args:
        labels: `[n]` 0 or 1.
    """
    is_fit = is_enough(Method.BETA, rows=len(labels), rare=rarest(labels, classes=2))
    return Method.BETA if is_fit else Method.PLATT


def rarest(labels: NDArray[np.int64], *, classes: int) -> int:
    """Rows of the class that has fewest of them."""
    return int(np.bincount(labels, minlength=classes).min())


def is_enough(method: Method, *, rows: int, rare: int) -> bool:
    """Whether a method is worth trying on so many rows, of which the rarest class has `rare`."""
    if method not in ENOUGH_ROWS:
        return True
    return rows >= ENOUGH_ROWS[method] and rare >= ENOUGH_RARE
