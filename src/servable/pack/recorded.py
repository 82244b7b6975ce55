"""Answers recorded from an endpoint that is being replaced.

A file of NDJSON, one object a line: `request`, the object that was sent, and `answer`, the object that
came back for it among the `predictions` of a JSON answer. Scores may be rounded.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from servable.artifact import parse_json
from servable.codecs import label_of
from servable.errors import MAX_PROBLEMS, BadInput, Damaged, NotFound, Problem, shown
from servable.records import FloatArray, Table
from servable.schema import Schema, parse_number

TOLERANCE = 1e-5
"""Absolute, of raw and calibrated scores alike; what rounding took away comes on top."""

_BOM = b"\xef\xbb\xbf"
_FEWEST_DECIMALS = 2
_LABELS = ("output-label", "custom-output-label")
"""Keys of a label; handlers of the kind write the one, the other, or none."""


class Compared(StrEnum):
    """What of a recorded answer is compared: everything, or raw scores and label alone.

    `RAW` is for endpoints whose calibration never acted, so that they answer raw scores twice.
    """

    ALL = "all"
    RAW = "raw"


@dataclass(frozen=True, slots=True, eq=False)
class RecordedScores:
    """Scores of one kind, raw or calibrated.

    Attributes:
        values: `[n, classes]` float64.
        tolerance: how far another score may be from a recorded one.
    """

    values: FloatArray
    tolerance: float

    def excess(self, found: FloatArray) -> NDArray[np.float64]:
        """`[n]` by how much the worst of a record's `[n, classes]` scores is beyond the tolerance."""
        gaps: NDArray[np.float64] = np.abs(found.astype(np.float64) - self.values)
        worst: NDArray[np.float64] = gaps.max(axis=1) - self.tolerance
        return worst


@dataclass(frozen=True, slots=True)
class RefusedRequest:
    """A recorded request that the model refuses; the problem's place is within the request."""

    line: int
    problem: Problem


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RecordedAnswers:
    """Requests to another endpoint, with what it answered.

    Attributes:
        file: name of the file.
        lines: `[n]` number of each record's line, from 1.
        sources: the lines.
        requests: one JSON object each.
        raw: their raw scores.
        calibrated: their calibrated scores; None where these are not compared.
        labels: `[n]` the recorded labels, which need not be the arg max.
        refused: further records, whose answers can only differ.
    """

    file: str
    lines: NDArray[np.int64]
    sources: tuple[bytes, ...]
    requests: tuple[bytes, ...]
    raw: RecordedScores
    calibrated: RecordedScores | None
    labels: NDArray[np.int64]
    refused: tuple[RefusedRequest, ...]

    def __len__(self) -> int:
        """How many the file holds, with those whose request is refused."""
        return len(self.requests) + len(self.refused)


class _Line(msgspec.Struct):
    request: msgspec.Raw
    answer: dict[str, msgspec.Raw]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Recorded:
    """One line, read: scores as they are printed, one for each class or that of class 1 alone.

    Attributes:
        calibrated: nothing where it is not compared.
        label: as recorded, else the class of the largest raw score.
        refusal: why the model refuses the request, if it does.
    """

    line: int
    source: bytes
    request: bytes
    raw: tuple[Decimal, ...]
    calibrated: tuple[Decimal, ...]
    label: int
    refusal: Problem | None


def read_recorded_answers(
    path: Path, schema: Schema, *, compared: Compared = Compared.ALL
) -> RecordedAnswers:
    """All recorded answers of a file; every one must be sound.

    Scores count as rounded to the most decimals with which any of their kind, raw or calibrated, is
    printed: half a unit of that decimal is tolerated on top of 1e-5.

    Raises:
        NotFound: if there is no such file.
        BadInput: `pack.answers`, naming the lines, or if it is a folder.
    """
    if path.is_dir():
        raise BadInput(_problem(str(path), "recorded answers in a file", "a folder", "check the path"))
    if not path.is_file():
        raise NotFound(_problem(str(path), "recorded answers in a file", "no such file", "check the path"))
    read = _read_lines(path.read_bytes().removeprefix(_BOM), schema, compared, file=path.name)
    asked = [recorded for recorded in read if recorded.refusal is None]
    classes = len(schema.classes)
    return RecordedAnswers(
        file=path.name,
        lines=np.array([recorded.line for recorded in asked], dtype=np.int64),
        sources=tuple(recorded.source for recorded in asked),
        requests=tuple(recorded.request for recorded in asked),
        raw=RecordedScores(
            _matrix([recorded.raw for recorded in asked], classes=classes),
            _tolerance([recorded.raw for recorded in read], file=path.name),
        ),
        calibrated=None
        if compared is Compared.RAW
        else RecordedScores(
            _matrix([recorded.calibrated for recorded in asked], classes=classes),
            _tolerance([recorded.calibrated for recorded in read], file=path.name),
        ),
        labels=np.array([recorded.label for recorded in asked], dtype=np.int64),
        refused=tuple(
            RefusedRequest(recorded.line, recorded.refusal)
            for recorded in read
            if recorded.refusal is not None
        ),
    )


def _read_lines(data: bytes, schema: Schema, compared: Compared, *, file: str) -> list[_Recorded]:
    """Every line that is not blank; one at least."""
    read: list[_Recorded] = []
    problems: list[Problem] = []
    for number, line in enumerate(data.split(b"\n"), start=1):
        if line.isspace() or not line:
            continue
        try:
            read.append(_read(line, number, schema, compared, where=f"{file} line {number}"))
        except BadInput as error:
            problems += error.problems
            if len(problems) >= MAX_PROBLEMS:
                break
    if problems:
        raise BadInput(problems)
    if not read:
        raise BadInput(_problem(file, "at least one recorded answer", "none", "record answers, one a line"))
    return read


