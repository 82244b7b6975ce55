"""The latency figures of a proof's page: every request over time, and the percentiles with their bound."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from servable.prove.bounds import allowed_events, upper_bound
from servable.prove.claims import response_ns
from servable.prove.page_tables import named
from servable.prove.samples import Outcome, Samples
from servable.report import (
    Axis,
    Block,
    Curve,
    Figure,
    Key,
    Paragraph,
    TimedRequests,
    Tone,
    UpperBound,
    bounded_ms,
    count,
    latency_over_time,
    percentile_plot,
    significant,
)

MOST_POINTS: Final = 2_000
_BOUND_STEPS: Final = 120


def over_time(document: Mapping[str, Any], samples: Samples, *, x: Axis) -> Figure:
    """Every request at the time it was due, or as many as a page can hold."""
    plan, p99_ms = document["plan"], document["latency_ms"]["response"]["p99"]
    is_error = samples.outcome != Outcome.OK
    requests = TimedRequests(
        at_s=samples.scheduled_ns / 1e9 - plan["warmup_s"],
        latency_ms=_response_ms(samples),
        is_error=is_error,
        is_warmup=np.arange(len(samples)) < plan["warmup_n"],
        notable_ms=np.inf if p99_ms is None else p99_ms,
    )
    drawn = latency_over_time(
        requests, x=x, limit_ms=_limit_ms(document), most=MOST_POINTS, name="latency-over-time"
    )
    keys = [Key(mark="dot", text="answered"), Key(mark="dot-warm", text="warm-up, not judged")]
    if is_error.any():
        keys.append(Key(mark="cross", text="error"))
    return Figure(svg=drawn, keys=(*keys, Key(mark="limit", text="limit")), caption=_drawn(len(samples)))


def by_percentile(document: Mapping[str, Any], samples: Samples) -> list[Block]:
    """The latencies that the claim is about by percentile, with the bound, and the service times."""
    measured = samples[document["plan"]["warmup_n"] :]
    answered = measured[measured.outcome == Outcome.OK]
    if not len(answered):
        return [Paragraph(text="No measured request was answered correctly.", tone=Tone.QUIET)]
    slo = document["slo"]
    limit_ms, percentile = _limit_ms(document), slo["latency_percentile"]
    latency_ms = _judged_ms(measured, limit_ms=limit_ms)
    bound = _bound(latency_ms, alpha=document["plan"]["alpha"], percentile=percentile)
    drawn = percentile_plot(
        [
            Curve(latency_ms=latency_ms, mark="response"),
            Curve(latency_ms=np.sort(answered.done_ns - answered.sent_ns) / 1e6, mark="service"),
        ],
        limit_ms=limit_ms,
        percentile=percentile,
        bound=bound,
        name="latency-by-percentile",
    )
    keys = (
        Key(mark="response", text="latency"),
        Key(mark="bound", text=f"up to its {named(document)} bound"),
        Key(mark="service", text="service time"),
        Key(mark="limit", text="limit"),
    )
    return [Figure(svg=drawn, keys=keys, caption=_described(latency_ms, bound, percentile))]


def _response_ms(samples: Samples) -> NDArray[np.float64]:
    """`[n]` from the time at which each was due; infinite where it never ended."""
    return np.where(samples.done_ns >= 0, response_ns(samples) / 1e6, np.inf)


def _judged_ms(measured: Samples, *, limit_ms: float) -> NDArray[np.float64]:
    """In ascending order the latencies that the claim counts: answered, or unanswered at the limit."""
    latency_ms = _response_ms(measured)
    return np.sort(latency_ms[(measured.outcome == Outcome.OK) | (latency_ms > limit_ms)])


def _bound(ordered_ms: NDArray[np.float64], *, alpha: float, percentile: float) -> UpperBound:
    """Upper bounds of the percentiles by rank, in few steps; exact at the judged one.

    The (k + 1)th largest of n latencies bounds every percentile p with 1 - p at least the upper bound of a
    share of which k of n were seen. Ranks that are left out take the next larger latency.
    """
    n = len(ordered_ms)
    spread = np.geomspace(1.0, n, _BOUND_STEPS).astype(np.intp) - 1
    judged = allowed_events(n, 1.0 - percentile, alpha)
    events = np.unique(np.clip([*spread, judged, judged + 1], 0, n - 1))[::-1]
    shares = np.array([upper_bound(int(k), n, alpha) for k in events])
    return UpperBound(until=1.0 / shares, latency_ms=ordered_ms[n - 1 - events])


def _drawn(requests: int) -> str:
    if requests <= MOST_POINTS:
        return f"All {count(requests)} requests are drawn."
    return (
        f"{count(MOST_POINTS)} of {count(requests)} requests are drawn: "
        "errors and latencies over p99 first, the others evenly."
    )


def _described(ordered_ms: NDArray[np.float64], bound: UpperBound, percentile: float) -> str:
    judged = f"p{100.0 * percentile:g}"
    bound_ms = bounded_ms(bound, percentile)
    said = (
        f"{count(len(ordered_ms))} measured requests: answered correctly, or still unanswered at the limit."
    )
    if bound_ms is None:
        return f"{said} They are too few to bound {judged}."
    if not np.isfinite(bound_ms):
        return f"{said} Too many were never answered to bound {judged}."
    return f"{said} The bar at {judged} reaches up to its bound, {significant(bound_ms, 'ms')}."


def _limit_ms(document: Mapping[str, Any]) -> float:
    return float(document["slo"]["max_latency_in_millisecond"])
