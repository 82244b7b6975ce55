"""Records to ModelInputs: the one transformation that training, packing and serving all call.

Law: `apply` of the concatenation of records is the concatenation of `apply`, bit for bit.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from servable.preprocess.risk import RiskTable
from servable.records import ModelInputs, Records


@dataclass(frozen=True, kw_only=True)
class Preprocessor:
    """Fitted tables and the order in which a model reads its features.

    Attributes:
        features: field names in the model's order.
        risk_tables: by categorical field.
        imputation: by field, the value of a missing number; a field without one stays NaN, which
            only a tree model reads as missing.
    """

    features: tuple[str, ...]
    risk_tables: Mapping[str, RiskTable]
    imputation: Mapping[str, float]

    @cached_property
    def _fill(self) -> NDArray[np.float64]:
        return np.array([[self.imputation.get(name, np.nan)] for name in self.features])

    def apply(self, records: Records) -> ModelInputs:
        """What the engine reads of these records: `tabular` float32 `[n, len(features)]`."""
        columns = np.array(
            [
                records.columns[name].tolist()
                if (table := self.risk_tables.get(name)) is None
                else table.apply(records.columns[name])
                for name in self.features
            ]
        )
        np.copyto(columns, self._fill, where=np.isnan(columns))
        return ModelInputs(tabular=columns.T.astype(np.float32, order="C"))
