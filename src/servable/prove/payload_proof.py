"""What a proof records of golden answers to a payload: which they were, and what came of each request."""

from dataclasses import dataclass

from servable.payload import GoldenAnswers
from servable.prove.parity import ParityRule
from servable.prove.payload_files import golden_rule
from servable.prove.payload_lines import PayloadLine
from servable.prove.refusals import RefusalLine


@dataclass(frozen=True, slots=True, kw_only=True)
class PayloadProof:
    """Golden answers of a payload against those that came.

    Attributes:
        digest: of the golden answers.
        payload: sha256 of the payload archive that they were made of.
        reference: what gave them: the kind of an engine, or `packed`.
        reason: why it was this one.
        rule: `same-build` or `other-machine` where the packed engine gave them; else `within`.
        raw_within: largest difference of a raw score that `within` allows.
        tolerance_reason: why it is not nothing.
        illegal: how many requests they hold that must be refused.
        lines: the payload files before the load; none if the endpoint was not asked.
        refusals: the illegal requests; none if it was not.
    """

    digest: str
    payload: str
    reference: str
    reason: str
    rule: str
    raw_within: float
    tolerance_reason: str
    illegal: int
    lines: tuple[PayloadLine, ...]
    refusals: tuple[RefusalLine, ...]


def payload_proof(
    answers: GoldenAnswers,
    *,
    rule: ParityRule,
    lines: tuple[PayloadLine, ...],
    refusals: tuple[RefusalLine, ...],
) -> PayloadProof:
    """The record of a run.

    Args:
        answers: the golden ones.
        rule: of answers of the packed engine.
        lines: payload files before the load.
        refusals: illegal requests.
    """
    document = answers.document
    return PayloadProof(
        digest=document.digest,
        payload=document.payload,
        reference=document.reference,
        reason=document.reason,
        rule=str(golden_rule(answers, rule) or "within"),
        raw_within=document.tolerance.raw,
        tolerance_reason=document.tolerance.reason,
        illegal=len(document.illegal),
        lines=lines,
        refusals=refusals,
    )
