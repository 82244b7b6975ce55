"""A sample of records that follows from their content alone."""

import hashlib
from collections.abc import Callable, Iterable
from typing import TypeVar

Item = TypeVar("Item")

GOLDEN_LIMIT = 500
"""Golden records that come from one file; a proof sends each several times in every content type."""


def sample(items: Iterable[Item], *, key: Callable[[Item], bytes], limit: int = GOLDEN_LIMIT) -> list[Item]:
    """Those whose keys have the smallest sha256, each key once, in their order.

    The same items are taken however they are ordered; at most twice as many are held at a time.

    Args:
        items: of which `limit` are taken, or all that differ if they are fewer.
        key: the content by which an item is known.
        limit: how many, at most.
    """
    taken: dict[bytes, tuple[int, Item]] = {}
    for place, item in enumerate(items):
        taken.setdefault(hashlib.sha256(key(item)).digest(), (place, item))
        if len(taken) >= 2 * limit:
            taken = _smallest(taken, limit)
    return [item for _, item in sorted(_smallest(taken, limit).values(), key=lambda pair: pair[0])]


def _smallest(taken: dict[bytes, tuple[int, Item]], limit: int) -> dict[bytes, tuple[int, Item]]:
    return {digest: taken[digest] for digest in sorted(taken)[:limit]}
