"""What is to be measured, and over what the bootstrap draws."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from servable.errors import shown
from servable.evaluate.settings import require_seed, setting_refused
from servable.train import Part

LEAST_DRAWS: Final = 100
MOST_DRAWS: Final = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationSettings:
    """How a model is measured on a table.

    Attributes:
        label: column of the labels.  [default: the one that training predicted]
        part: only the rows of this part of the split that training recorded; None for all rows.
        group: column by which the bootstrap draws whole groups of rows.  [default: the one by which
            training kept rows together, where the table has it]
        slices: fields, or other columns, whose values cut the table into slices.
        thresholds: scores from which on a row is called class 1, beside those that are always shown.
        draws: of the bootstrap.
        seed: of every draw.
    """

    label: str | None = None
    part: Part | None = None
    group: str | None = None
    slices: tuple[str, ...] = ()
    thresholds: tuple[float, ...] = ()
    draws: int = 1000
    seed: int = 0

    def __post_init__(self) -> None:
        if not LEAST_DRAWS <= self.draws <= MOST_DRAWS:
            raise setting_refused(
                "--draws", f"a number from {LEAST_DRAWS} to {MOST_DRAWS:,}", shown(self.draws)
            )
        require_seed(self.seed)
        for threshold in self.thresholds:
            if not 0 <= threshold <= 1:
                raise setting_refused("--threshold", "a score from 0 to 1", shown(threshold))


class Origin(StrEnum):
    """Who said by which column rows belong together."""

    ASKED = "asked"
    TRAINING = "training"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouping:
    """By what the bootstrap draws.

    Attributes:
        column: whose equal values make a group.
        groups: how many there are.
        origin: who said so.
    """

    column: str
    groups: int
    origin: Origin
