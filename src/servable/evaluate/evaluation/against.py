"""A model beside another one on the same rows: every draw takes the same rows of both."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from servable.evaluate.evaluation.judged import Judged, ScoreKind
from servable.evaluate.evaluation.words import signed_interval
from servable.metrics import Comparison, Estimate, Resampled

COMPARED: Final = ("auc", "log_loss", "brier")
"""Names of the figures that two models are compared by."""

_DIGITS: Final = 10
"""Of a digest, where names do not tell two models apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One figure of two models.

    Attributes:
        model: of the model.
        other: of the other one.
        difference: the model's minus the other's, with an interval of its own.
    """

    model: Estimate
    other: Estimate
    difference: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Against:
    """A model beside another one.

    Attributes:
        name: of the other model.
        digest: of the other model.
        titles: by which the model and the other one are told apart: their names where these differ.
        kind: which scores of the model are compared: the calibrated ones, where they are probabilities.
        other_kind: which of the other model.
        auc: a difference above 0 says that the model ranks better.
        log_loss: in nats; a difference below 0 says that the model is better.
        brier: the same.
        flips: rows to which the two answer different labels.
        flips_right: those of them that the model answers right.
        flips_other_right: those of them that the other one answers right.
        sentence: which is better, and by how much.
    """

    name: str
    digest: str
    titles: tuple[str, str]
    kind: ScoreKind
    other_kind: ScoreKind
    auc: Compared
    log_loss: Compared
    brier: Compared
    flips: int
    flips_right: int
    flips_other_right: int
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Side:
    """One of two models that are compared.

    Attributes:
        name: of the model.
        digest: of its artifact.
        judged: the scores that are compared.
        answered: `[n]` the labels that it answers.
        prefix: of the names of its figures.
    """

    name: str
    digest: str
    judged: Judged
    answered: NDArray[np.int64]
    prefix: str


def compared(model: Side, other: Side, resampled: Resampled) -> Against:
    """How two models stand to each other.

    Args:
        model: the one in question.
        other: the one that it is held against.
        resampled: figures of both, of the same draws.
    """

    def figure(name: str) -> Compared:
        ours, theirs = f"{model.prefix}{name}", f"{other.prefix}{name}"
        return Compared(
            model=resampled.estimate(ours),
            other=resampled.estimate(theirs),
            difference=resampled.difference(ours, theirs),
        )

    auc, log_loss, brier = map(figure, COMPARED)
    ours, theirs = _titles(model, other)
    subject = "this model" if ours == model.name else ours
    labels, differ = model.judged.labels, model.answered != other.answered
    flips = int(differ.sum())
    standing = Comparison(auc_difference=auc.difference, log_loss_difference=log_loss.difference).standing
    return Against(
        name=other.name,
        digest=other.digest,
        titles=(ours, theirs),
        kind=model.judged.kind,
        other_kind=other.judged.kind,
        auc=auc,
        log_loss=log_loss,
        brier=brier,
        flips=flips,
        flips_right=int((differ & (model.answered == labels)).sum()),
        flips_other_right=int((differ & (other.answered == labels)).sum()),
        sentence=(
            f"it is {standing} than {theirs} on the same rows: "
            f"log-loss {signed_interval(log_loss.difference)}, AUC {signed_interval(auc.difference)} "
            f"({subject} minus {theirs}; a lower log-loss is better); "
            f"{flips:,} of {len(labels):,} rows get another label"
        ),
    )


def _titles(model: Side, other: Side) -> tuple[str, str]:
    """Names, with the beginning of the digest where two models have one name."""
    if model.name != other.name:
        return model.name, other.name
    if model.digest == other.digest:
        return model.name, f"{other.name} (the same model)"
    ours, theirs = (
        f"{side.name} ({side.digest.removeprefix('sha256:')[:_DIGITS]})" for side in (model, other)
    )
    return ours, theirs
