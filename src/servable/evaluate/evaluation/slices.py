"""How good a model is on parts of a table, held against the whole, and what chance makes of many of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum
from statistics import NormalDist
from typing import Final

import numpy as np
from numpy.typing import NDArray

from servable.evaluate.evaluation.columns import SliceColumn
from servable.evaluate.evaluation.judged import Judged
from servable.evaluate.evaluation.parts import cut
from servable.metrics import REACH, Estimate, Figure, Resampler, resample

SMALLEST_SLICE: Final = 50
SMALLEST_CLASS: Final = 10
"""Rows that a slice needs; its groups, and the rows of a class that an AUC needs: fewer tell no interval."""

SLICE_DRAWS: Final = 200
"""Of the bootstrap of slices: enough for a standard error."""

SLICE_FIGURES: Final = ("auc", "log_loss", "bias")
"""Their names among the figures of the whole table."""

_LEVEL: Final = 0.05


class _Gap(Enum):
    """What a slice is too small for: for every figure, or for the AUC alone."""

    NONE = ""
    ROWS = f"fewer than {SMALLEST_SLICE} rows"
    GROUPS = f"fewer than {SMALLEST_CLASS} groups"
    CLASSES = f"fewer than {SMALLEST_CLASS} rows of a class"


class Mark(StrEnum):
    """How a figure of a slice stands to that of the whole table.

    `NONE`: its 95 % interval holds that. `APART`: it does not. `FAR`: nor does an interval so wide that, in
    95 of 100 tables, chance puts none of all the comparisons outside of it (Bonferroni).
    """

    NONE = "none"
    APART = "apart"
    FAR = "far apart"


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceFigure:
    """A figure of a slice.

    Attributes:
        estimate: with its 95 % interval.
        mark: how it stands to the same figure of the whole table.
    """

    estimate: Estimate
    mark: Mark


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """Some rows of a table.

    Attributes:
        column: by which they were chosen.
        name: what they have in common there.
        rows: how many they are.
        base_rate: share of class 1; of more than two classes the share of the most frequent one.
        auc: None, as the other figures, where rows are too few.
        log_loss: in nats.
        bias: mean score minus share of class 1; of more than two classes that of the likeliest class minus
            the share that it is right.
        too_small: what is missing for the AUC, or for any figure; empty where nothing is.
    """

    column: str
    name: str
    rows: int
    base_rate: float
    auc: SliceFigure | None
    log_loss: SliceFigure | None
    bias: SliceFigure | None
    too_small: str

    @property
    def figures(self) -> tuple[SliceFigure, ...]:
        """Those that it has."""
        return tuple(figure for figure in (self.auc, self.log_loss, self.bias) if figure is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Slices:
    """All slices of a table.

    Attributes:
        slices: by column, in the order in which they were asked for.
        comparisons: figures that were held against the whole, those that have an interval.
        draws: of their bootstrap.
        sentence: how many are marked, and how many would be by chance.
    """

    slices: tuple[Slice, ...]
    comparisons: int
    draws: int
    sentence: str


def slices_of(
    judged: Judged, columns: Mapping[str, SliceColumn], *, whole: Mapping[str, float], draws: Resampler
) -> Slices | None:
    """The slices of a table by some columns; None where there are no columns.

    Args:
        judged: probabilities and labels of the whole table.
        columns: what slices are made of, by name.
        whole: figures of the whole table, by their names there.
        draws: of all its rows.
    """
    cuts = [
        _Cut(column=column, name=name, rows=rows, part=judged.at(rows), gap=_gap(judged, rows, draws))
        for column, found in columns.items()
        for name, rows in cut(found)
    ]
    if not cuts:
        return None
    figures = {
        f"{place} {name}": figure.at(one.rows)
        for place, one in enumerate(cuts)
        for name, figure in one.figures().items()
    }
    resampled = resample(figures, draws)
    estimates = {name: resampled.estimate(name) for name in figures}
    comparisons = sum(found.low is not None for found in estimates.values())
    marked = {
        name: SliceFigure(estimate=found, mark=_mark(found, whole[name.split()[1]], comparisons=comparisons))
        for name, found in estimates.items()
    }
    slices = tuple(one.slice_of(place, marked) for place, one in enumerate(cuts))
    return Slices(
        slices=slices,
        comparisons=comparisons,
        draws=draws.draws,
        sentence=_sentence(slices, comparisons=comparisons),
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Cut:
    """A slice before it is measured."""

    column: str
    name: str
    rows: NDArray[np.int64]
    part: Judged
    gap: _Gap

    def figures(self) -> dict[str, Figure]:
        if self.gap in (_Gap.ROWS, _Gap.GROUPS):
            return {}
        found = {"log_loss": self.part.log_loss(), "bias": self.part.bias()}
        return found if self.gap is _Gap.CLASSES else found | {"auc": self.part.auc()}

    def slice_of(self, place: int, marked: Mapping[str, SliceFigure]) -> Slice:
        """The slice with what was measured of it, by place and name."""
        auc, log_loss, bias = (marked.get(f"{place} {name}") for name in SLICE_FIGURES)
        return Slice(
            column=self.column,
            name=self.name,
            rows=len(self.rows),
            base_rate=self.part.base_rate,
            auc=auc,
            log_loss=log_loss,
            bias=bias,
            too_small=self.gap.value,
        )


def _gap(judged: Judged, rows: NDArray[np.int64], draws: Resampler) -> _Gap:
    """What a slice has too few of; the AUC of more than two classes is one of the same classes."""
    if len(rows) < SMALLEST_SLICE:
        return _Gap.ROWS
    if draws.groups is not None and len(np.unique(np.asarray(draws.groups)[rows])) < SMALLEST_CLASS:
        return _Gap.GROUPS
    of_class = np.bincount(judged.labels[rows], minlength=judged.classes)
    return _Gap.CLASSES if of_class[judged.rows_of_class > 0].min() < SMALLEST_CLASS else _Gap.NONE


def _mark(found: Estimate, whole: float, *, comparisons: int) -> Mark:
    """By how many standard errors the whole lies away, from the end of the interval that it lies beyond."""
    if found.low is None or found.high is None:
        return Mark.NONE
    apart = found.low - whole if whole < found.low else whole - found.high
    if apart <= 0:
        return Mark.NONE
    reach = found.value - found.low if whole < found.low else found.high - found.value
    furthest = NormalDist().inv_cdf(1 - _LEVEL / (2 * comparisons))
    return Mark.FAR if REACH * (apart + reach) > furthest * reach else Mark.APART


def _sentence(slices: Iterable[Slice], *, comparisons: int) -> str:
    marks = [found.mark for part in slices for found in part.figures if found.mark is not Mark.NONE]
    if not comparisons:
        return "every slice is too small for a figure"
    far = marks.count(Mark.FAR)
    return (
        f"{len(marks)} of {comparisons} figures of slices lie apart from the whole by their 95 % interval; "
        f"chance alone puts about {_LEVEL * comparisons:.1f} of {comparisons} there. "
        f"{far} of them lie far apart, which chance puts any in only 5 of 100 tables"
    )
