"""Bins of numbers: chosen so that each holds about a tenth of them, and counted once more for others."""

from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal
from typing import Final

import numpy as np
from numpy.typing import NDArray

from servable.artifact import LEAST_ROWS_NAMED, MOST_BINS, Histogram
from servable.profile.numbers import NumberCounts

LEAST_NUMBERS: Final = LEAST_ROWS_NAMED * MOST_BINS
"""Numbers that bins are made of, at least."""

_DIGITS: Final = 3
_MOST_DIGITS: Final = 17


def histogram_of(seen: NumberCounts, *, slack: float = 0.0) -> Histogram | None:
    """The tenths of numbers, fewer where many are equal; None for fewer than `LEAST_NUMBERS`.

    Up to `LEAST_ROWS_NAMED - 1` numbers at either end are left out of the range, so that it is nobody's own
    number, and it is widened to three significant digits. An edge is the shortest decimal between the two
    numbers that it parts.

    Args:
        seen: the numbers.
        slack: by which the range is wider at either end, for numbers that computing again may change.
    """
    values, counts = seen.values, seen.counts
    up_to = counts.cumsum()
    total = int(up_to[-1]) if len(up_to) else 0
    if total < LEAST_NUMBERS:
        return None
    first = int(np.searchsorted(up_to, LEAST_ROWS_NAMED))  # below it are fewer rows
    last = int(np.searchsorted(up_to, total - LEAST_ROWS_NAMED + 1))  # above it are fewer rows
    widest = np.sort([values, seen.outermost()], axis=0)
    low = _outward(float(widest[0, first]) - slack, ROUND_FLOOR)
    high = _outward(float(widest[1, last]) + slack, ROUND_CEILING)
    wanted = np.arange(1, MOST_BINS) * total / MOST_BINS
    cuts = np.unique(np.searchsorted(up_to, wanted))
    edges = tuple(_between(float(values[cut]), float(values[cut + 1])) for cut in cuts.tolist() if cut < last)
    return Histogram(low=low, high=high, edges=edges, counts=tuple(_counted(seen, low, edges, high).tolist()))


def counts_in(histogram: Histogram, seen: NumberCounts) -> NDArray[np.int64]:
    """`[bins]` how many of other numbers are in the bins of a histogram."""
    return _counted(seen, histogram.low, histogram.edges, histogram.high)


def _counted(seen: NumberCounts, low: float, edges: tuple[float, ...], high: float) -> NDArray[np.int64]:
    # numbers that lost digits are held against bounds that lost the same
    bounds = seen.rounded(np.array([low, *edges, high]))
    place = np.searchsorted(bounds[1:-1], seen.values) + 1
    place[seen.values < bounds[0]] = 0
    place[seen.values > bounds[-1]] = len(edges) + 2
    bins = len(edges) + 3
    return np.bincount(place, weights=seen.counts, minlength=bins).astype(np.int64)


def _outward(value: float, rounding: str) -> float:
    """A number of three significant digits that is not above, or not below, a number."""
    rounded = Context(prec=_DIGITS, rounding=rounding).create_decimal(Decimal(value))
    return float(rounded) + 0.0


def _between(lower: float, upper: float) -> float:
    """The shortest decimal between two numbers, near their middle; the lower one if there is none."""
    middle = lower / 2 + upper / 2
    for digits in range(_MOST_DIGITS):
        shorter = float(f"{middle:.{digits}e}")
        if lower < shorter < upper:
            return shorter
    return lower
