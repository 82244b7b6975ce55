"""Whole proofs made by hand, one for each verdict."""

from typing import Any

import msgspec
import numpy as np
from prove_doubles import RECORDS, UNCARRIED, a_plan, a_run

from servable.prove import Objective
from servable.prove.document import Facts, TargetFacts, derive, recorded
from servable.prove.gates import Client
from servable.prove.parity import Mode, ParityLine, ParityRule
from servable.prove.payload_lines import PayloadLine
from servable.prove.payload_proof import PayloadProof
from servable.prove.refusals import RefusalLine
from servable.prove.samples import Outcome, Samples, to_npz

WARMUP = 20


def samples_of(n: int = 473, *, slow: int = 0, failed: int = 0, late: int = 0) -> Samples:
    """A warm-up and n measured requests; of these some slow, some refused, some sent too late."""
    samples = a_run(n + WARMUP)
    samples.done_ns[WARMUP : WARMUP + slow] += 900_000_000
    samples.outcome[len(samples) - failed :] = Outcome.STATUS
    delayed = slice(WARMUP, WARMUP + late)
    samples.sent_ns[delayed] += 800_000_000
    samples.done_ns[delayed] += 800_000_000
    return samples


def a_line(**changes: Any) -> ParityLine:
    values: dict[str, Any] = {
        "content_type": "application/json",
        "accept": "application/json",
        "mode": Mode.ALONE,
        "rule": ParityRule.SAME_BUILD,
        "records": RECORDS,
        "left_out": UNCARRIED,
        "answered": RECORDS,
        "acceptable": RECORDS,
        "bit_equal": RECORDS,
        "max_abs_raw": 1.25e-7,
        "max_abs_calibrated": 2.5e-7,
        "decades": (RECORDS, 0, 0, 0, 0, 0, 0),
        "flips": 0,
        "first_failure": None,
        "worst": (),
    }
    return ParityLine(**{**values, **changes})


def a_payload_line(name: str, **changes: Any) -> PayloadLine:
    values: dict[str, Any] = {
        "name": name,
        "case": "typical",
        "content_type": "application/json",
        "records": 3,
        "acceptable": 3,
        "bit_equal": 2,
        "max_abs_raw": 1.5e-6,
        "max_abs_calibrated": 2.5e-6,
        "calibrated_within": 3e-4,
        "flips": 0,
        "failure": None,
    }
    return PayloadLine(**{**values, **changes})


def a_refusal(case: str, **changes: Any) -> RefusalLine:
    values: dict[str, Any] = {
        "case": case,
        "content_type": "text/csv",
        "expected_status": 400,
        "field": "age",
        "record": 0,
        "status": 400,
        "names_fault": True,
        "lives_on": True,
        "failure": None,
        "answer": None,
    }
    return RefusalLine(**{**values, **changes})


def a_payload(*lines: PayloadLine, refusals: tuple[RefusalLine, ...] = (), **changes: Any) -> PayloadProof:
    values: dict[str, Any] = {
        "digest": "sha256:fedcba",
        "payload": "abcdef",
        "reference": "xgboost",
        "reason": "it was at hand",
        "rule": "within",
        "raw_within": 1e-4,
        "tolerance_reason": "two engines",
        "illegal": len(refusals),
    }
    return PayloadProof(lines=lines, refusals=refusals, **{**values, **changes})


def a_document(
    samples: Samples,
    *,
    is_reached: bool = True,
    lines: tuple[ParityLine, ...] = (a_line(),),
    answers: PayloadProof | None = None,
    **changes: Any,
) -> dict[str, Any]:
    """The JSON values of the proof that rests on these samples."""
    parts: dict[str, Any] = {
        "objective": Objective(rate_per_s=100, max_latency_ms=500, max_error_rate=0.01),
        "plan": a_plan(max(1, len(samples) - WARMUP), warmup_n=WARMUP),
        "facts": Facts(
            artifact_digest="sha256:0123456789abcdef",
            parity=lines if is_reached else (),
            target=TargetFacts(
                kind="url", colocated=True, reached=is_reached, log=() if is_reached else ("no <module>",)
            ),
            client=Client(cpu_s=0.1, wall_s=5.0, connections=3),
            payload=answers,
        ),
    }
    document = {
        **recorded(to_npz(samples), samples, declared_at="2026-01-01T00:00:00Z", **parts),
        **derive(samples, **parts),
        "subject": {
            "artifact_digest": "sha256:0123456789abcdef",
            "name": "double",
            "family": "xgboost",
            "golden_source": "train",
            "golden_rows": RECORDS,
            "data": {"name": "towns", "rows": 1234, "sha256": "fedcba"},
        },
        "bodies": [{"content_type": "application/json", "count": RECORDS, "first": 0, "source": "golden"}],
        "payload": [],
        "error_examples": [],
        "environment": {
            "cpu_model": "a processor",
            "cores": 2,
            "machine": "x86_64",
            "kernel": "6.1",
            "python": "3.11.7",
            "packages": {"numpy": np.__version__},
        },
    }
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode({**document, **changes}))
    return plain


CASES: dict[str, tuple[dict[str, Any], Samples]] = {
    verdict: (a_document(samples, is_reached=bool(len(samples))), samples)
    for verdict, samples in {
        "PASS": samples_of(),
        "FAIL": samples_of(slow=30, failed=40),
        "INCONCLUSIVE": samples_of(slow=5),
        "INVALID": samples_of(late=60),
        "INVALID, not reached": Samples.empty(),
    }.items()
}