def _read(line: bytes, number: int, schema: Schema, compared: Compared, *, where: str) -> _Recorded:
    try:
        parse_json(line, where=where)  # strictly: no key twice, no NaN
    except Damaged as error:
        places = [problem.where.replace(", line 1, column", ", column") for problem in error.problems]
        raise BadInput(_placed(error.problems, places)) from error
    try:
        parts = msgspec.json.decode(line, type=_Line)
        request: object = msgspec.json.decode(parts.request)
    except msgspec.DecodeError as error:
        raise BadInput(
            _form(where, "an object with the objects `request` and `answer`", str(error))
        ) from error
    if not isinstance(request, dict):
        raise BadInput(_form(where, "`request` to be an object", f"a value of type {type(request).__name__}"))
    raw, calibrated, label = _answer(parts.answer, compared, classes=len(schema.classes), where=where)
    return _Recorded(
        line=number,
        source=line.strip(),
        request=bytes(parts.request),
        raw=raw,
        calibrated=calibrated,
        label=label,
        refusal=_refusal(request, schema),
    )


def _refusal(request: dict[str, Any], schema: Schema) -> Problem | None:
    """Why a model of this schema refuses the request."""
    try:
        schema.bind(Table.of_records([request]))
    except BadInput as error:
        problem = error.problems[0]
        return replace(problem, where=problem.where.removeprefix("record 0, "))
    return None


def _answer(
    answer: Mapping[str, msgspec.Raw], compared: Compared, *, classes: int, where: str
) -> tuple[tuple[Decimal, ...], tuple[Decimal, ...], int]:
    """Raw scores, calibrated scores and label of one answer, by the keys of its schema."""
    names = ["legacy-score"] if classes == 2 else [f"prob_{index:02d}" for index in range(1, classes + 1)]
    calibrated = ["calibrated-score"] if classes == 2 else [f"calibrated_{name}" for name in names]
    if compared is Compared.RAW:
        calibrated = []
    wanted = [*names, *calibrated]
    lacking = [key for key in wanted if key not in answer]
    further = [key for key in answer if key.startswith("prob_") and key not in names]
    if lacking or further:
        raise BadInput(
            _form(
                where,
                f"an answer of {classes} classes with the keys {', '.join(wanted)}",
                f'no "{lacking[0]}"' if lacking else f'"{further[0]}"',
            )
        )
    raw = tuple(_score(answer[name], name, where) for name in names)
    return (
        raw,
        tuple(_score(answer[name], name, where) for name in calibrated),
        _label(answer, raw, classes=classes, where=where),
    )


def _label(answer: Mapping[str, msgspec.Raw], raw: tuple[Decimal, ...], *, classes: int, where: str) -> int:
    key = next((key for key in _LABELS if key in answer), None)
    if key is None:
        of_classes = raw if len(raw) > 1 else (1 - raw[0], raw[0])
        return of_classes.index(max(of_classes))
    label = _text(answer[key])
    labels = {label_of(index): index for index in range(classes)}
    if label not in labels:
        raise BadInput(_form(where, f"`{key}` to be one of {', '.join(labels)}", shown(label)))
    return labels[label]


def _score(value: msgspec.Raw, name: str, where: str) -> Decimal:
    """A score with the decimals that are printed, whether it is a number or a string."""
    text = _text(value)
    number = parse_number(text)
    if number is None or not 0 <= number <= 1:
        raise BadInput(_form(where, f"`{name}` to be a number from 0 to 1", shown(text)))
    return Decimal(text)


def _text(value: msgspec.Raw) -> str:
    """A JSON string's content; of anything else, its spelling."""
    spelled = bytes(value)
    return str(msgspec.json.decode(spelled)) if spelled.startswith(b'"') else spelled.decode()


def _tolerance(scores: list[tuple[Decimal, ...]], *, file: str) -> float:
    """1e-5 and half a unit of the last decimal that any of these scores is printed with.

    Both, for a score that stands near the middle of two roundings is rounded away by the least difference.
    """
    decimals = max(-int(score.as_tuple().exponent) for row in scores for score in row)
    if decimals < _FEWEST_DECIMALS:
        raise BadInput(
            _problem(
                file,
                f"scores that are printed with at least {_FEWEST_DECIMALS} decimals",
                f"at most {max(decimals, 0)}",
                "record them unrounded",
            )
        )
    return TOLERANCE + float(Decimal("0.5").scaleb(-decimals))


def _matrix(rows: list[tuple[Decimal, ...]], *, classes: int) -> FloatArray:
    """`[n, classes]` float64; of class 1 alone, that of class 0 beside it."""
    if not rows:
        return np.empty((0, classes))
    scores = np.array(rows, dtype=np.float64)
    return scores if scores.shape[1] > 1 else np.hstack([1 - scores, scores])


def _placed(problems: Sequence[Problem], places: Sequence[str]) -> list[Problem]:
    return [replace(problem, where=place) for problem, place in zip(problems, places, strict=True)]


def _form(where: str, expected: str, found: str) -> Problem:
    return _problem(where, expected, found, "record requests and answers as docs/formats.md says")


def _problem(where: str, expected: str, found: str, fix: str) -> Problem:
    return Problem(code="pack.answers", where=where, expected=expected, found=found, fix=fix)
