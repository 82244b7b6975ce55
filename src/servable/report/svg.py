"""Axes and marks as SVG: pure functions of numbers; colours and sizes come from the page's style.

Text and attributes are escaped. Coordinates have one decimal, so equal numbers are equal bytes.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from servable.report.markup import Markup

FloatVector = NDArray[np.float64]

WIDTH: Final = 720
TALL: Final = 360
SHORT: Final = 240
_LEFT, _RIGHT, _TOP, _FOOT = 62.0, 706.0, 40.0, 58.0
MOST_TICKS: Final = 7
_CROSS: Final = 3.5


class Scale(Enum):
    """How values become places: by their difference, or by their ratio."""

    LINEAR = "linear"
    LOG = "log"

    def apply(self, values: FloatVector) -> FloatVector:
        """The values as they are spaced along the axis."""
        return np.log10(values) if self is Scale.LOG else values


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """A range of values with its ticks.

    Attributes:
        low: value at its beginning, above 0 on a log scale.
        high: value at its end, above `low`.
        title: what is measured, with its unit.
        ticks: values and their labels.
    """

    low: float
    high: float
    title: str
    ticks: tuple[tuple[float, str], ...]
    scale: Scale = Scale.LINEAR

    def part(self, values: FloatVector | Sequence[float]) -> FloatVector:
        """`[n]` places between 0 and 1; values outside the range lie at its ends."""
        inside = np.clip(np.asarray(values, dtype=np.float64), self.low, self.high)
        ends = self.scale.apply(np.array([self.low, self.high]))
        parts: FloatVector = (self.scale.apply(inside) - ends[0]) / (ends[1] - ends[0])
        return parts


def linear_axis(
    low: float, high: float, *, title: str, most_ticks: int = MOST_TICKS, least_step: float = 0.0
) -> Axis:
    """An axis with few ticks at multiples of 1, 2 or 5.

    Args:
        low: value at its beginning.
        high: value at its end.
        title: what is measured, with its unit.
        most_ticks: not counting the one at its beginning.
        least_step: between two ticks; 1 where only whole numbers mean something.
    """
    steps = (base * 10.0**power for power in range(-6, 12) for base in (1, 2, 5))
    step = next(step for step in steps if (high - low) / step <= most_ticks and step >= least_step)
    first, last = math.ceil(low / step), math.floor(high / step + 1e-9)
    ticks = tuple((index * step, _label(index * step)) for index in range(first, last + 1))
    return Axis(low=low, high=high, title=title, ticks=ticks)


def log_axis(low: float, high: float, *, title: str) -> Axis:
    """A logarithmic axis with ticks at 1, 2 and 5 times powers of ten, or at powers alone if too many."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    fine = [base * 10.0**power for power in powers for base in (1, 2, 5)]
    inside = [value for value in fine if low <= value <= high]
    if len(inside) > MOST_TICKS:
        inside = [10.0**power for power in powers if low <= 10.0**power <= high]
    ticks = tuple((value, _label(value)) for value in inside)
    return Axis(low=low, high=high, title=title, ticks=ticks, scale=Scale.LOG)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """Two axes; marks are drawn in their coordinates.

    Attributes:
        x: from left to right.
        y: from bottom to top.
        height: of the drawing with its labels, `TALL` or `SHORT`.
    """

    x: Axis
    y: Axis
    height: int = TALL

    @property
    def bottom(self) -> float:
        """Where the plot ends above the labels of its x axis."""
        return self.height - _FOOT

    def places(self, x: FloatVector, y: FloatVector) -> Iterable[tuple[str, str]]:
        """Coordinates of points in the drawing."""
        across = _LEFT + self.x.part(x) * (_RIGHT - _LEFT)
        down = self.bottom - self.y.part(y) * (self.bottom - _TOP)
        return zip(map(_number, across.tolist()), map(_number, down.tolist()), strict=True)

    def place(self, x: float, y: float) -> tuple[str, str]:
        """Coordinates of one point."""
        return next(iter(self.places(np.array([x]), np.array([y]))))


def dots(plot: Plot, x: FloatVector, y: FloatVector, *, mark: str) -> Markup:
    """A dot at each point."""
    circles = Markup("").join(
        Markup('<circle cx="{}" cy="{}" r="2"/>').format(*at) for at in plot.places(x, y)
    )
    return Markup('<g class="{}">{}</g>').format(mark, circles)


def crosses(plot: Plot, x: FloatVector, y: FloatVector, *, mark: str) -> Markup:
    """A cross at each point, all in one path."""
    arm = 2 * _CROSS
    strokes = f"m-{_CROSS:g} -{_CROSS:g}l{arm:g} {arm:g}m0 -{arm:g}l-{arm:g} {arm:g}"
    return _path((f"M{across} {down}{strokes}" for across, down in plot.places(x, y)), mark=mark)


def line(plot: Plot, x: FloatVector, y: FloatVector, *, mark: str) -> Markup:
    """A straight line from each point to the next."""
    return _path(["M", "L".join(f"{across} {down}" for across, down in plot.places(x, y))], mark=mark)


