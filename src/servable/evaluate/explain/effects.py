"""Which fields move the score: each in turn is taken away, and the score is asked for again.

This is occlusion. It says what this model makes of a field beside all the others as they are, not what
would become of the world if the field were another: it is no statement about causes. Fields that say
the same share what they add: without one of them the model still has the other.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, count
from typing import Final

import numpy as np
from numpy.typing import NDArray

from servable.metrics import REACH
from servable.preprocess import Preprocessor
from servable.progress import Progress, silent
from servable.records import Columns, FloatArray, ObjectArray, Records
from servable.schema import Kind
from servable.scorer import Scorer

_BATCH_RECORDS: Final = 4096
FEWEST_OF_INTERVAL: Final = 30
"""Records below which a mean has no interval: the normal law is no guide to so few."""

_TOO_FEW: Final = (
    f"There are fewer than {FEWEST_OF_INTERVAL} records, too few for 95 % intervals of the means."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MeanChange:
    """A mean over records, with its 95 % interval, None of few records: `REACH` standard errors."""

    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldEffect:
    """What a field adds to the score.

    Attributes:
        field: its name.
        kind: what it holds.
        is_read: whether the model reads it.
        stands: what stood in its place, in words.
        change: the score with the field minus the score without it; above 0, the field raises the score.
        size: the same without its sign.
        flips: how many records get another label without it.
    """

    field: str
    kind: Kind
    is_read: bool
    stands: str
    change: MeanChange
    size: MeanChange
    flips: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Effects:
    """What each field adds to a score, the one that moves it most first.

    Attributes:
        score: which one, in words.
        rows: records that were asked.
        fields: every field of the schema.
        sentence: why the means have no interval; empty if they have one, or there is no mean.
    """

    score: str
    rows: int
    fields: tuple[FieldEffect, ...]
    sentence: str


def effects_of(scorer: Scorer, records: Records, *, progress: Progress = silent) -> Effects:
    """What each field adds to the calibrated score: of class 1 of two, of the likeliest class of more.

    Args:
        scorer: of the model.
        records: at least one; each is scored once as it is, and once without each field.
        progress: told how many records are scored.
    """
    fields = scorer.schema.fields
    without = [_nothing(field.name, scorer.preprocessor) for field in fields]
    size = max(1, _BATCH_RECORDS // (len(fields) + 1))
    changes, flips = [], []
    for first in range(0, len(records), size):
        progress("take fields away", first, len(records))
        block = records.take(np.arange(first, min(first + size, len(records)), dtype=np.int64))
        found = scorer.score_records(_variants(block, [field.name for field in fields], without))
        shape = (len(fields) + 1, len(block), -1)
        calibrated, labels = found.calibrated.reshape(shape), found.label.reshape(shape[:2])
        changes.append(_changes(calibrated.astype(np.float64), labels))
        flips.append((labels[1:] != labels[0]).sum(axis=1))
    progress("take fields away", len(records), len(records))
    return _effects(scorer, np.concatenate(changes, axis=1), np.sum(flips, axis=0))


def _changes(calibrated: NDArray[np.float64], labels: NDArray[np.int64]) -> NDArray[np.float64]:
    """`[fields, n]`: the score of each record as it is minus its score without each field.

    Args:
        calibrated: `[fields + 1, n, classes]`, first of the records as they are.
        labels: `[fields + 1, n]`.
    """
    of_class = np.ones_like(labels[0]) if calibrated.shape[2] == 2 else labels[0]
    scores = np.take_along_axis(calibrated, of_class[None, :, None], axis=2)[:, :, 0]
    changes: NDArray[np.float64] = scores[0] - scores[1:]
    return changes


def _effects(scorer: Scorer, changes: NDArray[np.float64], flips: NDArray[np.int64]) -> Effects:
    fields, classes = scorer.schema.fields, scorer.schema.classes
    read = {*scorer.artifact.features, *(text.field for text in scorer.artifact.texts)}
    found = [
        FieldEffect(
            field=field.name,
            kind=field.kind,
            is_read=field.name in read,
            stands=_stands(field.name, field.kind, scorer.preprocessor),
            change=_mean(changes[at], lowest=-1.0),
            size=_mean(np.abs(changes[at]), lowest=0.0),
            flips=int(flips[at]),
        )
        for at, field in enumerate(fields)
    ]
    return Effects(
        score=f'the calibrated score of class 1, "{classes[1]}"'
        if len(classes) == 2
        else "the calibrated score of each record's likeliest class",
        rows=changes.shape[1],
        fields=tuple(sorted(found, key=lambda effect: -effect.size.value)),
        sentence=_TOO_FEW if 1 < changes.shape[1] < FEWEST_OF_INTERVAL else "",
    )


def _mean(values: FloatArray, *, lowest: float) -> MeanChange:
    mean = float(values.mean())
    if len(values) < FEWEST_OF_INTERVAL:
        return MeanChange(value=mean, low=None, high=None)
    reach = REACH * float(values.std(ddof=1)) / math.sqrt(len(values))
    return MeanChange(value=mean, low=max(lowest, mean - reach), high=min(1.0, mean + reach))


def _variants(records: Records, names: Sequence[str], without: Sequence[str | None]) -> Records:
    """The records as they are, then all of them without the first field, without the second, and so on."""
    n, times = len(records), len(names) + 1
    layout = records.columns.layout
    numbers: NDArray[np.float64] = np.tile(records.columns.numbers, times)
    strings: ObjectArray = np.tile(records.columns.strings, times)
    for at, (name, nothing) in enumerate(zip(names, without, strict=True), start=1):
        rows = slice(at * n, (at + 1) * n)
        if name in layout.numbers:
            numbers[layout.numbers[name], rows] = np.nan
        else:
            strings[layout.strings[name], rows] = nothing
    return Records(columns=Columns(layout, numbers, strings), n=n * times)


def _nothing(name: str, preprocessor: Preprocessor) -> str | None:
    """What to put in a field's place: a category that its table does not know; else a missing value."""
    table = preprocessor.risk_tables.get(name)
    if table is None or table.falls_to_default(None):
        return None
    candidates = chain(["unknown"], (f"unknown {number}" for number in count()))
    return next(candidate for candidate in candidates if table.falls_to_default(candidate))


def _stands(name: str, kind: Kind, preprocessor: Preprocessor) -> str:
    if kind is Kind.TEXT:
        return "the empty text"
    if name in preprocessor.risk_tables:
        return f"the default bin, {preprocessor.risk_tables[name].default:.4g}"
    if name in preprocessor.imputation:
        return f"the imputation value, {preprocessor.imputation[name]:.4g}"
    return "nothing" if math.isnan(preprocessor.missing) else f"{preprocessor.missing:.4g}"
