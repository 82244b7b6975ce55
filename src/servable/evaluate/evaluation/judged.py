"""Scores and labels of the same rows, and the figures that they give, of two classes or of more."""

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from servable.metrics import (
    CalibrationError,
    Figure,
    Ranking,
    calibration_errors,
    calibration_errors_of_classes,
    certain_rows,
    figures_of,
    figures_of_classes,
    log_loss_figure,
    log_loss_of_classes_figure,
    mean_figure,
    mean_of_figures,
)
from servable.records import FloatArray

_OF_ORDER: Final = ("auc", "average_precision")
"""Figures of two classes that see only the order of the scores."""


class ScoreKind(StrEnum):
    """Which of a model's two answers."""

    RAW = "raw"
    CALIBRATED = "calibrated"


@dataclass(frozen=True, kw_only=True, eq=False)
class Judged:
    """Scores held against labels.

    Attributes:
        kind: which of the two answers.
        scores: `[n, classes]`.
        labels: `[n]` class index.
        is_probability: false for percentiles, which rank rows and are shares of nothing.
    """

    kind: ScoreKind
    scores: FloatArray
    labels: NDArray[np.int64]
    is_probability: bool = True

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def classes(self) -> int:
        """How many there are."""
        return int(self.scores.shape[1])

    @cached_property
    def rows_of_class(self) -> NDArray[np.int64]:
        """`[classes]` how many rows there are of each."""
        return np.bincount(self.labels, minlength=self.classes)

    @property
    def base_rate(self) -> float:
        """The share of class 1; of more than two classes that of the most frequent one."""
        rows = self.rows_of_class
        return float((rows[1] if self.classes == 2 else rows.max()) / len(self))

    @property
    def mean_score(self) -> float:
        """Of class 1; of more than two classes that of the likeliest one of each row."""
        return float(self._said_and_true[0].mean())

    @property
    def true_share(self) -> float:
        """Of class 1; of more than two classes of the rows where the likeliest one is right."""
        return float(self._said_and_true[1].mean())

    def at(self, rows: NDArray[np.int64]) -> "Judged":
        """The same of some rows."""
        return Judged(
            kind=self.kind,
            scores=self.scores[rows],
            labels=self.labels[rows],
            is_probability=self.is_probability,
        )

    def of_class(self, number: int) -> tuple[FloatArray, NDArray[np.int64]]:
        """`[n]` scores of a class, and `[n]` whether rows are of it, 0 or 1."""
        return self.scores[:, number].astype(np.float64), (self.labels == number).astype(np.int64)

    def figures(self) -> dict[str, Figure]:
        """Every figure that draws give an interval, under the names of the metrics' room, and `bias`.

        Of more than two classes also `bias_0` and so on; of scores that are no probabilities only the
        figures that see their order.
        """
        if not self.is_probability:
            ranking = Ranking(*self.of_class(1))
            return {"auc": ranking.auc(), "average_precision": ranking.average_precision()}
        if self.classes == 2:
            found = figures_of(*self.of_class(1))
        else:
            found = figures_of_classes(self.scores, self.labels)
            found |= {f"bias_{number}": self.bias_of_class(number) for number in range(self.classes)}
        found |= {"bias": self.bias()}
        # an error of calibration is held against chance, not against draws, which make it look worse
        return {name: figure for name, figure in found.items() if not name.endswith("calibration_error")}

    def bias(self) -> Figure:
        """Mean score of class 1 minus its share; of more classes confidence minus share of right answers."""
        said, is_true = self._said_and_true
        return mean_figure(said - is_true, lowest=-1.0)

    def bias_of_class(self, number: int) -> Figure:
        """Mean score of a class minus its share."""
        scores, is_it = self.of_class(number)
        return mean_figure(scores - is_it, lowest=-1.0)

    def auc(self) -> Figure:
        """Of class 1; of more classes the plain mean of each that has rows against the rest."""
        if self.classes == 2:
            return Ranking(*self.of_class(1)).auc()
        present = np.flatnonzero(self.rows_of_class).tolist()
        return mean_of_figures([Ranking(*self.of_class(number)).auc() for number in present])

    def log_loss(self) -> Figure:
        """In nats."""
        if self.classes == 2:
            return log_loss_figure(*self.of_class(1))
        return log_loss_of_classes_figure(self.scores, self.labels)

    def calibration_errors(self, *, seed: int) -> tuple[CalibrationError, ...]:
        """Each with its null; the one to show first."""
        if self.classes == 2:
            found = calibration_errors(*self.of_class(1), seed=seed)
            return found.equal_width, found.debiased, found.equal_mass
        several = calibration_errors_of_classes(self.scores, self.labels, seed=seed)
        return several.class_wise, several.top_label

    def certain(self) -> tuple[int, int]:
        """Rows with a probability of exactly 0 or 1, and those of them whose own class has 0."""
        if self.classes == 2:
            scores, is_one = self.of_class(1)
            return certain_rows(scores), int((np.where(is_one, scores, 1 - scores) == 0).sum())
        likelihood = self.scores[np.arange(len(self)), self.labels]
        return certain_rows(self.scores), int((likelihood == 0).sum())

    @cached_property
    def _said_and_true(self) -> tuple[FloatArray, NDArray[np.bool_]]:
        if self.classes == 2:
            return self.scores[:, 1].astype(np.float64), self.labels == 1
        return self.scores.max(axis=1).astype(np.float64), self.scores.argmax(axis=1) == self.labels


@dataclass(frozen=True, kw_only=True, eq=False)
class Answered:
    """Both answers of a model to the same rows.

    Attributes:
        raw: the model's own scores.
        calibrated: None where no calibrator has an effect.
    """

    raw: Judged
    calibrated: Judged | None

    @property
    def both(self) -> tuple[Judged, ...]:
        """Those that there are, the raw scores first."""
        return (self.raw,) if self.calibrated is None else (self.raw, self.calibrated)

    @property
    def judged(self) -> Judged:
        """The calibrated scores where they are probabilities, else the raw ones."""
        return next(scores for scores in reversed(self.both) if scores.is_probability)

    def figures(self) -> tuple[dict[str, Figure], ...]:
        """The figures of each of both; what sees only an order is computed once where both have the same."""
        found = tuple(scores.figures() for scores in self.both)
        if len(found) > 1 and self._is_in_one_order:
            for name in _OF_ORDER:
                found[0][name] = found[1][name] = found[0][name].once()
        return found

    @property
    def _is_in_one_order(self) -> bool:
        """Whether calibration moved no row of two classes past another, and made and broke no tie."""
        if self.calibrated is None or self.raw.classes > 2:
            return False
        raw, calibrated = (scores.scores[:, 1] for scores in self.both)
        order = np.argsort(raw, kind="stable")
        step, step_after = np.diff(raw[order]), np.diff(calibrated[order])
        return bool((step_after >= 0).all() and ((step > 0) == (step_after > 0)).all())

    @property
    def labels(self) -> NDArray[np.int64]:
        """`[n]` class index of the labels that the model answers: those of its highest raw score."""
        answered: NDArray[np.int64] = self.raw.scores.argmax(axis=1)
        return answered
