"""What the load sends: golden requests and payload bodies as HTTP bytes, with the answers they must get."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from servable.codecs import Answer, decode_answer, encode_answer
from servable.errors import BadInput
from servable.prove.endpoint import Target
from servable.prove.load import Ammunition, LoadRecord
from servable.prove.parity import Expected, ParityRule, Rule, compare
from servable.prove.payload_files import AskedFile
from servable.prove.requests import GoldenRequests, to_wire
from servable.prove.response import Response
from servable.prove.samples import Outcome
from servable.records import Predictions


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """One body of the load.

    Attributes:
        source: `golden`, or the file's name in the payload archive.
        content_type: of the request.
        accept: content type of the answer.
        wire: the whole request.
        records: records that the answer must hold.
        expected_bytes: the answer that is right without a look at it, or None.
        expected: scores that the answer must have, or None where the first answer decides.
        rule: how far a score may be from them.
    """

    source: str
    content_type: str
    accept: str
    wire: bytes
    records: int
    expected_bytes: bytes | None
    expected: Expected | None
    rule: Rule

    @property
    def ammunition(self) -> Ammunition:
        """The part of it that the load run needs."""
        return Ammunition(wire=self.wire, expected=self.expected_bytes)


def golden_bodies(
    requests: GoldenRequests, *, predictions: Predictions, target: Target, rule: ParityRule
) -> list[Body]:
    """One body for each golden record that a content type carries."""
    return [
        Body(
            source="golden",
            content_type=requests.content_type,
            accept=requests.accept,
            wire=to_wire(
                target,
                body=requests.encode([row]),
                content_type=requests.content_type,
                accept=requests.accept,
            ),
            records=1,
            expected_bytes=encode_answer(one, requests.accept)[0],
            expected=Expected.of_predictions(one),
            rule=rule,
        )
        for row in requests.rows
        for one in [_one(predictions, row)]
    ]


def payload_body(file: AskedFile, *, target: Target, first: Response | Outcome) -> Body:
    """The body of a payload file; it must get its golden answer, else again what it got before the load.

    Args:
        file: with its golden answer, where it has one.
        target: where it goes.
        first: what came of it before the load; if that was no answer, the first one under load decides
            where there is no golden one.
    """
    request, expected_bytes, expected = file.request, None, file.expected
    if isinstance(first, Response) and 200 <= first.status < 300:
        answer = read_answer(first.body, request.accept, records=request.records)
        if answer is not None:
            expected = file.expected or Expected.of_answer(answer)
            found = compare(expected, answer, file.rule)
            is_right = found is not None and bool(found.acceptable.all())
            expected_bytes = first.body if is_right else None
    return Body(
        source=request.name,
        content_type=request.content_type,
        accept=request.accept,
        wire=to_wire(target, body=request.body, content_type=request.content_type, accept=request.accept),
        records=request.records,
        expected_bytes=expected_bytes,
        expected=expected,
        rule=file.rule,
    )


def read_answer(body: bytes, accept: str, *, records: int) -> Answer | None:
    """The answer in these bytes, or None if they do not hold finite scores of so many records."""
    try:
        answer = decode_answer(body, accept)
    except BadInput:
        return None
    is_finite = bool(np.isfinite(answer.raw).all() and np.isfinite(answer.calibrated).all())
    return answer if is_finite and len(answer.labels) == records else None


def settle(record: LoadRecord, bodies: Sequence[Body]) -> None:
    """Give every request whose answer was not the expected bytes its outcome: OK, MALFORMED or WRONG.

    Where the right answer is known, whatever else comes with a status of 2xx is a wrong one: other scores,
    scores of other records or classes, or none at all.
    """
    references: dict[int, Expected] = {}
    for (index, answer_bytes), requests in record.unsettled.items():
        body = bodies[index]
        answer = read_answer(answer_bytes, body.accept, records=body.records)
        if answer is not None and body.expected is None:
            references.setdefault(index, Expected.of_answer(answer))
        record.samples.outcome[requests] = _outcome(
            body.expected or references.get(index), answer, rule=body.rule
        )


def _outcome(expected: Expected | None, answer: Answer | None, *, rule: Rule) -> Outcome:
    if expected is None:
        return Outcome.MALFORMED
    found = None if answer is None else compare(expected, answer, rule)
    return Outcome.OK if found is not None and found.acceptable.all() else Outcome.WRONG


def body_classes(bodies: Sequence[Body]) -> list[dict[str, object]]:
    """Which body indices are of which class: source and content type, first index, count."""
    classes: list[dict[str, object]] = []
    counts: dict[tuple[str, str], int] = {}
    for body in bodies:
        key = ("golden" if body.source == "golden" else "payload", body.content_type)
        counts[key] = counts.get(key, 0) + 1
    first = 0
    for (source, content_type), count in counts.items():
        classes.append({"source": source, "content_type": content_type, "first": first, "count": count})
        first += count
    return classes


def class_sizes(golden: Sequence[GoldenRequests], payload: Sequence[AskedFile]) -> tuple[int, ...]:
    """How many bodies each class has, in the order in which the bodies stand."""
    by_type: dict[str, int] = {}
    for file in payload:
        content_type = file.request.content_type
        by_type[content_type] = by_type.get(content_type, 0) + 1
    return (*(len(requests.rows) for requests in golden), *by_type.values())


def error_examples(record: LoadRecord, bodies: Sequence[Body]) -> Mapping[str, tuple[str, bytes]]:
    """By kind of error, in words: content type of the first request with it, and the answer."""
    examples = {
        f"status {status}": (bodies[index].content_type, answer)
        for status, (index, answer) in sorted(record.refusals.items())
    }
    for (index, answer), requests in record.unsettled.items():
        outcome = Outcome(int(record.samples.outcome[requests[0]]))
        if outcome is not Outcome.OK:
            examples.setdefault(outcome.name.lower(), (bodies[index].content_type, answer))
    return examples


def _one(predictions: Predictions, row: int) -> Predictions:
    return Predictions(raw=predictions.raw[row : row + 1], calibrated=predictions.calibrated[row : row + 1])
