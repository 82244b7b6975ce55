"""Draws of many samples at once: entries by weight and numbers in ranges, all fields side by side.

A block of `BLOCK` samples takes a few calls however many fields there are.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from servable.payload.strategies.numbers import Range

BLOCK: Final = 256
"""Samples that are drawn at once; a few MB with 500 fields."""


class Choices:
    """One of several entries for each field, by weight; the entries of all fields stand one after another."""

    def __init__(self, weights: Sequence[Sequence[float]]) -> None:
        """Some entries for each field; their weights come to more than 0."""
        sizes = np.array([len(each) for each in weights], dtype=np.int64)
        self._last = sizes.cumsum() - 1
        shares = [np.cumsum(each) / np.sum(each) + at for at, each in enumerate(weights)]
        self._up_to = np.concatenate([*shares, np.empty(0)])
        self._fields = np.arange(len(sizes))

    def draw(self, draws: np.random.Generator) -> NDArray[np.int64]:
        """`[BLOCK, fields]` numbers of entries."""
        wanted = draws.random((BLOCK, len(self._fields))) + self._fields
        # a sum may have been rounded up to the next field
        found: NDArray[np.int64] = np.minimum(np.searchsorted(self._up_to, wanted, side="right"), self._last)
        return found


class Ranges:
    """A number for each field, even in one of its ranges, which is chosen by weight."""

    def __init__(self, ranges: Sequence[Sequence[Range]]) -> None:
        """Some ranges for each field; their weights come to more than 0."""
        self._choices = Choices([[each.weight for each in of_field] for of_field in ranges])
        flat = [each for of_field in ranges for each in of_field]
        self._low = np.array([each.low for each in flat], dtype=np.float64)
        self._high = np.array([each.high for each in flat], dtype=np.float64)
        self._scale = 10.0 ** np.array([each.decimals for each in flat], dtype=np.float64)

    def draw(self, draws: np.random.Generator) -> NDArray[np.float64]:
        """`[BLOCK, fields]` numbers of as many decimals as their ranges have."""
        at = self._choices.draw(draws)
        low, high, scale, part = self._low[at], self._high[at], self._scale[at], draws.random(at.shape)
        # half a unit beyond either end, so that both are rounded to as often as the numbers between them;
        # a weighted sum, because the width of a range may overflow
        numbers = (low - 0.5 / scale) * (1 - part) + (high + 0.5 / scale) * part
        return np.clip(np.rint(numbers * scale) / scale, low, high)
