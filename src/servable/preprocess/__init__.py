"""Imputation values and risk tables: fitted here, applied here, in training and serving alike."""

from servable.preprocess.cells import Cells, Origin
from servable.preprocess.imputation import Average, fit_imputation
from servable.preprocess.preprocessor import Preprocessor, TextReader
from servable.preprocess.risk import MISSING_BIN, RiskTable, fit_risk_table
from servable.preprocess.traces import ChunkTrace, Messages, MessageTrace, TextTrace

__all__ = [
    "MISSING_BIN",
    "Average",
    "Cells",
    "ChunkTrace",
    "MessageTrace",
    "Messages",
    "Origin",
    "Preprocessor",
    "RiskTable",
    "TextReader",
    "TextTrace",
    "fit_imputation",
    "fit_risk_table",
]
