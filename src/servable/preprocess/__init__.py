"""Imputation values and risk tables: fitted here, applied here, in training and serving alike."""

from servable.preprocess.imputation import Average, fit_imputation
from servable.preprocess.preprocessor import Preprocessor, TextReader
from servable.preprocess.risk import MISSING_BIN, RiskTable, fit_risk_table

__all__ = [
    "MISSING_BIN",
    "Average",
    "Preprocessor",
    "RiskTable",
    "TextReader",
    "fit_imputation",
    "fit_risk_table",
]
