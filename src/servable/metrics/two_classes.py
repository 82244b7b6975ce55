"""What class-1 probabilities are worth: AUC, average precision, log-loss, Brier score, skill.

Each figure is there twice in name and once in code: as a `Figure`, for draws of the same rows, and as a
plain function of scores, labels and weights.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from servable.metrics.base_rate import base_rate_figures, skill_figure
from servable.metrics.calibration import calibration_error_figure
from servable.metrics.checks import checked_pair
from servable.metrics.figure import Figure, Weights, mean_figure
from servable.metrics.ranking import Ranking
from servable.records import FloatArray

CLIP: Final = 1e-15
"""The smallest likelihood that the log-loss takes; a certain mistake costs 34.5 nats."""


def log_loss(scores: FloatArray, labels: NDArray[np.int64], weights: Weights | None = None) -> float:
    """Mean negative log-likelihood in nats, probabilities clipped at 1e-15.

    Args:
        scores: `[n]` class-1 probabilities.
        labels: `[n]` 0 or 1.
        weights: `[n]` how often each row counts; None stands for once.

    Raises:
        BadInput: `metrics.*`, if a score is no probability or there are no rows.
    """
    return log_loss_figure(scores, labels)(weights)


def log_loss_figure(scores: FloatArray, labels: NDArray[np.int64]) -> Figure:
    """`log_loss` of given rows."""
    scores, labels = checked_pair(scores, labels)
    return mean_figure(negative_log(np.where(labels == 1, scores, 1 - scores)), highest=np.inf)


def negative_log(likelihood: FloatArray) -> FloatArray:
    """In nats, of likelihoods clipped at 1e-15."""
    return -np.log(np.clip(likelihood, CLIP, 1))


def brier(scores: FloatArray, labels: NDArray[np.int64], weights: Weights | None = None) -> float:
    """Brier score of two classes: mean squared distance of P(class 1) from the label, between 0 and 1.

    Half of what summing over both classes gives (`brier_of_classes`).

    Args:
        scores: `[n]` class-1 probabilities.
        labels: `[n]` 0 or 1.
        weights: `[n]` how often each row counts; None stands for once.

    Raises:
        BadInput: `metrics.*`, if a score is no probability or there are no rows.
    """
    return brier_figure(scores, labels)(weights)


def brier_figure(scores: FloatArray, labels: NDArray[np.int64]) -> Figure:
    """`brier` of given rows."""
    scores, labels = checked_pair(scores, labels)
    return mean_figure((scores - labels) ** 2)


def figures_of(scores: FloatArray, labels: NDArray[np.int64]) -> dict[str, Figure]:
    """Every figure of `[n]` class-1 probabilities against `[n]` labels that draws give an interval.

    By name: `auc`, `average_precision`, `log_loss`, `brier`, `calibration_error`, `log_loss_skill`,
    `brier_skill`.

    Raises:
        BadInput: `metrics.*`, if a score is no probability, a class is absent or there are no rows.
    """
    log_loss, brier = log_loss_figure(scores, labels).once(), brier_figure(scores, labels).once()
    ranking = Ranking(scores, labels)
    base = base_rate_figures(labels, classes=2)
    return {
        "auc": ranking.auc(),
        "average_precision": ranking.average_precision(),
        "log_loss": log_loss,
        "brier": brier,
        "calibration_error": calibration_error_figure(scores, labels),
        "log_loss_skill": skill_figure(log_loss, base.log_loss),
        "brier_skill": skill_figure(brier, base.brier),
    }


def certain_rows(probabilities: FloatArray) -> int:
    """How many rows of `[n]` or `[n, K]` have a probability of exactly 0 or 1.

    One that is wrong costs without end; the log-loss shows only what its clip leaves of it.
    """
    is_certain = (probabilities == 0) | (probabilities == 1)
    return int((is_certain if is_certain.ndim == 1 else is_certain.any(axis=1)).sum())
