"""Raw scores to calibrated ones, by tables and curves: fitted here, applied here."""

from servable.calibration.calibrator import (
    Calibrated,
    Calibrator,
    CalibratorKind,
    Choice,
    chosen,
    stored_calibration,
)
from servable.calibration.choosing import choose_calibrator
from servable.calibration.curves import Beta, Temperature
from servable.calibration.events import CalibrationCounts, CalibrationEvents, calibrate_or_keep
from servable.calibration.fit import fit_calibrator, fit_default
from servable.calibration.fitted import Candidate, ChosenCalibrator, FittedCalibrator
from servable.calibration.knots import SMALLEST_GAP
from servable.calibration.lookup import LookupTable
from servable.calibration.method import ENOUGH_RARE, ENOUGH_ROWS, MIN_ROWS, Method, default_method
from servable.calibration.rows import require_enough, require_two_classes
from servable.calibration.segments import Segments

__all__ = [
    "ENOUGH_RARE",
    "ENOUGH_ROWS",
    "MIN_ROWS",
    "SMALLEST_GAP",
    "Beta",
    "Calibrated",
    "CalibrationCounts",
    "CalibrationEvents",
    "Calibrator",
    "CalibratorKind",
    "Candidate",
    "Choice",
    "ChosenCalibrator",
    "FittedCalibrator",
    "LookupTable",
    "Method",
    "Segments",
    "Temperature",
    "calibrate_or_keep",
    "choose_calibrator",
    "chosen",
    "default_method",
    "fit_calibrator",
    "fit_default",
    "require_enough",
    "require_two_classes",
    "stored_calibration",
]
