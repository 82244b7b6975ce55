"""One thing that differs between two artifacts."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

Plain = str | int | float | None | tuple[str, ...]
"""What a thing may be; of several names a tuple."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A thing that two artifacts have in two ways.

    Attributes:
        what: its name, for people.
        a, b: as A has it, and as B does.
        moves_scores: whether a score may differ for it.
    """

    what: str
    a: Plain
    b: Plain
    moves_scores: bool


class Pair(NamedTuple):
    """A thing that may differ: its name, and as A and B have it."""

    what: str
    a: Plain
    b: Plain


def changed(pairs: Iterable[Pair], *, moves_scores: bool) -> tuple[Change, ...]:
    """Those of the pairs whose two sides differ."""
    return tuple(Change(what=what, a=a, b=b, moves_scores=moves_scores) for what, a, b in pairs if a != b)
