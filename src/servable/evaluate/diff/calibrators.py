"""Two calibrators compared as what they are: functions from raw to calibrated scores."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from servable.calibration import Calibrator
from servable.evaluate.diff.side import Side

_FURTHEST_LOGIT: Final = 10.0
_GRID: Final = 2001

FloatVector = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibratorFacts:
    """A calibrator: its kind, the knots of its tables by class, its parameters."""

    kind: str
    knots: Mapping[str, int] = field(default_factory=dict)
    parameters: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class CurveDiff:
    """How far two calibrators are apart, for the scores of one class.

    A score of one class leaves the rest to the others in equal parts. Scores are laid out evenly on the
    logit scale from -10 to 10; the largest difference is also sought at and right behind every knot.

    Attributes:
        name: of the class, as A has it.
        largest: absolute difference between the two calibrated scores.
        at: the raw score where it is, the lowest of several.
        a, b: the calibrated scores there.
        mean: absolute difference over the grid.
    """

    name: str
    largest: float
    at: float
    a: float
    b: float
    mean: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibratorsDiff:
    """What differs between two calibrators.

    Attributes:
        a, b: None where calibrated scores are the raw ones.
        curves: of the classes whose calibrated scores differ, the largest difference first; empty too
            where the two are of different numbers of classes, and then `is_compared` is false.
        is_compared: whether the two were compared as functions.
    """

    a: CalibratorFacts | None
    b: CalibratorFacts | None
    curves: tuple[CurveDiff, ...]
    is_compared: bool

    @property
    def is_equal(self) -> bool:
        """Whether neither kind nor size nor any calibrated score differs."""
        return self.a == self.b and not self.curves

    @property
    def moves_scores(self) -> bool:
        """Whether a calibrated score differs; calibrators of other numbers of classes count as different."""
        return bool(self.curves) or (not self.is_compared and self.a != self.b)


def calibrators_diff(a: Side, b: Side) -> CalibratorsDiff:
    """The calibrators of A and B, class by class."""
    classes = a.artifact.schema.classes
    is_compared = len(classes) == len(b.artifact.schema.classes)
    curves: list[CurveDiff] = []
    if is_compared and (a.calibrator, b.calibrator) != (None, None):
        chosen = range(1, 2) if len(classes) == 2 else range(len(classes))
        found = [_curve(a.calibrator, b.calibrator, index, classes) for index in chosen]
        curves = [curve for curve in found if curve.largest > 0]
    return CalibratorsDiff(
        a=_facts(a),
        b=_facts(b),
        curves=tuple(sorted(curves, key=lambda curve: -curve.largest)),
        is_compared=is_compared,
    )


def _facts(side: Side) -> CalibratorFacts | None:
    calibrator, classes = side.calibrator, side.artifact.schema.classes
    if calibrator is None:
        return None
    return CalibratorFacts(
        kind=calibrator.kind.value,
        knots={classes[index]: len(table.x) for index, table in sorted(calibrator.tables.items())},
        parameters=calibrator.parameters(),
    )


def _curve(a: Calibrator | None, b: Calibrator | None, index: int, classes: tuple[str, ...]) -> CurveDiff:
    grid = 1 / (1 + np.exp(-np.linspace(-_FURTHEST_LOGIT, _FURTHEST_LOGIT, _GRID)))
    everywhere = np.unique(np.concatenate([grid, [0.0, 1.0], *(_knots(side, index) for side in (a, b))]))
    (of_a, of_b), (grid_a, grid_b) = (
        tuple(_calibrated(side, points, index, len(classes)) for side in (a, b))
        for points in (everywhere, grid)
    )
    apart = np.abs(of_b - of_a)
    place = int(apart.argmax())
    return CurveDiff(
        name=classes[index],
        largest=float(apart[place]),
        at=float(everywhere[place]),
        a=float(of_a[place]),
        b=float(of_b[place]),
        mean=float(np.abs(grid_b - grid_a).mean()),
    )


def _knots(calibrator: Calibrator | None, index: int) -> FloatVector:
    """Raw scores at which a table of the class bends or steps, and the next ones behind them."""
    if calibrator is None or index not in calibrator.tables:
        return np.empty(0)
    inside = np.clip(calibrator.tables[index].x, 0.0, 1.0)
    return np.concatenate([inside, np.nextafter(inside, 1.0)])


def _calibrated(calibrator: Calibrator | None, scores: FloatVector, index: int, classes: int) -> FloatVector:
    """`[k]` calibrated scores of a class for `[k]` raw ones, the rest of which the other classes share."""
    if calibrator is None:
        return scores
    raw = np.repeat((1 - scores)[:, None] / (classes - 1), classes, axis=1)
    raw[:, index] = scores
    return calibrator.apply(raw)[:, index].astype(np.float64)
