"""What became of the cells of records on their way into a model's numbers."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from servable.preprocess.risk import RiskTable
from servable.records import ObjectArray


class Origin(StrEnum):
    """Where a number that a model reads comes from."""

    NUMBER = "the number as it is"
    IMPUTED = "the imputation value"
    MISSING = "missing, without an imputation value"
    BIN = "a bin"
    INTEGER = "the bin of the same integer"
    MISSING_BIN = "the bin of missing categories"
    DEFAULT = "the default bin"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cells:
    """The numbers that a model reads of n records, and where each comes from.

    Attributes:
        tabular: `[n, features]` float32, as in `ModelInputs`.
        origins: by feature, in the model's order, `[n]` of `Origin`.
    """

    tabular: NDArray[np.float32]
    origins: Mapping[str, ObjectArray]


def origins_of_numbers(numbers: NDArray[np.float64], imputation: float | None) -> ObjectArray:
    """`[n]` of `Origin` of `[n]` numbers, NaN = missing, with the value that stands for a missing one."""
    missing = Origin.MISSING if imputation is None else Origin.IMPUTED
    return _objects([missing if each else Origin.NUMBER for each in np.isnan(numbers).tolist()])


def origins_of_categories(categories: ObjectArray, table: RiskTable) -> ObjectArray:
    """`[n]` of `Origin` of `[n]` categories, None = missing, in their table."""
    return _objects([_origin(category, table.bin_of(category)) for category in categories.tolist()])


def _origin(category: str | None, key: str | None) -> Origin:
    if key is None:
        return Origin.DEFAULT
    if category is None:
        return Origin.MISSING_BIN
    return Origin.BIN if key == category else Origin.INTEGER


def _objects(origins: list[Origin]) -> ObjectArray:
    found = np.empty(len(origins), dtype=np.object_)
    found[:] = origins
    return found
