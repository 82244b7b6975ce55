"""Raw scores to calibrated ones, by tables and curves: fitted here, applied here."""

from servable.calibration.calibrator import Calibrated, Calibrator, CalibratorKind, Choice, chosen
from servable.calibration.curves import Beta, Temperature
from servable.calibration.events import CalibrationCounts, CalibrationEvents, calibrate_or_keep
from servable.calibration.fit import FittedTable, fit_lookup_table
from servable.calibration.lookup import LookupTable
from servable.calibration.segments import Segments

__all__ = [
    "Beta",
    "Calibrated",
    "CalibrationCounts",
    "CalibrationEvents",
    "Calibrator",
    "CalibratorKind",
    "Choice",
    "FittedTable",
    "LookupTable",
    "Segments",
    "Temperature",
    "calibrate_or_keep",
    "chosen",
    "fit_lookup_table",
]
