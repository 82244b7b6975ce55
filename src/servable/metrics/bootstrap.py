"""Intervals by the bootstrap: rows are drawn anew, as counts, and every figure sees the same draws."""

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from servable.errors import BadInput, Problem
from servable.metrics.figure import Figure, Weights
from servable.records import FloatArray

REACH: Final = 1.96
"""How many standard errors a 95 % interval goes to each side."""

ENOUGH_DRAWS: Final = 0.9
"""The share of the draws that must define a figure: an interval of fewer is that of luckier tables."""

SIGNED: Final = "+z.4f"
"""How a difference is written."""

TOO_FEW_ROWS: Final = "too few rows for an interval"
"""What is said in the place of one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A figure of the test rows with its 95 % interval: 1.96 bootstrap standard errors around it.

    Not the percentiles of the draws: drawing rows twice makes calibration look worse than it is, so
    the percentiles of a well calibrated model's error leave out the error itself.

    Attributes:
        value: of the rows themselves.
        low: lower end; None, as the upper one, where rows are too few to tell an interval.
        high: upper end.
    """

    value: float
    low: float | None
    high: float | None

    def is_above(self, limit: float) -> bool:
        """Whether the whole interval lies above a limit; what has none is not known to."""
        return self.low is not None and self.low > limit

    def is_below(self, limit: float) -> bool:
        """Whether the whole interval lies below a limit; what has none is not known to."""
        return self.high is not None and self.high < limit

    def text(self, form: str = "z.4f") -> str:
        """The figure with its interval, `0.9123 [0.9011, 0.9235]`, its numbers in a form of Python's."""
        if self.low is None or self.high is None:
            return f"{self.value:{form}} ({TOO_FEW_ROWS})"
        return f"{self.value:{form}} [{self.low:{form}}, {self.high:{form}}]"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Resampler:
    """Draws of n rows with replacement, the same ones in every pass over it.

    A draw is how often each row counts, so that all figures of all models share it: their differences
    are paired. One draw is in memory at a time. Rows of one group, such as those of one customer, are
    no independent witnesses: given groups, whole groups are drawn, as many as there are.

    Attributes:
        n: number of rows.
        draws: number of draws.
        seed: of the draws.
        groups: `[n]` to which group each row belongs; None where each row stands alone.
    """

    n: int
    draws: int
    seed: int
    groups: Sequence[Hashable] | NDArray[np.generic] | None = None

    def __post_init__(self) -> None:
        if self.groups is not None and len(self.groups) != self.n:
            raise BadInput(
                Problem(
                    code="metrics.row-counts",
                    where="the groups",
                    expected=f"one for each of {self.n:,} rows",
                    found=f"{len(self.groups):,}",
                    fix="give rows and groups of the same table",
                )
            )
        units = self.n if self.groups is None else len(set(_names(self.groups)))
        if units < 2 or self.draws < 2:
            of = "rows" if self.groups is None else "groups"
            raise BadInput(
                Problem(
                    code="metrics.draws",
                    where="the bootstrap",
                    expected=f"at least two {of} and two draws",
                    found=f"{units:,} and {self.draws:,}",
                    fix="give more of them, or the figure without an interval",
                )
            )

    def __iter__(self) -> Iterator[Weights]:
        return self.drawn_by(np.random.default_rng(self.seed))

    def drawn_by(self, rng: np.random.Generator) -> Iterator[Weights]:
        """The draws of a generator that is used for something else afterwards."""
        group_of_row = None if self.groups is None else _numbered(self.groups)
        units = self.n if group_of_row is None else int(group_of_row.max()) + 1
        for _ in range(self.draws):
            counts = np.bincount(rng.integers(0, units, units), minlength=units).astype(np.float64)
            yield counts if group_of_row is None else counts[group_of_row]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Resampled:
    """Figures of rows, and the same figures of every draw of them.

    Attributes:
        figures: by name.
        values: by name, of each row once.
        drawn: by name, `[draws]`; NaN where a draw does not define the figure.
    """

    figures: Mapping[str, Figure]
    values: Mapping[str, float]
    drawn: Mapping[str, FloatArray]

    def estimate(self, name: str) -> Estimate:
        """A figure with its interval, which does not leave the figure's range.

        It has none where a class has too few rows for one, or too few draws define the figure.
        """
        figure = self.figures[name]
        reach = reach_of(self.drawn[name]) if figure.has_enough_rows else None
        return _around(self.values[name], reach, lowest=figure.lowest, highest=figure.highest)

    def difference(self, name: str, other: str) -> Estimate:
        """A figure minus another one of the same draws, with an interval where both have one."""
        figure = self.figures[name]
        furthest = figure.highest - figure.lowest
        is_told = figure.has_enough_rows and self.figures[other].has_enough_rows
        reach = reach_of(self.drawn[name] - self.drawn[other]) if is_told else None
        return _around(self.values[name] - self.values[other], reach, lowest=-furthest, highest=furthest)


def resample(figures: Mapping[str, Figure], draws: Iterable[Weights]) -> Resampled:
    """Figures of some rows and of every draw of them, in one pass over the draws."""
    values = {name: figure() for name, figure in figures.items()}
    drawn: dict[str, list[float]] = {name: [] for name in figures}
    for weights in draws:
        for name, figure in figures.items():
            drawn[name].append(figure(weights))
    return Resampled(
        figures=dict(figures),
        values=values,
        drawn={name: np.array(found, dtype=np.float64) for name, found in drawn.items()},
    )


def with_both_classes(draws: Iterable[Weights], labels: NDArray[np.int64]) -> Iterator[Weights]:
    """The draws that have rows of class 0 and of class 1, so that all figures are of the same ones."""
    return (weights for weights in draws if 0 < weights[labels == 1].sum() < weights.sum())


def estimate(figure: Figure, draws: Iterable[Weights]) -> Estimate:
    """One figure with its interval, if it has one; see `Resampled.estimate`."""
    return resample({"the figure": figure}, draws).estimate("the figure")


def reach_of(drawn: FloatArray) -> NDArray[np.float64] | None:
    """How far an interval goes to each side: 1.96 standard deviations over the draws that define a figure.

    None where fewer than two draws do, or fewer than nine in ten: those that lack a class, or all of its
    groups, would count for nothing, and the others agree the more the rarer it is.

    Args:
        drawn: `[draws]` of a figure, or `[draws, m]` of a curve at m places.
    """
    is_defined = ~np.isnan(drawn)
    defined = drawn[is_defined if drawn.ndim == 1 else is_defined.all(axis=1)]
    if len(defined) < max(2, ENOUGH_DRAWS * len(drawn)):
        return None
    return np.asarray(REACH * np.std(defined, axis=0, ddof=1))


def _around(value: float, reach: NDArray[np.float64] | None, *, lowest: float, highest: float) -> Estimate:
    if reach is None or np.isnan(value):
        return Estimate(value=value, low=None, high=None)
    low, high = value - float(reach), value + float(reach)
    return Estimate(value=value, low=max(lowest, low), high=min(highest, high))


def _names(groups: Sequence[Hashable] | NDArray[np.generic]) -> Sequence[Hashable]:
    return groups.tolist() if isinstance(groups, np.ndarray) else groups


def _numbered(groups: Sequence[Hashable] | NDArray[np.generic]) -> NDArray[np.int64]:
    """`[n]` the number of each row's group, in the order in which they first appear."""
    numbers: dict[Hashable, int] = {}
    return np.array([numbers.setdefault(name, len(numbers)) for name in _names(groups)], dtype=np.int64)
