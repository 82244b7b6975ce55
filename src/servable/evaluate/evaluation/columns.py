"""Columns of a table that slices and groups are made of, kept as numbers while the table streams by.

Of a category or a group a row keeps the number of its name, of a text its length. Of a column that is no
field the names are kept while it is read, each once: only then is it known whether they are texts.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from servable.artifact import MOST_NAME_CHARS
from servable.datasets import is_missing
from servable.records import Cell, Records, Table
from servable.schema import Kind, Schema, parse_number

Scalar = TypeVar("Scalar", bound=np.generic)

MISSING = -1
"""The number of a cell that is missing."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Numbers:
    """A column of numbers.

    Attributes:
        values: `[n]`, NaN where missing.
    """

    values: NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Categories:
    """A column of names.

    Attributes:
        codes: `[n]` place of each row's name, `MISSING` where it has none.
        names: each once, in the order in which they came.
    """

    codes: NDArray[np.int64]
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lengths:
    """A column of texts.

    Attributes:
        characters: `[n]`, 0 for a text that is empty, blank or missing.
    """

    characters: NDArray[np.int64]


SliceColumn = Numbers | Categories | Lengths


class Names:
    """Names that came so far, by number."""

    def __init__(self) -> None:
        self._number: dict[str, int] = {}
        self._blocks: list[NDArray[np.int64]] = []

    def add(self, cells: Iterable[Cell]) -> None:
        """Some rows more."""
        number = self._number
        self._blocks.append(
            np.array(
                [
                    MISSING if is_missing(cell) else number.setdefault(str(cell), len(number))
                    for cell in cells
                ],
                dtype=np.int64,
            )
        )

    def column(self) -> Categories:
        """All rows."""
        return Categories(codes=_joined(self._blocks, np.int64), names=tuple(self._number))


class SliceReader:
    """One column that slices are made of: a field by its kind, another column by what its cells are."""

    def __init__(self, name: str, schema: Schema) -> None:
        self.name = name
        self._kind = next((field.kind for field in schema.fields if field.name == name), None)
        self._names = Names()
        self._blocks: list[NDArray[np.float64]] = []

    def add(self, table: Table, records: Records) -> None:
        """The same rows, as cells and as a model reads them."""
        match self._kind:
            case None:
                self._names.add(table.column(self.name))
            case Kind.CATEGORICAL:
                self._names.add(records.columns[self.name].tolist())
            case Kind.NUMERIC:
                self._blocks.append(records.columns[self.name].astype(np.float64))
            case Kind.TEXT:
                lengths = [len((text or "").strip()) for text in records.columns[self.name].tolist()]
                self._blocks.append(np.array(lengths, dtype=np.float64))

    def column(self) -> SliceColumn:
        """All rows."""
        match self._kind:
            case Kind.NUMERIC:
                return Numbers(values=_joined(self._blocks, np.float64))
            case Kind.TEXT:
                return Lengths(characters=_joined(self._blocks, np.float64).astype(np.int64))
            case Kind.CATEGORICAL:
                return self._names.column()
            case None:
                return _by_names(self._names.column())


class GroupReader:
    """The groups that rows belong to; a row without one is a group of its own."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._names = Names()

    def add(self, table: Table) -> None:
        """Some rows more."""
        self._names.add(table.column(self.name))

    def column(self) -> NDArray[np.int64]:
        """`[n]` number of each row's group, counted from 0 without gaps."""
        named = self._names.column()
        codes = named.codes.copy()
        alone = np.flatnonzero(codes == MISSING)
        codes[alone] = len(named.names) + np.arange(len(alone))
        return np.unique(codes, return_inverse=True)[1]


def _by_names(column: Categories) -> SliceColumn:
    """Names as numbers, where all spell one; by their length, where one is too long for a name."""
    if any(len(name) > MOST_NAME_CHARS for name in column.names):
        lengths = np.array([*(len(name.strip()) for name in column.names), 0])  # the last one of `MISSING`
        return Lengths(characters=lengths[column.codes])
    numbers = [parse_number(name.strip()) for name in column.names]
    found = [number for number in numbers if number is not None and math.isfinite(number)]
    if len(found) < len(numbers) or not found:
        return column
    values = np.array([*found, math.nan])  # the last one is that of `MISSING`
    return Numbers(values=values[column.codes])


def _joined(blocks: Sequence[NDArray[Scalar]], dtype: type[Scalar]) -> NDArray[Scalar]:
    return np.concatenate(blocks) if blocks else np.empty(0, dtype=dtype)