def steps(plot: Plot, x: FloatVector, y: FloatVector, *, mark: str) -> Markup:
    """A line that keeps each value until the next point."""
    return _path([_stairs(plot, x, y)], mark=mark)


def area(plot: Plot, x: FloatVector, y: FloatVector, *, mark: str) -> Markup:
    """What lies below a line that keeps each value until the next point, down to the x axis."""
    left, _ = plot.place(float(x[0]), plot.y.low)
    return _path([_stairs(plot, x, y), f"V{_number(plot.bottom)}H{left}Z"], mark=mark)


def between(
    plot: Plot,
    upper: tuple[FloatVector, FloatVector],
    lower: tuple[FloatVector, FloatVector],
    *,
    mark: str,
) -> Markup:
    """What lies between two lines that keep each value until the next point; both begin and end at one x."""
    last, *others = reversed(list(plot.places(*lower)))
    back = (f"V{down}H{across}" for across, down in others)
    return _path([_stairs(plot, *upper), f"V{last[1]}", *back, "Z"], mark=mark)


def level(plot: Plot, value: float, *, mark: str, label: str = "") -> Markup:
    """A line across the plot at a value, with a label, if there is one, above its right end."""
    left, down = plot.place(plot.x.low, value)
    right, _ = plot.place(plot.x.high, value)
    above = _number(float(down) - 6.0)
    words = _text(right, above, label, mark=f"{mark} end") if label else Markup("")
    return _path([f"M{left} {down}H{right}"], mark=mark) + words


def upright(plot: Plot, value: float, *, label: str, mark: str) -> Markup:
    """A line from bottom to top at a value, with a label above its upper end, clear of all marks."""
    across, bottom = plot.place(value, plot.y.low)
    _, top = plot.place(value, plot.y.high)
    words = _text(across, _number(float(top) - 7.0), label, mark=f"{mark} mid")
    return _path([f"M{across} {bottom}V{top}"], mark=mark) + words


def whisker(plot: Plot, x: float, *, low: float, high: float, mark: str) -> Markup:
    """A vertical bar between two values with a foot at its upper end."""
    across, bottom = plot.place(x, low)
    _, top = plot.place(x, high)
    return _path([f"M{across} {bottom}V{top}m-5 0h10"], mark=mark)


def band(plot: Plot, low: float, high: float, *, mark: str) -> Markup:
    """A shaded part of the x axis over the plot's whole height."""
    left, _ = plot.place(low, plot.y.low)
    right, _ = plot.place(high, plot.y.low)
    return Markup('<rect class="{}" x="{}" y="{:g}" width="{}" height="{:g}"/>').format(
        mark, left, _TOP, _number(float(right) - float(left)), plot.bottom - _TOP
    )


def drawing(plot: Plot, layers: Iterable[Markup], *, name: str, title: str, description: str) -> Markup:
    """The whole figure: axes, marks in their order, and words for those who do not see it.

    Args:
        plot: the axes.
        layers: marks, the lowest first.
        name: of its own on a page; letters and hyphens.
        title: what the figure is.
        description: what it shows.
    """
    head = Markup(
        '<svg class="plot" viewBox="0 0 {} {}" role="img" aria-labelledby="{}-title {}-desc">'
        '<title id="{}-title">{}</title><desc id="{}-desc">{}</desc>'
    ).format(WIDTH, plot.height, name, name, name, title, name, description)
    return head + _axes(plot) + Markup("").join(layers) + Markup("</svg>")


def _axes(plot: Plot) -> Markup:
    lines = [f"M{_number(_LEFT)} {plot.place(plot.x.low, value)[1]}H{_RIGHT:g}" for value, _ in plot.y.ticks]
    marks = [f"M{plot.place(value, plot.y.low)[0]} {plot.bottom:g}v5" for value, _ in plot.x.ticks]
    labels: list[Markup] = []
    for value, label in plot.y.ticks:
        down = _number(float(plot.place(plot.x.low, value)[1]) + 4.5)
        labels.append(_text(_number(_LEFT - 9.0), down, label, mark="tick end"))
    for value, label in plot.x.ticks:
        below = _number(plot.bottom + 21)
        labels.append(_text(plot.place(value, plot.y.low)[0], below, label, mark="tick mid"))
    titles = _text("4", "16", plot.y.title, mark="axis") + _text(
        _number(_RIGHT), str(plot.height - 8), plot.x.title, mark="axis end"
    )
    return _path(lines, mark="grid") + _path(marks, mark="grid") + Markup("").join(labels) + titles


def _stairs(plot: Plot, x: FloatVector, y: FloatVector) -> str:
    first, *rest = plot.places(x, y)
    return f"M{first[0]} {first[1]}" + "".join(f"H{across}V{down}" for across, down in rest)


def _path(parts: Iterable[str], *, mark: str) -> Markup:
    return Markup('<path class="{}" d="{}"/>').format(mark, "".join(parts))


def _text(x: str, y: str, label: str, *, mark: str) -> Markup:
    return Markup('<text class="{}" x="{}" y="{}">{}</text>').format(mark, x, y, label)


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _label(value: float) -> str:
    return f"{value:,.10g}".replace("-", "\N{MINUS SIGN}")
