"""The figures of an evaluation's page: ROC, precision and recall, reliability, spread of scores."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from servable.evaluate.evaluation.curves import BandPoints, ClassCurves, Points
from servable.evaluate.evaluation.evaluation import Evaluation
from servable.evaluate.evaluation.judged import ScoreKind
from servable.metrics import ReliabilityBin
from servable.report import (
    Distribution,
    Figure,
    Gallery,
    Key,
    RateBand,
    RateCurve,
    ReliabilityBins,
    Series,
    histogram_pair,
    precision_recall_plot,
    reliability_plot,
    roc_plot,
)

_IN_BAND: Final = "95 % interval, point by point"

OfClass = Mapping[ScoreKind, ClassCurves]
"""The curves of one class by the scores, those that are drawn on top first."""


def ranking_figures(evaluation: Evaluation) -> tuple[Gallery, ...]:
    """ROC, and precision by recall: of class 1, or of each class."""
    return tuple(
        Gallery(figures=(_roc(of_class, place, evaluation), _precision(of_class, place, evaluation)))
        for place, of_class in enumerate(_by_class(evaluation))
    )


def calibration_figures(evaluation: Evaluation) -> tuple[Gallery, ...]:
    """Reliability with the spread of the scores beside it: of class 1, or of each class."""
    return tuple(
        Gallery(figures=(_reliability(of_class, place, evaluation), _spread(of_class, place, evaluation)))
        for place, of_class in enumerate(_by_class(evaluation))
    )


def _by_class(evaluation: Evaluation) -> list[OfClass]:
    found: dict[str, dict[ScoreKind, ClassCurves]] = {}
    for curves in reversed(evaluation.curves):  # the calibrated ones lie on top
        found.setdefault(curves.of_class, {})[curves.kind] = curves
    return [found[name] for name in evaluation.classes if name in found]


def _roc(of_class: OfClass, place: int, evaluation: Evaluation) -> Figure:
    curves = list(_curves(of_class, "roc"))
    title = _titled("ROC", of_class, evaluation)
    return Figure(
        title=title,
        svg=roc_plot(curves, name=f"roc-{place}", title=title),
        keys=_keys(curves),
        caption=f"A score that says nothing lies on the dashed line.{_one_line(of_class)}",
    )


def _precision(of_class: OfClass, place: int, evaluation: Evaluation) -> Figure:
    curves = list(_curves(of_class, "precision_recall"))
    title = _titled("Precision by recall", of_class, evaluation)
    base_rate = next(iter(of_class.values())).base_rate
    return Figure(
        title=title,
        svg=precision_recall_plot(curves, base_rate=base_rate, name=f"precision-{place}", title=title),
        keys=_keys(curves),
        caption="A score that says nothing lies on the dashed line, the share of the class."
        f"{_one_line(of_class)}",
    )


def _reliability(of_class: OfClass, place: int, evaluation: Evaluation) -> Figure:
    title = _titled("Reliability", of_class, evaluation)
    bins = [
        _bins(kind, curves.reliability, _series(of_class, kind))
        for kind, curves in of_class.items()
        if curves.reliability
    ]
    return Figure(
        title=title,
        svg=reliability_plot(bins, name=f"reliability-{place}", title=title),
        keys=tuple(Key(mark=one.series, text=one.label) for one in bins),
        caption="Bins of about equally many rows, each share with its 95 % interval. Scores that are what "
        "they say lie on the dashed line.",
    )


def _spread(of_class: OfClass, place: int, evaluation: Evaluation) -> Figure:
    title = _titled("Spread of the scores", of_class, evaluation)
    raw, calibrated = of_class[ScoreKind.RAW], of_class.get(ScoreKind.CALIBRATED)
    return Figure(
        title=title,
        svg=histogram_pair(
            _distribution(of_class, raw),
            None if calibrated is None else _distribution(of_class, calibrated),
            edges=_array(raw.scores.edges),
            x_title="score",
            name=f"scores-{place}",
            title=title,
        ),
        keys=tuple(Key(mark=_series(of_class, kind), text=_label(kind)) for kind in of_class),
        caption="Each bin takes the same room; they are narrow near 0 and 1, where scores crowd.",
    )


def _one_line(of_class: OfClass) -> str:
    """Why one of two lines is not seen."""
    lines = {curves.roc for curves in of_class.values()}
    return (
        " Calibration leaves the order of the rows: both lines are one." if len(lines) < len(of_class) else ""
    )


def _titled(what: str, of_class: OfClass, evaluation: Evaluation) -> str:
    name = next(iter(of_class.values())).of_class
    return what if len(evaluation.classes) == 2 else f"{what}, class {name}"


def _curves(of_class: OfClass, name: str) -> Iterator[RateCurve]:
    for kind, curves in of_class.items():
        points: Points = getattr(curves, name)
        band: BandPoints | None = getattr(curves, f"{name}_band")
        yield RateCurve(
            label=_label(kind),
            x=_array(points.x),
            y=_array(points.y),
            series=_series(of_class, kind),
            band=None
            if band is None
            else RateBand(x=_array(band.x), low=_array(band.low), high=_array(band.high)),
        )


def _keys(curves: Sequence[RateCurve]) -> tuple[Key, ...]:
    lines = (Key(mark=curve.series, text=curve.label) for curve in curves)
    banded = (curve.series.ribbon for curve in curves if curve.band is not None)
    return (*lines, *(Key(mark=mark, text=_IN_BAND) for mark in banded))


def _series(of_class: OfClass, kind: ScoreKind) -> Series:
    return Series.A if kind is next(iter(of_class)) else Series.B


def _bins(kind: ScoreKind, bins: Sequence[ReliabilityBin], series: Series) -> ReliabilityBins:
    return ReliabilityBins(
        label=_label(kind),
        predicted=_array([one.mean_score for one in bins]),
        observed=_array([one.share for one in bins]),
        low=_array([one.low for one in bins]),
        high=_array([one.high for one in bins]),
        series=series,
    )


def _distribution(of_class: OfClass, curves: ClassCurves) -> Distribution:
    return Distribution(
        label=_label(curves.kind),
        shares=_array(curves.scores.shares),
        series=_series(of_class, curves.kind),
    )


def _label(kind: ScoreKind) -> str:
    return f"{kind} scores"


def _array(values: Sequence[float]) -> NDArray[np.float64]:
    return np.array(values, dtype=np.float64)
