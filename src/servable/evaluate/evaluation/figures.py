"""What the raw and the calibrated scores of a model are worth."""

from dataclasses import dataclass

import numpy as np

from servable.evaluate.evaluation.judged import Judged, ScoreKind
from servable.metrics import (
    BrierDecomposition,
    CalibrationError,
    Estimate,
    Resampled,
    brier_decomposition,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationFinding:
    """A calibration error, and what follows.

    Attributes:
        error: with rows, bins and its null.
        is_consistent: whether a perfectly calibrated model may well show such an error, at 95 %.
        sentence: both in words.
    """

    error: CalibrationError
    is_consistent: bool
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbabilityFigures:
    """What scores are worth as probabilities.

    Attributes:
        log_loss: in nats, probabilities clipped at 1e-15.
        log_loss_skill: share of the base rate's log-loss that the model takes off.
        brier: of two classes of P(class 1), of more summed over the classes.
        brier_skill: the same of the Brier score.
        bias: calibration in the large: mean score minus share of class 1; of more than two classes
            confidence minus share of right answers.
        mean_score: of class 1; of more than two classes that of the likeliest one.
        share: of class 1; of more than two classes of the rows where the likeliest one is right.
        calibration: errors, the one to show first.
        decomposition: of the Brier score of two classes.
        certain: rows with a probability of exactly 0 or 1.
        certain_wrong: those of them whose own class has 0.
    """

    log_loss: Estimate
    log_loss_skill: Estimate
    brier: Estimate
    brier_skill: Estimate
    bias: Estimate
    mean_score: float
    share: float
    calibration: tuple[CalibrationFinding, ...]
    decomposition: BrierDecomposition | None
    certain: int
    certain_wrong: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreFigures:
    """What one of a model's two answers is worth.

    Attributes:
        kind: which of them.
        auc: area under the ROC curve; of more than two classes the plain mean of each against the rest.
        average_precision: area under the precision-recall curve; of two classes.
        distinct: how many different scores there are of class 1, of more than two classes in all.
        probability: None where the scores are no probabilities.
    """

    kind: ScoreKind
    auc: Estimate
    average_precision: Estimate | None
    distinct: int
    probability: ProbabilityFigures | None


def figures_of_scores(judged: Judged, resampled: Resampled, prefix: str, *, seed: int) -> ScoreFigures:
    """The figures of some scores.

    Args:
        judged: the scores and their labels.
        resampled: its figures of every draw, among others.
        prefix: of their names there.
        seed: of the labels that are drawn for the calibration error.
    """
    scores = judged.scores[:, 1] if judged.classes == 2 else judged.scores
    has_precision = f"{prefix}average_precision" in resampled.values
    return ScoreFigures(
        kind=judged.kind,
        auc=resampled.estimate(f"{prefix}auc"),
        average_precision=resampled.estimate(f"{prefix}average_precision") if has_precision else None,
        distinct=len(np.unique(scores)),
        probability=_as_probabilities(judged, resampled, prefix, seed) if judged.is_probability else None,
    )


def _as_probabilities(judged: Judged, resampled: Resampled, prefix: str, seed: int) -> ProbabilityFigures:
    certain, wrong = judged.certain()
    return ProbabilityFigures(
        log_loss=resampled.estimate(f"{prefix}log_loss"),
        log_loss_skill=resampled.estimate(f"{prefix}log_loss_skill"),
        brier=resampled.estimate(f"{prefix}brier"),
        brier_skill=resampled.estimate(f"{prefix}brier_skill"),
        bias=resampled.estimate(f"{prefix}bias"),
        mean_score=judged.mean_score,
        share=judged.true_share,
        calibration=tuple(
            CalibrationFinding(error=error, is_consistent=error.is_consistent, sentence=error.sentence())
            for error in judged.calibration_errors(seed=seed)
        ),
        decomposition=brier_decomposition(*judged.of_class(1)) if judged.classes == 2 else None,
        certain=certain,
        certain_wrong=wrong,
    )
