"""The two curves of a classifier over all thresholds: ROC, and precision by recall.

Points are drawn as given; neither figure computes a number of its own.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from servable.report.axes import SQUARE, FloatVector, Plot, unit_axis
from servable.report.finite import require_finite, require_length
from servable.report.markup import Markup
from servable.report.numbers import significant
from servable.report.series import Series
from servable.report.svg import drawing, level, line, ribbon, steps

_ENDS = np.array([0.0, 1.0])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RateBand:
    """The interval of a curve, place by place.

    Attributes:
        x: `[b]` in [0, 1], b >= 1, places of its own.
        low: `[b]` lower ends.
        high: `[b]` upper ends.
    """

    x: FloatVector
    low: FloatVector
    high: FloatVector


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RateCurve:
    """A curve from one end of the thresholds to the other.

    Attributes:
        label: what it is of, as in the legend: "before calibration", "B".
        x: `[k]` in [0, 1], k >= 1, in the order of the thresholds: false positive rate, or recall.
        y: `[k]` in [0, 1]: true positive rate, or precision.
        series: its look.
        band: its interval, or None.
    """

    label: str
    x: FloatVector
    y: FloatVector
    series: Series = Series.A
    band: RateBand | None = None


def roc_plot(curves: Sequence[RateCurve], *, name: str, title: str) -> Markup:
    """True positive rate by false positive rate, with the line of chance.

    Args:
        curves: at least one; the first lies on top.
        name: of the figure, of its own on a page.
        title: what the figure is.
    """
    plot = Plot(x=unit_axis("false positive rate"), y=unit_axis("true positive rate"), height=SQUARE)
    layers = [*_bands(plot, curves), line(plot, _ENDS, _ENDS, mark="planned")]
    layers += [line(plot, curve.x, curve.y, mark=curve.series) for curve in _backwards(curves)]
    said = "; ".join(
        f"{curve.label}: true positive rate {significant(y)} at false positive rate {significant(x)}"
        for curve in curves
        for x, y in [_nearest(curve, 0.1)]
    )
    return drawing(plot, layers, name=name, title=title, description=f"{said}.")


def precision_recall_plot(curves: Sequence[RateCurve], *, base_rate: float, name: str, title: str) -> Markup:
    """Precision by recall, with the base rate as the level of chance.

    Precision is kept until the next point of lower recall, as average precision counts it.

    Args:
        curves: at least one, `x` recall and `y` precision; the first lies on top.
        base_rate: share of the class in question.
        name: of the figure, of its own on a page.
        title: what the figure is.
    """
    require_finite(title, base_rate)
    plot = Plot(x=unit_axis("recall"), y=unit_axis("precision"), height=SQUARE)
    layers = [*_bands(plot, curves), level(plot, base_rate, mark="planned")]
    layers += [steps(plot, *_falling(curve), mark=curve.series) for curve in _backwards(curves)]
    said = "; ".join(
        f"{curve.label}: precision {significant(y)} at recall {significant(x)}"
        for curve in curves
        for x, y in [_nearest(curve, 0.5)]
    )
    return drawing(
        plot, layers, name=name, title=title, description=f"{said}; base rate {significant(base_rate)}."
    )


def _backwards(curves: Sequence[RateCurve]) -> Iterator[RateCurve]:
    for curve in reversed(curves):
        require_length(curve.label, len(curve.x), curve.y)
        require_finite(curve.label, curve.x, curve.y)
        yield curve


def _bands(plot: Plot, curves: Sequence[RateCurve]) -> Iterator[Markup]:
    for curve in reversed(curves):
        if (band := curve.band) is not None:
            require_length(curve.label, len(band.x), band.low, band.high)
            require_finite(curve.label, band.x, band.low, band.high)
            yield ribbon(plot, band.x, band.low, band.high, mark=curve.series.ribbon)


def _falling(curve: RateCurve) -> tuple[FloatVector, FloatVector]:
    """The same points from high to low x."""
    return (curve.x[::-1], curve.y[::-1]) if curve.x[0] < curve.x[-1] else (curve.x, curve.y)


def _nearest(curve: RateCurve, x: float) -> tuple[float, float]:
    place = int(np.abs(curve.x - x).argmin())
    return float(curve.x[place]), float(curve.y[place])
