"""Records to ModelInputs: the one transformation that training, packing and serving all call.

Law: `apply` of the concatenation of records is the concatenation of `apply`, bit for bit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from servable.preprocess.cells import Cells, origins_of_categories, origins_of_numbers
from servable.preprocess.risk import RiskTable
from servable.preprocess.traces import Messages, TextTrace
from servable.records import Layout, ModelInputs, ObjectArray, Records, TextInputs


class TextReader(Protocol):
    """Turns the texts of one field into tokens; `servable.preprocess.text.TextPipeline` is one."""

    def apply(self, texts: ObjectArray) -> TextInputs:
        """Token ids of `[n]` texts."""
        ...

    def trace(self, text: str | None) -> TextTrace:
        """What each step made of one text, None = missing."""
        ...

    def traces(self, texts: Sequence[str | None]) -> list[TextTrace]:
        """The same of each text."""
        ...

    def trace_of_left(self, left: Messages) -> TextTrace:
        """What the chunker and the tokenizer make of what some steps have left of a text."""
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

    _orders: "WeakKeyDictionary[Layout, _Order]" = field(
        default_factory=WeakKeyDictionary, init=False, repr=False, compare=False
    )

    @cached_property
    def _fill(self) -> NDArray[np.float64]:
        return np.array([[self.imputation.get(name, self.missing)] for name in self.features])

    def apply(self, records: Records) -> ModelInputs:
        """What the engine reads of these records: `tabular` float32 `[n, len(features)]`, and tokens."""
        return ModelInputs(
            tabular=self._tabular(records),
            texts={name: reader.apply(records.columns[name]) for name, reader in self.texts.items()},
        )

    def cells(self, records: Records) -> Cells:
        """The numbers that `apply` gives of these records, and where each comes from."""
        columns = records.columns
        return Cells(
            tabular=self._tabular(records),
            origins={
                name: origins_of_categories(columns[name], self.risk_tables[name])
                if name in self.risk_tables
                else origins_of_numbers(columns[name], self.imputation.get(name))
                for name in self.features
            },
        )

    def _tabular(self, records: Records) -> NDArray[np.float32]:
        if not self.features:
            return np.empty((records.n, 0), dtype=np.float32)
        columns = records.columns
        order = self._order(columns.layout)
        rows = columns.numbers
        if order.tables:
            strings = columns.strings.tolist()
            rows = np.concatenate([rows, [table.apply(strings[row]) for row, table in order.tables]])
        features = rows.take(order.rows, axis=0)
        np.copyto(features, self._fill, where=np.isnan(features))
        return features.T.astype(np.float32, order="C")

    def _order(self, layout: Layout) -> "_Order":
        order = self._orders.get(layout)
        if order is None:
            order = self._orders[layout] = _Order.of(layout, self.features, self.risk_tables)
        return order


@dataclass(frozen=True, slots=True, eq=False)
class _Order:
    """How the columns of a layout become features.

    Attributes:
        tables: row of a column of strings, and the table that makes numbers of it.
        rows: of each feature, among the columns of numbers and then those of the tables.
    """

    tables: tuple[tuple[int, RiskTable], ...]
    rows: NDArray[np.intp]

    @classmethod
    def of(cls, layout: Layout, features: Sequence[str], tables: Mapping[str, RiskTable]) -> "_Order":
        categorical = [name for name in features if name in tables]
        row = layout.numbers | {name: len(layout.numbers) + at for at, name in enumerate(categorical)}
        return cls(
            tuple((layout.strings[name], tables[name]) for name in categorical),
            np.array([row[name] for name in features], dtype=np.intp),
        )
