"""What a model knows beyond the base rate: its losses beside those of a constant answer."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from servable.metrics.bootstrap import Estimate
from servable.metrics.checks import require_labels, require_weights
from servable.metrics.figure import Figure, Weights, latest
from servable.records import FloatArray

LITTLE_SKILL: Final = 0.05
"""A model that takes less than this share off the log-loss of the base rate is hardly worth serving."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseRate:
    """Shares of the classes among some rows, and what answering them to every row would cost.

    Attributes:
        shares: of each class, in class order.
        log_loss: in nats.
        brier: of P(class 1) for two classes, summed over the classes for more.
    """

    shares: tuple[float, ...]
    log_loss: float
    brier: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseRateFigures:
    """Losses of the base rate of the rows that count."""

    log_loss: Figure
    brier: Figure


def base_rate(labels: NDArray[np.int64], *, classes: int = 2) -> BaseRate:
    """The base rate of `[n]` labels 0 to classes - 1.

    Raises:
        BadInput: `metrics.no-rows` or `metrics.labels`.
    """
    labels = require_labels(labels, classes=classes)
    figures = base_rate_figures(labels, classes=classes)
    shares = np.bincount(labels, minlength=classes) / len(labels)
    return BaseRate(shares=tuple(shares.tolist()), log_loss=figures.log_loss(), brier=figures.brier())


def base_rate_figures(labels: NDArray[np.int64], *, classes: int) -> BaseRateFigures:
    """The losses of the base rate as figures; each draw has a base rate of its own."""
    labels = require_labels(labels, classes=classes)
    of_class = [np.flatnonzero(labels == number) for number in range(classes)]

    @latest
    def shares(weights: Weights | None) -> FloatArray:
        if weights is not None:
            require_weights(weights, len(labels))
        counts = np.array([len(rows) if weights is None else weights[rows].sum() for rows in of_class])
        return np.asarray(counts / counts.sum()) if counts.any() else np.full(classes, np.nan)

    def log_loss(weights: Weights | None) -> float:
        found = shares(weights)
        return float(-(found * np.log(np.where(found > 0, found, 1.0))).sum())

    def brier(weights: Weights | None) -> float:
        of_classes = float(1 - (shares(weights) ** 2).sum())
        return of_classes / 2 if classes == 2 else of_classes

    return BaseRateFigures(
        log_loss=Figure(of=log_loss, highest=np.inf),
        brier=Figure(of=brier),
    )


def skill(loss: float, of_base_rate: float) -> float:
    """The share of the base rate's loss that a model takes off: 1 is perfect, 0 no better, below 0 worse.

    NaN where the base rate has no loss, because there is one class only.
    """
    return 1 - loss / of_base_rate if of_base_rate else np.nan


def skill_figure(loss: Figure, of_base_rate: Figure) -> Figure:
    """`skill` of given rows, against the base rate of the same ones."""
    return Figure(of=lambda weights: skill(loss(weights), of_base_rate(weights)), lowest=-np.inf)


def skill_sentence(log_loss_skill: Estimate) -> str:
    """In words how far a model is beyond the base rate, with the figure."""
    if np.isnan(log_loss_skill.value):
        return "not to be held against the base rate, which is right about every row: all are of one class"
    return f"{_standing(log_loss_skill)} (log-loss skill {log_loss_skill.text('.1%').replace('%', ' %')})"


def _standing(skill: Estimate) -> str:
    if skill.is_below(0):
        return "worse than the base rate"
    if skill.value <= 0:
        return "no better than the base rate"
    is_sure = skill.is_above(0)
    if skill.value < LITTLE_SKILL:
        return "barely better than the base rate" + ("" if is_sure else ", if at all")
    if not is_sure:
        return "better than the base rate by too little for these rows to show"
    return "better than the base rate"
