"""Numbers as names of ranges: as short as they may be and tell one from another."""

from collections.abc import Iterable, Mapping

_USUAL, _WHOLE, _ALL = 10, 15, 17
"""Significant digits: as many as people write, whole numbers that are written out, and any two told apart."""


def names_of_numbers(values: Iterable[float]) -> Mapping[float, str]:
    """A name for each number; two that differ have names that do."""
    distinct = sorted(set(values))
    largest = max((abs(value) for value in distinct), default=0.0)
    first = min(_WHOLE, max(_USUAL, len(f"{largest:.0f}")))
    for digits in range(first, _ALL + 1):
        names = {value: f"{value:,.{digits}g}" for value in distinct}
        if len(set(names.values())) == len(distinct):
            break
    return names
