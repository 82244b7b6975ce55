"""Figures of two rows of scores: how far they are apart, how often labels flip, whether ranks agree."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from servable.records import FloatArray

BINS: Final = 41
"""An odd number, so that the middle bin has no change in its middle."""

MOST_PAIRS: Final = 1000

_QUANTILES: Final = (0.5, 0.9, 0.95, 0.99)

FloatVector = NDArray[np.float64]
Labels = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantile:
    """The absolute change that this share of the records does not exceed."""

    share: float
    change: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """Changes of scores.

    Attributes:
        mean: with their signs.
        mean_absolute, largest: without.
        quantiles: of the absolute change.
        changed: records with any change at all.
    """

    mean: float
    mean_absolute: float
    largest: float
    quantiles: tuple[Quantile, ...]
    changed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Histogram:
    """How many records changed by how much.

    Attributes:
        edges: `[k + 1]` ascending, as far below 0 as above it.
        counts: `[k]`.
    """

    edges: tuple[float, ...]
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScorePair:
    """The calibrated scores of one record, of the class that is told, and whether its label flips."""

    a: float
    b: float
    flips: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Flip:
    """How many records A gives one class and B another one, by the names of the classes."""

    a: str
    b: str
    records: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RankCorrelation:
    """Spearman's correlation of the scores of a class; None where one side gives all records one score."""

    name: str
    value: float | None


def movement(changes: FloatVector) -> Movement:
    """The figures of `[n]` changes."""
    sizes = np.abs(changes)
    return Movement(
        mean=float(changes.mean()),
        mean_absolute=float(sizes.mean()),
        largest=float(sizes.max()),
        quantiles=tuple(
            Quantile(share=share, change=float(np.quantile(sizes, share))) for share in _QUANTILES
        ),
        changed=int(np.count_nonzero(sizes)),
    )


def histogram(changes: FloatVector) -> Histogram | None:
    """`[n]` changes in bins of equal width around 0; None if nothing changes."""
    furthest = float(np.abs(changes).max())
    # a range so narrow cannot be cut into bins
    if furthest < BINS * np.finfo(np.float64).tiny:
        return None
    edges = np.linspace(-furthest, furthest, BINS + 1)
    counts, _ = np.histogram(changes, bins=edges)
    return Histogram(edges=tuple(edges.tolist()), counts=tuple(counts.tolist()))


def score_pairs(a: FloatVector, b: FloatVector, flips: NDArray[np.bool_]) -> tuple[ScorePair, ...]:
    """`[n]` pairs of scores as a drawing can show them: all, or every k-th, at most `MOST_PAIRS`."""
    every = slice(None, None, -(-len(a) // MOST_PAIRS))
    return tuple(
        ScorePair(a=one, b=other, flips=is_flip)
        for one, other, is_flip in zip(
            a[every].tolist(), b[every].tolist(), flips[every].tolist(), strict=True
        )
    )


def flips(labels_a: Labels, labels_b: Labels, classes: Sequence[str]) -> tuple[Flip, ...]:
    """How many of `[n]` records go from which class to which, the most first."""
    pairs, counts = np.unique(
        np.column_stack([labels_a, labels_b])[labels_a != labels_b], axis=0, return_counts=True
    )
    found = [
        Flip(a=classes[one], b=classes[other], records=int(count))
        for (one, other), count in zip(pairs.tolist(), counts.tolist(), strict=True)
    ]
    return tuple(sorted(found, key=lambda flip: -flip.records))


def rank_correlations(a: FloatArray, b: FloatArray, classes: Sequence[str]) -> tuple[RankCorrelation, ...]:
    """Of `[n, classes]` scores class by class; of two classes the second one's alone.

    Source: C. Spearman, The proof and measurement of association between two things (1904); equal scores
    share their mean rank.
    """
    chosen = [1] if len(classes) == 2 else range(len(classes))
    return tuple(
        RankCorrelation(name=classes[index], value=_correlation(_ranks(a[:, index]), _ranks(b[:, index])))
        for index in chosen
    )


def _ranks(scores: FloatArray) -> FloatVector:
    """`[n]` ranks less their mean."""
    _, group, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks: FloatVector = (counts.cumsum() - (counts - 1) / 2)[group]
    return ranks - (len(scores) + 1) / 2


def _correlation(a: FloatVector, b: FloatVector) -> float | None:
    scale = float(np.sqrt((a @ a) * (b @ b)))
    if scale == 0:
        return None
    return 1.0 if np.array_equal(a, b) else float(np.clip((a @ b) / scale, -1.0, 1.0))
