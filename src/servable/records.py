"""The values that a request passes through: Table, Records, ModelInputs, Predictions.

    bytes --codecs--> Table --schema.bind--> Records --preprocess--> ModelInputs
          --engine--> raw scores --calibration--> Predictions --codecs--> bytes

All are frozen; none knows where it came from or where it goes.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from itertools import chain
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.floating[Any]]
ObjectArray = NDArray[np.object_]


class Absent(Enum):
    """The cell of a key that one record of several lacks; not the same as null."""

    ABSENT = "absent"


ABSENT: Final = Absent.ABSENT
"""Marks a key that a record does not have."""

Cell = object
"""None (missing), bool, int, float, str, ABSENT, or something that `bind` will refuse."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Parsed, untyped cells, named or positional, before a schema has looked at them.

    Attributes:
        names: column names, or None for a headerless CSV, whose rows are positional.
        rows: one sequence of cells per record; rows of a positional table may differ in width.
    """

    names: tuple[str, ...] | None
    rows: Sequence[Sequence[Cell]]

    def __len__(self) -> int:
        return len(self.rows)

    @classmethod
    def of_records(cls, records: Sequence[Mapping[str, Cell]]) -> Self:
        """A named table of one mapping per record; a key that a record lacks becomes `ABSENT`."""
        names = tuple(records[0]) if records else ()
        if all(tuple(record) == names for record in records):  # as programs write them
            return cls(names=names, rows=[tuple(record.values()) for record in records])
        names = tuple(dict.fromkeys(name for record in records for name in record))
        rows = [tuple(record.get(name, ABSENT) for name in names) for record in records]
        return cls(names=names, rows=rows)

    def column(self, name: str) -> list[Cell]:
        """The cells under a name, `ABSENT` where a record lacks the key.

        Raises:
            KeyError: if no column has the name; those of a positional table have none.
        """
        if name not in (self.names or ()):
            raise KeyError(name)
        position = (self.names or ()).index(name)
        return [row[position] for row in self.rows]

    def to_records(self) -> list[dict[str, Cell]]:
        """One dict for each record, without the keys that it lacks; positions where there are no names."""
        return [
            {
                name: cell
                for name, cell in zip(self.names or map(str, range(len(row))), row, strict=True)
                if cell is not ABSENT
            }
            for row in self.rows
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class TextJoin:
    """Several text columns of a table as the one text field that a model reads.

    Attributes:
        field: name of the text field.
        columns: columns that are joined, in order.
        separator: what stands between two of them.
    """

    field: str
    columns: tuple[str, ...]
    separator: str = " "

    def fits(self, table: Table) -> bool:
        """Whether a table has the columns and not yet the field."""
        names = table.names or ()
        return self.field not in names and all(column in names for column in self.columns)

    def apply(self, table: Table) -> Table:
        """The table with the text field in the place of the first of its columns, without the others.

        Cells that are missing or blank are left out; if all are, the text is missing. A number is
        its string. A cell that no text can hold stands for the text, so that `bind` refuses it; so does
        a key that a record lacks.
        """
        names = table.names or ()
        at = [names.index(column) for column in self.columns]
        kept = [index for index in range(len(names)) if index not in at[1:]]
        rows = [
            tuple(self._joined([row[i] for i in at]) if index == at[0] else row[index] for index in kept)
            for row in table.rows
        ]
        joined = tuple(self.field if index == at[0] else names[index] for index in kept)
        return Table(names=joined, rows=rows)

    def _joined(self, cells: Sequence[Cell]) -> Cell:
        for cell in cells:
            if cell is not None and not isinstance(cell, str | int | float):
                return cell
        parts = [str(cell) for cell in cells if cell is not None]
        return self.separator.join(part for part in parts if part.strip()) or None


class Layout:
    """Which column of records stands in which row, by name: that of a number, or that of a string."""

    def __init__(self, numbers: Sequence[str], strings: Sequence[str]) -> None:
        self.numbers = {name: row for row, name in enumerate(numbers)}
        self.strings = {name: row for row, name in enumerate(strings)}


class Columns(Mapping[str, NDArray[Any]]):
    """Columns by name; those of a kind stand side by side in one array.

    An array of its own for each column would cost a single record more than its scoring.

    Attributes:
        layout: which column stands where.
        numbers: `[k, n]` float64, NaN = missing.
        strings: `[m, n]` of `str` or `None` (missing).
    """

    __slots__ = ("layout", "numbers", "strings")

    def __init__(self, layout: Layout, numbers: NDArray[np.float64], strings: ObjectArray) -> None:
        self.layout = layout
        self.numbers = numbers
        self.strings = strings

    @classmethod
    def of(cls, columns: Mapping[str, NDArray[Any]], n: int) -> Self:
        """The same columns side by side."""
        strings = [name for name, column in columns.items() if column.dtype == np.object_]
        numeric = [name for name in columns if name not in strings]
        return cls(
            Layout(numeric, strings),
            np.array([columns[name] for name in numeric], np.float64).reshape(-1, n),
            np.array([columns[name] for name in strings], np.object_).reshape(-1, n),
        )

    def __getitem__(self, name: str) -> NDArray[Any]:
        row = self.layout.numbers.get(name)
        column: NDArray[Any] = self.strings[self.layout.strings[name]] if row is None else self.numbers[row]
        return column

    def __iter__(self) -> Iterator[str]:
        return chain(self.layout.numbers, self.layout.strings)

    def __len__(self) -> int:
        return len(self.numbers) + len(self.strings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """Typed columns by field of the schema.

    Attributes:
        columns: field name -> `[n]` float64 (NaN = missing) for a numeric field, `[n]` object array
            of `str` or `None` (missing) for a categorical or text field.
        ids: the id of each record as it came, or None where the table has no id column.
        ignored_cells: cells under names that the schema does not know, the label's and the id's included.
        skipped_headers: header rows that a headerless CSV turned out to begin with (0 or 1).
    """

    columns: Columns
    n: int
    ids: tuple[object, ...] | None = None
    ignored_cells: int = 0
    skipped_headers: int = 0

    def __len__(self) -> int:
        return self.n

    def take(self, rows: NDArray[np.int64]) -> "Records":
        """The records at `[k]` places, in their order."""
        columns = self.columns
        return Records(
            columns=Columns(columns.layout, columns.numbers[:, rows], columns.strings[:, rows]),
            n=len(rows),
            ids=None if self.ids is None else tuple(self.ids[row] for row in rows.tolist()),
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TextInputs:
    """The tokens of one text field of n records.

    Attributes:
        token_ids: one int32 array per chunk, special tokens included, without padding; the chunks of
            record i are those from `chunk_offsets[i]` up to `chunk_offsets[i + 1]`, at least one.
        chunk_offsets: `[n + 1]` int64.
    """

    token_ids: Sequence[NDArray[np.int32]]
    chunk_offsets: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.chunk_offsets) - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelInputs:
    """What an engine reads.

    Attributes:
        tabular: `[n, t]` float32, C-contiguous, columns in the model's order; NaN only where the
            model itself handles missing values. `t` may be 0 where a model reads texts alone.
        texts: tokens by text field; empty where a model reads none.
    """

    tabular: NDArray[np.float32]
    texts: Mapping[str, TextInputs] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.tabular)


@dataclass(frozen=True, slots=True, kw_only=True)
class Predictions:
    """Scores of n records.

    Attributes:
        raw: `[n, classes]` class probabilities of the model, float32 or float64.
        calibrated: `[n, classes]`, the same dtype; equal to `raw` without a calibrator.
        label: `[n]` int64, argmax of `raw`, the lowest index winning ties (decision 0013).
        ids: as in `Records`.
    """

    raw: FloatArray
    calibrated: FloatArray
    label: NDArray[np.int64] = field(init=False)
    ids: tuple[object, ...] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "label", self.raw.argmax(axis=1))

    def __len__(self) -> int:
        return len(self.raw)
