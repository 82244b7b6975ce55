"""Splits of LightGBM as chains of float32 bounds.

A tree-ensemble graph compares float32 numbers with one bound, and LightGBM float64 ones, of which it
looks at more: whether a number is missing or counts as zero, whether a code is in a set. What matters is
where on the line of float32 numbers its answer changes.

Source: the decisions of LightGBM's trees, versions 4.x.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from servable.artifact import LightGBMModel, LightGBMTree, MissingValues

_ZERO: Final = np.float32(1e-35)
"""Numbers up to here on either side of 0 are 0 for LightGBM."""
_LOWEST: Final = np.float32(-np.inf)
_BELOW_ZERO: Final = np.nextafter(-_ZERO, _LOWEST)
_MOST_CODES: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """A split: the first bound that a number does not exceed says where it goes; beyond all, right.

    Attributes:
        bounds: rising numbers.
        goes_left: for each bound.
        missing_left: whether a missing number goes left.
    """

    bounds: tuple[np.float32, ...]
    goes_left: tuple[bool, ...]
    missing_left: bool


def chains_of(tree: LightGBMTree) -> list[Chain]:
    """The chain of each split of a tree."""
    return [
        _chain_of_codes(codes_of(tree.sets[int(threshold)]))
        if is_categorical
        else _chain_of_number(threshold, default_left=default_left, missing=missing)
        for threshold, is_categorical, default_left, missing in zip(
            tree.threshold.tolist(),
            tree.is_categorical.tolist(),
            tree.default_left.tolist(),
            tree.missing.tolist(),
            strict=True,
        )
    ]


def codes_of(words: NDArray[np.int64]) -> NDArray[np.int64]:
    """The codes in a set of categories, rising."""
    return np.flatnonzero(np.unpackbits(words.astype("<u4").view(np.uint8), bitorder="little"))


def bounds_of(model: LightGBMModel) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Feature and number of every place where a split changes its answer, and every code of a category."""
    found: set[tuple[int, float]] = set()
    for tree in model.trees:
        for feature, chain in zip(tree.feature.tolist(), chains_of(tree), strict=True):
            found.update((feature, float(bound)) for bound in chain.bounds)
    for feature in model.coded:
        last = max((number for column, number in found if column == feature), default=0.0)
        found.update((feature, float(code)) for code in range(-1, min(int(last) + 2, _MOST_CODES)))
    ordered = sorted(found)
    return (
        np.array([feature for feature, _ in ordered], dtype=np.int64),
        np.array([number for _, number in ordered], dtype=np.float32),
    )


def _chain_of_number(threshold: float, *, default_left: bool, missing: int) -> Chain:
    bound, zero_left = _bound(threshold), threshold >= 0
    if missing == MissingValues.ZERO and default_left != zero_left:
        return _chain_around_zero(bound, zero_left=default_left)
    missing_left = zero_left if missing == MissingValues.NONE else default_left
    return Chain(bounds=(bound,), goes_left=(True,), missing_left=missing_left)


def _bound(threshold: float) -> np.float32:
    """The largest number that goes left: numbers that count as 0 go where 0 goes."""
    if threshold >= 0:
        return max(_round_down(threshold), _ZERO)
    return _BELOW_ZERO if threshold >= -float(_ZERO) else _round_down(threshold)


def _chain_around_zero(bound: np.float32, *, zero_left: bool) -> Chain:
    """Zeros go another way than the numbers on both sides of them, and missing numbers with them."""
    bounds = (bound, _BELOW_ZERO, _ZERO) if zero_left else (_BELOW_ZERO, _ZERO, bound)
    return Chain(bounds=bounds, goes_left=(True, False, True), missing_left=zero_left)


def _chain_of_codes(codes: NDArray[np.int64]) -> Chain:
    """Codes of the set go left, all else right; a number is the code that it is cut off to."""
    runs = np.split(codes, np.flatnonzero(np.diff(codes) > 1) + 1) if len(codes) else []
    bounds: list[np.float32] = []
    for run in runs:
        first, last = int(run[0]), int(run[-1])
        # what is cut off to 0 begins above -1
        bounds += [_below(first) if first else np.float32(-1), _below(last + 1)]
    return Chain(bounds=tuple(bounds), goes_left=(False, True) * len(runs), missing_left=False)


def _below(code: int) -> np.float32:
    """The largest number below an integer."""
    return _round_down(float(np.nextafter(np.float64(code), -np.inf)))


def _round_down(number: float) -> np.float32:
    """The largest float32 number that is not above a float64 number."""
    with np.errstate(over="ignore"):
        nearest = np.float32(number)
    return np.nextafter(nearest, _LOWEST) if float(nearest) > number else nearest
