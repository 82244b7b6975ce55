"""Whether class-1 probabilities are what they say, over bins of equal width and of equal mass."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from servable.metrics.binning import BinKind, Binning, binned
from servable.metrics.checks import checked_pair
from servable.metrics.figure import Figure, Weights
from servable.metrics.null import (
    NULL_DRAWS,
    NULL_LEVEL,
    CalibrationError,
    ErrorForm,
    ErrorTarget,
    Measure,
    drawn_under_null,
    held_against_null,
)
from servable.records import FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationErrors:
    """Calibration errors of P(class 1), of the same rows and against the same drawn labels.

    Attributes:
        equal_width: mean gap over 15 bins of equal width, the one that most libraries show.
        equal_mass: mean gap over at most 15 bins of about equally many rows.
        debiased: root of the mean squared gap over the latter, less what chance adds to it.
    """

    equal_width: CalibrationError
    equal_mass: CalibrationError
    debiased: CalibrationError


def calibration_error(scores: FloatArray, labels: NDArray[np.int64], weights: Weights | None = None) -> float:
    """Mean distance between score and share of class 1, over 15 bins of equal width, weighted by rows.

    A number for draws and for comparisons; to show one, take `calibration_errors`.

    Args:
        scores: `[n]` class-1 probabilities.
        labels: `[n]` 0 or 1.
        weights: `[n]` how often each row counts; None stands for once.

    Raises:
        BadInput: `metrics.*`, if a score is no probability or there are no rows.
    """
    return calibration_error_figure(scores, labels)(weights)


def calibration_error_figure(scores: FloatArray, labels: NDArray[np.int64]) -> Figure:
    """`calibration_error` of given rows."""
    scores, labels = checked_pair(scores, labels)
    return mean_gap_figure(binned(scores, kind=BinKind.EQUAL_WIDTH), scores - labels)


def calibration_null(scores: FloatArray, *, seed: int | np.random.Generator) -> float:
    """What `calibration_error` exceeds in 5 of 100 samples if the scores are perfectly calibrated.

    Args:
        scores: `[n]` class-1 probabilities.
        seed: of 200 draws of labels, or a generator that goes on.

    Raises:
        BadInput: `metrics.*`, if a score is no probability or there are no rows.
    """
    scores, _ = checked_pair(scores, np.zeros(len(scores), dtype=np.int64))
    (drawn,) = drawn_under_null([_plain(scores)], _labels_of(scores, seed))
    return float(np.quantile(drawn, NULL_LEVEL))


def calibration_errors(scores: FloatArray, labels: NDArray[np.int64], *, seed: int) -> CalibrationErrors:
    """The calibration errors of `[n]` class-1 probabilities against `[n]` labels 0 or 1.

    Raises:
        BadInput: `metrics.*`, if a score is no probability or there are no rows.
    """
    scores, labels = checked_pair(scores, labels)
    mass = binned(scores, kind=BinKind.EQUAL_MASS)
    measures = [
        _plain(scores),
        Measure(
            of=lambda labels: mean_gap(mass, scores - labels),
            bins=mass.bins,
            kind=BinKind.EQUAL_MASS,
            target=ErrorTarget.CLASS_ONE,
        ),
        Measure(
            of=lambda labels: _debiased_gap(mass, scores, labels),
            bins=mass.bins,
            kind=BinKind.EQUAL_MASS,
            form=ErrorForm.DEBIASED,
            target=ErrorTarget.CLASS_ONE,
        ),
    ]
    plain, equal_mass, debiased = held_against_null(measures, labels, _labels_of(scores, seed))
    return CalibrationErrors(equal_width=plain, equal_mass=equal_mass, debiased=debiased)


def mean_gap(binning: Binning, gaps: FloatArray, weights: Weights | None = None) -> float:
    """Mean over rows of their bin's distance between mean probability and share; NaN if no row counts.

    Args:
        binning: of the probabilities.
        gaps: `[n]` probability minus what came true, 0 or 1.
        weights: `[n]` how often each row counts; None stands for once.
    """
    total = len(gaps) if weights is None else weights.sum()
    return float(np.abs(binning.sums(gaps, weights)).sum() / total) if total else np.nan


def mean_gap_figure(binning: Binning, gaps: FloatArray) -> Figure:
    """`mean_gap` of given rows."""
    return Figure(of=lambda weights: mean_gap(binning, gaps, weights))


def _debiased_gap(binning: Binning, scores: FloatArray, labels: NDArray[np.int64]) -> float:
    """Root of the mean squared gap less the variance of each bin's share; 0 where chance explains it all.

    A bin of one row says nothing about its chance and adds nothing.

    Source: Kumar, Liang and Ma, "Verified uncertainty calibration", 2019.
    """
    rows = binning.rows()
    share = binning.sums(labels) / rows
    squared = (binning.sums(scores) / rows - share) ** 2 - share * (1 - share) / np.maximum(rows - 1, 1)
    return float(np.sqrt(max(0.0, (squared * rows)[rows > 1].sum() / len(labels))))


def _plain(scores: FloatArray) -> Measure:
    width = binned(scores, kind=BinKind.EQUAL_WIDTH)
    return Measure(
        of=lambda labels: mean_gap(width, scores - labels), bins=width.bins, target=ErrorTarget.CLASS_ONE
    )


def _labels_of(scores: FloatArray, seed: int | np.random.Generator) -> Iterator[NDArray[np.int64]]:
    """200 times `[n]` labels of which each is 1 with the chance that its score says."""
    rng = np.random.default_rng(seed)
    return ((rng.random(len(scores)) < scores).astype(np.int64) for _ in range(NULL_DRAWS))
