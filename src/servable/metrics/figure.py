"""Figures of rows as functions of how often each of them counts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from servable.metrics.checks import require_weights
from servable.records import FloatArray

T = TypeVar("T")

Weights = NDArray[np.float64]
"""`[n]` how often each row counts; 0 where a draw left it out."""

FEWEST_OF_CLASS: Final = 5
"""Rows that each of two classes needs for an interval of a figure that tells them apart: of one row every
draw that has it has the same one, so that fewer look surer than they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A figure of rows that are given, as a function of how often each of them counts.

    What does not depend on the counts, such as the order of the scores, is computed once and held in
    `of`, so that a thousand draws cost little.

    Attributes:
        of: the figure by weights; None stands for each row once. NaN where the rows that count do not
            define it, as an AUC is not defined by one class.
        lowest: no value is below it.
        highest: no value is above it.
        rarest: rows of the rarest class that it tells from others; None if it tells none apart.
    """

    of: Callable[[Weights | None], float]
    lowest: float = 0.0
    highest: float = 1.0
    rarest: int | None = None

    def __call__(self, weights: Weights | None = None) -> float:
        """The figure of `[n]` weights, or of each row once."""
        return self.of(weights)

    @property
    def has_enough_rows(self) -> bool:
        """Whether each class has as many rows as an interval needs."""
        return self.rarest is None or self.rarest >= FEWEST_OF_CLASS

    def at(self, rows: NDArray[np.int64]) -> "Figure":
        """The same figure as part of a larger table: it takes weights of all rows, and sees those of its own.

        Args:
            rows: where the figure's own rows stand in the larger table.
        """

        def of(weights: Weights | None) -> float:
            return self.of(None if weights is None else weights[rows])

        return replace(self, of=of)

    def once(self) -> "Figure":
        """The same figure, computed once for weights that several figures are asked for in turn."""
        return replace(self, of=latest(self.of))


def latest(of: Callable[[Weights | None], T]) -> Callable[[Weights | None], T]:
    """A function of weights that remembers its latest answer, which several figures of one draw share.

    Weights that were given to it may not be written to.
    """
    known: list[tuple[Weights | None, T]] = []

    def remembered(weights: Weights | None) -> T:
        if not known or known[0][0] is not weights:
            known[:] = [(weights, of(weights))]
        return known[0][1]

    return remembered


def mean_figure(values: FloatArray, *, lowest: float = 0.0, highest: float = 1.0) -> Figure:
    """The mean of `[n]` values, one for each row."""

    def of(weights: Weights | None) -> float:
        if weights is None:
            return float(values.mean())
        require_weights(weights, len(values))
        total = weights.sum()
        return float(np.einsum("i,i->", weights, values) / total) if total else np.nan

    return Figure(of=of, lowest=lowest, highest=highest)


def mean_of_figures(figures: Sequence[Figure]) -> Figure:
    """The plain mean of several figures of the same rows, of those that the rows that count define.

    A draw of many classes seldom has all of them: it gives the mean over those that it has.
    """

    def of(weights: Weights | None) -> float:
        found = [value for value in (figure(weights) for figure in figures) if not np.isnan(value)]
        return float(np.mean(found)) if found else np.nan

    told = [figure.rarest for figure in figures if figure.rarest is not None]
    return Figure(of=of, rarest=min(told, default=None))
