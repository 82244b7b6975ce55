"""A sample of records that follows from their content alone."""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")

GOLDEN_LIMIT = 500
"""Golden records that come from one file; a proof sends each several times in every content type."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample(Generic[Item]):
    """Some of many items.

    Attributes:
        items: those that were taken, in their order.
        total: how many there were.
        distinct: how many of them differ in their content.
    """

    items: tuple[Item, ...]
    total: int
    distinct: int

    @property
    def share(self) -> str:
        """How many were taken of how many, in words."""
        taken = len(self.items)
        if taken == self.total:
            return f"all {self.total:,}"
        if taken == self.distinct:
            return f"all {self.distinct:,} distinct ones of {self.total:,}"
        of = "" if self.distinct == self.total else f"{self.distinct:,} distinct ones of "
        return f"{taken:,} of {of}{self.total:,} by a hash of their content"


def sample(items: Iterable[Item], *, key: Callable[[Item], bytes], limit: int = GOLDEN_LIMIT) -> Sample[Item]:
    """Those whose keys have the smallest sha256, each key once, in their order.

    The same items are taken however they are ordered. At most twice as many are held at a time, beside a
    digest of each.

    Args:
        items: of which `limit` are taken, or all that differ if they are fewer.
        key: the content by which an item is known.
        limit: how many, at most.
    """
    taken: dict[bytes, tuple[int, Item]] = {}
    seen: set[bytes] = set()
    total = 0
    for place, item in enumerate(items):
        total = place + 1
        digest = hashlib.sha256(key(item)).digest()
        if digest in seen:
            continue
        seen.add(digest)
        taken[digest] = (place, item)
        if len(taken) >= 2 * limit:
            taken = _smallest(taken, limit)
    in_order = sorted(_smallest(taken, limit).values(), key=lambda pair: pair[0])
    return Sample(items=tuple(item for _, item in in_order), total=total, distinct=len(seen))


def _smallest(taken: dict[bytes, tuple[int, Item]], limit: int) -> dict[bytes, tuple[int, Item]]:
    return {digest: taken[digest] for digest in sorted(taken)[:limit]}
