"""A fitted calibrator of one class as a function, before it becomes a table."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from servable.records import FloatArray

_OPEN: Final = 1e-6
_CLIP: Final = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RisingCurve:
    """A calibrated score for every raw one; it never falls.

    Attributes:
        answers: `[n]` float64 calibrated scores of `[n]` raw ones in [0, 1].
        bends: `[k]` float64 raw scores where straight pieces of it meet; none where it is smooth.
    """

    answers: Callable[[FloatArray], NDArray[np.float64]]
    bends: NDArray[np.float64]


def smooth(answers: Callable[[FloatArray], NDArray[np.float64]]) -> RisingCurve:
    """The curve of a formula."""
    return RisingCurve(answers=answers, bends=np.empty(0))


def through(x: NDArray[np.float64], y: NDArray[np.float64]) -> RisingCurve:
    """Straight lines through these points, level beyond the first and the last."""

    def answers(scores: FloatArray) -> NDArray[np.float64]:
        return np.interp(np.asarray(scores, dtype=np.float64), x, y)

    return RisingCurve(answers=answers, bends=x)


def opened(probabilities: FloatArray) -> NDArray[np.float64]:
    """Probabilities held away from 0 and 1 by a millionth, where one wrong row would cost without limit."""
    held: NDArray[np.float64] = np.clip(probabilities, _OPEN, 1 - _OPEN)
    return held


def inside(scores: FloatArray) -> NDArray[np.float64]:
    """Raw scores held away from 0 and 1, so that they have logarithms."""
    held: NDArray[np.float64] = np.clip(np.asarray(scores, dtype=np.float64), _CLIP, 1 - _CLIP)
    return held


def logit(scores: FloatArray) -> NDArray[np.float64]:
    """Log odds of raw scores, finite at 0 and 1 too."""
    clipped = inside(scores)
    odds: NDArray[np.float64] = np.log(clipped) - np.log1p(-clipped)
    return odds


def logistic(odds: FloatArray) -> NDArray[np.float64]:
    """1 / (1 + e^-x), without overflow."""
    shares: NDArray[np.float64] = 1 / (1 + np.exp(-np.clip(odds, -700, 700)))
    return shares
