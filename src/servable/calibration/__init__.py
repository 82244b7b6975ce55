"""Lookup tables that turn raw scores into calibrated ones: fitted here, applied here."""

from servable.calibration.calibrator import Calibrator, CalibratorKind
from servable.calibration.fit import FittedTable, fit_lookup_table
from servable.calibration.lookup import LookupTable

__all__ = ["Calibrator", "CalibratorKind", "FittedTable", "LookupTable", "fit_lookup_table"]
