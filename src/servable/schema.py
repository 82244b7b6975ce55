"""What a record must hold: fields, their kinds and order, and `bind`, which makes Records of a Table.

`bind` is the only place where a cell gets a type. Decisions 0002 (columns of a headerless CSV),
0003 (required and missing) and 0004 (numbers) are implemented here and nowhere else.
"""

import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from operator import itemgetter
from typing import Any, Final

import numpy as np

from servable.errors import MAX_PROBLEMS, BadInput, Problem, shown
from servable.records import ABSENT, Cell, Columns, Layout, Records, Table
from servable.wording import enumerated

FLOAT64_MAX: Final = float(np.finfo(np.float64).max)

FLOAT32_MAX: Final = float(np.finfo(np.float32).max)
"""A tree model compares in float32; a larger number would become infinity on the way."""

NETWORK_MAX: Final = 1.8e19
"""The square of a larger number overflows float32 in a layer normalisation (decision 0004)."""

MAX_CELL_CHARS: Final = 65_536
"""Of a text or a category, in every content type: some ten thousand words, more than any model here reads.

A text costs time for each character, whatever its model keeps of it.
"""

PANDAS_NULLS: Final = frozenset(
    (
        *("", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN"),
        *("<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null"),
    )
)
"""Spellings of a missing number in artifacts whose training read its tables with pandas."""

_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?", re.ASCII)
_PLAIN_NUMBERS = frozenset([int, float])
_PLAIN_STRINGS = frozenset([str, type(None)])
_MOST_NAMES_FOR_A_HINT = 200  # callers choose the names, and comparing them takes time
_MOST_PLANS = 16  # callers choose the columns
_INFINITY = re.compile(r"[+-]?inf(?:inity)?", re.IGNORECASE)


class Kind(StrEnum):
    """What a field holds."""

    NUMERIC = "numeric"
    CATEGORICAL = "categorical"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Field:
    """One input of the model, by the name that requests use."""

    name: str
    kind: Kind


@dataclass(frozen=True, kw_only=True)
class Schema:
    """The fields of a record, in order, and how their cells are read.

    Attributes:
        fields: every field that a record must have; the label and the id are never among them.
        classes: names of the classes in the order of the scores; at least two.
        id_name: the column that is echoed beside the scores, if the artifact names one.
        label_name: the column that training predicted; ignored in a request.
        csv_columns: the columns of a headerless CSV, or None, and then such a CSV is refused.
        null_spellings: strings that mean a missing number, beside the empty and the blank one.
        number_limit: the largest absolute value that a numeric field may hold.
    """

    fields: tuple[Field, ...]
    classes: tuple[str, ...]
    id_name: str | None = None
    label_name: str | None = None
    csv_columns: tuple[str, ...] | None = None
    null_spellings: frozenset[str] = frozenset([""])
    number_limit: float = FLOAT32_MAX

    def names(self, *kinds: Kind) -> tuple[str, ...]:
        """Names of the fields of these kinds (of all kinds if none is given), in order."""
        return tuple(field.name for field in self.fields if not kinds or field.kind in kinds)

    @cached_property
    def _numeric(self) -> tuple[str, ...]:
        return self.names(Kind.NUMERIC)

    @cached_property
    def _other(self) -> tuple[str, ...]:
        return self.names(Kind.CATEGORICAL, Kind.TEXT)

    @cached_property
    def _layout(self) -> Layout:
        return Layout(self._numeric, self._other)

    @cached_property
    def _plans(self) -> "dict[tuple[str, ...], _Plan]":
        return {}

    def _plan(self, names: tuple[str, ...]) -> "_Plan":
        """Where the cells of the fields stand; the plans of a few callers are kept."""
        plan = self._plans.get(names)
        if plan is None:
            if len(self._plans) >= _MOST_PLANS:
                self._plans.clear()
            plan = self._plans[names] = _Plan.of(names, self._numeric, self._other, self.id_name)
        return plan

    def bind(self, table: Table, *, first_record: int = 0) -> Records:
        """Typed columns of a table's records.

        Args:
            table: named or positional.
            first_record: number of the table's first record in its file, for errors.

        Raises:
            BadInput: naming record (counted from 0) and field: `request.no-records`,
                `request.missing-field`, `request.width`, `request.columns`, `request.number`,
                `request.type`, `request.cell`.
        """
        names, rows, skipped = self._named(table, first_record)
        if not rows:
            raise BadInput(
                Problem(
                    code="request.no-records",
                    where="request",
                    expected="at least one record",
                    found="none",
                    fix="send one",
                )
            )
        plan = self._plan(names)
        reading = _Reading(first_record, self.number_limit, self.null_spellings)
        if lacking := plan.lacking:
            reading.problems += [
                _missing_field(first_record, field.name, names)
                for field in [field for field in self.fields if field.name in lacking][:MAX_PROBLEMS]
            ]
        n = len(rows)
        numbers = reading.numbers(plan.numeric, [cell for row in rows for cell in plan.numbers(row)])
        strings = reading.strings(plan.other, [cell for row in rows for cell in plan.strings(row)])
        if reading.problems:
            raise BadInput(reading.problems[:MAX_PROBLEMS])
        return Records(
            columns=Columns(
                self._layout,
                np.array(numbers, np.float64).reshape(n, -1).T,
                np.array(strings, np.object_).reshape(n, -1).T,
            ),
            n=n,
            ids=None if plan.id_at is None else _identities([row[plan.id_at] for row in rows]),
            ignored_cells=plan.unknown * n,
            skipped_headers=skipped,
        )

    def _named(
        self, table: Table, first_record: int
    ) -> tuple[tuple[str, ...], Sequence[Sequence[Cell]], int]:
        """Column names, rows, and how many header rows were skipped."""
        if table.names is not None:
            return table.names, table.rows, 0
        if self.csv_columns is None:
            raise BadInput(
                Problem(
                    code="request.columns",
                    where="request",
                    expected="named columns, because this artifact has no list of CSV columns",
                    found="a CSV without a header",
                    fix="send a header row with content type `text/csv; header=present`, or JSON",
                )
            )
        rows, width = table.rows, len(self.csv_columns)
        skipped = int(bool(rows) and tuple(rows[0]) == self.csv_columns)
        rows = rows[skipped:]
        for number, row in enumerate(rows, start=first_record):
            if len(row) != width:
                raise BadInput(
                    Problem(
                        code="request.width",
                        where=f"record {number}",
                        expected=f"the {width} columns {enumerated(self.csv_columns)}",
                        found=f"{len(row)} cell{'' if len(row) == 1 else 's'}",
                        fix="send exactly these columns, in this order",
                    )
                )
        return self.csv_columns, rows, skipped


def parse_number(text: str) -> float | None:
    """The number that a decimal string spells, infinite if it is too large; None if it spells none."""
    return float(text) if _NUMBER.fullmatch(text) else None


Getter = Callable[[Sequence[Cell]], tuple[Cell, ...]]
"""Some cells of a row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """Where the cells of the fields stand in the rows of a table with certain columns.

    Attributes:
        numeric, other: names of the fields that the table has.
        numbers, strings: their cells in a row.
        lacking: names of the fields that it lacks.
        id_at: the place of the id, if it has one.
        unknown: how many names no field has.
    """

    numeric: tuple[str, ...]
    other: tuple[str, ...]
    numbers: Getter
    strings: Getter
    lacking: frozenset[str]
    id_at: int | None
    unknown: int

    @classmethod
    def of(
        cls, names: tuple[str, ...], numeric: tuple[str, ...], other: tuple[str, ...], id_name: str | None
    ) -> "_Plan":
        at = {name: place for place, name in enumerate(names)}  # the later of two cells wins (decision 0002)
        fields = frozenset((*numeric, *other))
        present = [tuple(name for name in kind if name in at) for kind in (numeric, other)]
        return cls(
            numeric=present[0],
            other=present[1],
            numbers=_getter([at[name] for name in present[0]]),
            strings=_getter([at[name] for name in present[1]]),
            lacking=fields - at.keys(),
            id_at=None if id_name is None else at.get(id_name),
            unknown=len(at.keys() - fields),
        )


def _getter(places: list[int]) -> Getter:
    """What takes the cells at these places out of a row; always a tuple, unlike `itemgetter` of one place."""
    if len(places) > 1:
        return itemgetter(*places)
    return lambda row: tuple(row[place] for place in places)


class _Reading:
    """Cells of one table becoming numbers and strings; what is refused is collected in `problems`."""

    def __init__(self, first_record: int, limit: float, null_spellings: frozenset[str]) -> None:
        self.problems: list[Problem] = []
        self._first_record = first_record
        self._limit = limit
        self._null_spellings = null_spellings

    def numbers(self, names: tuple[str, ...], cells: list[Any]) -> Sequence[float]:
        """Cells of these numeric fields, one record after the other, NaN where missing."""
        limit = self._limit
        if not cells or (
            _PLAIN_NUMBERS.issuperset(map(type, cells))
            and -limit <= min(cells)
            and max(cells) <= limit
            and (total := sum(cells)) == total  # else one is NaN
        ):
            return cells
        return [
            cell if type(cell) is float and -limit <= cell <= limit else self._number(names, at, cell)
            for at, cell in enumerate(cells)
        ]

    def strings(self, names: tuple[str, ...], cells: list[Any]) -> Sequence[str | None]:
        """Cells of these categorical and text fields, one record after the other."""
        if _PLAIN_STRINGS.issuperset(map(type, cells)) and all(
            cell is None or len(cell) <= MAX_CELL_CHARS for cell in cells
        ):
            return cells
        return [self._string(names, at, cell) for at, cell in enumerate(cells)]

    def _place(self, names: tuple[str, ...], at: int) -> tuple[int, str]:
        """Record and field of a cell, by its number among the cells of these fields."""
        record, field = divmod(at, len(names))
        return self._first_record + record, names[field]

    def _number(self, names: tuple[str, ...], at: int, cell: Cell) -> float:
        if cell is None:
            return np.nan
        if isinstance(cell, int | float):  # true and false are 1 and 0
            if -self._limit <= cell <= self._limit:
                return float(cell)
            found, fix = shown(cell), "send a finite number"
        elif isinstance(cell, str):
            text = cell.strip()
            if not text or text in self._null_spellings:
                return np.nan
            value = parse_number(text)
            if value is not None and abs(value) <= self._limit:
                return value
            found = f"the string {shown(cell)}"
            is_number = value is not None or _INFINITY.fullmatch(text)
            fix = "send a finite number" if is_number else "send a number"
        elif cell is ABSENT:
            self.problems.append(_missing_field(*self._place(names, at), ()))
            return np.nan
        else:
            found, fix = _kind_of(cell), "send a number"
        expected = f"a number between -{self._limit:.4g} and {self._limit:.4g}"
        self._refuse("request.number", self._place(names, at), expected=expected, found=found, fix=fix)
        return np.nan

    def _string(self, names: tuple[str, ...], at: int, cell: Cell) -> str | None:
        if isinstance(cell, int | float) and abs(cell) <= FLOAT64_MAX:
            return str(cell)
        if cell is None or (isinstance(cell, str) and len(cell) <= MAX_CELL_CHARS):
            return cell
        if cell is ABSENT:
            self.problems.append(_missing_field(*self._place(names, at), ()))
        elif isinstance(cell, str):
            expected, found = f"at most {MAX_CELL_CHARS} characters", f"{len(cell)}"
            self._refuse(
                "request.cell", self._place(names, at), expected=expected, found=found, fix="shorten it"
            )
        else:
            self._refuse(
                "request.type",
                self._place(names, at),
                expected="a string",
                found=_kind_of(cell),
                fix="send a string",
            )
        return None

    def _refuse(self, code: str, place: tuple[int, str], *, expected: str, found: str, fix: str) -> None:
        if len(self.problems) >= MAX_PROBLEMS:
            return
        where = 'record {}, field "{}"'.format(*place)
        self.problems.append(
            Problem(
                code=code,
                where=where,
                expected=expected,
                found=found,
                fix=f"{fix}, or null if the value is missing",
            )
        )


def _identities(cells: Sequence[Cell]) -> tuple[Cell, ...]:
    return tuple(None if cell is ABSENT else cell for cell in cells)


def _missing_field(record: int, name: str, present: Sequence[str]) -> Problem:
    close = difflib.get_close_matches(name, present, n=1) if len(present) <= _MOST_NAMES_FOR_A_HINT else ()
    hint = f' (or rename "{close[0]}")' if close else ""
    return Problem(
        code="request.missing-field",
        where=f'record {record}, field "{name}"',
        expected="every field to be present",
        found="no such key",
        fix=f"add it{hint}, with null if the value is missing",
    )


def _kind_of(cell: Cell) -> str:
    if isinstance(cell, Mapping):
        return "an object"
    if isinstance(cell, list | tuple):
        return "a list"
    return f"a value of type {type(cell).__name__}"
