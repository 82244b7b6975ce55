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


def split(places: NDArray[np.float64]) -> dict[Part, NDArray[np.int64]]:
    """Row numbers of each part, in the order of the table."""
    bounds = np.array([upper for upper, _ in _UPPER])
    part = bounds.searchsorted(places, side="right")
    return {name: np.flatnonzero(part == index) for index, (_, name) in enumerate(_UPPER)}


def _position(key: str) -> float:
    digest = hashlib.sha256(f"{SPLIT_RULE}:{key}".encode()).hexdigest()
    return int(digest[:13], 16) / float(16**13)
