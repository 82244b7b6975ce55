"""Calibrators that only look at the order of the scores: isotonic regression and percentiles.

Sources: R. Barlow, D. Bartholomew, J. Bremner, H. Brunk, Statistical Inference under Order Restrictions
(1972), for pooling of neighbours; A. Oron, N. Flournoy, Centered Isotonic Regression (2017), for knots at
the middle of a block.
"""

from dataclasses import dataclass
from operator import add
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from servable.calibration.rising_curve import RisingCurve, opened, through
from servable.metrics import auc
from servable.records import FloatArray

_PSEUDO_ROWS: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Blocks:
    """Neighbouring scores that are answered alike, in rising order.

    Attributes:
        rows: `[k]` float64, how many.
        positives: `[k]` float64, how many of them are of class 1.
        scores: `[k]` float64, sums of their raw scores.
    """

    rows: NDArray[np.float64]
    positives: NDArray[np.float64]
    scores: NDArray[np.float64]

    @classmethod
    def of_rows(cls, scores: FloatArray, labels: FloatArray) -> Self:
        """One block for each distinct score of `[n]` scores and labels 0 or 1."""
        distinct, rank, counts = np.unique(
            np.asarray(scores, dtype=np.float64), return_inverse=True, return_counts=True
        )
        positives = np.bincount(rank, weights=labels).astype(np.float64)
        return cls(rows=counts.astype(np.float64), positives=positives, scores=distinct * counts)

    def means(self, *, pseudo_rows: float = 0, of_mean: float = 0) -> NDArray[np.float64]:
        """`[k]` shares of class 1, as if each block had more rows, of which this share is of class 1."""
        shares: NDArray[np.float64] = (self.positives + pseudo_rows * of_mean) / (self.rows + pseudo_rows)
        return shares

    def pooled(self, *, pseudo_rows: float = 0, of_mean: float = 0) -> Self:
        """The fewest blocks whose means rise: neighbours whose means do not are joined.

        With pseudo-rows the means that rise are those with them: a small block is drawn further than its
        larger neighbour, and may come out on its other side.
        """
        stack: list[tuple[float, ...]] = []
        for block in zip(self.rows.tolist(), self.positives.tolist(), self.scores.tolist(), strict=True):
            joined = block
            while stack and _mean(stack[-1], pseudo_rows, of_mean) >= _mean(joined, pseudo_rows, of_mean):
                joined = tuple(map(add, stack.pop(), joined))
            stack.append(joined)
        rows, positives, scores = np.array(stack).T
        return type(self)(rows=rows, positives=positives, scores=scores)


def _mean(block: tuple[float, ...], pseudo_rows: float, of_mean: float) -> float:
    rows, positives, _ = block
    return (positives + pseudo_rows * of_mean) / (rows + pseudo_rows)


def isotonic(scores: FloatArray, labels: FloatArray) -> RisingCurve:
    """The rising curve that is nearest to the labels, made fit for use as probabilities.

    As it is, isotonic regression answers exactly 0 and 1 at its ends, where one wrong row costs without
    limit, and the same for all scores of a block. So the mean of each block is drawn to the share of
    class 1 as by two rows more, stands at the mean score of the block, and lines lead from one to the next.
    Scores that rank the wrong way are answered by the share of class 1.

    Args:
        scores: `[n]` raw probabilities.
        labels: `[n]` 0 or 1, both present.
    """
    base = float(labels.mean())
    if auc(np.asarray(scores, dtype=np.float64), labels.astype(np.int64)) <= 0.5:
        return through(np.array([0.0, 1.0]), opened(np.array([base, base])))
    # scores that a table cannot tell apart, its knots being 1e-12 apart, are not told apart here either
    blocks = Blocks.of_rows(np.round(scores, 12), labels).pooled()
    blocks = blocks.pooled(pseudo_rows=_PSEUDO_ROWS, of_mean=base)
    means = blocks.means(pseudo_rows=_PSEUDO_ROWS, of_mean=base)
    centres = np.maximum.accumulate(blocks.scores / blocks.rows)  # rounding may turn two neighbours round
    return through(centres, opened(means))


def percentile(scores: FloatArray) -> RisingCurve:
    """The share of these scores below a score, those equal to it counted half; 0 at 0 and 1 at 1.

    Not a probability of anything. Between the scores, lines; a score of 0 or 1 itself keeps its share.

    Args:
        scores: `[n]` raw probabilities.
    """
    distinct, counts = np.unique(np.asarray(scores, dtype=np.float64), return_counts=True)
    shares = (np.cumsum(counts) - counts / 2) / len(scores)
    before, behind = distinct[:1] > 0, distinct[-1:] < 1
    x = np.concatenate([np.zeros(1)[before], distinct, np.ones(1)[behind]])
    return through(x, np.concatenate([np.zeros(1)[before], shares, np.ones(1)[behind]]))
