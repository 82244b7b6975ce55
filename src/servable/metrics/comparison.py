"""Whether a model is better than its baseline, judged row by row on the same test rows."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from servable.metrics.bootstrap import SIGNED, Estimate, Resampler, resample, with_both_classes
from servable.metrics.ranking import Ranking
from servable.metrics.two_classes import log_loss_figure
from servable.records import FloatArray

_DRAWS: Final = 400


class Standing(StrEnum):
    """How a model stands to its baseline."""

    BETTER = "better"
    WORSE = "worse"
    NO_BETTER = "no better"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Figures of a model minus those of its baseline, with intervals of the differences themselves.

    Two models err on the same hard rows, so that their own intervals may overlap where the
    difference is clear. The intervals are those of `Estimate`, 1.96 bootstrap standard errors, of 400
    draws: one meaning for every interval of a report. Percentiles would do as well here, for neither
    figure is moved by drawing a row twice, but 400 draws have only ten beyond each end.

    Attributes:
        auc_difference: above 0 where the model ranks better.
        log_loss_difference: in nats, below 0 where the model is better.
    """

    auc_difference: Estimate
    log_loss_difference: Estimate

    @property
    def standing(self) -> Standing:
        """By the log-loss, which sees ranking and calibration; no better unless its interval leaves out 0."""
        if self.log_loss_difference.is_below(0):
            return Standing.BETTER
        return Standing.WORSE if self.log_loss_difference.is_above(0) else Standing.NO_BETTER

    def sentence(self) -> str:
        """Whether the model is better, worse or no better than the baseline, and the differences."""
        return (
            f"the model is {self.standing} than the baseline: "
            f"log-loss {self.log_loss_difference.text(SIGNED)}, AUC {self.auc_difference.text(SIGNED)} "
            "(model minus baseline on the same rows; a lower log-loss is better)"
        )


def compare(model: FloatArray, baseline: FloatArray, labels: NDArray[np.int64], *, seed: int) -> Comparison:
    """The differences between two models, by a paired bootstrap: each draw takes the same rows of both.

    Args:
        model: `[n]` class-1 probabilities.
        baseline: `[n]` class-1 probabilities of the same rows.
        labels: `[n]` 0 or 1, both present.
        seed: of the draws.

    Raises:
        BadInput: `metrics.*`, if a score is no probability, a class is absent or there are no rows.
    """
    figures = {
        "AUC of the model": Ranking(model, labels).auc(),
        "AUC of the baseline": Ranking(baseline, labels).auc(),
        "log-loss of the model": log_loss_figure(model, labels),
        "log-loss of the baseline": log_loss_figure(baseline, labels),
    }
    draws = Resampler(n=len(labels), draws=_DRAWS, seed=seed)
    resampled = resample(figures, with_both_classes(draws, labels))
    return Comparison(
        auc_difference=resampled.difference("AUC of the model", "AUC of the baseline"),
        log_loss_difference=resampled.difference("log-loss of the model", "log-loss of the baseline"),
    )
