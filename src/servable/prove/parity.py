"""Wire parity: golden answers that came over HTTP against the packed ones, row by row.

Two rules (docs/proving.md, "Right scores"). On the same build a score is equal as float32
or at most 2 ulp away, and no label differs. On another machine a score is at most 1e-5 away, and the
label may be that of any class as close as that to the best one. Answers to payload files may come from
another engine, and then have limits of their own.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import compress
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from servable.codecs import Answer, label_of
from servable.payload import WIRE_WITHIN
from servable.records import FloatArray, Predictions

_SAME_BUILD_ULPS: Final = 2.0
DECADES: Final = (1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2)
_WORST_ROWS: Final = 5


class ParityRule(StrEnum):
    """How far a served score may be from the packed one."""

    SAME_BUILD = "same-build"
    OTHER_MACHINE = "other-machine"


@dataclass(frozen=True, slots=True, kw_only=True)
class Within:
    """How far a served score may be from one that another engine gave: raw, and calibrated."""

    raw: float
    calibrated: float


Rule = ParityRule | Within


class Mode(StrEnum):
    """How golden records travelled."""

    ALONE = "alone"
    BATCH = "batch"
    SHUFFLED = "shuffled"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Expected:
    """Scores and labels that an answer must have.

    Attributes:
        raw: `[n, classes]`, or `[n, 1]` where only class 1 of two is known.
        calibrated: the same shape.
        labels: n labels.
    """

    raw: FloatArray
    calibrated: FloatArray
    labels: tuple[str, ...]

    @classmethod
    def of_predictions(cls, predictions: Predictions) -> "Expected":
        """What the wire must carry for these predictions."""
        labels = tuple(label_of(int(index)) for index in predictions.label)
        return cls(raw=predictions.raw, calibrated=predictions.calibrated, labels=labels)

    @classmethod
    def of_answer(cls, answer: Answer) -> "Expected":
        """What the wire must carry again after this answer."""
        return cls(raw=answer.raw, calibrated=answer.calibrated, labels=answer.labels)

    def rows(self, rows: Sequence[int]) -> "Expected":
        """The same of some records, in this order."""
        index = list(rows)
        return Expected(
            raw=self.raw[index],
            calibrated=self.calibrated[index],
            labels=tuple(self.labels[row] for row in index),
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Comparison:
    """Served against expected, one entry per record.

    Attributes:
        bit_equal: `[n]` bool, all scores equal as float32.
        acceptable: `[n]` bool, scores within the rule and the label right or excused by it.
        raw_difference: `[n]` float64, largest absolute difference of a raw score; inf if not finite.
        calibrated_difference: `[n]` float64, the same of calibrated scores.
        flipped: `[n]` bool, another label.
    """

    bit_equal: NDArray[np.bool_]
    acceptable: NDArray[np.bool_]
    raw_difference: NDArray[np.float64]
    calibrated_difference: NDArray[np.float64]
    flipped: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorstRow:
    """A golden record whose answer differs, and by how much."""

    record: int
    raw_difference: float
    calibrated_difference: float
    expected_label: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ParityLine:
    """Golden answers of one content type in one mode.

    Attributes:
        records: golden records that this content type can carry exactly.
        left_out: golden records that it cannot.
        answered: records whose answer had scores.
        acceptable: records within the rule; the line holds if this equals `records`.
        bit_equal: records whose scores are equal as float32.
        max_abs_raw: largest finite difference of a raw score.
        max_abs_calibrated: the same of calibrated scores.
        decades: records whose largest difference is at most 1e-7, 1e-6, ... 1e-2, and above.
        flips: records with another label.
        first_failure: what came instead of scores the first time, if ever.
        worst: up to five records with the largest differences.
    """

    content_type: str
    accept: str
    mode: Mode
    rule: ParityRule
    records: int
    left_out: int
    answered: int
    acceptable: int
    bit_equal: int
    max_abs_raw: float
    max_abs_calibrated: float
    decades: tuple[int, ...]
    flips: int
    first_failure: str | None
    worst: tuple[WorstRow, ...]


def compare(expected: Expected, answer: Answer, rule: Rule) -> Comparison | None:
    """The answer against what was expected; None if it has other rows or other classes."""
    width = answer.raw.shape[1]
    raw, calibrated = _of_width(expected.raw, width), _of_width(expected.calibrated, width)
    if raw is None or calibrated is None or len(answer.labels) != len(expected.labels):
        return None
    limits = _limits(rule)
    raw_equal, raw_close, raw_difference = _scores(answer.raw, raw, limits.raw if limits else None)
    cal_equal, cal_close, cal_difference = _scores(
        answer.calibrated, calibrated, limits.calibrated if limits else None
    )
    flipped = np.array([a != b for a, b in zip(answer.labels, expected.labels, strict=True)], dtype=bool)
    excused = np.zeros_like(flipped) if limits is None else _excused(answer.labels, expected.raw, limits.raw)
    return Comparison(
        bit_equal=raw_equal & cal_equal,
        acceptable=raw_close & cal_close & (~flipped | excused),
        raw_difference=raw_difference,
        calibrated_difference=cal_difference,
        flipped=flipped,
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Replayed:
    """One request of a replay: which golden records it held and what came back.

    Attributes:
        rows: golden records, in the order of the request.
        answer: the scores, or None.
        failure: what came instead of scores.
    """

    rows: tuple[int, ...]
    answer: Answer | None
    failure: str | None = None


def parity_line(
    replayed: Iterable[Replayed],
    *,
    expected: Expected,
    content_type: str,
    accept: str,
    mode: Mode,
    rule: ParityRule,
    left_out: int,
) -> ParityLine:
    """Golden answers of one content type in one mode, counted."""
    compared: list[tuple[Replayed, Comparison]] = []
    failures: list[str] = []
    records = 0
    for item in replayed:
        records += len(item.rows)
        found = None if item.answer is None else compare(expected.rows(item.rows), item.answer, rule)
        if found is None:
            failures.append(item.failure or "an answer with other records or classes than asked for")
        else:
            compared.append((item, found))
    raw = _joined(found.raw_difference for _, found in compared)
    calibrated = _joined(found.calibrated_difference for _, found in compared)
    return ParityLine(
        content_type=content_type,
        accept=accept,
        mode=mode,
        rule=rule,
        records=records,
        left_out=left_out,
        answered=len(raw),
        acceptable=sum(int(found.acceptable.sum()) for _, found in compared),
        bit_equal=sum(int(found.bit_equal.sum()) for _, found in compared),
        max_abs_raw=largest(raw),
        max_abs_calibrated=largest(calibrated),
        decades=_by_decade(np.maximum(raw, calibrated)),
        flips=sum(int(found.flipped.sum()) for _, found in compared),
        first_failure=failures[0] if failures else None,
        worst=_worst(compared, expected),
    )


def _scores(
    served: NDArray[np.float64], expected: FloatArray, most: float | None
) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.float64]]:
    """Per record: equal as float32, within the limit, largest difference (inf if not finite).

    Without a limit two units in the last place are allowed.
    """
    with np.errstate(over="ignore"):
        ours, theirs = expected.astype(np.float32), served.astype(np.float32)
    equal = ours == theirs
    with np.errstate(invalid="ignore"):
        difference = np.abs(theirs.astype(np.float64) - ours.astype(np.float64))
    difference = np.where(np.isfinite(difference), difference, np.inf)
    if most is None:
        limit: NDArray[Any] = _SAME_BUILD_ULPS * np.spacing(np.abs(ours)).astype(np.float64)
    else:
        limit = np.full(ours.shape, most)
    close = equal | (difference <= limit)
    return equal.all(axis=1), close.all(axis=1), difference.max(axis=1)


def _of_width(scores: FloatArray, width: int) -> FloatArray | None:
    """The columns that an answer of this width holds: all, or class 1 alone of two."""
    if scores.shape[1] == width:
        return scores
    return scores[:, 1:2] if width == 1 and scores.shape[1] == 2 else None


def _limits(rule: Rule) -> Within | None:
    """The limits of a rule; None where a score may be two units in the last place away."""
    match rule:
        case ParityRule.SAME_BUILD:
            return None
        case ParityRule.OTHER_MACHINE:
            return Within(raw=WIRE_WITHIN, calibrated=WIRE_WITHIN)
        case Within():
            return rule


def _excused(labels: Sequence[str], raw: FloatArray, limit: float) -> NDArray[np.bool_]:
    """Records whose label is that of a class so close to the best one that another machine may choose it."""
    if raw.shape[1] == 1:
        raw = np.concatenate([1.0 - raw, raw], axis=1)
    is_close = raw.max(axis=1, keepdims=True) - raw <= 2.0 * limit
    names = [label_of(index) for index in range(raw.shape[1])]
    return np.array(
        [label in compress(names, row) for label, row in zip(labels, is_close, strict=True)], dtype=bool
    )


def _joined(parts: Iterable[NDArray[np.float64]]) -> NDArray[np.float64]:
    return np.concatenate([np.empty(0, dtype=np.float64), *parts])


def largest(differences: NDArray[np.float64]) -> float:
    """The largest finite difference; JSON has no infinity."""
    finite = differences[np.isfinite(differences)]
    return float(finite.max()) if len(finite) else 0.0


def _by_decade(differences: NDArray[np.float64]) -> tuple[int, ...]:
    places = np.searchsorted(np.array(DECADES), differences, side="left")
    return tuple(np.bincount(places, minlength=len(DECADES) + 1).tolist())


def _worst(compared: Iterable[tuple[Replayed, Comparison]], expected: Expected) -> tuple[WorstRow, ...]:
    rows = [
        WorstRow(
            record=record,
            # JSON has no infinity: a score that is not finite is as wrong as a score can be
            raw_difference=min(float(found.raw_difference[place]), 1.0),
            calibrated_difference=min(float(found.calibrated_difference[place]), 1.0),
            expected_label=expected.labels[record],
            label="" if item.answer is None else item.answer.labels[place],
        )
        for item, found in compared
        for place, record in enumerate(item.rows)
        if not found.bit_equal[place] or found.flipped[place]
    ]
    rows.sort(key=lambda row: (-max(row.raw_difference, row.calibrated_difference), row.record))
    return tuple(rows[:_WORST_ROWS])
