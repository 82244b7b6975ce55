"""The profile of a population: its counts in a form that can be kept."""

from collections.abc import Iterable
from typing import Final

from servable.artifact import (
    LEAST_ROWS_NAMED,
    MOST_CATEGORIES,
    PROFILE_FORMAT,
    CategoryProfile,
    NumberProfile,
    Profile,
    ProfileSource,
    TextProfile,
)
from servable.profile.bins import histogram_of
from servable.profile.population import Population, SeenCategories, population_of
from servable.profile.rows import Rows
from servable.progress import Progress, silent
from servable.scorer import Scorer

LEAST_ROWS_JUDGED: Final = 500
"""Rows of a profile, and of fresh data, below which drift is not told: chance alone moves much there."""

SCORE_SLACK: Final = 1e-4
"""By which scores of one model may differ between engines (law 1)."""


def profile_of(
    scorer: Scorer, table: Iterable[Rows], *, source: ProfileSource, progress: Progress = silent
) -> Profile:
    """The profile of the rows of a table, which pass by once.

    Args:
        scorer: of the model; it scores what has no scores yet.
        table: blocks of rows.
        source: whose rows they are.
        progress: told how far it is.

    Raises:
        BadInput: `table.empty` if there is no row.
    """
    return _profile(population_of(scorer, table, progress=progress), source)


def _profile(population: Population, source: ProfileSource) -> Profile:
    return Profile(
        format=PROFILE_FORMAT,
        source=source,
        rows=population.rows,
        held_out=population.held_out,
        scored=population.scored,
        numbers=tuple(
            NumberProfile(field=name, missing=seen.missing, values=histogram_of(seen.values))
            for name, seen in population.numbers.items()
        ),
        categories=tuple(_categories(name, seen) for name, seen in population.categories.items()),
        texts=tuple(
            TextProfile(
                field=name,
                empty=seen.empty,
                characters=histogram_of(seen.characters),
                tokens=histogram_of(seen.tokens),
                cut=seen.cut,
            )
            for name, seen in population.texts.items()
        ),
        scores=tuple(histogram_of(seen, slack=SCORE_SLACK) for seen in population.scores),
        labels=population.labels,
    )


def _categories(name: str, seen: SeenCategories) -> CategoryProfile:
    named = seen.values.most_frequent(MOST_CATEGORIES, least_rows=LEAST_ROWS_NAMED)
    return CategoryProfile(
        field=name,
        missing=seen.missing,
        unknown=seen.unknown,
        distinct=seen.values.distinct,
        categories=named,
        rest=seen.values.rows - sum(named.values()),
    )
