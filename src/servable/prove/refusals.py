"""Illegal requests before the load: each must be refused in words, and a golden record answered right after.

Each request has a connection of its own, and so has the golden record after it: what is asked is whether the
server lives on, not whether a connection does.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import msgspec
from msgspec import structs

from servable.errors import shown
from servable.payload import GoldenAnswers, GoldenRefusal, names_fault
from servable.progress import Progress
from servable.prove.ammunition import Body, golden_bodies, read_answer
from servable.prove.endpoint import Target, redacted
from servable.prove.exchange import Connections, ask_in_turn
from servable.prove.parity import ParityRule, compare
from servable.prove.replay import TIMEOUT_S, failure_of
from servable.prove.requests import GoldenRequests, to_wire
from servable.prove.response import Response
from servable.prove.samples import Outcome
from servable.records import Predictions

_PREFIX_BYTES: Final = 200
_ACCEPT: Final = "application/json"


class _Refused(msgspec.Struct):
    """The body of a refusal."""

    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusalLine:
    """One illegal request and what came of it.

    Attributes:
        case: what is wrong with it.
        content_type: that it claims.
        expected_status: of the answer.
        field: that the error must name, or None.
        record: that it must name, counted from 0, or None; none of an endpoint that runs already, which need
            not have our sentences.
        status: that came; 0 where no answer came.
        names_fault: whether the answer has an error in words, which names what it must.
        lives_on: whether a golden record right after it was answered rightly.
        failure: what is wrong, if anything is.
        answer: what came instead, cut to 200 bytes, where something is wrong.
    """

    case: str
    content_type: str
    expected_status: int
    field: str | None
    record: int | None
    status: int
    names_fault: bool
    lives_on: bool
    failure: str | None
    answer: str | None


def probe_of(
    golden: Sequence[GoldenRequests], *, predictions: Predictions, target: Target, rule: ParityRule
) -> Body:
    """The golden record that is asked after each illegal request: the first that can be sent."""
    requests = next(requests for requests in golden if requests.rows)
    first = replace(requests, rows=requests.rows[:1])
    return golden_bodies(first, predictions=predictions, target=target, rule=rule)[0]


def ask_illegal(
    answers: GoldenAnswers, *, probe: Body, target: Target, is_own_endpoint: bool, progress: Progress
) -> tuple[RefusalLine, ...]:
    """What came of each illegal request.

    Args:
        answers: of the payload; they hold the illegal requests.
        probe: the golden record that is asked after each.
        target: the endpoint.
        is_own_endpoint: whether this installation serves it, so that its errors must name the record, too.
        progress: told of each request.
    """
    illegal = [
        refusal if is_own_endpoint else structs.replace(refusal, record=None)
        for refusal in answers.document.illegal
    ]
    if not illegal:
        return ()
    wires: list[bytes] = []
    for refusal in illegal:
        data = answers.bodies[refusal.body.file]
        wires += [
            to_wire(target, body=data, content_type=refusal.content_type, accept=_ACCEPT),
            probe.wire,
        ]
    done = 0

    def advance() -> None:
        nonlocal done
        done += 1
        progress("illegal requests", done // 2, len(illegal))

    progress("illegal requests", 0, len(illegal))
    results = ask_in_turn(
        target.address, wires, timeout_s=TIMEOUT_S, advance=advance, connections=Connections.EACH
    )
    return tuple(
        _line(refusal, result, after=after, probe=probe)
        for refusal, result, after in zip(illegal, results[::2], results[1::2], strict=True)
    )


def _line(
    refusal: GoldenRefusal, result: Response | Outcome, *, after: Response | Outcome, probe: Body
) -> RefusalLine:
    status = result.status if isinstance(result, Response) else 0
    body = result.body if isinstance(result, Response) else b""
    sentence = error_text(body)
    is_named = bool(sentence) and names_fault(sentence, field=refusal.field, record=refusal.record)
    lives_on = _is_right(after, probe)
    failure = _failure(refusal, result, sentence=sentence, is_named=is_named, lives_on=lives_on)
    return RefusalLine(
        case=refusal.case,
        content_type=refusal.content_type,
        expected_status=refusal.status,
        field=refusal.field,
        record=refusal.record,
        status=status,
        names_fault=is_named,
        lives_on=lives_on,
        failure=failure,
        answer=None if failure is None else redacted(body[:_PREFIX_BYTES].decode(errors="replace")),
    )


def error_text(body: bytes) -> str:
    """What an answer says is wrong, its text under `error`; empty where it says nothing."""
    try:
        return msgspec.json.decode(body, type=_Refused).error.strip()
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""


def _failure(
    refusal: GoldenRefusal, result: Response | Outcome, *, sentence: str, is_named: bool, lives_on: bool
) -> str | None:
    if isinstance(result, Outcome):
        return failure_of(result)
    if result.status != refusal.status:
        return f"status {result.status} instead of {refusal.status}"
    if not sentence:
        return "an answer without the text of an error"
    if not is_named:
        return f"an error that does not name {must_name(field=refusal.field, record=refusal.record)}"
    return None if lives_on else "a golden record right after it was not answered rightly"


def must_name(*, field: str | None, record: int | None) -> str:
    """What an error must name, in words; empty for nothing."""
    parts = (
        None if record is None else f"record {record}",
        None if field is None else f"the field {shown(field)}",
    )
    return " and ".join(part for part in parts if part)


def _is_right(result: Response | Outcome, probe: Body) -> bool:
    if not isinstance(result, Response) or failure_of(result) is not None or probe.expected is None:
        return False
    answer = read_answer(result.body, probe.accept, records=probe.records)
    found = None if answer is None else compare(probe.expected, answer, probe.rule)
    return found is not None and bool(found.acceptable.all())
