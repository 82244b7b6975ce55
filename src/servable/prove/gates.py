"""Validity gates: when a run says nothing about the endpoint.

Latency counts from the intended send time, so a disturbed generator can only add to it. A PASS under
disturbance stays true; a FAIL says nothing about those claims that the disturbance could have
broken. Each gate therefore names the claims whose FAIL it spoils; G1 and G10 spoil every verdict.
Golden answers and the death of the endpoint's process are spoiled by neither lateness nor load.

Source: docs/proving.md, "Validity".
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from servable.prove.claims import (
    ERRORS,
    GOLDEN,
    LATENCY,
    RATE,
    ClaimVerdict,
    LatencyClaim,
    latency_verdict,
    response_ns,
)
from servable.prove.endpoint import Identity
from servable.prove.objective import Objective
from servable.prove.plan import Plan
from servable.prove.samples import Outcome, Samples

EVERY_VERDICT: Final = (LATENCY, ERRORS, RATE, GOLDEN)
_TIMED: Final = (LATENCY, RATE)
_LOADED: Final = (LATENCY, RATE, ERRORS)

_MIN_SENT_SHARE: Final = 0.999
_MAX_BURST_SHARE: Final = 0.01
_MAX_CORE_SHARE: Final = 0.70


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """One condition of a valid run.

    Attributes:
        id: as docs/proving.md numbers it.
        name: what is measured, unit last.
        value: the measure; None where it could not be taken.
        limit: the most (G1: the least) that holds.
        ok: None if the gate could not be judged.
        spoils: claims whose FAIL means nothing if the gate broke; all of them: no verdict holds.
        note: what a number cannot say.
    """

    id: str
    name: str
    value: float | None
    limit: float
    ok: bool | None
    spoils: tuple[str, ...]
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """What the run cost the prover's own process.

    Attributes:
        cpu_s: processor time from the first measured request to the end.
        wall_s: time of the clock over the same.
        connections: connections opened.
    """

    cpu_s: float
    wall_s: float
    connections: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """Who answered before and after the run, and whether it was meant.

    Attributes:
        expected_artifact: digest of the artifact that the proof is about.
        before: what /ping said before the first request, None if it does not tell.
        after: the same after the last one.
        endpoint_died: its process ended by itself, so nobody could be asked afterwards.
    """

    expected_artifact: str
    before: Identity | None
    after: Identity | None
    endpoint_died: bool


def judge_gates(
    samples: Samples,
    *,
    objective: Objective,
    plan: Plan,
    latency: LatencyClaim,
    client: Client,
    sighting: Sighting,
) -> tuple[Gate, ...]:
    """Every gate of a run, in their order."""
    measured = samples[plan.warmup_n :]
    sent = measured.sent_ns >= 0
    lag_ns = (measured.sent_ns - measured.scheduled_ns)[sent]
    return (
        _schedule_kept(measured, plan, endpoint_died=sighting.endpoint_died),
        _attribution(measured, objective, latency),
        _send_lag(lag_ns, objective),
        _arrival_shape(lag_ns, objective),
        _client_cpu(client),
        _local_resources(samples),
        _same_target(sighting),
    )


def _schedule_kept(measured: Samples, plan: Plan, *, endpoint_died: bool) -> Gate:
    share = float((measured.sent_ns >= 0).sum()) / plan.n
    without_outcome = int((measured.outcome == Outcome.NONE).sum())
    is_kept: bool | None = share >= _MIN_SENT_SHARE and not without_outcome
    note = f"{without_outcome} requests without an outcome" if without_outcome else ""
    if not len(measured):
        note = "no load was sent"
        # golden requests reached it and it died of them: that is a FAIL, not a broken run
        is_kept = None if endpoint_died else False
    return Gate(
        id="G1",
        name="share of planned requests sent",
        value=share,
        limit=_MIN_SENT_SHARE,
        ok=is_kept,
        spoils=EVERY_VERDICT,
        note=note,
    )


def _attribution(measured: Samples, objective: Objective, latency: LatencyClaim) -> Gate:
    """Requests over the limit by the client's own lateness, if the FAIL rests on them."""
    response = response_ns(measured)
    lag = measured.sent_ns - measured.scheduled_ns
    own = (measured.sent_ns >= 0) & (response > objective.max_latency_ns)
    own &= (response - lag) <= objective.max_latency_ns
    k_client = int(own.sum())
    still_fails = (
        latency_verdict(latency.k - min(k_client, latency.k), latency.n, objective) if latency.n else None
    )
    return Gate(
        id="G2",
        name="requests over the latency limit only because they were sent late",
        value=float(k_client),
        limit=0.0,
        ok=latency.verdict is not ClaimVerdict.FAIL or still_fails is ClaimVerdict.FAIL,
        spoils=(LATENCY,),
    )


def _send_lag(lag_ns: NDArray[np.int64], objective: Objective) -> Gate:
    limit_ms = max(2.0, 0.01 * objective.max_latency_ms)
    value = float(np.quantile(lag_ns, 0.99, method="inverted_cdf")) / 1e6 if len(lag_ns) else None
    return Gate(
        id="G3",
        name="send lag p99, ms",
        value=value,
        limit=limit_ms,
        ok=None if value is None else value <= limit_ms,
        spoils=_TIMED,
    )


def _arrival_shape(lag_ns: NDArray[np.int64], objective: Objective) -> Gate:
    late_ns = max(5.0, 0.05 * objective.max_latency_ms) * 1e6
    value = float((lag_ns > late_ns).sum()) / len(lag_ns) if len(lag_ns) else None
    return Gate(
        id="G4",
        name=f"share of requests sent more than {late_ns / 1e6:g} ms late",
        value=value,
        limit=_MAX_BURST_SHARE,
        ok=None if value is None else value <= _MAX_BURST_SHARE,
        spoils=_LOADED,
    )


def _client_cpu(client: Client) -> Gate:
    value = client.cpu_s / client.wall_s if client.wall_s > 0.0 else None
    return Gate(
        id="G5",
        name="client's share of one processor core",
        value=value,
        limit=_MAX_CORE_SHARE,
        ok=None if value is None else value <= _MAX_CORE_SHARE,
        spoils=_LOADED,
    )


def _local_resources(samples: Samples) -> Gate:
    count = int((samples.outcome == Outcome.LOCAL).sum())
    return Gate(
        id="G9",
        name="requests that failed for want of files, ports or memory of the client",
        value=float(count),
        limit=0.0,
        ok=not count,
        spoils=_LOADED,
    )


def _same_target(sighting: Sighting) -> Gate:
    value, is_same, note = _changes(sighting)
    return Gate(
        id="G10",
        name="changes of the endpoint's identity",
        value=value,
        limit=0.0,
        ok=is_same,
        spoils=EVERY_VERDICT,
        note=note,
    )


def _changes(sighting: Sighting) -> tuple[float | None, bool | None, str]:
    before, after = sighting.before, sighting.after
    if before is None:
        return None, None, "/ping of this endpoint names no artifact and no process start"
    if before.artifact != sighting.expected_artifact:
        return 1.0, False, f"the endpoint serves {before.artifact}"
    if after is None:
        return None, None, "its process ended" if sighting.endpoint_died else "/ping no longer tells"
    changed = [
        name for name in ("artifact", "process_start") if getattr(before, name) != getattr(after, name)
    ]
    return float(len(changed)), not changed, f"changed: {', '.join(changed)}" if changed else ""


def broken_gates(gates: Sequence[Gate]) -> tuple[Gate, ...]:
    """The gates that do not hold."""
    return tuple(gate for gate in gates if gate.ok is False)
