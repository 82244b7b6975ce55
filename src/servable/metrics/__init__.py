"""What scores are worth: pure functions of scores and labels, each figure with its interval."""

from servable.metrics.comparison import Comparison, Standing, compare
from servable.metrics.scores import Estimate, ScoreReport, auc, calibration_error, log_loss, report

__all__ = [
    "Comparison",
    "Estimate",
    "ScoreReport",
    "Standing",
    "auc",
    "calibration_error",
    "compare",
    "log_loss",
    "report",
]
