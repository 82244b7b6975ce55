"""Which of many points are drawn: all that matter, and of the others as many as there is room for."""

import numpy as np
from numpy.typing import NDArray


def thinned(matters: NDArray[np.bool_], *, most: int) -> NDArray[np.intp]:
    """The places of the points to draw, ascending; the same for the same input.

    Args:
        matters: `[n]`, points that are drawn as long as there is room at all.
        most: how many are drawn at most; beyond it each kind is thinned evenly by place.
    """
    important, others = np.flatnonzero(matters), np.flatnonzero(~matters)
    kept = _evenly(important, most)
    return np.sort(np.concatenate([kept, _evenly(others, most - len(kept))]))


def _evenly(places: NDArray[np.intp], most: int) -> NDArray[np.intp]:
    if len(places) <= most:
        return places
    return places[np.arange(most) * len(places) // most] if most else places[:0]
