"""The split rule `servable-split-v1`: a row's part follows from its key alone.

Stable when rows are added or reordered, and the same in any language. The price: sizes are random
and not stratified.
"""

import hashlib
from collections.abc import Iterable
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

SPLIT_RULE = "servable-split-v1"
BY_ROW_NUMBER = "row number"
"""Older trainings wrote it for the name of a column where rows are split by their number, counted from 0."""


class Part(StrEnum):
    """What a row is for.

    `train` fits weights and tables, `valid` picks the number of rounds, `calib` fits the calibrator
    and nothing else, `test` is looked at once.
    """

    TRAIN = "train"
    VALID = "valid"
    CALIB = "calib"
    TEST = "test"


_UPPER = ((0.7, Part.TRAIN), (0.8, Part.VALID), (0.9, Part.CALIB), (1.0, Part.TEST))


def positions(keys: Iterable[object]) -> NDArray[np.float64]:
    """`[n]` positions in [0, 1) of these keys, by the sha256 of their text."""
    return np.array([_position(str(key)) for key in keys])


def parts_at(places: NDArray[np.float64]) -> NDArray[np.str_]:
    """`[n]` values of `Part` of rows at these positions."""
    bounds = np.array([upper for upper, _ in _UPPER])
    names = np.array([name for _, name in _UPPER], dtype=np.str_)
    parts: NDArray[np.str_] = names[bounds.searchsorted(places, side="right")]
    return parts


def split(places: NDArray[np.float64]) -> dict[Part, NDArray[np.int64]]:
    """Row numbers of each part, in the order of the table."""
    parts = parts_at(places)
    return {name: np.flatnonzero(parts == name) for _, name in _UPPER}


def _position(key: str) -> float:
    digest = hashlib.sha256(f"{SPLIT_RULE}:{key}".encode()).hexdigest()
    return int(digest[:13], 16) / float(16**13)
