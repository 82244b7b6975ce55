"""The files of a payload in a proof, with the answers that they must get where a golden sidecar says so."""

from collections.abc import Sequence
from dataclasses import dataclass

from servable.payload import GoldenAnswers, Payload, PayloadRequest
from servable.prove.environment import is_same_build
from servable.prove.parity import Expected, ParityRule, Rule, Within


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AskedFile:
    """One file of a payload that an endpoint is asked.

    Attributes:
        request: what is sent.
        case: what it shows; None without golden answers.
        expected: scores that the answer must have; None without golden answers.
        rule: how far a score may be from them, or from the first answer.
    """

    request: PayloadRequest
    case: str | None
    expected: Expected | None
    rule: Rule


def payload_files(
    payload: Payload, *, answers: GoldenAnswers | None, rule: ParityRule
) -> Sequence[AskedFile]:
    """The files of a payload.

    Args:
        payload: as it was read.
        answers: golden answers of this very payload, or None.
        rule: of answers of the packed engine.

    Raises:
        Damaged: `golden.files` for a golden answer that is none.
    """
    if answers is None:
        return [
            AskedFile(request=request, case=None, expected=None, rule=rule) for request in payload.requests
        ]
    files = {file.name: file for file in answers.document.files}
    packed_rule = golden_rule(answers, rule)
    return [
        AskedFile(
            request=request,
            case=file.case,
            expected=Expected.of_answer(answers.answer_to(file, records=request.records)),
            rule=packed_rule or Within(raw=answers.document.tolerance.raw, calibrated=file.calibrated_within),
        )
        for request in payload.requests
        for file in [files[request.name]]
    ]


def golden_rule(answers: GoldenAnswers, rule: ParityRule) -> ParityRule | None:
    """The rule of the wire where the packed engine gave the golden answers; None where another one did.

    It is the strict one only if the libraries that answered then are those that answer now.
    """
    if not answers.document.is_packed:
        return None
    return rule if is_same_build(answers.document.libraries) else ParityRule.OTHER_MACHINE
