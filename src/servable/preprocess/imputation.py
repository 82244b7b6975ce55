"""Imputation: the value that stands for a missing number."""

from enum import StrEnum

import numpy as np

from servable.records import FloatArray


class Average(StrEnum):
    """Which average of the present values stands for a missing one."""

    MEDIAN = "median"
    MEAN = "mean"
    MODE = "mode"


def fit_imputation(values: FloatArray, *, average: Average = Average.MEDIAN) -> float:
    """An average of the present values; 0.0 where none is present.

    Args:
        values: `[n]` float64, NaN = missing.
        average: the median, which an outlier does not move; the mode of several is the smallest.
    """
    present = values[~np.isnan(values)]
    if not len(present):
        return 0.0
    if average is Average.MODE:
        distinct, counts = np.unique(present, return_counts=True)
        return float(distinct[counts.argmax()])
    return float(np.mean(present) if average is Average.MEAN else np.median(present))
