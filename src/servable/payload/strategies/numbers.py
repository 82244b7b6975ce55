"""Numbers as people write them: whole where a field's numbers look whole, else of a few digits."""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from servable.artifact import MOST_BINS, Histogram
from servable.payload.facts import ModelFacts

_DIGITS: Final = 2
"""Decimals beyond the width of a range, so that a hundred numbers in it differ."""

_MOST_DECIMALS: Final = 22
"""Ten to a higher power is no exact number."""

_SPREAD: Final = 0.25
"""Of numbers around a value of which nothing else is known, as a share of it."""

_LARGEST_WHOLE: Final = 2.0**53

_OVERFULL: Final = 1.5
"""Times the rows that a bin was made for: beyond that, many rows have one and the same number."""


class Range(NamedTuple):
    """Where numbers lie and how they are written.

    Attributes:
        low, high: the ends, which may be equal.
        weight: rows in it.
        decimals: that a number in it has.
    """

    low: float
    high: float
    weight: float
    decimals: int


def ranges_of(facts: ModelFacts, field: str) -> tuple[Range, ...]:
    """The bins of a field's recorded numbers, ascending; without them one around its imputation value.

    A bin is made for a tenth of the rows. One that holds many more was kept whole by a number that repeats,
    as the 0 of an amount that most people do not have: it becomes a bin of a tenth, and that number.
    """
    histogram = facts.numbers.get(field)
    imputed = facts.imputation.get(field)
    limit = facts.schema.number_limit
    if histogram is None:
        return (_within(_around(imputed or 0.0), limit),)
    bins = [_within(each, limit) for each in bins_of(histogram)]
    made_for = sum(each.weight for each in bins) / MOST_BINS
    return tuple(
        part
        for at, each in enumerate(bins)
        for part in (
            (
                each._replace(weight=made_for),
                _repeated(each, imputed, weight=each.weight - made_for, is_first=at == 0),
            )
            if each.weight > _OVERFULL * made_for and each.low < each.high
            else (each,)
        )
    )


def _repeated(within: Range, imputed: float | None, *, weight: float, is_first: bool) -> Range:
    """The number that most rows of a bin have, as far as it can be told.

    A bin ends with the number that fills it. Of whole numbers that is the last one; but where the next number
    is far away, so is the edge, and then the imputation value or the least number is a better guess.
    """
    number = within.low if is_first else within.high
    if imputed is not None and within.low <= imputed <= within.high:
        number = imputed if within.decimals else float(round(imputed))
    return Range(number, number, weight, within.decimals)


def bins_of(histogram: Histogram) -> tuple[Range, ...]:
    """The bins that hold any number, ascending.

    Of the few numbers outside the recorded range nothing is known, so they are its ends.
    """
    whole = _is_whole(histogram)
    bounds = (histogram.low, *histogram.edges, histogram.high)
    below, *inner, above = histogram.counts
    found = [
        _range(low, high, count, is_first=low == histogram.low, whole=whole)
        for (low, high), count in zip(pairwise(bounds), inner, strict=True)
    ]
    ends = [Range(histogram.low, histogram.low, below, 0), Range(histogram.high, histogram.high, above, 0)]
    return tuple(each for each in (ends[0], *found, ends[1]) if each.weight)


def _within(numbers: Range, limit: float) -> Range:
    """A range as far as a request may hold its numbers."""
    low, high = (min(max(end, -limit), limit) for end in numbers[:2])
    return numbers._replace(low=low, high=high)


def as_written(number: float) -> float | int:
    """A number as people write it: a whole one without a point."""
    return int(number) if _is_whole_number(number) else number


def are_whole(facts: ModelFacts, field: str) -> bool:
    """Whether the numbers of a field look like whole ones, else its imputation value."""
    histogram = facts.numbers.get(field)
    if histogram is not None:
        return _is_whole(histogram)
    return _is_whole_number(facts.imputation.get(field, 0.0))


def _is_whole(histogram: Histogram) -> bool:
    # between two whole numbers that follow one another is an edge of .5
    ends = (histogram.low, histogram.high)
    return (
        all(map(_is_whole_number, ends))
        and ends[0] < ends[1]
        and all(float(2 * edge).is_integer() for edge in histogram.edges)
    )


def middles_out(ranges: Sequence[Range]) -> tuple[float, ...]:
    """The middle of each range: first that of the median, then those beside it, outwards."""
    half = sum(each.weight for each in ranges) / 2
    seen, median = 0.0, 0
    for at, each in enumerate(ranges):
        seen += each.weight
        median = at
        if seen >= half:
            break
    order = sorted(range(len(ranges)), key=lambda at: abs(at - median))
    return tuple(_middle(ranges[at]) for at in order)


def _middle(within: Range) -> float:
    rounded = round(within.low / 2 + within.high / 2, within.decimals)
    return min(max(rounded, within.low), within.high)


def _range(low: float, high: float, count: int, *, is_first: bool, whole: bool) -> Range:
    if not whole:
        return Range(low, high, count, _decimals(high - low))
    # an edge belongs to the bin that it ends
    first = low if is_first else math.floor(low) + 1.0
    last = float(math.floor(high))
    return Range(min(first, last), last, count, 0)


def _is_whole_number(value: float) -> bool:
    return abs(value) < _LARGEST_WHOLE and float(value).is_integer()


def _around(value: float) -> Range:
    """Numbers of the same sign near a value; a little above 0, which is what most counts are."""
    spread = abs(value) * _SPREAD
    low, high = (value - spread, value + spread) if value else (0.0, 1.0)
    if _is_whole_number(value):
        return Range(math.floor(low), math.ceil(high), 1.0, 0)
    return Range(low, high, 1.0, _decimals(high - low))


def _decimals(width: float) -> int:
    if not 0 < width < math.inf:
        return 0
    return min(_MOST_DECIMALS, max(0, _DIGITS - math.floor(math.log10(width))))
