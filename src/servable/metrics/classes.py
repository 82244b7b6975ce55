"""What probabilities of several classes are worth: log-loss, Brier score, AUC, accuracy, calibration."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from servable.metrics.base_rate import base_rate_figures, skill_figure
from servable.metrics.binning import BINS, BinKind, binned
from servable.metrics.calibration import mean_gap_figure
from servable.metrics.checks import checked_classes, require_both_classes
from servable.metrics.confusion import accuracy_figure
from servable.metrics.figure import Figure, Weights, mean_figure, mean_of_figures
from servable.metrics.null import (
    NULL_DRAWS,
    CalibrationError,
    ErrorTarget,
    Measure,
    held_against_null,
)
from servable.metrics.ranking import Ranking
from servable.metrics.two_classes import negative_log
from servable.records import FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassCalibrationErrors:
    """Calibration errors of several classes; each of the two is called "calibration error" elsewhere.

    Attributes:
        class_wise: of each class against the rest, mean over the classes.
        top_label: of the likeliest class of each row, against whether it was right.
    """

    class_wise: CalibrationError
    top_label: CalibrationError


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassAuc:
    """AUC of each class against the rest.

    Attributes:
        macro: plain mean over the classes that have rows; NaN if none is told from the rest.
        of_class: in class order; None where a class, or its rest, has no rows.
    """

    macro: float
    of_class: tuple[float | None, ...]


def log_loss_of_classes(
    probabilities: FloatArray, labels: NDArray[np.int64], weights: Weights | None = None
) -> float:
    """Mean negative log-likelihood in nats, probabilities clipped at 1e-15 and taken as they are.

    Args:
        probabilities: `[n, K]`.
        labels: `[n]` 0 to K - 1.
        weights: `[n]` how often each row counts; None stands for once.

    Raises:
        BadInput: `metrics.*`, if something is no probability or there are no rows.
    """
    return log_loss_of_classes_figure(probabilities, labels)(weights)


def log_loss_of_classes_figure(probabilities: FloatArray, labels: NDArray[np.int64]) -> Figure:
    """`log_loss_of_classes` of given rows."""
    probabilities, labels = checked_classes(probabilities, labels)
    return mean_figure(negative_log(probabilities[np.arange(len(labels)), labels]), highest=np.inf)


def brier_of_classes(
    probabilities: FloatArray, labels: NDArray[np.int64], weights: Weights | None = None
) -> float:
    """Brier score of several classes: squared distances summed over the classes, between 0 and 2.

    Brier's own convention; of two classes it is twice `brier`.

    Args:
        probabilities: `[n, K]`.
        labels: `[n]` 0 to K - 1.
        weights: `[n]` how often each row counts; None stands for once.

    Raises:
        BadInput: `metrics.*`, if something is no probability or there are no rows.
    """
    return brier_of_classes_figure(probabilities, labels)(weights)


def brier_of_classes_figure(probabilities: FloatArray, labels: NDArray[np.int64]) -> Figure:
    """`brier_of_classes` of given rows."""
    probabilities, labels = checked_classes(probabilities, labels)
    truth = np.eye(probabilities.shape[1])[labels]
    return mean_figure(((probabilities - truth) ** 2).sum(axis=1), highest=2.0)


def auc_of_classes(
    probabilities: FloatArray, labels: NDArray[np.int64], weights: Weights | None = None
) -> ClassAuc:
    """The AUC of each class against the rest, and their plain mean.

    Args:
        probabilities: `[n, K]`.
        labels: `[n]` 0 to K - 1, at least two of them present.
        weights: `[n]` how often each row counts; None stands for once.

    Raises:
        BadInput: `metrics.*`, if a score is NaN, only one class is present or there are no rows.
    """
    figures = auc_of_class_figures(probabilities, labels)
    found = [np.nan if figure is None else figure(weights) for figure in figures]
    of_class = tuple(None if np.isnan(area) else area for area in found)
    present = [area for area in of_class if area is not None]
    return ClassAuc(macro=float(np.mean(present)) if present else np.nan, of_class=of_class)


def auc_of_class_figures(probabilities: FloatArray, labels: NDArray[np.int64]) -> tuple[Figure | None, ...]:
    """The AUC of each class against the rest of given rows; None of a class that has no rows."""
    probabilities, labels = checked_classes(probabilities, labels)
    require_both_classes(labels, "an AUC")
    return tuple(
        Ranking(probabilities[:, number], (labels == number).astype(np.int64)).auc()
        if (labels == number).any()
        else None
        for number in range(probabilities.shape[1])
    )


def figures_of_classes(
    probabilities: FloatArray, labels: NDArray[np.int64], *, answered: NDArray[np.int64] | None = None
) -> dict[str, Figure]:
    """Every figure of `[n, K]` probabilities against `[n]` labels that draws give an interval.

    By name: `auc` (macro), `auc_0` and so on of each class that has rows, `accuracy`, `log_loss`,
    `brier` (summed over the classes), `class_wise_calibration_error`, `top_label_calibration_error`,
    `log_loss_skill`, `brier_skill`.

    Args:
        probabilities: `[n, K]`.
        labels: `[n]` 0 to K - 1, at least two of them present.
        answered: `[n]` class indices that the accuracy is of; None for the likeliest of each row.

    Raises:
        BadInput: `metrics.*`, if something is no probability, only one class is present or there are no rows.
    """
    probabilities, labels = checked_classes(probabilities, labels)
    areas = {
        f"auc_{number}": figure.once()
        for number, figure in enumerate(auc_of_class_figures(probabilities, labels))
        if figure is not None
    }
    log_loss = log_loss_of_classes_figure(probabilities, labels).once()
    brier = brier_of_classes_figure(probabilities, labels).once()
    base = base_rate_figures(labels, classes=probabilities.shape[1])
    answered = probabilities.argmax(axis=1) if answered is None else answered
    return {
        "auc": mean_of_figures(list(areas.values())),
        **areas,
        "accuracy": accuracy_figure(answered, labels),
        "log_loss": log_loss,
        "brier": brier,
        "class_wise_calibration_error": _ClassWise(probabilities).figure(labels),
        "top_label_calibration_error": _TopLabel(probabilities).figure(labels),
        "log_loss_skill": skill_figure(log_loss, base.log_loss),
        "brier_skill": skill_figure(brier, base.brier),
    }


def calibration_errors_of_classes(
    probabilities: FloatArray, labels: NDArray[np.int64], *, seed: int
) -> ClassCalibrationErrors:
    """The calibration errors of `[n, K]` probabilities against `[n]` labels 0 to K - 1.

    Raises:
        BadInput: `metrics.*`, if something is no probability or there are no rows.
    """
    probabilities, labels = checked_classes(probabilities, labels)
    class_wise, top_label = _ClassWise(probabilities), _TopLabel(probabilities)
    measures = [
        Measure(of=lambda drawn: class_wise.figure(drawn)(), bins=BINS, target=ErrorTarget.CLASS_WISE),
        Measure(of=lambda drawn: top_label.figure(drawn)(), bins=BINS, target=ErrorTarget.TOP_LABEL),
    ]
    of_classes, of_top = held_against_null(measures, labels, _labels_of(probabilities, seed))
    return ClassCalibrationErrors(class_wise=of_classes, top_label=of_top)


class _ClassWise:
    """Every class against the rest: bins of its probabilities."""

    def __init__(self, probabilities: FloatArray) -> None:
        self._columns = [np.ascontiguousarray(column) for column in probabilities.T]
        self._binnings = [binned(column, kind=BinKind.EQUAL_WIDTH) for column in self._columns]

    def figure(self, labels: NDArray[np.int64]) -> Figure:
        """The mean of the classes' mean gaps."""
        return mean_of_figures(
            [
                mean_gap_figure(binning, column - (labels == number))
                for number, (binning, column) in enumerate(zip(self._binnings, self._columns, strict=True))
            ]
        )


class _TopLabel:
    """The likeliest class of every row, the lowest of several: bins of its probability."""

    def __init__(self, probabilities: FloatArray) -> None:
        self._answered = probabilities.argmax(axis=1)
        self._confidence = probabilities.max(axis=1)
        self._binning = binned(self._confidence, kind=BinKind.EQUAL_WIDTH)

    def figure(self, labels: NDArray[np.int64]) -> Figure:
        """The mean gap between confidence and share of right answers."""
        return mean_gap_figure(self._binning, self._confidence - (self._answered == labels))


def _labels_of(probabilities: FloatArray, seed: int) -> Iterator[NDArray[np.int64]]:
    """200 times `[n]` classes, each drawn with the chances that its row says."""
    rng = np.random.default_rng(seed)
    up_to = probabilities.cumsum(axis=1)
    for _ in range(NULL_DRAWS):
        # a row's sum is 1 but for rounding, and less where a model's output was never normalised
        drawn = rng.random(len(up_to)) * up_to[:, -1]
        yield (drawn[:, np.newaxis] >= up_to[:, :-1]).sum(axis=1).astype(np.int64)
