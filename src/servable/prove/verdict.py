"""The verdict of a proof: what the claims and the validity of the run come to."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from servable.prove.claims import ClaimVerdict, ErrorClaim
from servable.prove.gates import EVERY_VERDICT, Gate, broken_gates
from servable.prove.payload_claims import AnyClaim


class Verdict(StrEnum):
    """PASS and FAIL speak of the endpoint, INCONCLUSIVE of the evidence, INVALID of the run."""

    PASS = "PASS"  # noqa: S105  # a verdict, not a password
    FAIL = "FAIL"
    INCONCLUSIVE = "INCONCLUSIVE"
    INVALID = "INVALID"

    @property
    def exit_code(self) -> int:
        """What a command that proves exits with: 0, 1, 3, 4."""
        return {Verdict.PASS: 0, Verdict.FAIL: 1, Verdict.INCONCLUSIVE: 3, Verdict.INVALID: 4}[self]


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict and the ids of the claims (for INVALID: of the gates, or `reached`) that decided it."""

    verdict: Verdict
    reason: tuple[str, ...]


def judge(claims: Sequence[AnyClaim], gates: Sequence[Gate], *, is_reached: bool) -> Judgement:
    """The verdict.

    A FAIL stands if one failed claim is not spoiled by a broken gate. A PASS stands whatever the
    generator's own gates say, because disturbance only adds latency and errors.

    Args:
        claims: of the run.
        gates: of the run.
        is_reached: whether the endpoint was ready before the first planned request.
    """
    if not is_reached:
        return Judgement(Verdict.INVALID, ("reached",))
    broken = broken_gates(gates)
    if fatal := [gate.id for gate in broken if gate.spoils == EVERY_VERDICT]:
        return Judgement(Verdict.INVALID, tuple(fatal))
    failed = [claim for claim in claims if claim.verdict is ClaimVerdict.FAIL]
    if failed:
        spoiled = {claim_id for gate in broken for claim_id in gate.spoils}
        standing = [claim.id for claim in failed if claim.id not in spoiled or _died(claim)]
        if standing:
            return Judgement(Verdict.FAIL, tuple(standing))
        ids = {claim.id for claim in failed}
        return Judgement(Verdict.INVALID, tuple(gate.id for gate in broken if ids & set(gate.spoils)))
    if all(claim.verdict is ClaimVerdict.PASS for claim in claims):
        return Judgement(Verdict.PASS, tuple(claim.id for claim in claims))
    undecided = [claim.id for claim in claims if claim.verdict is not ClaimVerdict.PASS]
    return Judgement(Verdict.INCONCLUSIVE, tuple(undecided))


def _died(claim: AnyClaim) -> bool:
    return isinstance(claim, ErrorClaim) and claim.endpoint_died
