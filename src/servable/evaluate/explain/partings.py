"""Where the ways of one record through two models part, or its way here and on the training side."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

TOLERANCE: Final = 1e-5
"""Of scores, and of the numbers that a model reads (relative, if they are above 1)."""

_AROUND: Final = 24
"""Characters that are shown on both sides of the place where two texts part."""


class Step(StrEnum):
    """The steps of a record's way, in order."""

    FIELDS = "fields"
    TEXT_STEP = "text step"
    CHUNKING = "chunking"
    TOKENIZER = "tokenizer"
    TOKENS = "tokens"
    RISK_TABLE = "risk table"
    IMPUTATION = "imputation"
    VECTOR = "vector"
    CLASSES = "classes"
    RAW = "raw scores"
    CALIBRATOR = "calibrator"
    LABEL = "label"


Value = str | float | list[str] | list[float] | list[list[int]] | None
"""What a side has at a step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parting:
    """A step at which the two sides differ.

    Attributes:
        step: which.
        field: of which field; empty for what is of the whole record.
        sentence: in words, with both values.
        ours, theirs: both values.
        follows: whether the step itself is the same on both sides and only what it got differs.
        is_placed: whether it is this step, and none before it that only one side tells.
    """

    step: Step
    field: str
    sentence: str
    ours: Value
    theirs: Value
    follows: bool
    is_placed: bool = True

    @property
    def place(self) -> str:
        """The step in words."""
        return str(self.step) if self.is_placed else f"at or before {self.step}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """What the two are called in a sentence."""

    ours: str
    theirs: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The way of one record on two sides.

    Attributes:
        ours, theirs: what the sides are called in the sentences, and what each is.
        sentence: what it comes to.
        partings: every step at which they differ, the first one first.
        notes: what differs without an effect on this record, and what could not be compared.
        tolerance: within which numbers count as equal.
    """

    ours: tuple[str, str]
    theirs: tuple[str, str]
    sentence: str
    partings: tuple[Parting, ...]
    notes: tuple[str, ...]
    tolerance: float = TOLERANCE

    @property
    def is_equal(self) -> bool:
        """Whether nothing differs."""
        return not self.partings


def is_close(ours: float | None, theirs: float | None) -> bool:
    """Whether two numbers count as equal; None is one that is missing."""
    if ours is None or theirs is None:
        return ours is theirs
    return math.isclose(ours, theirs, rel_tol=TOLERANCE, abs_tol=TOLERANCE)


def are_close(ours: Sequence[float], theirs: Sequence[float]) -> bool:
    """Whether two rows of scores count as equal: each within the tolerance."""
    return len(ours) == len(theirs) and all(
        abs(one - other) <= TOLERANCE for one, other in zip(ours, theirs, strict=True)
    )


def digits(value: float | None) -> str:
    """A number with so many digits that two which differ are told apart."""
    return "missing" if value is None else f"{value:.7g}"


def around_parting(ours: str | list[str], theirs: str | list[str]) -> tuple[str, str]:
    """Both texts, or lists of messages, in quotes: what stands around the first place where they part."""
    one, other = (text if isinstance(text, str) else " | ".join(text) for text in (ours, theirs))
    shorter = min(len(one), len(other))
    at = next((at for at in range(shorter) if one[at] != other[at]), shorter)
    return _window(one, at), _window(other, at)


def _window(text: str, at: int) -> str:
    first, last = max(0, at - _AROUND), at + _AROUND
    return f'"{"..." if first else ""}{text[first:last]}{"..." if last < len(text) else ""}"'


def concluded(partings: Sequence[Parting], sides: Sides) -> str:
    """What all partings come to, in a sentence."""
    if not partings:
        return f"{sides.ours} and {sides.theirs} are equal for this record through every step compared."
    first, *others = partings
    own = [parting for parting in others if parting.is_placed and not parting.follows]
    where = f'{first.step} of "{first.field}"' if first.field else str(first.step)
    place = "at" if first.is_placed else "at or before"
    said = f"{sides.ours} and {sides.theirs} part first {place}: {where}."
    if own:
        steps = ", ".join(dict.fromkeys(str(parting.step) for parting in own))
        return f"{said} They differ in their own right further on, too: {steps}."
    if not all(parting.follows for parting in others):
        return f"{said} Whether all else follows from it cannot be told."
    return f"{said} All else follows from it." if others else said


def in_order(*groups: Iterator[Parting]) -> tuple[Parting, ...]:
    """Partings of several kinds in the order of a record's way."""
    found = [parting for group in groups for parting in group]
    order = list(Step)
    return tuple(sorted(found, key=lambda parting: order.index(parting.step)))
