"""What a score is worth: AUC, log-loss and calibration error of two classes, each with its interval."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from servable.metrics.bootstrap import Estimate, Resampler, resample, with_both_classes
from servable.metrics.calibration import calibration_error_figure, calibration_null
from servable.metrics.ranking import Ranking
from servable.metrics.two_classes import log_loss_figure
from servable.records import FloatArray

_DRAWS: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreReport:
    """How good class-1 probabilities are on rows that nothing was fitted on.

    Attributes:
        rows: number of rows; of class 1 in `positives`.
        auc: area under the ROC curve, ties counted half.
        log_loss: mean negative log-likelihood in nats, probabilities clipped at 1e-15.
        calibration_error: expected calibration error of P(class 1), 15 bins of equal width.
        calibration_error_null: its 95 % quantile for a perfectly calibrated model with these scores;
            a value below it is consistent with calibration.
    """

    rows: int
    positives: int
    auc: Estimate
    log_loss: Estimate
    calibration_error: Estimate
    calibration_error_null: float


def report(scores: FloatArray, labels: NDArray[np.int64], *, seed: int) -> ScoreReport:
    """The figures of `[n]` class-1 probabilities against `[n]` labels 0 or 1, both classes present.

    Raises:
        BadInput: `metrics.*`, if a score is no probability, a class is absent or there are no rows.
    """
    figures = {
        "auc": Ranking(scores, labels).auc(),
        "log_loss": log_loss_figure(scores, labels),
        "calibration_error": calibration_error_figure(scores, labels),
    }
    rng = np.random.default_rng(seed)
    draws = Resampler(n=len(labels), draws=_DRAWS, seed=seed).drawn_by(rng)
    resampled = resample(figures, with_both_classes(draws, labels))
    return ScoreReport(
        rows=len(labels),
        positives=int(labels.sum()),
        auc=resampled.estimate("auc"),
        log_loss=resampled.estimate("log_loss"),
        calibration_error=resampled.estimate("calibration_error"),
        # labels are drawn after the rows, by one generator, so that neither follows the other
        calibration_error_null=calibration_null(scores, seed=rng),
    )
