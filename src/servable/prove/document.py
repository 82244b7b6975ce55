"""`proof.json`: what it holds, and what of it follows from samples, plan and objective alone.

The derived part (verdict, claims, validity, figures) is a pure function of the recorded part, so a
proof can be judged again by whoever has it. Canonical: sorted keys, UTF-8, finite numbers only.

Source: docs/proving.md, "What a proof leaves behind".
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from servable.artifact import canonical_json
from servable.prove.claims import judge_claims
from servable.prove.endpoint import Death, Identity
from servable.prove.figures import latency_figures, timeline, warnings
from servable.prove.gates import Client, Sighting, judge_gates
from servable.prove.objective import Objective
from servable.prove.parity import ParityLine
from servable.prove.payload_claims import payload_claims
from servable.prove.payload_proof import PayloadProof
from servable.prove.plan import Plan
from servable.prove.samples import FILE, Samples
from servable.prove.verdict import Verdict, judge

SCHEMA: Final = "servable.proof/v1"
SCHEMA_WITH_PAYLOAD: Final = "servable.proof/v2"
"""Of a proof with golden answers of a payload: one key and up to two claims more."""

PAYLOAD_GOLDEN: Final = "payload_golden"
DERIVED: Final = (
    "claims",
    "verdict",
    "verdict_reason",
    "validity",
    "warnings",
    "latency_ms",
    "timeline",
)
_DIGITS: Final = 10
"""Significant digits of derived numbers: more would differ between mathematical libraries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetFacts:
    """The endpoint as it was seen.

    Attributes:
        kind: `process`, started by the proof, or `url`.
        colocated: whether prover and endpoint shared a machine.
        reached: whether /ping answered 200 in time.
        before: what it said about itself before the first request.
        after: the same after the last one.
        died: how its process ended, if it did so by itself.
        log: its last lines, if it was not reached.
    """

    kind: str
    colocated: bool
    reached: bool
    before: Identity | None = None
    after: Identity | None = None
    died: Death | None = None
    log: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What was recorded beside the samples.

    Attributes:
        artifact_digest: of the artifact that the proof is about.
        parity: golden answers before the load.
        target: the endpoint.
        client: what the run cost.
        payload: golden answers of a payload and those that came, or None.
    """

    artifact_digest: str
    parity: tuple[ParityLine, ...]
    target: TargetFacts
    client: Client
    payload: PayloadProof | None = None


def derive(samples: Samples, *, objective: Objective, plan: Plan, facts: Facts) -> dict[str, Any]:
    """The derived part of a proof, by key of `DERIVED`."""
    target = facts.target
    died = target.died is not None and target.reached
    claims = judge_claims(
        samples,
        objective=objective,
        plan=plan,
        parity=facts.parity,
        endpoint_died=died,
        golden=slice(None) if facts.payload is None else samples.payload_id < plan.golden_bodies,
    )
    gates = judge_gates(
        samples,
        objective=objective,
        plan=plan,
        latency=claims[0],
        client=facts.client,
        sighting=Sighting(
            expected_artifact=facts.artifact_digest,
            before=target.before,
            after=target.after,
            endpoint_died=died,
        ),
    )
    all_claims = (*claims, *payload_claims(facts.payload, samples, plan=plan))
    judgement = judge(all_claims, gates, is_reached=target.reached)
    derived: dict[str, Any] = rounded(
        {
            "claims": msgspec.to_builtins(all_claims),
            "verdict": str(judgement.verdict),
            "verdict_reason": list(judgement.reason),
            "validity": {
                "valid": judgement.verdict is not Verdict.INVALID,
                "gates": msgspec.to_builtins(gates),
            },
            "warnings": warnings(samples, plan=plan, gates=gates),
            "latency_ms": latency_figures(samples, plan=plan, objective=objective),
            "timeline": timeline(samples, plan=plan),
        }
    )
    return derived


def recorded(
    samples_file: bytes,
    samples: Samples,
    *,
    objective: Objective,
    plan: Plan,
    facts: Facts,
    declared_at: str,
) -> dict[str, Any]:
    """The part of a proof that only the run could know, by key.

    Args:
        samples_file: bytes of `samples.npz`.
        samples: what they hold.
        objective: the limits.
        plan: as it was made before the run.
        facts: everything else that was recorded.
        declared_at: when the plan was made, UTC, ISO 8601.
    """
    with_payload = {} if facts.payload is None else {PAYLOAD_GOLDEN: msgspec.to_builtins(facts.payload)}
    return {
        "schema": SCHEMA_WITH_PAYLOAD if with_payload else SCHEMA,
        **with_payload,
        "slo": slo(objective),
        "plan": {
            **msgspec.to_builtins(plan),
            "alpha": objective.alpha,
            "fail_alpha": objective.fail_alpha,
            "declared_at": declared_at,
            "plan_digest": plan_digest(plan),
        },
        "parity": msgspec.to_builtins(facts.parity),
        "target": msgspec.to_builtins(facts.target),
        "client": msgspec.to_builtins(facts.client),
        "samples": {
            "file": FILE,
            "digest": digest(samples_file),
            "columns": list(samples.columns()),
            "rows": len(samples),
            "warmup_rows": min(plan.warmup_n, len(samples)),
        },
    }


def slo(objective: Objective) -> dict[str, float]:
    """The objective under the names of the payload step's configuration."""
    return {
        "expected_tps": objective.rate_per_s,
        "max_latency_in_millisecond": objective.max_latency_ms,
        "max_acceptable_error_rate": objective.max_error_rate,
        "latency_percentile": objective.percentile,
        "confidence": objective.confidence,
    }


def objective_of(slo: Mapping[str, float]) -> Objective:
    """The objective that `slo` wrote."""
    return Objective(
        rate_per_s=slo["expected_tps"],
        max_latency_ms=slo["max_latency_in_millisecond"],
        max_error_rate=slo["max_acceptable_error_rate"],
        percentile=slo["latency_percentile"],
        confidence=slo["confidence"],
    )


def plan_digest(plan: Plan) -> str:
    """The digest of a plan's canonical JSON."""
    return digest(canonical_json(msgspec.to_builtins(plan)))


def digest(data: bytes) -> str:
    """`sha256:` and the hexadecimal digest."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def rounded(value: Any) -> Any:
    """JSON values with every fraction cut to 10 significant digits."""
    if isinstance(value, float):
        return float(f"{value:.{_DIGITS}g}")
    if isinstance(value, Mapping):
        return {key: rounded(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [rounded(item) for item in value]
    return value


def payload_of(document: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The payload files of a proof's JSON values; those with golden answers stand with them."""
    files: Sequence[Mapping[str, Any]]
    files = document[PAYLOAD_GOLDEN]["lines"] if PAYLOAD_GOLDEN in document else document.get("payload", ())
    return files


def first_difference(ours: object, theirs: object, where: str = "$") -> str | None:
    """The JSON path of the first place where two JSON values differ, or None."""
    if isinstance(ours, Mapping) and isinstance(theirs, Mapping):
        for key in sorted({*ours, *theirs}):
            if key not in ours or key not in theirs:
                return f"{where}.{key}"
            if found := first_difference(ours[key], theirs[key], f"{where}.{key}"):
                return found
        return None
    if isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        pairs = enumerate(zip(ours, theirs, strict=True))
        found_in = (first_difference(a, b, f"{where}[{index}]") for index, (a, b) in pairs)
        return next((found for found in found_in if found), None)
    return None if type(ours) is type(theirs) and ours == theirs else where
