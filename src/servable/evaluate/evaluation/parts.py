"""Which rows of a table make a slice: those of one category, of a range of numbers, of texts as long."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from servable.artifact import MOST_NAME_CHARS
from servable.evaluate.evaluation.columns import MISSING, Categories, Lengths, Numbers, SliceColumn
from servable.evaluate.ranges import names_of_numbers
from servable.wording import cut as shortened

MOST_CATEGORIES: Final = 8
"""Categories of a column that are slices of their own; the others are one slice together."""

_MISSING: Final = "missing"

Cut = tuple[str, NDArray[np.int64]]
"""A slice's name and its rows, ascending."""


def cut(column: SliceColumn) -> list[Cut]:
    """The slices of a column that hold a row; together they hold each row once.

    The most frequent categories, the larger one first, and the rest; quartiles of numbers, or their
    values where they are few; empty, short and long texts, apart at the median length of those that are
    not empty; and the rows without a value.
    """
    match column:
        case Categories():
            slices = _categories(column)
        case Numbers():
            slices = _numbers(column.values)
        case Lengths():
            slices = _lengths(column.characters)
    return [(name, rows) for name, rows in slices if len(rows)]


def _categories(column: Categories) -> list[Cut]:
    codes, names = column.codes, column.names
    counts = np.bincount(codes[codes != MISSING], minlength=len(names))
    order = np.argsort(-counts, kind="stable")  # of two as frequent the one that came first
    named, others = order[:MOST_CATEGORIES], order[MOST_CATEGORIES:]
    if len(others) == 1:  # a rest of one is that one
        named, others = order, order[:0]
    slices = [
        (shortened(names[code], MOST_NAME_CHARS), np.flatnonzero(codes == code)) for code in named.tolist()
    ]
    rest = (f"the other {len(others):,} values", np.flatnonzero(np.isin(codes, others)))
    return [*slices, rest, (_MISSING, np.flatnonzero(codes == MISSING))]


def _numbers(values: NDArray[np.float64]) -> list[Cut]:
    is_missing = np.isnan(values)
    present = values[~is_missing]
    missing = (_MISSING, np.flatnonzero(is_missing))
    distinct = np.unique(present)
    if len(distinct) <= MOST_CATEGORIES:
        names_of = names_of_numbers(distinct.tolist())
        return [*((name, np.flatnonzero(values == value)) for value, name in names_of.items()), missing]
    edges = np.unique(np.quantile(present, [0.25, 0.5, 0.75], method="lower"))
    quarter = np.where(is_missing, -1, np.searchsorted(edges, values, side="left"))
    numbers = names_of_numbers(edges.tolist()).values()
    lower, upper = [f"above {number}" for number in numbers], [f"up to {number}" for number in numbers]
    names = [upper[0], *(f"{low}, {high}" for low, high in zip(lower, upper[1:], strict=False)), lower[-1]]
    return [*((name, np.flatnonzero(quarter == place)) for place, name in enumerate(names)), missing]


def _lengths(characters: NDArray[np.int64]) -> list[Cut]:
    present = characters[characters > 0]
    empty = ("empty", np.flatnonzero(characters == 0))
    if not len(present):
        return [empty]
    middle = int(np.quantile(present, 0.5, method="lower"))
    return [
        empty,
        (f"up to {middle:,} characters", np.flatnonzero((characters > 0) & (characters <= middle))),
        (f"above {middle:,} characters", np.flatnonzero(characters > middle)),
    ]
