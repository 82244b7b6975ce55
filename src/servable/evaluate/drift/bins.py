"""Rows of a profile and of fresh data, counted in the same bins."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from servable.artifact import CategoryProfile, Histogram, NumberProfile, Profile, TextProfile
from servable.evaluate.drift.chance import Counts
from servable.evaluate.drift.found import Aspect, Bin, BinKind, Sign
from servable.evaluate.ranges import names_of_numbers
from servable.profile import (
    NumberCounts,
    Population,
    SeenCategories,
    SeenNumbers,
    SeenTexts,
    counts_in,
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CountedSpread:
    """Rows in bins, of the baseline and of fresh data.

    Attributes:
        name: of the field or the class.
        aspect: what is in the bins.
        bins: their names and kinds.
        bounds: see `Spread`.
        baseline, fresh: `[bins]`, each of a sum above 0.
    """

    name: str
    aspect: Aspect
    bins: tuple[tuple[str, BinKind], ...]
    bounds: tuple[float, ...] | None
    baseline: Counts
    fresh: Counts

    def shared(self) -> tuple[Bin, ...]:
        """The bins with their rows and shares."""
        before, after = int(self.baseline.sum()), int(self.fresh.sum())
        return tuple(
            Bin(
                name=name,
                kind=kind,
                baseline=baseline,
                fresh=fresh,
                baseline_share=baseline / before,
                fresh_share=fresh / after,
            )
            for (name, kind), baseline, fresh in zip(
                self.bins, self.baseline.tolist(), self.fresh.tolist(), strict=True
            )
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedRows:
    """Rows of a kind, and how many rows there are, of the baseline and of fresh data."""

    name: str
    sign: Sign
    baseline: int
    baseline_rows: int
    fresh: int
    fresh_rows: int


Counted = CountedSpread | CountedRows


def counted_fields(profile: Profile, fresh: Population) -> dict[str, list[Counted]]:
    """By field, everything about it that can be compared."""
    pairs = Pairs(profile, fresh)
    numbers = {part.field: [*pairs.numbers(part)] for part in profile.numbers}
    categories = {part.field: [*pairs.categories(part)] for part in profile.categories}
    return numbers | categories | {part.field: [*pairs.texts(part)] for part in profile.texts}


def counted_scores(profile: Profile, fresh: Population, classes: Sequence[str]) -> Iterator[CountedSpread]:
    """Raw scores by class; of two classes those of the second one alone."""
    names = classes[1:] if len(classes) == 2 else classes
    for name, histogram, seen in zip(names, profile.scores, fresh.scores, strict=True):
        if histogram is not None:
            yield _of_numbers(name, Aspect.SCORES, histogram, seen)


def counted_labels(profile: Profile, fresh: Population, classes: Sequence[str]) -> CountedSpread | None:
    """Rows of each class, or None where one side has no labels."""
    if not (profile.labels and fresh.labels and sum(profile.labels) and sum(fresh.labels)):
        return None
    return CountedSpread(
        name="label",
        aspect=Aspect.LABELS,
        bins=tuple((name, BinKind.VALUE) for name in classes),
        bounds=None,
        baseline=np.array(profile.labels),
        fresh=np.array(fresh.labels),
    )


@dataclass(frozen=True, slots=True)
class Pairs:
    """The same counts of a profile and of fresh data, side by side."""

    profile: Profile
    population: Population

    def numbers(self, part: NumberProfile) -> Iterator[Counted]:
        """Of a numeric field."""
        seen: SeenNumbers = self.population.numbers[part.field]
        if part.values is not None:
            missing = ("missing", part.missing, seen.missing)
            yield _of_numbers(part.field, Aspect.NUMBERS, part.values, seen.values, missing=missing)
        yield self._rows(part.field, Sign.MISSING, part.missing, seen.missing)

    def categories(self, part: CategoryProfile) -> Iterator[Counted]:
        """Of a categorical field."""
        seen: SeenCategories = self.population.categories[part.field]
        named = sorted(part.categories, key=lambda name: (-part.categories[name], name))
        found = seen.values.named()
        fresh = [found.get(name, 0) for name in named]
        yield CountedSpread(
            name=part.field,
            aspect=Aspect.CATEGORIES,
            bins=(
                *((name, BinKind.VALUE) for name in named),
                ("other categories", BinKind.REST),
                ("missing", BinKind.MISSING),
            ),
            bounds=None,
            baseline=np.array([*(part.categories[name] for name in named), part.rest, part.missing]),
            fresh=np.array([*fresh, seen.values.rows - sum(fresh), seen.missing]),
        )
        yield self._rows(part.field, Sign.MISSING, part.missing, seen.missing)
        if part.unknown is not None and seen.unknown is not None:
            yield CountedRows(
                name=part.field,
                sign=Sign.UNKNOWN,
                baseline=part.unknown,
                baseline_rows=self.profile.held_out,
                fresh=seen.unknown,
                fresh_rows=self.population.held_out,
            )

    def texts(self, part: TextProfile) -> Iterator[Counted]:
        """Of a text field."""
        seen: SeenTexts = self.population.texts[part.field]
        if part.characters is not None:
            empty = ("empty", part.empty, seen.empty)
            yield _of_numbers(part.field, Aspect.CHARACTERS, part.characters, seen.characters, missing=empty)
        yield self._rows(part.field, Sign.EMPTY, part.empty, seen.empty)
        if part.tokens is not None:
            yield _of_numbers(part.field, Aspect.TOKENS, part.tokens, seen.tokens)
            yield CountedRows(
                name=part.field,
                sign=Sign.CUT,
                baseline=part.cut,
                baseline_rows=self.profile.scored,
                fresh=seen.cut,
                fresh_rows=self.population.scored,
            )

    def _rows(self, field: str, sign: Sign, baseline: int, fresh: int) -> CountedRows:
        return CountedRows(
            name=field,
            sign=sign,
            baseline=baseline,
            baseline_rows=self.profile.rows,
            fresh=fresh,
            fresh_rows=self.population.rows,
        )


def _of_numbers(
    name: str,
    aspect: Aspect,
    histogram: Histogram,
    seen: NumberCounts,
    *,
    missing: tuple[str, int, int] | None = None,
) -> CountedSpread:
    """Numbers in the bins of a histogram, and rows without one: their bin's name and both counts."""
    bounds = (histogram.low, *histogram.edges, histogram.high)
    last = () if missing is None else (missing,)
    return CountedSpread(
        name=name,
        aspect=aspect,
        bins=(
            *((range_name, BinKind.VALUE) for range_name in _ranges(bounds)),
            *((bin_name, BinKind.MISSING) for bin_name, _, _ in last),
        ),
        bounds=bounds,
        baseline=np.array([*histogram.counts, *(before for _, before, _ in last)]),
        fresh=np.array([*counts_in(histogram, seen).tolist(), *(after for _, _, after in last)]),
    )


def _ranges(bounds: Sequence[float]) -> Iterator[str]:
    names = names_of_numbers(bounds)
    yield f"below {names[bounds[0]]}"
    for low, high in pairwise(bounds):
        yield names[low] if low == high else f"{names[low]} to {names[high]}"
    yield f"above {names[bounds[-1]]}"
