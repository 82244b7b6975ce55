"""How scores move between two artifacts on the same records."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from servable.errors import BadInput, Problem
from servable.evaluate.diff.movement import (
    Flip,
    Histogram,
    Movement,
    RankCorrelation,
    ScorePair,
    flips,
    histogram,
    movement,
    rank_correlations,
    score_pairs,
)
from servable.evaluate.diff.movers import MOST_MOVERS, Cells, MovedRow, Mover, candidates, mover_of
from servable.evaluate.diff.sample import NotComparableError, PairedBlock, Sample, SampleSource
from servable.evaluate.diff.side import Side
from servable.progress import Progress, silent
from servable.records import FloatArray
from servable.scorer import Scorer
from servable.wording import counted, enumerated

_BATCH: Final = 256
_PHASE: Final = "scoring"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationDiff:
    """How far the two calibrators are apart on the same raw scores, those of A, over all classes."""

    largest: float
    mean: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoresDiff:
    """How the scores of the same records differ.

    Attributes:
        source: whose records these are.
        said: the same in words.
        records: how many.
        name: the class whose change `raw` and `calibrated` tell; None for each record's own, that A predicts.
        is_bit_equal: whether every raw and calibrated score is the same.
        largest_raw, largest: the largest absolute change of a raw and of a calibrated score of any class.
        raw, calibrated: changes, B minus A.
        total_variation: half the sum of absolute changes over all classes, of calibrated scores; None for
            two classes, where it is the absolute change itself.
        histogram: of the change of calibrated scores; None where no score changes.
        pairs: calibrated scores of all records or every k-th, for a drawing; empty where no score changes.
        flipped: records whose likeliest class is another one, by raw scores as everywhere.
        flips: the same by direction.
        rank_correlations: of calibrated scores, by class.
        calibrators: the two calibrators on one and the same scores; None where neither has one.
        movers: the records that move most.
    """

    source: SampleSource
    said: str
    records: int
    name: str | None
    is_bit_equal: bool
    largest_raw: float
    largest: float
    raw: Movement
    calibrated: Movement
    total_variation: Movement | None
    histogram: Histogram | None
    pairs: tuple[ScorePair, ...]
    flipped: int
    flips: tuple[Flip, ...]
    rank_correlations: tuple[RankCorrelation, ...]
    calibrators: ApplicationDiff | None
    movers: tuple[Mover, ...]


def require_scorable(a: Side, b: Side) -> tuple[Scorer, Scorer]:
    """The scorers of both, if their scores can be held against each other.

    Raises:
        NotComparableError: if one cannot score here, or they know other classes.
    """
    of_a, of_b = (side.artifact.schema.classes for side in (a, b))
    if sorted(of_a) != sorted(of_b):
        raise NotComparableError(f"A has the classes {enumerated(of_a)}, B has {enumerated(of_b)}")
    return _scorer(a, "A"), _scorer(b, "B")


def _scorer(side: Side, name: str) -> Scorer:
    if side.scorer is None:
        raise NotComparableError(f"{name} cannot score here: {side.why_not}")
    return side.scorer


def scores_diff(a: Side, b: Side, sample: Sample, *, cells: Cells, progress: Progress = silent) -> ScoresDiff:
    """How the scores of a sample's records differ, B minus A.

    Args:
        a: an artifact.
        b: another one of the same classes, in any order.
        sample: records that both can read.
        cells: whether the records that move most are told with them.
        progress: told how many are scored.

    Raises:
        BadInput, NotComparableError: as reading the sample does.
        BadInput: `table.empty`.
    """
    classes = a.artifact.schema.classes
    scored = _scored(a, b, sample, progress)
    raw_a, raw_b, calibrated_a, calibrated_b = (scored.scores[:, side] for side in range(4))
    labels_a, labels_b = raw_a.argmax(axis=1), raw_b.argmax(axis=1)
    told = np.ones_like(labels_a) if len(classes) == 2 else labels_a
    changes = calibrated_b - calibrated_a
    of_told = _of_class(changes, told)
    is_bit_equal = np.array_equal(raw_a, raw_b) and not changes.any()
    is_calibrated = not (a.calibrator is None and b.calibrator is None)
    return ScoresDiff(
        source=sample.source,
        said=_said(sample, len(told)),
        records=len(told),
        name=classes[1] if len(classes) == 2 else None,
        is_bit_equal=is_bit_equal,
        largest_raw=float(np.abs(raw_b - raw_a).max()),
        largest=float(np.abs(changes).max()),
        raw=movement(_of_class(raw_b - raw_a, told)),
        calibrated=movement(of_told),
        total_variation=None if len(classes) == 2 else movement(np.abs(changes).sum(axis=1) / 2),
        histogram=histogram(of_told),
        pairs=score_pairs(_of_class(calibrated_a, told), _of_class(calibrated_b, told), labels_a != labels_b)
        if of_told.any()
        else (),
        flipped=int(np.count_nonzero(labels_a != labels_b)),
        flips=flips(labels_a, labels_b, classes),
        rank_correlations=rank_correlations(calibrated_a, calibrated_b, classes),
        calibrators=_applied(a, b, raw_a, scored.order) if is_calibrated else None,
        movers=tuple(
            mover_of(found, a, b, of=int(told[place]), cells=cells) for place, found in scored.most_moved
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Scored:
    """Scores of both.

    Attributes:
        scores: `[n, 4, classes]` float64: raw of A and of B, calibrated of A and of B, classes as A has them.
        order: places of A's classes among those of B.
        most_moved: records that move most, each with its place among the scores.
    """

    scores: NDArray[np.float64]
    order: list[int]
    most_moved: list[tuple[int, MovedRow]]


def _scored(a: Side, b: Side, sample: Sample, progress: Progress) -> _Scored:
    scorers = require_scorable(a, b)
    order = [b.artifact.schema.classes.index(name) for name in a.artifact.schema.classes]
    parts: list[NDArray[np.float64]] = []
    most: list[tuple[int, MovedRow]] = []
    done = 0
    progress(_PHASE, 0, sample.rows or 0)
    for block in sample.blocks:
        for start in range(0, len(block.a), _BATCH):
            scores = _of_both(scorers, block, np.arange(start, min(start + _BATCH, len(block.a))), order)
            found = [
                (done + moved.row - block.first - start, moved) for moved in candidates(block, start, scores)
            ]
            most = sorted([*most, *found], key=lambda item: item[1].size)[:MOST_MOVERS]
            parts.append(scores)
            done += len(scores)
            progress(_PHASE, done, sample.rows or done)
    if not parts:
        raise BadInput(
            Problem(
                code="table.empty",
                where=sample.said,
                expected="at least one row",
                found="none",
                fix="choose a table with rows",
            )
        )
    progress(_PHASE, sample.rows or done, sample.rows or done)
    return _Scored(scores=np.concatenate(parts), order=order, most_moved=most)


def _of_both(
    scorers: tuple[Scorer, Scorer], block: PairedBlock, rows: NDArray[np.int64], order: list[int]
) -> NDArray[np.float64]:
    """`[n, 4, classes]` of these rows of a block."""
    one = scorers[0].score_records(block.a.take(rows))
    other = scorers[1].score_records(block.b.take(rows))
    sides = (one.raw, other.raw[:, order], one.calibrated, other.calibrated[:, order])
    return np.stack([side.astype(np.float64) for side in sides], axis=1)


def _applied(a: Side, b: Side, raw: FloatArray, order: list[int]) -> ApplicationDiff:
    """The two calibrators on the same raw scores, whose classes stand as A has them."""
    of_a: FloatArray = raw if a.calibrator is None else a.calibrator.apply(raw)
    as_b: FloatArray = np.empty_like(raw)
    as_b[:, order] = raw
    of_b: FloatArray = raw if b.calibrator is None else b.calibrator.apply(as_b)[:, order]
    apart: FloatArray = np.abs(of_b - of_a)
    return ApplicationDiff(largest=float(apart.max()), mean=float(apart.mean()))


def _of_class(scores: NDArray[np.float64], told: NDArray[np.int64]) -> NDArray[np.float64]:
    """`[n]` scores of one class of each record."""
    found: NDArray[np.float64] = np.take_along_axis(scores, told[:, None], axis=1)[:, 0]
    return found


def _said(sample: Sample, records: int) -> str:
    """Which records were scored; of a table, how many there really were."""
    if sample.source is not SampleSource.TABLE:
        return sample.said
    whole = "all" if sample.rows is None or records < sample.rows else "the first"
    return f"{whole} {counted(records, 'row')} of {sample.said}"
