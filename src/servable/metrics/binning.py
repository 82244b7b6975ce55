"""Scores in bins, of equal width or of about equally many rows."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from servable.metrics.checks import require_weights
from servable.metrics.figure import Weights
from servable.records import FloatArray

BINS: Final = 15
"""How many bins a calibration error has unless something else is said."""


class BinKind(StrEnum):
    """How a range of probabilities is cut into bins."""

    EQUAL_WIDTH = "equal width"
    EQUAL_MASS = "equal mass"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Binning:
    """To which bin each of some scores belongs.

    Attributes:
        kind: how they were made.
        bins: how many there are; of equal mass only those that hold a row.
        of_row: `[n]` the number of each row's bin, from the lowest scores on.
    """

    kind: BinKind
    bins: int
    of_row: NDArray[np.int64]

    def sums(self, values: FloatArray | NDArray[np.int64], weights: Weights | None = None) -> FloatArray:
        """`[bins]` sums of `[n]` values, each counted as often as its weight says."""
        if weights is not None:
            require_weights(weights, len(self.of_row))
        weighed = values if weights is None else values * weights
        return np.bincount(self.of_row, weights=weighed, minlength=self.bins).astype(np.float64)

    def rows(self, weights: Weights | None = None) -> FloatArray:
        """`[bins]` how many rows a bin holds."""
        return np.bincount(self.of_row, weights=weights, minlength=self.bins).astype(np.float64)


def binned(scores: FloatArray, *, kind: BinKind, bins: int = BINS) -> Binning:
    """`[n]` probabilities in bins.

    Equal scores are never torn apart, so that bins of equal mass are fewer where scores repeat, and do
    not depend on the order of the rows.
    """
    if kind is BinKind.EQUAL_WIDTH:
        of_row = np.minimum((scores * bins).astype(np.int64), bins - 1)
        return Binning(kind=kind, bins=bins, of_row=of_row)
    ranked = np.sort(scores)
    starts = np.unique(ranked[[len(scores) * number // bins for number in range(bins)]])
    of_row = np.searchsorted(starts, scores, side="right") - 1
    return Binning(kind=kind, bins=len(starts), of_row=of_row)
