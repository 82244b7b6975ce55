"""Replays the recorded requests of a conformance case through a scorer and compares the answers.

A request that `deviations.json` tags is compared with `expect.json`, every other one with the stored
answer of the independent implementation. There is no third kind: what does not match is a failure, and
so is a request that was not sent.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from servable.codecs import decode_answer, decode_request, encode_answer
from servable.errors import BadInput
from servable.scorer import Scorer

TOLERANCE = 1e-5
"""Absolute, for raw and calibrated probabilities alike."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """Expected probabilities, `[n, classes]` each, or `[n]` of class 1 alone."""

    raw: NDArray[np.float64]
    calibrated: NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """An expected refusal of the whole request; record and field only where they are asked for."""

    record: int | None = None
    field: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """One recorded request and what must come of it.

    Attributes:
        source: `stored` or `expected`, where the right answer was taken from.
    """

    key: str
    content_type: str
    body: bytes
    source: str
    outcome: Scores | Refusal


@dataclass(slots=True)
class Tally:
    """What a replay found."""

    case: str
    stored: int = 0
    expected: int = 0
    failures: list[str] = field(default_factory=list)
    sent: set[str] = field(default_factory=set)
    largest: float = 0.0

    def line(self) -> str:
        """The summary that a replay prints for its case."""
        return (
            f"{self.case}: {len(self.sent)} requests, {self.stored} matched by stored answer, "
            f"{self.expected} matched by expectation, {len(self.failures)} failed, "
            f"largest difference {self.largest:.2g}\n"
        )


def recorded_requests(conformance: Path, case: str) -> Iterator[Recorded]:
    """Every request that a case lists, with its right answer."""
    folder = conformance / "cases" / case
    tags = _read(conformance / "deviations.json")
    tagged, kept = (tags[kind].get(case, {}) for kind in ("cases", "kept"))
    right, stored = _read(conformance / "expect.json").get(case, {}), _read(folder / "answers.json")
    for entry in _read(folder / "case.json")["requests"]:
        key = entry["answer"]
        by_expectation = key in tagged and key not in kept
        yield Recorded(
            key=key,
            content_type=entry["content_type"],
            body=(folder / entry["request"]).read_bytes(),
            source="expected" if by_expectation else "stored",
            outcome=_expectation(right[key]) if by_expectation else _stored(entry, stored[key]),
        )


def request_files(conformance: Path, case: str) -> set[str]:
    """Names, without their ending, of all request bodies that the case's folder holds."""
    return {path.stem for path in (conformance / "cases" / case / "requests").iterdir()}


def replay(scorer: Scorer, recorded: Iterator[Recorded], case: str) -> Tally:
    """Sends each request through decode, bind, score, encode and compares what comes back."""
    tally = Tally(case)
    for request in recorded:
        tally.sent.add(request.key)
        try:
            answer: Scores | BadInput = _answer(scorer, request)
        except BadInput as error:
            answer = error
        fault = _fault(request.outcome, answer, tally)
        if fault:
            tally.failures.append(f"{request.key} ({request.source}): {fault}")
        elif request.source == "stored":
            tally.stored += 1
        else:
            tally.expected += 1
    return tally


def _answer(scorer: Scorer, request: Recorded) -> Scores:
    """Through the wire form that carries all classes."""
    records = scorer.schema.bind(decode_request(request.body, request.content_type))
    answer = decode_answer(*encode_answer(scorer.score_records(records), "text/csv"))
    return Scores(raw=answer.raw, calibrated=answer.calibrated)


def _fault(wanted: Scores | Refusal, answer: Scores | BadInput, tally: Tally) -> str | None:
    if isinstance(answer, BadInput):
        return _refusal_fault(wanted, answer)
    if isinstance(wanted, Refusal):
        return f"expected a refusal, found scores {answer.raw.tolist()}"
    for kind, right, found in (
        ("raw", wanted.raw, answer.raw),
        ("calibrated", wanted.calibrated, answer.calibrated),
    ):
        ours = found[:, 1] if right.ndim == 1 else found
        if right.shape != ours.shape:
            return f"{kind}: expected the shape {right.shape}, found {ours.shape}"
        difference = float(np.abs(right - ours).max())
        if not difference <= TOLERANCE:
            return f"{kind}: expected {right.tolist()}, found {ours.tolist()}"
        tally.largest = max(tally.largest, difference)
    return None


def _refusal_fault(wanted: Scores | Refusal, error: BadInput) -> str | None:
    if isinstance(wanted, Scores):
        return f"expected scores {wanted.raw.tolist()}, found the refusal: {error}"
    sentences = [str(problem) for problem in error.problems]
    place = "" if wanted.record is None else f"record {wanted.record}"
    name = "" if wanted.field is None else f'"{wanted.field}"'
    if any(place in sentence and name in sentence for sentence in sentences):
        return None
    return f"expected a refusal that names {place} {name}, found: {sentences}"


def _expectation(entry: Mapping[str, Any]) -> Scores | Refusal:
    if entry["outcome"] == "error":
        return Refusal(record=entry["row"], field=entry["field"])
    return Scores(raw=np.array(entry["raw"]), calibrated=np.array(entry["calibrated"]))


def _stored(entry: Mapping[str, Any], answer: Mapping[str, Any]) -> Scores | Refusal:
    if entry["result"] in {"input_error", "predict_error"}:
        return Refusal()
    found = answer["predict_fn"]
    return Scores(raw=np.array(found["raw"]["values"]), calibrated=np.array(found["calibrated"]["values"]))


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))
