"""The two figures of latencies that reports share: over time, and by percentile with its bound.

Neither decides anything. Latency is drawn on a logarithmic scale, because a limit and what stays far
below it belong in one picture.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from servable.report.axes import Axis, FloatVector, Plot, Scale, linear_axis, log_axis
from servable.report.markup import Markup
from servable.report.numbers import count, significant
from servable.report.svg import band, between, crosses, dots, drawing, level, steps, upright, whisker
from servable.report.thinning import thinned

_LEAST_MS: Final = 0.001
_ROOM: Final = 1.6
_CURVE_POINTS: Final = 240
_PERCENTILES: Final = (0.0, 0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TimedRequests:
    """Requests as they are drawn over time.

    Attributes:
        at_s: `[n]` ascending, when each was to be sent; 0 is where measuring began.
        latency_ms: `[n]`, until it ended; infinite if it never did.
        is_error: `[n]`.
        is_warmup: `[n]`, sent before anything was measured.
        notable_ms: a latency above which no measured request is left out; infinite for none.
    """

    at_s: FloatVector
    latency_ms: FloatVector
    is_error: NDArray[np.bool_]
    is_warmup: NDArray[np.bool_]
    notable_ms: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Curve:
    """Latencies drawn by percentile.

    Attributes:
        latency_ms: `[n]` in ascending order, n > 0; infinite without an end.
        mark: class of the line.
    """

    latency_ms: FloatVector
    mark: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class UpperBound:
    """An upper confidence bound of a curve, step by step.

    Attributes:
        until: `[k]` ascending, 1 / (1 - p) of the last percentile p that each step bounds, above 1.
        latency_ms: `[k]` ascending, the bound of each step.
    """

    until: FloatVector
    latency_ms: FloatVector


def time_axis(low_s: float, high_s: float) -> Axis:
    """Seconds of a run; 0 is where measuring began, what is before it is the warm-up."""
    return linear_axis(min(0.0, low_s), max(high_s, 1.0), title="seconds since measuring began")


def latency_over_time(requests: TimedRequests, *, x: Axis, limit_ms: float, most: int, name: str) -> Markup:
    """Each request as a dot at its intended send time, errors as crosses, the limit as a line.

    Args:
        requests: at least one.
        x: the seconds of the run.
        limit_ms: of the latency percentile.
        most: points drawn; errors and notable latencies first.
        name: of the figure, of its own on a page.
    """
    error, warm = requests.is_error, requests.is_warmup
    drawn = thinned(error | (~warm & (requests.latency_ms > requests.notable_ms)), most=most)
    at_s = requests.at_s
    plot = Plot(x=x, y=_latency_axis(requests.latency_ms, limit_ms=limit_ms))
    groups = {"dot-warm": warm & ~error, "dot": ~warm & ~error}
    shade = [band(plot, plot.x.low, 0.0, mark="band")] if warm.any() else []
    layers = [*shade, level(plot, limit_ms, label=f"limit {significant(limit_ms, 'ms')}", mark="limit")]
    for mark, group in groups.items():
        chosen = drawn[group[drawn]]
        layers.append(dots(plot, at_s[chosen], requests.latency_ms[chosen], mark=mark))
    wrong = drawn[error[drawn]]
    layers.append(crosses(plot, at_s[wrong], requests.latency_ms[wrong], mark="cross"))
    over = int((~warm & (requests.latency_ms > limit_ms)).sum())
    return drawing(
        plot,
        layers,
        name=name,
        title="Latency of every request over time",
        description=(
            f"{count(len(drawn))} of {count(len(at_s))} requests drawn; {count(int((error & ~warm).sum()))} "
            f"measured requests are errors, {count(over)} took longer than {significant(limit_ms, 'ms')}."
        ),
    )


def percentile_plot(
    curves: Sequence[Curve], *, limit_ms: float, percentile: float, bound: UpperBound | None, name: str
) -> Markup:
    """Latency by percentile p at x = 1 / (1 - p), so that each further nine takes the same room.

    A value is the smallest latency with at least that share of requests at or below it.

    Args:
        curves: at least one; the first is the one that the limit is about.
        limit_ms: of the percentile.
        percentile: which one the limit is about, in (0, 1).
        bound: of the first curve, drawn up to where it ends, with a bar at the judged percentile.
        name: of the figure, of its own on a page.
    """
    judged = 1.0 / (1.0 - percentile)
    most = max(len(curve.latency_ms) for curve in curves)
    every_ms = np.concatenate([curve.latency_ms for curve in curves])
    ticks = tuple((1.0 / (1.0 - p), f"{100 * p:.10g} %") for p in _PERCENTILES if 1.0 / (1.0 - p) <= most)
    plot = Plot(
        x=Axis(
            low=1.0,
            high=1.1 * max(most, judged),
            title="percentile p, spaced by 1 / (1 \N{MINUS SIGN} p)",
            ticks=ticks,
            scale=Scale.LOG,
        ),
        y=_latency_axis(every_ms, limit_ms=limit_ms),
    )
    layers = [
        upright(plot, judged, label=f"p{100 * percentile:g}", mark="upright"),
        level(plot, limit_ms, label=f"limit {significant(limit_ms, 'ms')}", mark="limit"),
    ]
    if bound is not None:
        layers.insert(0, _bound_area(plot, curves[0], bound))
    for curve in reversed(curves):
        layers.append(steps(plot, *_points(curve.latency_ms), mark=curve.mark))
    bound_ms = None if bound is None else bounded_ms(bound, percentile)
    if bound_ms is not None:
        low_ms = float(curves[0].latency_ms[_rank(percentile, len(curves[0].latency_ms))])
        layers.append(whisker(plot, judged, low=low_ms, high=bound_ms, mark="whisker"))
    return drawing(
        plot,
        layers,
        name=name,
        title="Latency by percentile",
        description=_described(curves[0], limit_ms=limit_ms, percentile=percentile),
    )


def bounded_ms(bound: UpperBound, percentile: float) -> float | None:
    """The bound of one percentile; None beyond its end."""
    place = int(np.searchsorted(bound.until, (1.0 - 1e-12) / (1.0 - percentile)))
    return float(bound.latency_ms[place]) if place < len(bound.until) else None


def _bound_area(plot: Plot, curve: Curve, bound: UpperBound) -> Markup:
    """What lies between a curve and its bound, as far as the bound goes."""
    end = float(bound.until[-1])
    across, latency_ms = _points(curve.latency_ms)
    inside = across < end
    lower = np.append(across[inside], end), np.append(latency_ms[inside], latency_ms[inside][-1])
    upper = np.concatenate([[1.0], bound.until]), np.append(bound.latency_ms, bound.latency_ms[-1])
    return between(plot, upper, lower, mark="bound")


def _latency_axis(latency_ms: FloatVector, *, limit_ms: float) -> Axis:
    finite = latency_ms[np.isfinite(latency_ms)]
    lowest = float(finite.min()) if len(finite) else limit_ms / 10.0
    highest = float(finite.max()) if len(finite) else limit_ms
    low = max(_LEAST_MS, min(lowest, limit_ms) / 1.3)
    return log_axis(low, _ROOM * max(highest, limit_ms), title="latency, ms (log scale)")


def _points(ordered_ms: FloatVector) -> tuple[FloatVector, FloatVector]:
    """The curve's corners: rank i of n holds from x = n / (n - i + 1) on."""
    n = len(ordered_ms)
    wanted = np.geomspace(1.0, n, _CURVE_POINTS)
    ranks = np.unique(np.clip(np.floor(n + 1.0 - n / wanted + 1e-9), 1, n)).astype(np.intp)
    return n / (n - ranks + 1.0), ordered_ms[ranks - 1]


def _rank(percentile: float, n: int) -> int:
    """Place of the nearest rank in ascending order."""
    return max(1, int(np.ceil(round(percentile * n, 9)))) - 1


def _described(curve: Curve, *, limit_ms: float, percentile: float) -> str:
    n = len(curve.latency_ms)
    values = ", ".join(
        f"p{100 * p:g} {_ms_or_never(float(curve.latency_ms[_rank(p, n)]))}"
        for p in sorted({0.5, 0.9, percentile})
    )
    return f"{values}, of {count(n)} requests; limit {significant(limit_ms, 'ms')}."


def _ms_or_never(latency_ms: float) -> str:
    return significant(latency_ms, "ms") if np.isfinite(latency_ms) else "unanswered"
