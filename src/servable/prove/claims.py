"""The claims of a proof, judged from samples alone: latency, errors, rate, golden answers.

Pure: samples, objective and plan in, claims out. A claim passes on a one-sided upper bound at the
objective's confidence and fails on a lower bound at a third of alpha; between the two it is
inconclusive. Bounds are exact if requests are independent of each other (assurance `iid`).

Source: docs/proving.md, "Claims" and "Verdict".
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from servable.prove.bounds import allowed_events, deciding_trials, lower_bound, upper_bound
from servable.prove.objective import Objective
from servable.prove.parity import ParityLine
from servable.prove.plan import Plan
from servable.prove.samples import Outcome, Samples

LATENCY: Final = "latency_p99"
ERRORS: Final = "error_rate"
RATE: Final = "rate"
GOLDEN: Final = "golden"

_NEVER_NS = 2**62
_WORST_SENT_SHARE = 0.999
_WORST_FINISHED_SHARE = 0.99


class ClaimVerdict(StrEnum):
    """What the evidence says about one claim."""

    PASS = "PASS"  # noqa: S105  # a verdict, not a password
    FAIL = "FAIL"
    INCONCLUSIVE = "INCONCLUSIVE"
    NOT_EVALUATED = "NOT EVALUATED"


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencyClaim:
    """Share of requests over the latency limit, among those answered correctly or unanswered at it.

    Attributes:
        limit: share that may exceed the latency limit.
        k: requests over it.
        n: population.
        deflator: by which k and n are divided before the bounds; 1 under `iid`.
        n_eff: n / deflator.
        upper: upper bound of the share, None without a population.
        lower: lower bound at a third of alpha.
        p99_point_ms: the percentile observed, nearest rank.
        p99_upper_ms: its upper confidence bound by rank, None where n is too small for one.
        extra_s: measured seconds that would decide, if the observed share held; only if inconclusive.
    """

    id: str = LATENCY
    limit: float
    limit_ms: float
    k: int
    n: int
    deflator: float
    n_eff: float
    upper: float | None
    lower: float | None
    p99_point_ms: float | None
    p99_upper_ms: float | None
    extra_s: float | None
    verdict: ClaimVerdict


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorClaim:
    """Share of planned requests that were not answered correctly.

    Attributes:
        claim_kind: `bound`; `zero_observed` for a limit of 0, which no finite sample proves;
            `vacuous` for a limit of 1.
        kinds: errors by outcome, in words.
        endpoint_died: its process ended during the run, which fails the claim by itself.
        extra_s: as in `LatencyClaim`.
    """

    id: str = ERRORS
    claim_kind: str
    limit: float
    k: int
    n: int
    deflator: float
    n_eff: float
    upper: float | None
    lower: float | None
    kinds: dict[str, int]
    endpoint_died: bool
    extra_s: float | None
    verdict: ClaimVerdict


@dataclass(frozen=True, slots=True, kw_only=True)
class RateClaim:
    """The endpoint was offered the rate and kept up with it.

    Attributes:
        limit: the rate that callers will send, per second.
        offered: the rate of the schedule, per second.
        sent_share: planned requests that were sent.
        finished_per_s: requests that ended within the measured time, whenever they began.
        finished_needed_per_s: the least of it that passes: 99 % of the offered rate, less three
            standard deviations of what a steady endpoint has under way at one end and not the other.
        in_flight_end: requests under way at the end of the measured time.
        in_flight_allowed: max(5, 3 * rate * mean response time).
        in_flight_first_third: mean number under way in the first third of the measured time.
        in_flight_last_third: the same in the last third; at most 1.5 times the first plus 3.
        broken: which conditions do not hold.
    """

    id: str = RATE
    limit: float
    offered: float
    sent_share: float
    finished_per_s: float
    finished_needed_per_s: float
    in_flight_end: int
    in_flight_allowed: float
    in_flight_first_third: float
    in_flight_last_third: float
    broken: tuple[str, ...]
    verdict: ClaimVerdict


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldenClaim:
    """Every golden answer over the wire is the packed one, before and under load.

    Attributes:
        rows: golden answers expected before load, over content types and modes.
        acceptable: of these, within the tolerance and with the right label.
        bit_equal: of these, equal as float32.
        max_abs_diff: the largest difference of a score.
        flips: labels that are not the expected one.
        under_load: answers during the load, warm-up included; all are checked. Those to payload files
            count here unless they have a claim of their own.
        wrong_under_load: of these, other than expected; one fails the claim.
    """

    id: str = GOLDEN
    rows: int
    acceptable: int
    bit_equal: int
    max_abs_diff: float
    flips: int
    under_load: int
    wrong_under_load: int
    verdict: ClaimVerdict


Claim = LatencyClaim | ErrorClaim | RateClaim | GoldenClaim


def judge_claims(
    samples: Samples,
    *,
    objective: Objective,
    plan: Plan,
    parity: Sequence[ParityLine],
    endpoint_died: bool,
    golden: NDArray[np.bool_] | slice = slice(None),
) -> tuple[LatencyClaim, ErrorClaim, RateClaim, GoldenClaim]:
    """The claims of every run.

    Args:
        samples: every planned request, the warm-up's first; no rows if the load did not begin.
        objective: the limits.
        plan: what was planned.
        parity: golden answers before load, by content type and mode.
        endpoint_died: whether the endpoint's process ended by itself.
        golden: which requests the claim on golden answers is about.
    """
    measured = samples[plan.warmup_n :]
    return (
        latency_claim(measured, objective=objective, duration_s=plan.duration_s),
        error_claim(measured, objective=objective, duration_s=plan.duration_s, endpoint_died=endpoint_died),
        rate_claim(samples, objective=objective, plan=plan),
        golden_claim(parity, samples[golden]),
    )


def response_ns(samples: Samples) -> NDArray[np.int64]:
    """`[n]` response times from the intended send time; very large where there was no outcome."""
    return np.where(samples.done_ns >= 0, samples.done_ns - samples.scheduled_ns, _NEVER_NS)


def latency_claim(measured: Samples, *, objective: Objective, duration_s: float) -> LatencyClaim:
    """Claim A over the measured requests."""
    answered = measured.outcome == Outcome.OK
    response = response_ns(measured)
    slow = response > objective.max_latency_ns
    population = response[answered | slow]
    k, n = int(slow.sum()), len(population)
    # a population of failures alone says something about latency only if every one of them hung
    is_evaluated = n > 0 and (bool(answered.any()) or k == len(measured))
    rank = allowed_events(n, objective.max_slow_share, objective.alpha) if is_evaluated else -1
    verdict = latency_verdict(k, n, objective) if is_evaluated else ClaimVerdict.NOT_EVALUATED
    ordered = np.sort(population)
    return LatencyClaim(
        limit=objective.max_slow_share,
        limit_ms=objective.max_latency_ms,
        k=k,
        n=n,
        deflator=1.0,
        n_eff=float(n),
        upper=upper_bound(k, n, objective.alpha) if is_evaluated else None,
        lower=lower_bound(k, n, objective.fail_alpha) if is_evaluated else None,
        p99_point_ms=nearest_rank_ms(ordered, objective.percentile) if is_evaluated else None,
        p99_upper_ms=_ms(ordered[n - 1 - rank]) if 0 <= rank < n else None,
        extra_s=_extra_s(
            verdict, k, n, limit=objective.max_slow_share, objective=objective, duration_s=duration_s
        ),
        verdict=verdict,
    )


def latency_verdict(k: float, n: float, objective: Objective) -> ClaimVerdict:
    """What k of n requests over the latency limit say about claim A."""
    return _by_bounds(k, n, limit=objective.max_slow_share, objective=objective)


def error_claim(
    measured: Samples, *, objective: Objective, duration_s: float, endpoint_died: bool = False
) -> ErrorClaim:
    """Claim B over the measured requests."""
    limit, n = objective.max_error_rate, len(measured)
    kinds = {
        outcome.name.lower(): count
        for outcome in Outcome
        if outcome is not Outcome.OK and (count := int((measured.outcome == outcome).sum()))
    }
    k = sum(kinds.values())
    claim_kind = {0.0: "zero_observed", 1.0: "vacuous"}.get(limit, "bound")
    verdict = _error_verdict(k, n, claim_kind, objective)
    if endpoint_died:
        verdict = ClaimVerdict.FAIL
    return ErrorClaim(
        claim_kind=claim_kind,
        limit=limit,
        k=k,
        n=n,
        deflator=1.0,
        n_eff=float(n),
        upper=upper_bound(k, n, objective.alpha) if n else None,
        lower=lower_bound(k, n, objective.fail_alpha) if n else None,
        kinds=kinds,
        endpoint_died=endpoint_died,
        extra_s=_extra_s(verdict, k, n, limit=limit, objective=objective, duration_s=duration_s),
        verdict=verdict,
    )


def rate_claim(samples: Samples, *, objective: Objective, plan: Plan) -> RateClaim:
    """Claim C: the schedule was offered and nothing piled up.

    The condition on completions is widened by the noise of both ends: without it a
    steady endpoint with 8 requests under way fails one run in eight (simulated, 473 requests).
    """
    start, end = round(plan.warmup_s * 1e9), round((plan.warmup_s + plan.duration_s) * 1e9)
    measured = samples[plan.warmup_n :]
    finished = (samples.done_ns >= start) & (samples.done_ns <= end)
    ended = measured.done_ns >= 0
    mean_response_s = float(response_ns(measured)[ended].mean()) / 1e9 if ended.any() else 0.0
    usual_in_flight = plan.rate_per_s * mean_response_s
    needed = _WORST_FINISHED_SHARE * plan.n - 3.0 * math.sqrt(2.0 * usual_in_flight)
    in_flight_end = int(
        ((samples.scheduled_ns <= end) & ((samples.done_ns > end) | (samples.done_ns < 0))).sum()
    )
    third = (end - start) // 3
    first, last = _mean_in_flight(samples, start, start + third), _mean_in_flight(samples, end - third, end)
    sent_share = float((measured.sent_ns >= 0).sum()) / plan.n
    allowed = max(5.0, 3.0 * usual_in_flight)
    conditions = {
        "sent": sent_share >= _WORST_SENT_SHARE,
        "finished": int(finished.sum()) >= needed,
        "in flight at the end": in_flight_end <= allowed,
        "in flight trend": last <= 1.5 * first + 3.0,
    }
    broken = tuple(name for name, holds in conditions.items() if not holds)
    verdict = ClaimVerdict.FAIL if broken else ClaimVerdict.PASS
    return RateClaim(
        limit=objective.rate_per_s,
        offered=plan.rate_per_s,
        sent_share=sent_share,
        finished_per_s=float(finished.sum()) / plan.duration_s,
        finished_needed_per_s=needed / plan.duration_s,
        in_flight_end=in_flight_end,
        in_flight_allowed=allowed,
        in_flight_first_third=first,
        in_flight_last_third=last,
        broken=broken if len(samples) else (),
        verdict=verdict if len(samples) else ClaimVerdict.NOT_EVALUATED,
    )


def golden_claim(parity: Iterable[ParityLine], samples: Samples) -> GoldenClaim:
    """Golden answers before load, and those under load: one wrong answer fails the claim."""
    lines = tuple(parity)
    right = int((samples.outcome == Outcome.OK).sum())
    wrong = int((samples.outcome == Outcome.WRONG).sum())
    rows, acceptable = sum(line.records for line in lines), sum(line.acceptable for line in lines)
    verdict = ClaimVerdict.PASS if acceptable == rows and not wrong else ClaimVerdict.FAIL
    return GoldenClaim(
        rows=rows,
        acceptable=acceptable,
        bit_equal=sum(line.bit_equal for line in lines),
        max_abs_diff=max((max(line.max_abs_raw, line.max_abs_calibrated) for line in lines), default=0.0),
        flips=sum(line.flips for line in lines),
        under_load=right + wrong,
        wrong_under_load=wrong,
        verdict=verdict if rows else ClaimVerdict.NOT_EVALUATED,
    )


def nearest_rank_ms(ordered_ns: NDArray[np.int64], share: float) -> float | None:
    """The smallest of these sorted times with at least this share at or below it, in milliseconds."""
    if not len(ordered_ns):
        return None
    rank = max(1, math.ceil(round(share * len(ordered_ns), 9)))
    return _ms(ordered_ns[rank - 1])


def _error_verdict(k: int, n: int, claim_kind: str, objective: Objective) -> ClaimVerdict:
    if not n:
        return ClaimVerdict.NOT_EVALUATED
    if claim_kind == "vacuous":
        return ClaimVerdict.PASS
    if claim_kind == "zero_observed":
        return ClaimVerdict.FAIL if k else ClaimVerdict.PASS
    return _by_bounds(k, n, limit=objective.max_error_rate, objective=objective)


def _by_bounds(k: float, n: float, *, limit: float, objective: Objective) -> ClaimVerdict:
    if upper_bound(k, n, objective.alpha) <= limit:
        return ClaimVerdict.PASS
    if lower_bound(k, n, objective.fail_alpha) > limit:
        return ClaimVerdict.FAIL
    return ClaimVerdict.INCONCLUSIVE


def _extra_s(
    verdict: ClaimVerdict, k: int, n: int, *, limit: float, objective: Objective, duration_s: float
) -> float | None:
    """Seconds beyond this run that would decide at the observed share; None if that never happens."""
    if verdict is not ClaimVerdict.INCONCLUSIVE:
        return None
    trials = deciding_trials(k, n, limit=limit, alpha=objective.alpha, fail_alpha=objective.fail_alpha)
    return None if trials is None else (trials - n) * duration_s / n


def _mean_in_flight(samples: Samples, start: int, end: int) -> float:
    """Mean number of requests under way between two times, counted from their intended send times."""
    if end <= start:
        return 0.0
    done = np.where(samples.done_ns >= 0, samples.done_ns, end)
    overlap = np.minimum(done, end) - np.maximum(samples.scheduled_ns, start)
    return float(np.maximum(overlap, 0).sum()) / (end - start)


def _ms(nanoseconds: np.int64) -> float | None:
    return None if nanoseconds >= _NEVER_NS else float(nanoseconds) / 1e6
