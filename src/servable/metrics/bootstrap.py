"""Intervals by the bootstrap: rows are drawn anew, as counts, and every figure sees the same draws."""

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from servable.errors import BadInput, Problem
from servable.metrics.figure import Figure, Weights
from servable.records import FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A figure of the test rows with its 95 % interval: 1.96 bootstrap standard errors around it.

    Not the percentiles of the draws: drawing rows twice makes calibration look worse than it is, so
    the percentiles of a well calibrated model's error leave out the error itself.
    """

    value: float
    low: float
    high: float


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

        Raises:
            BadInput: `metrics.draws`, if fewer than two draws define the figure.
        """
        figure = self.figures[name]
        reach = float(reach_of(self.drawn[name], name))
        return _around(self.values[name], reach, lowest=figure.lowest, highest=figure.highest)

    def difference(self, name: str, other: str) -> Estimate:
        """A figure minus another one of the same draws.

        Raises:
            BadInput: `metrics.draws`, if fewer than two draws define both figures.
        """
        figure = self.figures[name]
        furthest = figure.highest - figure.lowest
        reach = float(reach_of(self.drawn[name] - self.drawn[other], f"{name} minus {other}"))
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
    """One figure with its interval.

    Raises:
        BadInput: `metrics.draws`, if fewer than two draws define the figure.
    """
    return resample({"the figure": figure}, draws).estimate("the figure")


def reach_of(drawn: FloatArray, what: str) -> NDArray[np.float64]:
    """How far an interval goes to each side: 1.96 standard deviations over the draws that define a figure.

    Args:
        drawn: `[draws]` of a figure, or `[draws, m]` of a curve at m places.
        what: what the interval is of, for the message.

    Raises:
        BadInput: `metrics.draws`, if there are fewer than two such draws.
    """
    defined = drawn[~np.isnan(drawn).reshape(len(drawn), -1).any(axis=1)]
    if len(defined) < 2:
        raise BadInput(
            Problem(
                code="metrics.draws",
                where=f"the interval of {what}",
                expected="at least two draws that define it",
                found=f"{len(defined)} of {len(drawn):,}",
                fix="give more rows, of more than one class and one group",
            )
        )
    return np.asarray(1.96 * np.std(defined, axis=0, ddof=1))


def _around(value: float, reach: float, *, lowest: float, highest: float) -> Estimate:
    return Estimate(value=value, low=max(lowest, value - reach), high=min(highest, value + reach))


def _names(groups: Sequence[Hashable] | NDArray[np.generic]) -> Sequence[Hashable]:
    return groups.tolist() if isinstance(groups, np.ndarray) else groups


def _numbered(groups: Sequence[Hashable] | NDArray[np.generic]) -> NDArray[np.int64]:
    """`[n]` the number of each row's group, in the order in which they first appear."""
    numbers: dict[Hashable, int] = {}
    return np.array([numbers.setdefault(name, len(numbers)) for name in _names(groups)], dtype=np.int64)
