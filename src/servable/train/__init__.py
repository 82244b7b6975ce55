"""From a table to a training output, through the same preprocessing as serving."""

from servable.train.metrics import Estimate, ScoreReport
from servable.train.train import TableSettings, TrainingResult, train
from servable.train.xgboost_family import XGBoostSettings

__all__ = ["Estimate", "ScoreReport", "TableSettings", "TrainingResult", "XGBoostSettings", "train"]
