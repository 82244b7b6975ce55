"""What came of each payload file before the load, compared with its golden answer where it has one."""

from collections.abc import Sequence
from dataclasses import dataclass

from servable.codecs import Answer
from servable.prove.ammunition import read_answer
from servable.prove.parity import Within, compare, largest
from servable.prove.payload_files import AskedFile
from servable.prove.replay import failure_of
from servable.prove.response import Response
from servable.prove.samples import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class PayloadLine:
    """One payload file and its answer before the load.

    Attributes:
        name: of the file.
        case: what it shows; None without golden answers.
        content_type: of the request.
        records: that it holds.
        acceptable: records within the tolerance and with the right label.
        bit_equal: records whose scores are equal as float32.
        max_abs_raw: largest finite difference of a raw score.
        max_abs_calibrated: the same of calibrated scores.
        calibrated_within: the largest of those that is right; None where the rule of the proof says it.
        flips: records with another label.
        failure: what is wrong with the answer, if anything is.
    """

    name: str
    case: str | None
    content_type: str
    records: int
    acceptable: int
    bit_equal: int
    max_abs_raw: float
    max_abs_calibrated: float
    calibrated_within: float | None
    flips: int
    failure: str | None


def payload_lines(
    files: Sequence[AskedFile], first_answers: Sequence[Response | Outcome]
) -> tuple[PayloadLine, ...]:
    """A line for each file in their order; none where the endpoint was not asked."""
    if not first_answers:
        return ()
    return tuple(_line(file, first) for file, first in zip(files, first_answers, strict=True))


def _line(file: AskedFile, first: Response | Outcome) -> PayloadLine:
    failure = failure_of(first)
    if not isinstance(first, Response) or failure is not None:
        return _failed(file, failure)
    answer = read_answer(first.body, file.request.accept, records=file.request.records)
    if answer is None:
        return _failed(file, "an answer without scores of every record")
    return _compared(file, answer)


def _compared(file: AskedFile, answer: Answer) -> PayloadLine:
    """The line of an answer with scores; without a golden answer it is what it is compared with later."""
    records = file.request.records
    if file.expected is None:
        return _made(file, acceptable=records, bit_equal=records)
    found = compare(file.expected, answer, file.rule)
    if found is None:
        return _failed(file, "an answer with other classes than the golden one")
    acceptable = int(found.acceptable.sum())
    differ = records - acceptable
    return _made(
        file,
        acceptable=acceptable,
        bit_equal=int(found.bit_equal.sum()),
        max_abs_raw=largest(found.raw_difference),
        max_abs_calibrated=largest(found.calibrated_difference),
        flips=int(found.flipped.sum()),
        failure=f"{differ} of {records} records differ from the golden answer" if differ else None,
    )


def _failed(file: AskedFile, failure: str | None) -> PayloadLine:
    return _made(file, acceptable=0, bit_equal=0, failure=failure)


def _made(
    file: AskedFile,
    *,
    acceptable: int,
    bit_equal: int,
    max_abs_raw: float = 0.0,
    max_abs_calibrated: float = 0.0,
    flips: int = 0,
    failure: str | None = None,
) -> PayloadLine:
    return PayloadLine(
        name=file.request.name,
        case=file.case,
        content_type=file.request.content_type,
        records=file.request.records,
        acceptable=acceptable,
        bit_equal=bit_equal,
        max_abs_raw=max_abs_raw,
        max_abs_calibrated=max_abs_calibrated,
        calibrated_within=file.rule.calibrated if isinstance(file.rule, Within) else None,
        flips=flips,
        failure=failure,
    )
