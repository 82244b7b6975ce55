"""Counting categories in one pass, in bounded memory however many there are."""

import hashlib
from collections import Counter
from collections.abc import Iterable
from typing import Final

from servable.artifact import MOST_NAME_CHARS

MOST_NAMES: Final = 20_000
"""Categories that are counted one by one, beside those that are always counted."""

_LONG: Final = "a category too long to be named, sha256 "


class CategoryCounts:
    """How often each category came.

    While at most `MOST_NAMES` differ, all are counted. Beyond, those whose names have the smallest sha256
    are, and those in `always`; the others only together. What is known in the end depends on the
    categories, not on their order.

    Attributes:
        others: rows of categories that are not counted one by one.
    """

    def __init__(self, always: Iterable[str] = (), *, most: int = MOST_NAMES) -> None:
        """No category yet.

        Args:
            always: names that are counted whatever comes.
            most: other names that are counted one by one.
        """
        self.others = 0
        self._always = frozenset(always)
        self._counted: Counter[str] = Counter()
        self._drawn: dict[str, int] = {}
        self._most = most
        self._largest: bytes | None = None

    @property
    def rows(self) -> int:
        """How many categories came, repeated ones included."""
        return self._counted.total() + sum(self._drawn.values()) + self.others

    @property
    def distinct(self) -> int:
        """How many differ, among those that are counted one by one."""
        return len(self._counted) + len(self._drawn)

    def add(self, found: Counter[str]) -> None:
        """Some rows more."""
        for name, rows in found.items():
            if name in self._always:
                self._counted[name] += rows
                continue
            key = _key(name)
            if self._largest is not None and _digest(key) > self._largest:
                self.others += rows
            else:
                self._drawn[key] = self._drawn.get(key, 0) + rows
        if len(self._drawn) > self._most:
            self._forget()

    def most_frequent(self, amount: int, *, least_rows: int) -> dict[str, int]:
        """Rows of the categories with the most of them, the first name first where they are equal.

        Args:
            amount: of categories, at most.
            least_rows: that a category must have.
        """
        named = {name: rows for name, rows in self.named().items() if rows >= least_rows}
        first = sorted(named, key=lambda name: (-named[name], name))[:amount]
        return {name: named[name] for name in first}

    def named(self) -> dict[str, int]:
        """Rows of each category that is counted and short enough to be named."""
        every = {**self._counted, **self._drawn}
        return {name: rows for name, rows in every.items() if len(name) <= MOST_NAME_CHARS}

    def _forget(self) -> None:
        order = sorted(self._drawn, key=_digest)
        for name in order[self._most :]:
            self.others += self._drawn.pop(name)
        self._largest = _digest(order[self._most - 1])


def _key(name: str) -> str:
    """A name; in the place of a long one, which is only counted, its digest, longer than what is named."""
    return name if len(name) <= MOST_NAME_CHARS else f"{_LONG}{hashlib.sha256(name.encode()).hexdigest()}"


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()
