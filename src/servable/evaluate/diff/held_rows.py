"""Tensors of a graph that are rows of another network's tensors, found by what they hold."""

from collections.abc import Mapping
from typing import Final

from servable.evaluate.diff.tensors import Array

_MOST_WORK: Final = 1 << 28
"""Elements that are compared in all, with the fixed cost of a comparison: about a second."""

_FIXED_WORK: Final = 1 << 10


def take_rows(rest: dict[str, Array], *, of: dict[str, Array], nameless: Mapping[str, Array]) -> int:
    """Takes those nameless tensors away that are rows of one of the other network's, and these as well.

    So a graph holds the first row of the embeddings of segments, or a part of what attention projects.
    Beyond a fixed amount of work, no more are looked for.

    Args:
        rest: tensors without a partner, among them nameless ones.
        of: the other network's.
        nameless: those of `rest`'s network.

    Returns:
        How many of the other network's were taken.
    """
    by_row: dict[tuple[int, ...], list[str]] = {}
    for name, whole in of.items():
        if whole.ndim:
            by_row.setdefault(whole.shape[1:], []).append(name)
    taken: set[str] = set()
    left = _MOST_WORK
    for name in [name for name in nameless if name in rest]:
        part = rest[name]
        if part.size < 2:  # one number is found anywhere
            continue
        for other in (*by_row.get(part.shape, ()), *by_row.get(part.shape[1:], ())):
            left -= of[other].size + _FIXED_WORK
            if left < 0:
                break
            if _holds(of[other], part):
                del rest[name]
                taken.add(other)
                break
    for source in taken:
        del of[source]
    return len(taken)


def _holds(whole: Array, part: Array) -> bool:
    """Whether a tensor equals rows of another one that follow one another; rows have one shape."""
    rows = 1 if part.ndim < whole.ndim else len(part)
    places = len(whole) // rows
    blocks = whole[: places * rows].reshape(places, part.size)
    return bool((blocks == part.reshape(-1)).all(axis=1).any())
