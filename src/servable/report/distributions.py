"""How values are spread over bins: two distributions side by side, and one of changes.

Bins and counts are the caller's, so that a page shows what its numbers say.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from servable.report.axes import (
    LEFT,
    MEDIUM,
    RIGHT,
    TALL,
    Axis,
    FloatVector,
    Plot,
    linear_axis,
    log_axis,
    share_axis,
)
from servable.report.finite import require_finite, require_length
from servable.report.markup import Markup
from servable.report.numbers import count, share, significant
from servable.report.series import Series
from servable.report.svg import area, columns, drawing, steps, upright

_GAP, _MISSING_ROOM = 0.08, 0.1
_LETTER_PX: Final = 12.0
_SPACE_PX: Final = 14.0
_HEADROOM: Final = 1.6
_LEAST_COUNT: Final = 0.7


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Distribution:
    """Shares of records in bins.

    Attributes:
        label: whose they are, as in the legend: "baseline".
        shares: `[k]`, each of all records, with those without a value.
        missing: share of records without a value; None if the question does not arise.
        series: its look where other figures show the same series; None for that of its place.
    """

    label: str
    shares: FloatVector
    missing: float | None = None
    series: Series | None = None


def histogram_pair(
    baseline: Distribution,
    fresh: Distribution | None,
    *,
    edges: FloatVector,
    x_title: str,
    name: str,
    title: str,
) -> Markup:
    """Two distributions over the same bins: the first as an area, the second as a line.

    Each bin takes the same room, whatever its width: bins of equal shares can be read, and so can
    scores that lie close to 0 or 1, if bins become narrow there (0, 0.001, 0.01, 0.1, ..., 0.999, 1).

    Args:
        baseline: mark `base` in a legend, or that of its series.
        fresh: mark `response` in a legend, or that of its series; None for one distribution alone.
        edges: `[k + 1]` not descending, where bins begin and the last one ends; the ends may be infinite.
        x_title: what the values are, with their unit.
        name: of the figure, of its own on a page.
        title: what the figure is.
    """
    both = [baseline] if fresh is None else [baseline, fresh]
    for one in both:
        require_length(one.label, len(edges) - 1, one.shares)
        require_finite(one.label, one.shares, one.missing)
    require_finite(title, edges[1:-1])
    highest = max(max(float(one.shares.max()), one.missing or 0.0) for one in both)
    has_missing = any(one.missing is not None for one in both)
    plot = Plot(
        x=_slots(edges, title=x_title, has_missing=has_missing),
        y=share_axis(highest, title="share of records"),
        height=MEDIUM,
    )
    layers = _layers(plot, baseline, draw=area, mark="base")
    if fresh is not None:
        layers += _layers(plot, fresh, draw=steps, mark="response")
    said = "; ".join(_described(one, edges) for one in both)
    return drawing(plot, layers, name=name, title=title, description=f"{said}.")


def change_histogram(
    counts: FloatVector, *, edges: FloatVector, x_title: str, what: str, name: str, title: str
) -> Markup:
    """How many records changed by how much, on a logarithmic scale of counts, with no change marked.

    Args:
        counts: `[k]` records in each bin, k >= 1.
        edges: `[k + 1]` ascending and finite, where bins begin and the last one ends.
        x_title: what changed, with its unit.
        what: is counted: "records".
        name: of the figure, of its own on a page.
        title: what the figure is.
    """
    require_length(title, len(edges) - 1, counts)
    require_finite(title, counts, edges)
    plot = Plot(
        x=_spread(edges, title=x_title),
        y=log_axis(_LEAST_COUNT, _HEADROOM * max(1.0, float(counts.max())), title=f"{what} (log scale)"),
        height=TALL,
    )
    layers = [columns(plot, edges, counts, mark="bar"), upright(plot, 0.0, label="no change", mark="planned")]
    most = int(counts.argmax())
    said = f"Most, {count(int(counts[most]))} {what}, {_between(edges, most)}."
    return drawing(plot, layers, name=name, title=title, description=said)


def _spread(edges: FloatVector, *, title: str) -> Axis:
    """From the first edge to the last, with 0 in it and some breadth, whatever the edges are."""
    low, high = min(0.0, float(edges[0])), max(0.0, float(edges[-1]))
    return linear_axis(low, high if high > low else low + 1.0, title=title)


def _slots(edges: FloatVector, *, title: str, has_missing: bool) -> Axis:
    """A range in which each bin is 1 wide, and behind them, set apart, one for missing values."""
    bins = len(edges) - 1
    start, end = _missing_slot(bins)
    high = end if has_missing else float(bins)
    slot_px = (RIGHT - LEFT) / high
    labels = [_edge(float(edge)) for edge in edges]
    every = next(step for step in range(1, bins + 2) if _fit(labels[::step], step * slot_px))
    ticks = [(float(place), labels[place]) for place in range(0, bins + 1, every)]
    if has_missing:
        ticks.append(((start + end) / 2, "missing"))
    return Axis(low=0.0, high=high, title=title, ticks=tuple(ticks), titled_until=float(bins))


def _missing_slot(bins: int) -> tuple[float, float]:
    start = bins + _GAP * bins
    return start, start + max(1.0, _MISSING_ROOM * bins)


def _fit(labels: list[str], apart_px: float) -> bool:
    """Whether labels that are centred so far apart do not touch each other on a telephone."""
    return all(
        (len(one) + len(other)) / 2 * _LETTER_PX + _SPACE_PX <= apart_px for one, other in pairwise(labels)
    )


def _edge(value: float) -> str:
    if np.isfinite(value):
        return significant(value)
    return "\N{INFINITY}" if value > 0 else "\N{MINUS SIGN}\N{INFINITY}"


def _layers(plot: Plot, shown: Distribution, *, draw: Callable[..., Markup], mark: str) -> list[Markup]:
    if shown.series is not None:
        draw, mark = steps, shown.series
    return [draw(plot, *stairs, mark=mark) for stairs in _stairs(shown)]


def _stairs(shown: Distribution) -> list[tuple[FloatVector, FloatVector]]:
    """Lines that keep each value until the next point: the bins, and the one of missing values."""
    bins = len(shown.shares)
    inside = np.arange(bins + 1.0), np.append(shown.shares, shown.shares[-1])
    if shown.missing is None:
        return [inside]
    return [inside, (np.array(_missing_slot(bins)), np.array([shown.missing, shown.missing]))]


def _described(shown: Distribution, edges: FloatVector) -> str:
    most = int(shown.shares.argmax())
    said = f"{shown.label}: most, {share(float(shown.shares[most]))}, {_between(edges, most)}"
    return said if shown.missing is None else f"{said}; {share(shown.missing)} missing"


def _between(edges: FloatVector, place: int) -> str:
    low, high = float(edges[place]), float(edges[place + 1])
    if not np.isfinite(low):
        return f"below {significant(high)}" if np.isfinite(high) else "anywhere"
    if not np.isfinite(high):
        return f"above {significant(low)}"
    return f"between {significant(low)} and {significant(high)}"
