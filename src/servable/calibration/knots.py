"""A curve as a lookup table of few knots, which is what every reader of the layout understands."""

import heapq
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from servable.calibration.lookup import LookupTable
from servable.calibration.rising_curve import RisingCurve
from servable.records import FloatArray

MAX_KNOTS: Final = 101
KNOT_ERROR: Final = 0.001
"""A table should be no further than this from its curve at the calibration scores."""

SMALLEST_GAP: Final = 1e-12
"""Between two knots: a segment that is much shorter has a slope that no float holds."""


class _Worst(NamedTuple):
    """Where the line between two knots is furthest from the curve; sorts the furthest first."""

    negative_error: float
    place: int
    left: int
    right: int


def table_of(curve: RisingCurve, scores: FloatArray) -> LookupTable:
    """At most 101 knots of a curve: split, again and again, where the table is most wrong.

    0, 1, the smallest and the largest score are always knots, unless one is within 1e-12 of another.
    Candidates are the scores, the bends of the curve, and a grid on the logit beyond them: a grid of equal
    steps would have one knot where a network puts half of its scores, above 0.999.

    Args:
        curve: what to reduce.
        scores: `[n]` raw calibration scores.
    """
    odds = np.linspace(-16, 16, 513)
    scores = np.asarray(scores, dtype=np.float64)
    ends = _apart([0.0, float(scores.min()), float(scores.max()), 1.0])
    x = np.unique(np.concatenate([ends, scores, curve.bends, 1 / (1 + np.exp(-odds))]))
    y = np.maximum.accumulate(curve.answers(x))
    knots = _split_where_worst(x, y, np.searchsorted(x, ends).tolist())
    return LookupTable(x[knots], y[knots])


def _apart(rising: list[float]) -> list[float]:
    """The first and the last, and between them what is not beside one of them or of those kept before."""
    first, *inner, last = rising
    kept = [first]
    for number in inner:
        if number - kept[-1] >= SMALLEST_GAP and last - number >= SMALLEST_GAP:
            kept.append(number)
    return [*kept, last]


def _split_where_worst(x: NDArray[np.float64], y: NDArray[np.float64], knots: list[int]) -> list[int]:
    """Indices of knots, rising; only the two halves of a split segment are looked at again."""
    heap = [_worst(x, y, left, right) for left, right in pairwise(knots)]
    heapq.heapify(heap)
    while len(knots) < MAX_KNOTS and -heap[0].negative_error > KNOT_ERROR / 10:
        worst = heapq.heappop(heap)
        knots.append(worst.place)
        heapq.heappush(heap, _worst(x, y, worst.left, worst.place))
        heapq.heappush(heap, _worst(x, y, worst.place, worst.right))
    return sorted(knots)


def _worst(x: NDArray[np.float64], y: NDArray[np.float64], left: int, right: int) -> _Worst:
    """Of two neighbouring knots; what is beside one of them cannot become a knot."""
    asked = x[left : right + 1]
    line = y[left] + (y[right] - y[left]) * (asked - x[left]) / (x[right] - x[left])
    errors = np.abs(np.minimum(line, y[right]) - y[left : right + 1])
    errors[(asked - x[left] < SMALLEST_GAP) | (x[right] - asked < SMALLEST_GAP)] = 0
    place = int(errors.argmax())
    return _Worst(-float(errors[place]), left + place, left, right)
