"""A calibration error with what it would be by chance, without which it cannot be read.

Scores of a perfectly calibrated model have a calibration error too, the larger the fewer rows. An error
is therefore never alone: with it stand its bins, its rows, and its null.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from servable.metrics.binning import BinKind

NULL_DRAWS: Final = 200
NULL_LEVEL: Final = 0.95


class ErrorForm(StrEnum):
    """What is averaged over the bins."""

    MEAN_GAP = "mean gap"
    DEBIASED = "root of the debiased mean squared gap"


class ErrorTarget(StrEnum):
    """Whose probability is held against what came true."""

    CLASS_ONE = "P(class 1)"
    CLASS_WISE = "each class against the rest (class-wise, mean over the classes)"
    TOP_LABEL = "the likeliest class (top-label)"


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationError:
    """A calibration error with everything that is needed to read it.

    Attributes:
        value: between 0 and 1.
        null: what a perfectly calibrated model with these scores exceeds in 5 of 100 samples of this
            size: a quantile over labels that were drawn from the scores themselves.
        null_mean: the mean of the same.
        null_draws: how many times labels were drawn.
        rows: number of rows.
        bins: number of bins; of several classes, in each.
        kind: how they were cut.
        form: what is averaged over them.
        target: whose probability it is about.
    """

    value: float
    null: float
    null_mean: float
    null_draws: int = NULL_DRAWS
    rows: int
    bins: int
    kind: BinKind
    form: ErrorForm
    target: ErrorTarget

    @property
    def is_consistent(self) -> bool:
        """Whether a perfectly calibrated model may well show such an error, at 95 %."""
        return self.value <= self.null

    def sentence(self) -> str:
        """The error, its bins, rows and null, and what follows."""
        verdict = "consistent" if self.is_consistent else "not consistent"
        return (
            f"calibration error {self.value:.4f} of {self.target}, {self.form} over {self.bins} bins of "
            f"{self.kind}, {self.rows:,} rows: {verdict} with calibration at 95 %, "
            f"where chance alone gives up to {self.null:.4f}"
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Measure:
    """A calibration error of scores that are given, as a function of the labels.

    Attributes:
        of: the error by `[n]` labels.
        bins: number of bins, and so on as in `CalibrationError`.
        kind: how they were cut.
        form: what is averaged over them.
        target: whose probability it is about.
    """

    of: Callable[[NDArray[np.int64]], float]
    bins: int
    kind: BinKind = BinKind.EQUAL_WIDTH
    form: ErrorForm = ErrorForm.MEAN_GAP
    target: ErrorTarget


def held_against_null(
    measures: Sequence[Measure], labels: NDArray[np.int64], null: Iterable[NDArray[np.int64]]
) -> list[CalibrationError]:
    """Calibration errors of some labels, each beside those of labels that a calibrated model would see."""
    return [
        CalibrationError(
            value=measure.of(labels),
            null=float(np.quantile(drawn, NULL_LEVEL)),
            null_mean=float(np.mean(drawn)),
            rows=len(labels),
            bins=measure.bins,
            kind=measure.kind,
            form=measure.form,
            target=measure.target,
        )
        for measure, drawn in zip(measures, drawn_under_null(measures, null), strict=True)
    ]


def drawn_under_null(measures: Sequence[Measure], null: Iterable[NDArray[np.int64]]) -> list[list[float]]:
    """Of each measure, its errors on labels drawn from the scores; all see the same labels."""
    drawn: list[list[float]] = [[] for _ in measures]
    for labels in null:
        for measure, found in zip(measures, drawn, strict=True):
            found.append(measure.of(labels))
    return drawn
