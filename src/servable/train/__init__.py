"""From a table to a training output, through the same preprocessing as serving."""

from servable.metrics import Estimate, ScoreReport
from servable.train.columns import TableSettings
from servable.train.encoders import Encoder, find_encoder
from servable.train.network_family import NetworkSettings
from servable.train.train import TrainingResult, train
from servable.train.xgboost_family import XGBoostSettings

__all__ = [
    "Encoder",
    "Estimate",
    "NetworkSettings",
    "ScoreReport",
    "TableSettings",
    "TrainingResult",
    "XGBoostSettings",
    "find_encoder",
    "train",
]
