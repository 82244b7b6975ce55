"""The load figures of a proof's page: requests per second, and requests under way, over time."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from servable.prove.claims import RATE
from servable.prove.samples import Outcome, Samples
from servable.report import (
    Axis,
    Block,
    Cell,
    Column,
    Figure,
    Key,
    Stairs,
    Table,
    Throughput,
    count,
    rate_over_time,
    significant,
    time_axis,
    under_way_over_time,
)

_REQUESTS_A_SLICE: Final = 20.0
_FEWEST_SLICES, _MOST_SLICES = 6, 120
_NARROW_SLICES: Final = 240


def time_of(document: Mapping[str, Any]) -> Axis:
    """The seconds of a run from the begin of its warm-up to the end of the measured time."""
    return time_axis(-document["plan"]["warmup_s"], document["plan"]["duration_s"])


def load(document: Mapping[str, Any], samples: Samples, *, x: Axis) -> tuple[Block, ...]:
    """Offered and finished requests per second, requests under way, and the bodies that were sent."""
    wide_s = _wide(document["plan"])
    return (
        _rate(document, samples, edges_s=wide_s, x=x),
        _under_way(document, samples, edges_s=wide_s, x=x),
        _bodies(document),
    )


def _rate(document: Mapping[str, Any], samples: Samples, *, edges_s: NDArray[np.float64], x: Axis) -> Figure:
    claim, since_s = _claim(document), document["plan"]["warmup_s"]
    ended = samples[samples.done_ns >= 0]
    failed = ended[ended.outcome != Outcome.OK]
    throughput = Throughput(
        offered=_per_second(samples.scheduled_ns / 1e9 - since_s, edges_s),
        finished=_per_second(ended.done_ns / 1e9 - since_s, edges_s),
        failed=_per_second(failed.done_ns / 1e9 - since_s, edges_s),
        planned=claim["offered"],
    )
    keys = [Key(mark="area", text="offered"), Key(mark="response", text="finished")]
    if len(failed):
        keys.append(Key(mark="failed", text="of these, errors"))
    return Figure(
        svg=rate_over_time(throughput, x=x, name="rate-over-time"),
        keys=(*keys, Key(mark="planned", text=f"planned, {significant(claim['offered'])}/s")),
        caption=f"In the measured time {significant(claim['offered'])}/s were offered and "
        f"{significant(claim['finished_per_s'])}/s finished, whenever they began; the claim needs "
        f"{significant(claim['finished_needed_per_s'])}/s. Arrivals are random, as those of independent "
        "callers are.",
    )


def _under_way(
    document: Mapping[str, Any], samples: Samples, *, edges_s: NDArray[np.float64], x: Axis
) -> Figure:
    claim, plan = _claim(document), document["plan"]
    narrow_s = np.linspace(-plan["warmup_s"], plan["duration_s"], _NARROW_SLICES + 1)
    due_s = samples.scheduled_ns / 1e9 - plan["warmup_s"]
    done_s = np.where(samples.done_ns >= 0, samples.done_ns / 1e9 - plan["warmup_s"], np.inf)
    return Figure(
        svg=under_way_over_time(
            Stairs(edges_s=narrow_s, values=_most_under_way(due_s, done_s, narrow_s)),
            Stairs(edges_s=edges_s, values=_mean_under_way(due_s, done_s, edges_s)),
            x=x,
            allowed=claim["in_flight_allowed"],
            name="under-way-over-time",
        ),
        keys=(
            Key(mark="area", text="most at once"),
            Key(mark="response", text="mean"),
            Key(mark="planned", text=f"allowed at the end, {significant(claim['in_flight_allowed'])}"),
        ),
        caption=f"On average {significant(claim['in_flight_first_third'])} in the first third and "
        f"{significant(claim['in_flight_last_third'])} in the last; {count(claim['in_flight_end'])} "
        "at the end. A request is under way from the time at which it was due.",
    )


def _bodies(document: Mapping[str, Any]) -> Table:
    return Table(
        title="What was sent, in a random mix",
        caption="What was sent",
        columns=(
            Column(title="Content type"),
            Column(title="From"),
            Column(title="Different bodies", is_number=True),
        ),
        rows=tuple(
            (
                Cell(text=body["content_type"]),
                Cell(text=_SOURCES.get(body["source"], body["source"])),
                Cell(text=count(body["count"]), value=body["count"]),
            )
            for body in document["bodies"]
        ),
    )


_SOURCES: Final = {"golden": "golden records", "payload": "payload archive"}


def _claim(document: Mapping[str, Any]) -> Mapping[str, Any]:
    claim: Mapping[str, Any] = next(claim for claim in document["claims"] if claim["id"] == RATE)
    return claim


def _wide(plan: Mapping[str, Any]) -> NDArray[np.float64]:
    """Edges of slices with about 20 planned requests each; none lies across the begin of measuring."""
    edges = [np.array([0.0])]
    for low_s, high_s in ((-plan["warmup_s"], 0.0), (0.0, plan["duration_s"])):
        slices = round((high_s - low_s) * plan["rate_per_s"] / _REQUESTS_A_SLICE)
        edges.append(np.linspace(low_s, high_s, min(max(slices, _FEWEST_SLICES), _MOST_SLICES) + 1))
    return np.unique(np.concatenate(edges))


def _per_second(at_s: NDArray[np.float64], edges_s: NDArray[np.float64]) -> Stairs:
    return Stairs(edges_s=edges_s, values=np.histogram(at_s, edges_s)[0] / np.diff(edges_s))


def _most_under_way(
    due_s: NDArray[np.float64], done_s: NDArray[np.float64], edges_s: NDArray[np.float64]
) -> NDArray[np.float64]:
    """`[k]` the most requests under way at once in each slice."""
    begins, ends = np.sort(due_s), np.sort(done_s)
    under_way = np.arange(1, len(begins) + 1) - np.searchsorted(ends, begins, side="right")
    first = np.searchsorted(begins, edges_s, side="left")
    at_edge = first - np.searchsorted(ends, edges_s, side="right")
    most = [
        max(int(at_edge[index]), int(under_way[low:high].max(initial=0)))
        for index, (low, high) in enumerate(pairwise(first.tolist()))
    ]
    return np.array(most, dtype=np.float64)


def _mean_under_way(
    due_s: NDArray[np.float64], done_s: NDArray[np.float64], edges_s: NDArray[np.float64]
) -> NDArray[np.float64]:
    """`[k]` the mean number of requests under way in each slice."""
    before = [np.maximum(np.minimum(done_s, edge) - np.minimum(due_s, edge), 0.0).sum() for edge in edges_s]
    return np.diff(before) / np.diff(edges_s)
