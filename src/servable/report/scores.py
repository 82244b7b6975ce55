"""The two figures of scores: what a calibration makes of them, and how often each occurs."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from servable.report.axes import SHORT, FloatVector, Plot, linear_axis, unit_axis
from servable.report.markup import Markup
from servable.report.numbers import count, significant
from servable.report.svg import area, dots, drawing, line, steps

_MOST_TICKS: Final = 5
_MOST_DOTS: Final = 40
_SLICES: Final = 20
_ROOM: Final = 1.15


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ScoreCurve:
    """Calibrated scores by raw ones, a straight line between two points and level beyond the last ones.

    Attributes:
        raw: `[k]` not decreasing, k >= 2; what lies outside of [0, 1] is not drawn.
        calibrated: `[k]` in [0, 1].
        has_knots: whether the points were chosen by whoever fitted the curve, and deserve to be seen.
    """

    raw: FloatVector
    calibrated: FloatVector
    has_knots: bool


def calibration_plot(curve: ScoreCurve, *, name: str, title: str) -> Markup:
    """A calibration as a line, beside the line on which scores would stay as they are.

    Args:
        curve: of one class.
        name: of the figure, of its own on a page.
        title: what the figure is.
    """
    plot = Plot(x=unit_axis("raw score"), y=unit_axis("calibrated score"))
    ends = np.array([0.0, 1.0])
    inside = (curve.raw > 0.0) & (curve.raw < 1.0)
    knots = curve.raw[inside], curve.calibrated[inside]
    first, last = np.interp(ends, curve.raw, curve.calibrated)
    raw = np.concatenate([ends[:1], knots[0], ends[1:]])
    calibrated = np.concatenate([[first], knots[1], [last]])
    layers = [line(plot, ends, ends, mark="planned"), line(plot, raw, calibrated, mark="response")]
    if curve.has_knots and len(knots[0]) <= _MOST_DOTS:
        layers.append(dots(plot, *knots, mark="dot"))
    at = ", ".join(
        f"{significant(score)} becomes {significant(float(np.interp(score, raw, calibrated)))}"
        for score in (0.1, 0.5, 0.9)
    )
    return drawing(plot, layers, name=name, title=title, description=f"{at}.")


def score_histogram(scores: FloatVector, *, name: str, title: str, what: str) -> Markup:
    """How many records have a score in each twentieth of the range from 0 to 1.

    Args:
        scores: `[n]` in [0, 1].
        name: of the figure, of its own on a page.
        title: what the figure is.
        what: is counted, with its axis' title in mind: "golden records".
    """
    inside = np.clip(scores, 0.0, 1.0)
    numbers, edges = np.histogram(inside, bins=_SLICES, range=(0.0, 1.0))
    highest = _ROOM * max(1.0, float(numbers.max()))
    plot = Plot(
        x=unit_axis("raw score"),
        y=linear_axis(0.0, highest, title=what, most_ticks=_MOST_TICKS, least_step=1.0),
        height=SHORT,
    )
    stairs = edges, np.append(numbers, numbers[-1]).astype(np.float64)
    low, middle, high = np.quantile(inside, [0.05, 0.5, 0.95]).tolist() if len(inside) else (0.0, 0.0, 0.0)
    return drawing(
        plot,
        [area(plot, *stairs, mark="area"), steps(plot, *stairs, mark="response")],
        name=name,
        title=title,
        description=(
            f"{count(len(scores))} {what}; 5 % at or below {significant(low)}, half at or below "
            f"{significant(middle)}, 95 % at or below {significant(high)}."
        ),
    )
