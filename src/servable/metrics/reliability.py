"""How far probabilities are from the truth, bin by bin, and what a Brier score is made of."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from servable.metrics.binning import BINS, BinKind, binned
from servable.metrics.bootstrap import REACH
from servable.metrics.checks import checked_pair
from servable.records import FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class ReliabilityBin:
    """The rows of one bin: what was said, and what came true.

    Attributes:
        rows: how many they are.
        lowest: smallest score in it.
        highest: largest score in it.
        mean_score: mean score.
        share: share of class 1.
        low: lower end of the share's 95 % interval by Wilson.
        high: upper end.
    """

    rows: int
    lowest: float
    highest: float
    mean_score: float
    share: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BrierDecomposition:
    """A Brier score in parts: `reliability - resolution + uncertainty + within_bins`, exactly.

    The first three alone (Murphy) make up the score of the bins' mean scores. Scores differ within a bin,
    so that the score of the rows themselves has a fourth part.

    Attributes:
        brier: mean squared distance of P(class 1) from the label.
        reliability: of the bins' mean scores from their shares of class 1, 0 if perfectly calibrated.
        resolution: of the bins' shares from the base rate, the larger the better.
        uncertainty: the Brier score of the base rate.
        within_bins: variance of the scores within their bins, less twice their covariance with the
            labels there; below 0 where scores tell rows of one bin apart.
        bins: number of bins that hold rows.
        kind: how they were cut.
    """

    brier: float
    reliability: float
    resolution: float
    uncertainty: float
    within_bins: float
    bins: int
    kind: BinKind


def brier_decomposition(
    scores: FloatArray,
    labels: NDArray[np.int64],
    *,
    kind: BinKind = BinKind.EQUAL_MASS,
    bins: int = BINS,
) -> BrierDecomposition:
    """The parts of the Brier score of `[n]` class-1 probabilities against `[n]` labels 0 or 1.

    Source: Murphy, "A new vector partition of the probability score", 1973; Stephenson, Coelho and
    Jolliffe, "Two extra components in the Brier score decomposition", 2008.

    Raises:
        BadInput: `metrics.*`, if a score is no probability or there are no rows.
    """
    scores, labels = checked_pair(scores, labels)
    binning = binned(scores, kind=kind, bins=bins)
    rows, n, base = binning.rows(), len(labels), labels.mean()
    held = np.maximum(rows, 1)
    mean_score, share = binning.sums(scores) / held, binning.sums(labels) / held
    score_apart = scores - mean_score[binning.of_row]
    label_apart = labels - share[binning.of_row]
    return BrierDecomposition(
        brier=float(((scores - labels) ** 2).mean()),
        reliability=float((rows * (mean_score - share) ** 2).sum() / n),
        resolution=float((rows * (share - base) ** 2).sum() / n),
        uncertainty=float(base * (1 - base)),
        within_bins=float((score_apart**2).mean() - 2 * (score_apart * label_apart).mean()),
        bins=int((rows > 0).sum()),
        kind=kind,
    )


def reliability_bins(
    scores: FloatArray, labels: NDArray[np.int64], *, bins: int = BINS
) -> tuple[ReliabilityBin, ...]:
    """What a reliability diagram shows: bins of about equally many rows, from the lowest scores on.

    Source of the interval: Wilson, "Probable inference, the law of succession, and statistical
    inference", 1927.

    Raises:
        BadInput: `metrics.*`, if a score is no probability or there are no rows.
    """
    scores, labels = checked_pair(scores, labels)
    binning = binned(scores, kind=BinKind.EQUAL_MASS, bins=bins)
    found = []
    for number in range(binning.bins):
        inside = binning.of_row == number
        rows, ones = int(inside.sum()), int(labels[inside].sum())
        low, high = wilson_interval(ones, rows)
        found.append(
            ReliabilityBin(
                rows=rows,
                lowest=float(scores[inside].min()),
                highest=float(scores[inside].max()),
                mean_score=float(scores[inside].mean()),
                share=ones / rows,
                low=low,
                high=high,
            )
        )
    return tuple(found)


def wilson_interval(ones: int, rows: int, *, z: float = REACH) -> tuple[float, float]:
    """The interval of a share, of which `ones` of `rows` were seen; within 0 and 1 however few.

    Args:
        ones: rows of the kind whose share it is.
        rows: all of them, at least one.
        z: standard deviations of a normal variable that the interval reaches.  [default: those of 95 %]
    """
    share, squared = ones / rows, z**2
    middle = (share + squared / (2 * rows)) / (1 + squared / rows)
    reach = z / (1 + squared / rows) * np.sqrt(share * (1 - share) / rows + squared / (4 * rows**2))
    # where no row or every row is of the kind, an end is 0 or 1 itself, but for rounding
    low, high = float(middle - reach) if ones else 0.0, float(middle + reach) if ones < rows else 1.0
    return max(0.0, low), min(1.0, high)
