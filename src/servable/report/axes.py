"""Ranges of values and the room that a plot gives them: where in a drawing a number stands."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

import numpy as np
from numpy.typing import NDArray

FloatVector = NDArray[np.float64]

WIDTH: Final = 720
TALL: Final = 360
SHORT: Final = 240
MEDIUM: Final = 290
SQUARE: Final = 700
LEFT, RIGHT, TOP = 62.0, 706.0, 40.0
MOST_TICKS: Final = 7
_FOOT: Final = 58.0
_FEW_TICKS: Final = 5


class Scale(Enum):
    """How values become places: by their difference, or by their ratio."""

    LINEAR = "linear"
    LOG = "log"

    def apply(self, values: FloatVector) -> FloatVector:
        """The values as they are spaced along the axis."""
        return np.log10(values) if self is Scale.LOG else values


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """A range of values with its ticks.

    Attributes:
        low: value at its beginning, above 0 on a log scale.
        high: value at its end, above `low`.
        title: what is measured, with its unit.
        ticks: values and their labels.
        titled_until: value at which the title ends; None for its end.
    """

    low: float
    high: float
    title: str
    ticks: tuple[tuple[float, str], ...]
    scale: Scale = Scale.LINEAR
    titled_until: float | None = None

    def part(self, values: FloatVector | Sequence[float]) -> FloatVector:
        """`[n]` places between 0 and 1; values outside the range lie at its ends."""
        inside = np.clip(np.asarray(values, dtype=np.float64), self.low, self.high)
        ends = self.scale.apply(np.array([self.low, self.high]))
        parts: FloatVector = (self.scale.apply(inside) - ends[0]) / (ends[1] - ends[0])
        return parts


def linear_axis(
    low: float, high: float, *, title: str, most_ticks: int = MOST_TICKS, least_step: float = 0.0
) -> Axis:
    """An axis with few ticks at multiples of 1, 2 or 5.

    Args:
        low: value at its beginning.
        high: value at its end.
        title: what is measured, with its unit.
        most_ticks: not counting the one at its beginning.
        least_step: between two ticks; 1 where only whole numbers mean something.
    """
    steps = (base * 10.0**power for power in range(-18, 18) for base in (1, 2, 5))
    step = next(step for step in steps if (high - low) / step <= most_ticks and step >= least_step)
    first, last = math.ceil(low / step), math.floor(high / step + 1e-9)
    ticks = tuple((index * step, _label(index * step)) for index in range(first, last + 1))
    return Axis(low=low, high=high, title=title, ticks=ticks)


def log_axis(low: float, high: float, *, title: str) -> Axis:
    """A logarithmic axis with ticks at 1, 2 and 5 times powers of ten, or at powers alone if too many."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    fine = [base * 10.0**power for power in powers for base in (1, 2, 5)]
    inside = [value for value in fine if low <= value <= high]
    if len(inside) > MOST_TICKS:
        inside = [10.0**power for power in powers if low <= 10.0**power <= high]
    ticks = tuple((value, _label(value)) for value in inside)
    return Axis(low=low, high=high, title=title, ticks=ticks, scale=Scale.LOG)


def unit_axis(title: str) -> Axis:
    """An axis from 0 to 1, as scores and rates have it."""
    return linear_axis(0.0, 1.0, title=title, most_ticks=_FEW_TICKS)


def share_axis(highest: float, *, title: str) -> Axis:
    """An axis of shares from 0 to some room above the highest one, labelled in percent."""
    high = 1.15 * highest if highest > 0.0 else 1.0
    percent = linear_axis(0.0, 100.0 * high, title=title, most_ticks=_FEW_TICKS)
    ticks = tuple((value / 100.0, f"{label}\N{NO-BREAK SPACE}%") for value, label in percent.ticks)
    return Axis(low=0.0, high=high, title=title, ticks=ticks)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """Two axes; marks are drawn in their coordinates.

    Attributes:
        x: from left to right.
        y: from bottom to top.
        height: of the drawing with its labels, `SHORT`, `MEDIUM`, `TALL` or `SQUARE`.
    """

    x: Axis
    y: Axis
    height: int = TALL

    @property
    def bottom(self) -> float:
        """Where the plot ends above the labels of its x axis."""
        return self.height - _FOOT

    def places(self, x: FloatVector, y: FloatVector) -> Iterable[tuple[str, str]]:
        """Coordinates of points in the drawing."""
        across = LEFT + self.x.part(x) * (RIGHT - LEFT)
        down = self.bottom - self.y.part(y) * (self.bottom - TOP)
        return zip(map(number, across.tolist()), map(number, down.tolist()), strict=True)

    def place(self, x: float, y: float) -> tuple[str, str]:
        """Coordinates of one point."""
        return next(iter(self.places(np.array([x]), np.array([y]))))


def number(value: float) -> str:
    """A coordinate with one decimal at most."""
    return f"{value:.1f}".removesuffix(".0")


def _label(value: float) -> str:
    return f"{value:,.10g}".replace("-", "\N{MINUS SIGN}")
