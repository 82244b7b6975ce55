"""Which class was answered for which: at thresholds of two classes, and by class of more."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from servable.evaluate.evaluation.judged import Answered, Judged, ScoreKind
from servable.metrics import (
    Confusion,
    Estimate,
    confusion_at,
    confusion_by_class,
    confusion_matrix,
    precision_recall_curve,
)

_HALF: Final = 0.5


class Reason(StrEnum):
    """Why a threshold is shown.

    `ANSWERED`: a served model answers its label by it. `BEST_F1`: no other has a higher F1 on these
    very rows, which makes it look better than it will be on others.
    """

    ANSWERED = "the label that is answered"
    HALF = "one half"
    BEST_F1 = "best F1 on these rows"
    ASKED = "asked for"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """What a confusion comes to; None where a share would be of no rows."""

    precision: float | None
    recall: float | None
    specificity: float | None
    f1: float | None

    @classmethod
    def of(cls, counts: Confusion) -> "Shares":
        """The shares of these counts."""
        return cls(
            precision=counts.precision, recall=counts.recall, specificity=counts.specificity, f1=counts.f1
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AtThreshold:
    """Two classes, class 1 answered from a score on.

    Attributes:
        threshold: the smallest score that is answered as class 1; as the model answers its label, the
            largest one that is not.
        kind: of the scores that it is held against.
        reason: why it is shown.
        counts: of class 1 against class 0.
        shares: of these counts.
        answered_share: of all rows, those that are answered as class 1.
    """

    threshold: float
    kind: ScoreKind
    reason: Reason
    counts: Confusion
    shares: Shares
    answered_share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class OfClass:
    """One of several classes against the rest.

    Attributes:
        name: of the class.
        rows: how many are of it.
        auc: of the scores that are judged; None without rows.
        bias: mean score of it minus its share.
        counts: of the labels that the model answers.
        shares: of these counts.
    """

    name: str
    rows: int
    auc: Estimate | None
    bias: Estimate
    counts: Confusion
    shares: Shares


def at_thresholds(model: Answered, *, asked: Sequence[float]) -> tuple[AtThreshold, ...]:
    """The confusions of two classes that are always shown, and those asked for.

    Args:
        model: the scores of class 1, of which a label is answered by the raw ones.
        asked: thresholds on the scores that a caller reads: the last of both.
    """
    judged, read = model.judged, model.both[-1]
    always = [(_HALF, Reason.HALF)] if judged is not model.raw else []
    return (
        _shown(model.raw, _HALF, Reason.ANSWERED, answers(model.raw)[1]),
        *(_at(judged, threshold, reason) for threshold, reason in always),
        _at(judged, _best_f1(judged), Reason.BEST_F1),
        *(_at(read, threshold, Reason.ASKED) for threshold in dict.fromkeys(asked)),
    )


def answers(raw: Judged) -> tuple[Confusion, ...]:
    """Each class against the rest, by the labels that a model answers: those of its highest raw score."""
    return confusion_by_class(answer_matrix(raw))


def answer_matrix(raw: Judged) -> NDArray[np.int64]:
    """`[K, K]` rows by their class (down) and by the class that the model answers (across)."""
    return confusion_matrix(raw.scores.argmax(axis=1), raw.labels, classes=raw.classes)


def of_classes(
    raw: Judged, names: Sequence[str], figures: Sequence[tuple[Estimate | None, Estimate]]
) -> tuple[OfClass, ...]:
    """Each class against the rest, by the labels that the model answers, and AUC and bias of its scores."""
    return tuple(
        OfClass(
            name=name,
            rows=counts.true_positives + counts.false_negatives,
            auc=auc,
            bias=bias,
            counts=counts,
            shares=Shares.of(counts),
        )
        for name, counts, (auc, bias) in zip(names, answers(raw), figures, strict=True)
    )


def _at(judged: Judged, threshold: float, reason: Reason) -> AtThreshold:
    (found,) = confusion_at(*judged.of_class(1), [threshold])
    return _shown(judged, threshold, reason, found.counts)


def _shown(judged: Judged, threshold: float, reason: Reason, counts: Confusion) -> AtThreshold:
    return AtThreshold(
        threshold=threshold,
        kind=judged.kind,
        reason=reason,
        counts=counts,
        shares=Shares.of(counts),
        answered_share=(counts.true_positives + counts.false_positives) / len(judged),
    )


def _best_f1(judged: Judged) -> float:
    """The highest of the thresholds whose F1 no other exceeds."""
    curve = precision_recall_curve(*judged.of_class(1))
    both = curve.precision + curve.recall
    f1 = np.divide(2 * curve.precision * curve.recall, both, out=np.zeros_like(both), where=both > 0)
    return float(curve.thresholds[f1.argmax()])
