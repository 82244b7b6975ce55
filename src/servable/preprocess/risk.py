"""Risk tables: a category's value is the smoothed share of positive labels among its training rows.

Fitting stands beside applying, so that a table's meaning has one home. Looking up follows decision
0005, fitting the formula of the layout that the tables are written in.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from servable.records import FloatArray, ObjectArray

MISSING_BIN = "nan"
"""The bin of missing categories, in tables whose training rows had any."""

_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?", re.ASCII)
_INTEGER = re.compile(r"(-?(?:0|[1-9][0-9]*))(?:\.0+)?", re.ASCII)
_LARGE_FLOAT = re.compile(r"-?[1-9](?:\.[0-9]+)?e\+[0-9]{2,3}", re.ASCII)


@dataclass(frozen=True, slots=True)
class RiskTable:
    """Category -> value, and the value of categories that training did not see.

    Attributes:
        bins: exact category string -> value.
        default: the value of any other category.
    """

    bins: Mapping[str, float]
    default: float
    _known: Mapping[str | None, float] = field(init=False, repr=False, compare=False)
    _integers: Mapping[str, str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        known: dict[str | None, float] = {None: self.bins.get(MISSING_BIN, self.default)}
        known.update(self.bins)
        object.__setattr__(self, "_known", known)
        object.__setattr__(self, "_integers", _by_integer(self.bins))

    @property
    def has_integers(self) -> bool:
        """Whether its keys are numbers, so that `10`, `10.0` and `"10"` meet in it (decision 0005)."""
        return bool(self._integers)

    def apply(self, categories: Iterable[str | None]) -> list[float]:
        """A value for each category (`str`, or None where missing)."""
        known, other = self._known, self._other
        return [known[category] if category in known else other(category) for category in categories]

    def bin_of(self, category: str | None) -> str | None:
        """The key of the bin that answers a category; None for the default."""
        if category is None:
            return MISSING_BIN if MISSING_BIN in self.bins else None
        return category if category in self.bins else self._integer(category)

    def _other(self, category: str | None) -> float:
        """The value of a category that no key spells."""
        key = self._integer(category or "")
        return self.default if key is None else self.bins[key]

    def _integer(self, category: str) -> str | None:
        """The key that spells the same integer."""
        return self._integers.get(_canonical(category)) if self._integers else None

    def falls_to_default(self, category: str | None) -> bool:
        """Whether a category is answered by the default bin."""
        return self.bin_of(category) is None


def fit_risk_table(
    categories: ObjectArray, labels: FloatArray, *, smooth_factor: float, count_threshold: int
) -> RiskTable:
    """A risk table of training rows.

    With g the mean label, k = int(rows * smooth_factor) and a category of c rows, whose share of label 1
    among its labels 0 and 1 is m: (c * m + k * g) / (c + k) if c >= count_threshold, else g. The
    default is g. Missing categories are the bin "nan" if there are any. With labels beyond 1, g is the
    mean of their numbers, and may exceed 1: the tables of such models are written so.

    Args:
        categories: `[n]` `str` or None.
        labels: `[n]` 0 or 1; 2 and more of more classes.
        smooth_factor: pseudo-rows as a share of all rows.
        count_threshold: categories with fewer rows answer the mean label.
    """
    keys = [MISSING_BIN if category is None else category for category in categories]
    names, index, counts = np.unique(np.array(keys, dtype=object), return_inverse=True, return_counts=True)
    positives = np.bincount(index, weights=labels == 1, minlength=len(names))
    rated = np.bincount(index, weights=labels <= 1, minlength=len(names))
    mean = float(labels.mean())
    pseudo = int(len(keys) * smooth_factor)
    scaled = np.divide(counts * positives, rated, out=counts * mean, where=rated > 0)
    smoothed = (scaled + pseudo * mean) / (counts + pseudo)
    values = np.where(counts >= count_threshold, smoothed, mean)
    return RiskTable({str(name): float(value) for name, value in zip(names, values, strict=True)}, mean)


def _canonical(category: str) -> str:
    """The integer that a string spells, as `10` for `10` and `10.0`; a string that no key equals if none."""
    if match := _INTEGER.fullmatch(category):
        return match[1]
    # a float from 1e16 on prints with an exponent, and is an integer
    return str(int(float(category))) if _LARGE_FLOAT.fullmatch(category) else ""


def _by_integer(bins: Mapping[str, float]) -> dict[str, str]:
    """Keys by canonical integer, if every key but the missing one is a number; else nothing."""
    keys = [key for key in bins if key != MISSING_BIN]
    if not all(_NUMBER.fullmatch(key) for key in keys):
        return {}
    found: dict[str, str] = {}
    for key in sorted(keys, key=len):  # `10` before `10.0`, if a table holds both
        if canonical := _canonical(key):
            found.setdefault(canonical, key)
    return found
