"""The claims that golden answers of a payload add to a proof: right answers, and illegal requests refused.

Pure: records and samples in, claims out, as in `claims`.

Source: docs/proving.md, "Payload and golden answers".
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from servable.prove.claims import Claim, ClaimVerdict
from servable.prove.payload_lines import PayloadLine
from servable.prove.payload_proof import PayloadProof
from servable.prove.plan import Plan
from servable.prove.refusals import RefusalLine
from servable.prove.samples import Outcome, Samples

PAYLOAD: Final = "payload"
REFUSALS: Final = "refusals"


@dataclass(frozen=True, slots=True, kw_only=True)
class PayloadClaim:
    """Every answer to a payload file is its golden one, before and under load.

    Attributes:
        files: payload files asked before the load.
        right: of these, with scores within the tolerance and right labels.
        records: records in them.
        acceptable: of these, the right ones.
        bit_equal: records whose scores are equal as float32.
        max_abs_raw: the largest difference of a raw score.
        max_abs_calibrated: the same of calibrated scores.
        flips: labels that are not the golden one.
        under_load: answers to payload files during the load, the warm-up included.
        wrong_under_load: of these, other than the golden ones; one fails the claim.
    """

    id: str = PAYLOAD
    files: int
    right: int
    records: int
    acceptable: int
    bit_equal: int
    max_abs_raw: float
    max_abs_calibrated: float
    flips: int
    under_load: int
    wrong_under_load: int
    verdict: ClaimVerdict


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusalClaim:
    """Every illegal request gets its status and an error that names what is wrong, and the server lives on.

    It is not evaluated where the golden answers hold no such request.

    Attributes:
        requests: illegal requests sent.
        refused: of these, answered with their status.
        named: of those, with an error that names what it must.
        lived_on: requests after which a golden record was answered rightly.
    """

    id: str = REFUSALS
    requests: int
    refused: int
    named: int
    lived_on: int
    verdict: ClaimVerdict


AnyClaim = Claim | PayloadClaim | RefusalClaim


def payload_claims(
    found: PayloadProof | None, samples: Samples, *, plan: Plan
) -> tuple[PayloadClaim, RefusalClaim] | tuple[()]:
    """The claims of golden answers; none without them.

    Args:
        found: what was recorded.
        samples: every planned request, the warm-up's first.
        plan: what was planned.
    """
    if found is None:
        return ()
    payload = payload_claim(found.lines, samples[samples.payload_id >= plan.golden_bodies])
    return payload, refusal_claim(found.refusals)


def payload_claim(lines: Sequence[PayloadLine], samples: Samples) -> PayloadClaim:
    """The claim on answers: files before the load, and requests that carried one under load."""
    right = sum(line.failure is None and line.acceptable == line.records for line in lines)
    wrong = int((samples.outcome == Outcome.WRONG).sum())
    verdict = ClaimVerdict.PASS if right == len(lines) and not wrong else ClaimVerdict.FAIL
    return PayloadClaim(
        files=len(lines),
        right=right,
        records=sum(line.records for line in lines),
        acceptable=sum(line.acceptable for line in lines),
        bit_equal=sum(line.bit_equal for line in lines),
        max_abs_raw=max((line.max_abs_raw for line in lines), default=0.0),
        max_abs_calibrated=max((line.max_abs_calibrated for line in lines), default=0.0),
        flips=sum(line.flips for line in lines),
        under_load=int((samples.outcome == Outcome.OK).sum()) + wrong,
        wrong_under_load=wrong,
        verdict=verdict if lines else ClaimVerdict.NOT_EVALUATED,
    )


def refusal_claim(lines: Sequence[RefusalLine]) -> RefusalClaim:
    """The claim on illegal requests."""
    refused = [line for line in lines if line.status == line.expected_status and 400 <= line.status < 500]
    named = sum(line.names_fault for line in refused)
    lived_on = sum(line.lives_on for line in lines)
    verdict = ClaimVerdict.PASS if named == lived_on == len(lines) else ClaimVerdict.FAIL
    return RefusalClaim(
        requests=len(lines),
        refused=len(refused),
        named=named,
        lived_on=lived_on,
        verdict=verdict if lines else ClaimVerdict.NOT_EVALUATED,
    )
