"""The two figures of a load over time: requests per second, and requests under way.

Neither decides anything. Both share the time axis of `latency_over_time`, so that they can be read one
below the other.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from servable.report.axes import SHORT, Axis, FloatVector, Plot, linear_axis
from servable.report.markup import Markup
from servable.report.numbers import significant
from servable.report.svg import area, band, drawing, level, steps

_ROOM: Final = 1.3
_MOST_TICKS: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Stairs:
    """A value in each slice of time.

    Attributes:
        edges_s: `[k + 1]` ascending, where the slices begin and the last one ends.
        values: `[k]`, at least 0.
    """

    edges_s: FloatVector
    values: FloatVector

    def line(self) -> tuple[FloatVector, FloatVector]:
        """Points of a line that keeps each value until the next point, `[k + 1]` each."""
        return self.edges_s, np.append(self.values, self.values[-1])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Throughput:
    """What was offered to an endpoint and what came of it, per second.

    Attributes:
        offered: requests that were due.
        finished: requests that ended, however they did.
        failed: of these, the errors.
        planned: requests per second that the schedule was made for.
    """

    offered: Stairs
    finished: Stairs
    failed: Stairs
    planned: float


def rate_over_time(throughput: Throughput, *, x: Axis, name: str) -> Markup:
    """Offered requests as an area, finished ones as a line, errors as another, the planned rate as a level.

    Args:
        throughput: by slices of time.
        x: the seconds of the run.
        name: of the figure, of its own on a page.
    """
    offered, finished, failed = throughput.offered, throughput.finished, throughput.failed
    highest = max(float(offered.values.max()), float(finished.values.max()), throughput.planned)
    y = linear_axis(0.0, _ROOM * highest, title="requests per second", most_ticks=_MOST_TICKS)
    plot = Plot(x=x, y=y, height=SHORT)
    layers = [
        *_warmup(plot),
        area(plot, *offered.line(), mark="area"),
        level(plot, throughput.planned, mark="planned"),
        steps(plot, *finished.line(), mark="response"),
    ]
    if failed.values.any():
        layers.append(steps(plot, *failed.line(), mark="failed"))
    return drawing(
        plot,
        layers,
        name=name,
        title="Offered and finished requests per second over time",
        description=f"Planned {significant(throughput.planned)}/s; offered {_range(offered)}, "
        f"finished {_range(finished)}, errors {_range(failed)}, warm-up included.",
    )


def under_way_over_time(most: Stairs, mean: Stairs, *, x: Axis, allowed: float, name: str) -> Markup:
    """The most requests under way at once as an area, their mean as a line, what is allowed as a level.

    Args:
        most: in narrow slices of time.
        mean: in slices wide enough for a mean to say something.
        x: the seconds of the run.
        allowed: requests that may be under way at the end.
        name: of the figure, of its own on a page.
    """
    highest = max(float(most.values.max()), allowed)
    y = linear_axis(0.0, _ROOM * highest, title="requests under way", most_ticks=_MOST_TICKS, least_step=1.0)
    plot = Plot(x=x, y=y, height=SHORT)
    layers = [
        *_warmup(plot),
        area(plot, *most.line(), mark="area"),
        level(plot, allowed, mark="planned"),
        steps(plot, *mean.line(), mark="response"),
    ]
    return drawing(
        plot,
        layers,
        name=name,
        title="Requests under way over time",
        description=f"At most {significant(float(most.values.max()))} at once, warm-up included; "
        f"allowed at the end are {significant(allowed)}.",
    )


def _warmup(plot: Plot) -> list[Markup]:
    return [band(plot, plot.x.low, 0.0, mark="band")] if plot.x.low < 0.0 else []


def _range(stairs: Stairs) -> str:
    low, high = float(stairs.values.min()), float(stairs.values.max())
    return f"{significant(low)} to {significant(high)}/s" if low < high else f"{significant(high)}/s"
