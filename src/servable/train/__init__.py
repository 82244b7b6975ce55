"""From a table to a training output, through the same preprocessing as serving."""

from servable.metrics import Estimate, ScoreReport
from servable.train.calibrate.calibrate import CalibrationResult, calibrate
from servable.train.calibrate.lines import calibration_lines
from servable.train.calibrate.rows import RowsOfScores, RowsOfTable
from servable.train.columns import TableSettings
from servable.train.encoders import Encoder, find_encoder
from servable.train.network_family import NetworkSettings
from servable.train.split import Part
from servable.train.train import TrainingResult, train
from servable.train.used_rows.parts import RecordedSplit, parts_of, rows_of_part
from servable.train.used_rows.use import Evidence, UsedInTraining, fitted_its_calibrator, used_in_training
from servable.train.xgboost_family import XGBoostSettings
from servable.training_rows import TrainingRows

__all__ = [
    "CalibrationResult",
    "Encoder",
    "Estimate",
    "Evidence",
    "NetworkSettings",
    "Part",
    "RecordedSplit",
    "RowsOfScores",
    "RowsOfTable",
    "ScoreReport",
    "TableSettings",
    "TrainingResult",
    "TrainingRows",
    "UsedInTraining",
    "XGBoostSettings",
    "calibrate",
    "calibration_lines",
    "find_encoder",
    "fitted_its_calibrator",
    "parts_of",
    "rows_of_part",
    "train",
    "used_in_training",
]
