"""Records to ModelInputs: the one transformation that training, packing and serving all call.

Law: `apply` of the concatenation of records is the concatenation of `apply`, bit for bit.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from servable.preprocess.risk import RiskTable
from servable.records import ModelInputs, ObjectArray, Records, TextInputs


class TextReader(Protocol):
    """Turns the texts of one field into tokens; `servable.preprocess.text.TextPipeline` is one."""

    def apply(self, texts: ObjectArray) -> TextInputs:
        """Token ids of `[n]` texts."""
        ...


@dataclass(frozen=True, kw_only=True)
class Preprocessor:
    """Fitted tables and the order in which a model reads its features.

    Attributes:
        features: field names in the model's order.
        risk_tables: by categorical field.
        imputation: by field, the value of a missing number.
        missing: stands for a missing number without an imputation value: NaN, which only a tree model
            reads as missing, or the 0 of a network.
        texts: by text field, in the order in which the model reads them.
    """

    features: tuple[str, ...]
    risk_tables: Mapping[str, RiskTable]
    imputation: Mapping[str, float]
    missing: float = np.nan
    texts: Mapping[str, TextReader] = field(default_factory=dict)

    @cached_property
    def _fill(self) -> NDArray[np.float64]:
        return np.array([[self.imputation.get(name, self.missing)] for name in self.features])

    def apply(self, records: Records) -> ModelInputs:
        """What the engine reads of these records: `tabular` float32 `[n, len(features)]`, and tokens."""
        return ModelInputs(
            tabular=self._tabular(records),
            texts={name: reader.apply(records.columns[name]) for name, reader in self.texts.items()},
        )

    def _tabular(self, records: Records) -> NDArray[np.float32]:
        if not self.features:
            return np.empty((records.n, 0), dtype=np.float32)
        columns = np.array(
            [
                records.columns[name].tolist()
                if (table := self.risk_tables.get(name)) is None
                else table.apply(records.columns[name])
                for name in self.features
            ]
        )
        np.copyto(columns, self._fill, where=np.isnan(columns))
        return columns.T.astype(np.float32, order="C")
