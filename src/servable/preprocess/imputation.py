"""Imputation: the value that stands for a missing number."""

import numpy as np

from servable.records import FloatArray


def fit_imputation(values: FloatArray) -> float:
    """The median of the present values; 0.0 where none is present.

    Args:
        values: `[n]` float64, NaN = missing.
    """
    present = values[~np.isnan(values)]
    return float(np.median(present)) if len(present) else 0.0
