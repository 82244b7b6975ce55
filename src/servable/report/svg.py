"""Marks as SVG: pure functions of numbers; colours and sizes come from the page's style.

Text and attributes are escaped. Coordinates have one decimal, so equal numbers are equal bytes.
"""

from collections.abc import Iterable
from itertools import pairwise
from typing import Final

import numpy as np

from servable.report.axes import LEFT, RIGHT, SQUARE, TOP, WIDTH, FloatVector, Plot, number
from servable.report.markup import Markup
from servable.report.visible import visible

_CROSS: Final = 3.5


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
    return _path([_stairs(plot, x, y), f"V{number(plot.bottom)}H{left}Z"], mark=mark)


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


def ribbon(plot: Plot, x: FloatVector, low: FloatVector, high: FloatVector, *, mark: str) -> Markup:
    """What lies between two lines that go straight from each point to the next."""
    there = "L".join(f"{across} {down}" for across, down in plot.places(x, high))
    back = "L".join(f"{across} {down}" for across, down in plot.places(x[::-1], low[::-1]))
    return _path([f"M{there}L{back}Z"], mark=mark)


def level(plot: Plot, value: float, *, mark: str, label: str = "") -> Markup:
    """A line across the plot at a value, with a label, if there is one, above its right end."""
    left, down = plot.place(plot.x.low, value)
    right, _ = plot.place(plot.x.high, value)
    above = number(float(down) - 6.0)
    words = _text(right, above, label, mark=f"{mark} end") if label else Markup("")
    return _path([f"M{left} {down}H{right}"], mark=mark) + words


def upright(plot: Plot, value: float, *, label: str, mark: str) -> Markup:
    """A line from bottom to top at a value, with a label above its upper end, clear of all marks."""
    across, bottom = plot.place(value, plot.y.low)
    _, top = plot.place(value, plot.y.high)
    words = _text(across, number(float(top) - 7.0), label, mark=f"{mark} mid")
    return _path([f"M{across} {bottom}V{top}"], mark=mark) + words


def beams(plot: Plot, x: FloatVector, low: FloatVector, high: FloatVector, *, mark: str) -> Markup:
    """A vertical beam between two values at each point, all in one path."""
    ends = zip(plot.places(x, low), plot.places(x, high), strict=True)
    return _path((f"M{across} {bottom}V{top}" for (across, bottom), (_, top) in ends), mark=mark)


def columns(plot: Plot, edges: FloatVector, heights: FloatVector, *, mark: str) -> Markup:
    """A column from the x axis to each height that is above it, side by side between the edges."""
    places = list(plot.places(edges, np.append(heights, plot.y.low)))
    parts = (
        f"M{left} {number(plot.bottom)}V{top}H{right}V{number(plot.bottom)}Z"
        for ((left, top), (right, _)), height in zip(pairwise(places), heights, strict=True)
        if height > plot.y.low
    )
    return _path(parts, mark=mark)


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
        mark, left, TOP, number(float(right) - float(left)), plot.bottom - TOP
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
        '<svg class="{}" viewBox="0 0 {} {}" role="img" aria-labelledby="{}-title {}-desc">'
        '<title id="{}-title">{}</title><desc id="{}-desc">{}</desc>'
    ).format(
        "plot square" if plot.height == SQUARE else "plot",
        *(WIDTH, plot.height),
        *(name, name, name),
        *(visible(title), name, visible(description)),
    )
    return head + _axes(plot) + Markup("").join(layers) + Markup("</svg>")


def _axes(plot: Plot) -> Markup:
    lines = [f"M{number(LEFT)} {plot.place(plot.x.low, value)[1]}H{RIGHT:g}" for value, _ in plot.y.ticks]
    marks = [f"M{plot.place(value, plot.y.low)[0]} {plot.bottom:g}v5" for value, _ in plot.x.ticks]
    labels: list[Markup] = []
    for value, label in plot.y.ticks:
        beside = float(plot.place(plot.x.low, value)[1]) + 4.5
        # the lowest stands a little higher, because the first label of the other axis may be broad
        down = number(min(beside, plot.bottom))
        labels.append(_text(number(LEFT - 9.0), down, label, mark="tick end"))
    for value, label in plot.x.ticks:
        below = number(plot.bottom + 24)
        labels.append(_text(plot.place(value, plot.y.low)[0], below, label, mark="tick mid"))
    end, _ = plot.place(plot.x.high if plot.x.titled_until is None else plot.x.titled_until, plot.y.low)
    titles = _text("4", "16", plot.y.title, mark="axis") + _text(
        end, str(plot.height - 8), plot.x.title, mark="axis end"
    )
    return _path(lines, mark="grid") + _path(marks, mark="grid") + Markup("").join(labels) + titles


def _stairs(plot: Plot, x: FloatVector, y: FloatVector) -> str:
    first, *rest = plot.places(x, y)
    return f"M{first[0]} {first[1]}" + "".join(f"H{across}V{down}" for across, down in rest)


def _path(parts: Iterable[str], *, mark: str) -> Markup:
    return Markup('<path class="{}" d="{}"/>').format(mark, "".join(parts))


def _text(x: str, y: str, label: str, *, mark: str) -> Markup:
    return Markup('<text class="{}" x="{}" y="{}">{}</text>').format(mark, x, y, visible(label))
