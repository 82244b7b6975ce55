"""What was asked of `generate`, checked before anything is read."""

import math
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from servable.errors import BadInput, Problem, shown
from servable.payload import script
from servable.payload.facts import RealRecords
from servable.payload.field_values import FieldSettings
from servable.payload.rendering import NumberForm
from servable.payload.strategies import Strategy

MOST_SAMPLES: Final = 1_000_000


class ArchiveLayout(StrEnum):
    """Whether the samples of all content types go into one archive, or each type into one of its own.

    A consumer that sends every file of an archive to an endpoint as the same content type needs the latter.
    """

    ONE = "one"
    PER_CONTENT_TYPE = "per-content-type"


@dataclass(frozen=True, slots=True, kw_only=True)
class PayloadSettings:
    """The arguments of `generate`; see there.

    Attributes:
        content_types, strategy, samples, seed, numbers, sample, layout, default_numeric_value,
            default_text_value, real_records: as there.
        fields: values of single fields.
    """

    content_types: tuple[str, ...]
    strategy: Strategy
    samples: int | None
    seed: int
    numbers: NumberForm
    sample: Path | None
    layout: ArchiveLayout
    default_numeric_value: float
    default_text_value: str | None
    fields: FieldSettings
    real_records: RealRecords

    @property
    def has_own_cases(self) -> bool:
        """Whether the samples are cases of a fixed corpus, each about values of its own."""
        return self.sample is None and self.strategy in (Strategy.BOUNDARY, Strategy.HOSTILE)

    @property
    def is_default(self) -> bool:
        """Whether the samples are the script's constants."""
        return self.sample is None and self.strategy is Strategy.DEFAULT

    @property
    def count(self) -> int | None:
        """How many samples there will be, where that is known before they are made."""
        return None if self.sample is not None or self.has_own_cases else self.samples or 1

    def require_sound(self) -> None:
        """Nothing, if the arguments fit together.

        Raises:
            BadInput: `payload.content-type`, `payload.default-number`, `payload.samples`, `payload.seed`,
                `payload.strategy`.
            SettingError: `payload.content-type`.
        """
        if not self.content_types:
            _refuse(
                "content-type", "content types", f"at least one of {', '.join(script.CONTENT_TYPES)}", "none"
            )
        for content_type in self.content_types:
            script.known_content_type(content_type)
        if not math.isfinite(self.default_numeric_value):
            expected, found = "a finite number", shown(self.default_numeric_value)
            _refuse("default-number", "the default of numeric fields", expected, found)
        if self.samples is not None and not 1 <= self.samples <= MOST_SAMPLES:
            _refuse("samples", "number of samples", f"1 to {MOST_SAMPLES}", str(self.samples))
        if self.samples is not None and self.has_own_cases:
            expected = f"none with the strategy {self.strategy}, which has a sample for each of its cases"
            _refuse("samples", "number of samples", expected, str(self.samples), fix="leave it out")
        if self.seed < 0:
            _refuse("seed", "seed", "a whole number of 0 or more", str(self.seed))
        if self.sample is not None and self.strategy is not Strategy.DEFAULT:
            expected = "either samples of your own or a strategy that makes them"
            _refuse(
                "strategy", "samples", expected, f"both, the strategy {self.strategy}", fix="leave one out"
            )


def _refuse(code: str, where: str, expected: str, found: str, *, fix: str = "correct it") -> None:
    raise BadInput(Problem(code=f"payload.{code}", where=where, expected=expected, found=found, fix=fix))
