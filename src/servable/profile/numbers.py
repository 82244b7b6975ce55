"""Counting numbers in one pass: exactly while few differ, and in bounded memory however many do."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

MOST_NUMBERS: Final = 20_000
"""Different numbers that are told apart."""

_ALL_BITS: Final = np.int64(-1)
_LARGEST: Final = np.finfo(np.float64).max


class NumberCounts:
    """How often each number came.

    While at most `MOST_NUMBERS` differ, counts are exact. Beyond, numbers lose their last binary digits, as
    many as it takes and all alike. What is known in the end depends on the numbers, not on their order.

    Attributes:
        values: `[m]` float64 ascending, each the one nearest to 0 of the numbers that it stands for.
        counts: `[m]` int64.
    """

    def __init__(self, *, most: int = MOST_NUMBERS) -> None:
        """No number yet.

        Args:
            most: different numbers that are told apart.
        """
        self.values: NDArray[np.float64] = np.empty(0)
        self.counts: NDArray[np.int64] = np.empty(0, dtype=np.int64)
        self._most = most
        self._lost_bits = 0

    @property
    def rows(self) -> int:
        """How many numbers came."""
        return int(self.counts.sum())

    def add(self, numbers: NDArray[np.floating]) -> None:
        """Some finite numbers more, `[k]`."""
        found = self.rounded(numbers)
        self._merge(
            np.concatenate([self.values, found]), np.append(self.counts, np.ones(len(found), np.int64))
        )
        while len(self.values) > self._most:
            self._lost_bits += 1
            self._merge(self.rounded(self.values), self.counts)

    def rounded(self, numbers: NDArray[np.floating]) -> NDArray[np.float64]:
        """Numbers as they are told apart: never further from 0, and never in another order."""
        kept = (numbers.astype(np.float64).view(np.int64) & (_ALL_BITS << self._lost_bits)).view(np.float64)
        return kept + 0.0  # there is one zero

    def outermost(self) -> NDArray[np.float64]:
        """`[m]` the numbers furthest from 0 that the values may stand for."""
        furthest = (self.values.view(np.int64) | ~(_ALL_BITS << self._lost_bits)).view(np.float64)
        return np.where(np.isfinite(furthest), furthest, np.copysign(_LARGEST, self.values))

    def _merge(self, values: NDArray[np.float64], counts: NDArray[np.int64]) -> None:
        self.values, place = np.unique(values, return_inverse=True)
        # sums of whole numbers below 2**53 are exact
        self.counts = np.bincount(place, weights=counts, minlength=len(self.values)).astype(np.int64)
