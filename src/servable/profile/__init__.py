"""What a served population looks like: counted where a model is made, and again where fresh data is."""

from servable.profile.bins import counts_in
from servable.profile.numbers import NumberCounts
from servable.profile.population import (
    Population,
    SeenCategories,
    SeenNumbers,
    SeenTexts,
    population_of,
)
from servable.profile.profile import LEAST_ROWS_JUDGED, profile_of
from servable.profile.rows import Rows, read_rows
from servable.profile.sample import SAMPLED_RECORDS

__all__ = [
    "LEAST_ROWS_JUDGED",
    "SAMPLED_RECORDS",
    "NumberCounts",
    "Population",
    "Rows",
    "SeenCategories",
    "SeenNumbers",
    "SeenTexts",
    "counts_in",
    "population_of",
    "profile_of",
    "read_rows",
]
