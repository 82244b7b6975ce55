"""What the figures of an evaluation are drawn of: curves of a few hundred points, bins, shares."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from servable.evaluate.evaluation.judged import Judged, ScoreKind
from servable.metrics import (
    Band,
    ReliabilityBin,
    Weights,
    precision_recall_band,
    precision_recall_curve,
    reliability_bins,
    roc_band,
    roc_curve,
)
from servable.records import FloatArray

MOST_POINTS: Final = 200
MOST_CURVES: Final = 6
"""Classes of which curves are kept; of more than these the most frequent ones."""

_EDGES: Final = (0.0, 0.001, 0.01, 0.05, *(tenth / 10 for tenth in range(1, 10)), 0.95, 0.99, 0.999, 1.0)
"""Narrow at both ends, where the scores of a good model crowd."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Points:
    """A curve; points of it that the eye cannot tell apart are left out.

    Attributes:
        x: false positive rates, or recalls, rising.
        y: true positive rates, or precisions.
    """

    x: tuple[float, ...]
    y: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BandPoints:
    """The 95 % interval of a curve, place by place.

    Attributes:
        x: a hundredth apart.
        low: of the interval.
        high: of the interval.
    """

    x: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreShares:
    """How many of all rows score between two edges.

    Attributes:
        edges: `[k + 1]`, closer to each other near 0 and 1.
        shares: `[k]`
    """

    edges: tuple[float, ...]
    shares: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassCurves:
    """The curves of one class against the rest.

    Attributes:
        of_class: its name.
        kind: of the scores.
        base_rate: share of the class.
        roc: true positive rate by false positive rate.
        roc_band: of these scores, or None.
        precision_recall: precision by recall.
        precision_recall_band: of these scores, or None.
        reliability: bins of about equally many rows with the interval of each share (Wilson); none of
            scores that are no probabilities.
        scores: how they are spread.
    """

    of_class: str
    kind: ScoreKind
    base_rate: float
    roc: Points
    roc_band: BandPoints | None
    precision_recall: Points
    precision_recall_band: BandPoints | None
    reliability: tuple[ReliabilityBin, ...]
    scores: ScoreShares


def curves_of(
    judged: Judged, classes: tuple[str, ...], *, draws: Iterable[Weights] | None
) -> tuple[ClassCurves, ...]:
    """The curves of class 1, of more than two classes those of each that has rows.

    Args:
        judged: scores and labels.
        classes: their names.
        draws: of the rows, for the bands; None for curves without.
    """
    return tuple(_curves(judged, number, classes[number], draws) for number in _drawn(judged))


def _drawn(judged: Judged) -> list[int]:
    if judged.classes == 2:
        return [1]
    rows = judged.rows_of_class
    frequent = np.argsort(-rows, kind="stable")[:MOST_CURVES]
    return sorted(number for number in frequent.tolist() if rows[number])


def _curves(judged: Judged, number: int, name: str, draws: Iterable[Weights] | None) -> ClassCurves:
    scores, is_it = judged.of_class(number)
    roc, precision = roc_curve(scores, is_it), precision_recall_curve(scores, is_it)
    return ClassCurves(
        of_class=name,
        kind=judged.kind,
        base_rate=precision.base_rate,
        roc=_thinned(roc.false_positive_rate, roc.true_positive_rate),
        roc_band=None if draws is None else _band(roc_band(scores, is_it, draws)),
        precision_recall=_thinned(precision.recall, precision.precision),
        precision_recall_band=None if draws is None else _band(precision_recall_band(scores, is_it, draws)),
        reliability=reliability_bins(scores, is_it) if judged.is_probability else (),
        scores=_shares(scores),
    )


def _thinned(x: FloatArray, y: FloatArray) -> Points:
    """A curve by points as far from each other along it as possible, the first and the last among them."""
    way = np.concatenate(([0.0], (np.abs(np.diff(x)) + np.abs(np.diff(y))).cumsum()))
    if len(way) > MOST_POINTS:
        kept: NDArray[np.intp] = np.unique(np.searchsorted(way, np.linspace(0, way[-1], MOST_POINTS - 1)))
        kept = np.union1d(kept, [len(way) - 1])
    else:
        kept = np.arange(len(way))
    return Points(x=tuple(x[kept].tolist()), y=tuple(y[kept].tolist()))


def _band(band: Band | None) -> BandPoints | None:
    if band is None:  # rows too few to tell one
        return None
    return BandPoints(x=tuple(band.at.tolist()), low=tuple(band.low.tolist()), high=tuple(band.high.tolist()))


def _shares(scores: FloatArray) -> ScoreShares:
    counts, _ = np.histogram(np.clip(scores, 0.0, 1.0), bins=np.array(_EDGES))
    return ScoreShares(edges=_EDGES, shares=tuple((counts / len(scores)).tolist()))
