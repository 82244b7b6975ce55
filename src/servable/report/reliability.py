"""Whether scores are shares: what was observed by what was predicted, bin by bin."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from servable.report.axes import SQUARE, FloatVector, Plot, unit_axis
from servable.report.finite import require_finite, require_length
from servable.report.markup import Markup
from servable.report.numbers import significant
from servable.report.series import Series
from servable.report.svg import beams, dots, drawing, line

_ENDS = np.array([0.0, 1.0])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReliabilityBins:
    """Records in bins of their scores.

    Attributes:
        label: what the scores are, as in the legend: "before calibration".
        predicted: `[k]` mean score of each bin in [0, 1], k >= 1, ascending.
        observed: `[k]` share of the class in each bin.
        low: `[k]` lower end of the band of each share, or None.
        high: `[k]` its upper end, or None.
        series: its look.
    """

    label: str
    predicted: FloatVector
    observed: FloatVector
    low: FloatVector | None = None
    high: FloatVector | None = None
    series: Series = Series.A


def reliability_plot(
    bins: Sequence[ReliabilityBins], *, name: str, title: str, x_title: str = "mean score of a bin"
) -> Markup:
    """The observed share of a class by the mean score, a band at each bin, and the line of equality.

    Args:
        bins: one or more sets; the first lies on top.
        name: of the figure, of its own on a page.
        title: what the figure is.
        x_title: of the scores.
    """
    plot = Plot(x=unit_axis(x_title), y=unit_axis("observed share"), height=SQUARE)
    layers = [line(plot, _ENDS, _ENDS, mark="planned")]
    for one in reversed(bins):
        layers += _layers(plot, one)
    said = "; ".join(map(_described, bins))
    return drawing(plot, layers, name=name, title=title, description=f"{said}.")


def _layers(plot: Plot, bins: ReliabilityBins) -> list[Markup]:
    require_length(bins.label, len(bins.predicted), bins.observed, bins.low, bins.high)
    require_finite(bins.label, bins.predicted, bins.observed, bins.low, bins.high)
    band = (
        []
        if bins.low is None or bins.high is None
        else [beams(plot, bins.predicted, bins.low, bins.high, mark=bins.series.beam)]
    )
    return [
        *band,
        line(plot, bins.predicted, bins.observed, mark=f"{bins.series} thin"),
        dots(plot, bins.predicted, bins.observed, mark=bins.series.dot),
    ]


def _described(bins: ReliabilityBins) -> str:
    place = int(np.abs(bins.predicted - bins.observed).argmax())
    return (
        f"{bins.label}: furthest apart in the bin of mean score {significant(float(bins.predicted[place]))}, "
        f"where {significant(float(bins.observed[place]))} were observed"
    )
