"""A calibration lookup table and its interpolation.

Source: `_interpolate_score` in the documentation of the inference handler, with its choice of segment
and its order of operations, then clamped to the segment's ends, which takes back the rule's own
rounding, two units in the last place at most (the rule itself can exceed 1.0). Bisection over plain
floats costs a single score less than one call into numpy, and 10,000 scores about a twentieth of
scoring them.
"""

from bisect import bisect_left
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from servable.errors import Damaged, Problem
from servable.records import FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class LookupTable:
    """Knots (raw score, calibrated score), sorted by raw score; equal raw scores express a step.

    Attributes:
        x: `[k]` float64, k >= 2, finite, not decreasing.
        y: `[k]` float64 in [0, 1].
    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    _x: list[float] = field(init=False, repr=False)
    _y: list[float] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_x", self.x.tolist())
        object.__setattr__(self, "_y", self.y.tolist())

    @classmethod
    def of_pairs(cls, pairs: object, *, where: str) -> "LookupTable":
        """A checked table of a list of pairs.

        Raises:
            Damaged: `calibration.table`, naming the first knot that breaks a rule.
        """
        if not isinstance(pairs, list) or len(pairs) < 2:
            raise Damaged(_problem(where, "at least two pairs of numbers", "something else"))
        for index, pair in enumerate(pairs):
            if not (isinstance(pair, list | tuple) and len(pair) == 2 and all(map(_is_number, pair))):
                raise Damaged(_problem(where, "a pair of finite numbers", "something else", index))
        table = cls(*np.array(pairs, dtype=np.float64).T.copy())
        fall = np.flatnonzero(np.diff(table.x) < 0)
        if len(fall):
            raise Damaged(_problem(where, "raw scores in rising order", "a lower one", int(fall[0]) + 1))
        outside = np.flatnonzero((table.y < 0) | (table.y > 1))
        if len(outside):
            first = int(outside[0])
            raise Damaged(
                _problem(where, "calibrated scores between 0 and 1", repr(float(table.y[first])), first)
            )
        return table

    def pairs(self) -> list[tuple[float, float]]:
        """The knots as plain numbers, the form in which they are stored."""
        return list(zip(self.x.tolist(), self.y.tolist(), strict=True))

    def apply(self, scores: FloatArray) -> NDArray[np.float64]:
        """`[n]` calibrated scores of `[n]` raw ones; outside the knots, the nearest knot's value.

        At an inner knot the left segment answers; at a repeated knot, therefore, its first value.
        A NaN is answered by NaN.
        """
        return np.array(self.values(scores), dtype=np.float64)

    def values(self, scores: FloatArray) -> list[float]:
        """What `apply` answers, as plain floats."""
        return [self._interpolate(score) for score in scores.tolist()]

    def _interpolate(self, score: float) -> float:
        x, y = self._x, self._y
        if score <= x[0]:
            return y[0]
        if score >= x[-1]:
            return y[-1]
        if score != score:  # noqa: PLR0124  # only NaN differs from itself
            return score
        right = bisect_left(x, score)  # the first segment with x1 <= score <= x2
        x1, x2, y1, y2 = x[right - 1], x[right], y[right - 1], y[right]
        inner = y1 + (y2 - y1) * (score - x1) / (x2 - x1)
        return min(max(inner, y1), y2) if y1 <= y2 else min(max(inner, y2), y1)


def _is_number(value: object) -> bool:
    # the comparison is false for NaN, and true for no integer that a float cannot hold
    return isinstance(value, int | float) and not isinstance(value, bool) and -1e300 < value < 1e300


def _problem(where: str, expected: str, found: str, index: int | None = None) -> Problem:
    return Problem(
        code="calibration.table",
        where=where if index is None else f"{where}, knot {index}",
        expected=expected,
        found=found,
        fix="fit the calibrator again or repair the table",
    )
