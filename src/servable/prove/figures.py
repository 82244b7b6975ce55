"""Figures of a run that explain it but decide nothing: latencies, the timeline, warnings.

Everything is computed from the same samples as the claims, with one definition of a percentile: the
smallest time with at least that share of requests at or below it.
"""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from servable.prove.bounds import upper_bound
from servable.prove.claims import nearest_rank_ms, response_ns
from servable.prove.gates import EVERY_VERDICT, Gate, broken_gates
from servable.prove.objective import Objective
from servable.prove.plan import Plan
from servable.prove.samples import Outcome, Samples

_SHARES: Final = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "p999": 0.999}
_MOST_BUCKETS: Final = 600
_SHORT_WARMUP_FACTOR: Final = 1.5


def latency_figures(samples: Samples, *, plan: Plan, objective: Objective) -> dict[str, Any]:
    """Milliseconds of requests that were answered correctly, by what is counted.

    `response` counts from the intended send time (as the verdict does), `service` from the actual
    one, `send_lag` is between the two. The warm-up stands apart.
    """
    warm, measured = samples[: plan.warmup_n], samples[plan.warmup_n :]
    answered = measured[measured.outcome == Outcome.OK]
    sent = measured[measured.sent_ns >= 0]
    return {
        "response": _quantiles(response_ns(answered), objective),
        "service": _quantiles(answered.done_ns - answered.sent_ns, objective),
        "send_lag": _quantiles(sent.sent_ns - sent.scheduled_ns, objective),
        "warmup": _warmup(warm, objective),
    }


def timeline(samples: Samples, *, plan: Plan) -> dict[str, Any]:
    """Counts and latencies of measured requests by the second (or more) of their intended send time."""
    measured = samples[plan.warmup_n :]
    bucket_s = max(1, -(-int(plan.duration_s) // _MOST_BUCKETS))
    start = round(plan.warmup_s * 1e9)
    buckets = int(plan.duration_s // bucket_s) + 1 if len(measured) else 0
    place = (measured.scheduled_ns - start) // (bucket_s * 1_000_000_000)
    edges = start + np.arange(buckets, dtype=np.int64) * (bucket_s * 1_000_000_000)
    response = response_ns(measured)
    ok = measured.outcome == Outcome.OK
    by_bucket = [np.sort(response[ok & (place == bucket)]) for bucket in range(buckets)]
    return {
        "bucket_s": bucket_s,
        "sent": _counts(place, buckets),
        "ok": _counts(place[ok], buckets),
        "errors": _counts(place[~ok], buckets),
        "p50_ms": [nearest_rank_ms(times, 0.5) for times in by_bucket],
        "max_ms": [nearest_rank_ms(times, 1.0) for times in by_bucket],
        "in_flight": [_in_flight(samples, int(edge)) for edge in edges],
    }


def warnings(samples: Samples, *, plan: Plan, gates: Sequence[Gate]) -> list[str]:
    """What a reader should know: gates that broke or were not judged, a warm-up that was too short."""
    harmless = [gate.id for gate in broken_gates(gates) if gate.spoils != EVERY_VERDICT]
    found = (
        [f"what broke {', '.join(harmless)} can only have made the endpoint look worse"] if harmless else []
    )
    found += [
        f"gate {gate.id} was not judged: {gate.note}" for gate in gates if gate.ok is None and gate.note
    ]
    before = _median_ms(samples[: plan.warmup_n], from_s=plan.warmup_s - 1.0, to_s=plan.warmup_s)
    after = _median_ms(samples[plan.warmup_n :], from_s=plan.warmup_s, to_s=plan.warmup_s + 5.0)
    if before is not None and after is not None and before > _SHORT_WARMUP_FACTOR * after:
        found.append(
            f"the warm-up was too short: its last second had a median of {before:.3g} ms, "
            f"the first 5 measured seconds {after:.3g} ms"
        )
    return found


def _quantiles(times_ns: NDArray[np.int64], objective: Objective) -> dict[str, float | None]:
    ordered = np.sort(times_ns)
    figures = {name: nearest_rank_ms(ordered, share) for name, share in _SHARES.items()}
    if not len(ordered) or upper_bound(0, len(ordered), objective.alpha) > 1.0 - _SHARES["p999"]:
        figures["p999"] = None
    return {**figures, "max": nearest_rank_ms(ordered, 1.0)}


def _warmup(warm: Samples, objective: Objective) -> dict[str, Any]:
    answered = warm[warm.outcome == Outcome.OK]
    return {
        "requests": len(warm),
        "errors": len(warm) - len(answered),
        "first": nearest_rank_ms(response_ns(answered[:1]), 1.0),
        "response": _quantiles(response_ns(answered), objective),
    }


def _median_ms(samples: Samples, *, from_s: float, to_s: float) -> float | None:
    at_s = samples.scheduled_ns / 1e9
    chosen = samples[(samples.outcome == Outcome.OK) & (at_s >= from_s) & (at_s < to_s)]
    return nearest_rank_ms(np.sort(response_ns(chosen)), 0.5)


def _counts(place: NDArray[np.int64], buckets: int) -> list[int]:
    return np.bincount(place, minlength=buckets)[:buckets].tolist() if buckets else []


def _in_flight(samples: Samples, at_ns: int) -> int:
    under_way = (samples.scheduled_ns <= at_ns) & ((samples.done_ns > at_ns) | (samples.done_ns < 0))
    return int(under_way.sum())
