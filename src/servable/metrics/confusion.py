"""Which class was answered for which: confusion of labels, and of two classes at thresholds."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from servable.metrics.checks import checked_scores, require_labels, require_same_rows
from servable.metrics.figure import Figure, mean_figure
from servable.records import FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Confusion:
    """Rows by what they are and what was answered, of one class against the rest.

    Shares are None where they would be of no rows.

    Attributes:
        true_positives: rows of the class, answered so.
        false_positives: other rows, answered as the class.
        true_negatives: other rows, answered as others.
        false_negatives: rows of the class, answered as others.
    """

    true_positives: int
    false_positives: int
    true_negatives: int
    false_negatives: int

    @property
    def precision(self) -> float | None:
        """Share of the class among the rows that were answered so."""
        return _share(self.true_positives, self.true_positives + self.false_positives)

    @property
    def recall(self) -> float | None:
        """Share of the rows of the class that were answered so; also called sensitivity."""
        return _share(self.true_positives, self.true_positives + self.false_negatives)

    @property
    def specificity(self) -> float | None:
        """Share of the other rows that were answered as others."""
        return _share(self.true_negatives, self.true_negatives + self.false_positives)

    @property
    def f1(self) -> float | None:
        """Harmonic mean of precision and recall."""
        wrong = self.false_positives + self.false_negatives
        return _share(2 * self.true_positives, 2 * self.true_positives + wrong)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfusionAt:
    """The confusion of two classes if class 1 is answered from a threshold on.

    Attributes:
        threshold: the smallest score that is answered as class 1.
        counts: of class 1 against class 0.
    """

    threshold: float
    counts: Confusion


def confusion_at(
    scores: FloatArray, labels: NDArray[np.int64], thresholds: Sequence[float]
) -> tuple[ConfusionAt, ...]:
    """The confusion of `[n]` class-1 scores against `[n]` labels 0 or 1 at each of some thresholds.

    Raises:
        BadInput: `metrics.*`, if a score is NaN or there are no rows.
    """
    scores, labels = checked_scores(scores, labels)
    zeros, ones = np.sort(scores[labels == 0]), np.sort(scores[labels == 1])
    found = []
    for threshold in thresholds:
        missed, spared = (int(np.searchsorted(ranked, threshold, side="left")) for ranked in (ones, zeros))
        counts = Confusion(
            true_positives=len(ones) - missed,
            false_positives=len(zeros) - spared,
            true_negatives=spared,
            false_negatives=missed,
        )
        found.append(ConfusionAt(threshold=float(threshold), counts=counts))
    return tuple(found)


def confusion_matrix(
    answered: NDArray[np.int64], labels: NDArray[np.int64], *, classes: int
) -> NDArray[np.int64]:
    """`[K, K]` rows by their class (down) and by the class that was answered (across).

    Args:
        answered: `[n]` class indices.
        labels: `[n]` class indices.
        classes: K.

    Raises:
        BadInput: `metrics.*`, if an index is no class or there are no rows.
    """
    answered, labels = require_labels(answered, classes=classes), require_labels(labels, classes=classes)
    require_same_rows(answered, labels)
    counts = np.bincount(labels * classes + answered, minlength=classes**2)
    return counts.reshape(classes, classes).astype(np.int64)


def confusion_by_class(matrix: NDArray[np.int64]) -> tuple[Confusion, ...]:
    """Each class of a `[K, K]` confusion matrix against the rest."""
    total = int(matrix.sum())
    found = []
    for number in range(len(matrix)):
        hits, of_class, answered = (
            int(matrix[number, number]),
            int(matrix[number].sum()),
            int(matrix[:, number].sum()),
        )
        found.append(
            Confusion(
                true_positives=hits,
                false_positives=answered - hits,
                true_negatives=total - of_class - answered + hits,
                false_negatives=of_class - hits,
            )
        )
    return tuple(found)


def accuracy_figure(answered: NDArray[np.int64], labels: NDArray[np.int64]) -> Figure:
    """The share of `[n]` answers that are the label.

    Raises:
        BadInput: `metrics.row-counts` or `metrics.no-rows`.
    """
    require_same_rows(answered, labels)
    return mean_figure((answered == labels).astype(np.float64))


def _share(part: int, of: int) -> float | None:
    return part / of if of else None
