"""Raw class probabilities to calibrated ones, by lookup tables.

Source: calibration functions in the documentation of the inference handler.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from servable.calibration.lookup import LookupTable
from servable.records import FloatArray

_SMALLEST_SUM = 1e-12


class CalibratorKind(StrEnum):
    """The kinds that an artifact may hold, under the handler's names."""

    PERCENTILE = "percentile"
    BINARY = "regular"
    MULTICLASS = "regular_multiclass"


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibrator:
    """Lookup tables by class index; the two-class kinds have one table, of class 1."""

    kind: CalibratorKind
    tables: Mapping[int, LookupTable]

    def apply(self, raw: FloatArray) -> FloatArray:
        """`[n, classes]` calibrated probabilities in the dtype of `raw`.

        Two classes: class 1 through its table, class 0 its complement. More: each class through its
        table (a class without one passes), then divided by the row's sum; a row whose sum is zero
        keeps its raw scores. A percentile table does not apply to more than two classes.
        """
        if self.kind is not CalibratorKind.MULTICLASS:
            if raw.shape[1] != 2:
                return raw.copy()
            return np.array(
                [(1 - positive, positive) for positive in self.tables[1].values(raw[:, 1])], raw.dtype
            )
        calibrated = np.empty_like(raw)
        for index in range(raw.shape[1]):
            table = self.tables.get(index)
            calibrated[:, index] = raw[:, index] if table is None else table.apply(raw[:, index])
        sums = calibrated.sum(axis=1, keepdims=True)
        usable = np.isfinite(sums) & (sums >= _SMALLEST_SUM)
        divided: FloatArray = np.where(usable, calibrated / np.where(usable, sums, 1), raw)
        return divided.astype(raw.dtype)
