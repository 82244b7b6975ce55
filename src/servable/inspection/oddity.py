"""One odd thing about an artifact, and what it means for scores."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from servable.wording import listed


class Weight(StrEnum):
    """How much an oddity matters.

    A warning asks to be looked at before a score is trusted. A note is sound: the model was trained so,
    and yet not everybody expects it.
    """

    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True, kw_only=True)
class Oddity:
    """What is odd.

    Attributes:
        code: stable name of the kind of oddity, `area.kind`.
        weight: how much it matters.
        sentence: where it is, what it is, and what it means for scores.
        names: every field, column or class that it is about; the sentence may leave out some of many.
    """

    code: str
    weight: Weight
    sentence: str
    names: tuple[str, ...] = ()


def warning(code: str, where: str, says: str, *, names: Sequence[str] = ()) -> Oddity:
    """An oddity to look at before a score is trusted."""
    return Oddity(code=code, weight=Weight.WARNING, sentence=f"{where}: {says}", names=tuple(names))


def note(code: str, where: str, says: str, *, names: Sequence[str] = ()) -> Oddity:
    """An oddity to know of."""
    return Oddity(code=code, weight=Weight.NOTE, sentence=f"{where}: {says}", names=tuple(names))


def fields(names: Sequence[str]) -> str:
    """Fields as the place of an oddity."""
    return f"{'field' if len(names) == 1 else 'fields'} {listed(names)}"
