"""The golden replay before the load: every golden record, alone, as one batch, and shuffled.

Source: docs/proving.md, "Right scores".
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from servable.progress import Progress
from servable.prove.ammunition import read_answer
from servable.prove.endpoint import Target
from servable.prove.exchange import ask_in_turn
from servable.prove.parity import Expected, Mode, ParityLine, ParityRule, Replayed, parity_line
from servable.prove.payload_files import AskedFile
from servable.prove.plan import shuffled
from servable.prove.requests import SHUFFLED_ROWS, GoldenRequests, to_wire
from servable.prove.response import Response
from servable.prove.samples import Outcome

TIMEOUT_S: Final = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """The requests of one content type in one mode."""

    requests: GoldenRequests
    mode: Mode
    batches: list[tuple[tuple[int, ...], bytes]]


def replay_golden(
    golden: Sequence[GoldenRequests],
    *,
    target: Target,
    expected: Expected,
    rule: ParityRule,
    seed: int,
    progress: Progress,
) -> tuple[ParityLine, ...]:
    """Golden answers over the wire against the packed ones, a line for each content type and mode.

    Args:
        golden: the golden records of each content type.
        target: the endpoint.
        expected: what the answers must be, by golden record.
        rule: how far a score may be away.
        seed: of the shuffled order.
        progress: told of each request.
    """
    parts = [part for requests in golden for part in _parts(requests, seed=seed)]
    wires = [
        to_wire(target, body=body, content_type=part.requests.content_type, accept=part.requests.accept)
        for part in parts
        for _, body in part.batches
    ]
    results = iter(ask(target, wires, phase="golden", progress=progress))
    return tuple(
        parity_line(
            [_replayed(rows, next(results), part.requests.accept) for rows, _ in part.batches],
            expected=expected,
            content_type=part.requests.content_type,
            accept=part.requests.accept,
            mode=part.mode,
            rule=rule,
            left_out=part.requests.left_out,
        )
        for part in parts
    )


def ask_payload(
    payload: Sequence[AskedFile], *, target: Target, progress: Progress
) -> list[Response | Outcome]:
    """What came of each payload file, asked once before the load."""
    requests = [file.request for file in payload]
    wires = [
        to_wire(target, body=request.body, content_type=request.content_type, accept=request.accept)
        for request in requests
    ]
    return ask(target, wires, phase="payload", progress=progress) if wires else []


def ask(
    target: Target, wires: Sequence[bytes], *, phase: str, progress: Progress
) -> list[Response | Outcome]:
    """What came of each request, one after the other."""
    done = 0

    def advance() -> None:
        nonlocal done
        done += 1
        progress(phase, done, len(wires))

    progress(phase, 0, len(wires))
    return ask_in_turn(target.address, wires, timeout_s=TIMEOUT_S, advance=advance)


def failure_of(result: Response | Outcome) -> str | None:
    """What came instead of a 2xx answer, in words."""
    if isinstance(result, Outcome):
        return {
            Outcome.TIMEOUT: "no answer in time",
            Outcome.CONNECTION: "connection refused or closed",
            Outcome.MALFORMED: "an answer that is not HTTP",
        }.get(result, "no file or port left on the client's machine")
    return None if 200 <= result.status < 300 else f"status {result.status}"


def _parts(requests: GoldenRequests, *, seed: int) -> list[_Part]:
    order = [requests.rows[place] for place in shuffled(len(requests.rows), seed=seed)]
    return [
        _Part(requests=requests, mode=Mode.ALONE, batches=requests.batches(requests.rows, most=1)),
        _Part(requests=requests, mode=Mode.BATCH, batches=requests.batches(requests.rows)),
        _Part(requests=requests, mode=Mode.SHUFFLED, batches=requests.batches(order, most=SHUFFLED_ROWS)),
    ]


def _replayed(rows: tuple[int, ...], result: Response | Outcome, accept: str) -> Replayed:
    failure = failure_of(result)
    answer = None
    if isinstance(result, Response) and failure is None:
        answer = read_answer(result.body, accept, records=len(rows))
        failure = None if answer is not None else "an answer without finite scores of every record"
    return Replayed(rows=rows, answer=answer, failure=failure)
