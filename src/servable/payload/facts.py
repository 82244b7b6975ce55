"""What strategies know of a model: categories with their weights, numbers, texts, how much is missing.

The profile of the data that a model was made for says most of it; what it does not say, the tables of the
preprocessing do. A category table alone says which categories there are, and little of how frequent they are.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

import msgspec

from servable.artifact import (
    Artifact,
    CategoryProfile,
    GoldenSet,
    Histogram,
    Profile,
    StoredRiskTable,
    StoredText,
)
from servable.preprocess import MISSING_BIN
from servable.records import Cell
from servable.schema import Kind, Schema

WeightedCategories = tuple[tuple[str, float], ...]
"""Categories of a field with their weights, the most frequent one first."""

_EVEN: Final = 1.0


class RealRecords(StrEnum):
    """Whether real records of an artifact's golden set, which may be somebody's data, go into samples."""

    LEAVE_OUT = "leave-out"
    USE = "use"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFacts:
    """What strategies know of a model; every mapping is by field, and may lack one of which nothing is known.

    Attributes:
        schema: fields, columns of a CSV, spellings of a missing number, the largest number.
        categories: of categorical fields, with weights: rows of the profile, else 1 each. Without a profile
            the order is a guess.
        rare: weight of the categories that the profile counted without naming them and that no table names.
        missing: share of rows without a value, of a text field without a text; 0 without a profile.
        imputation: the value of a missing number, where a request may hold it.
        numbers: where the numbers of the profile lie.
        texts: how text fields are read.
        text_lengths: where the numbers of characters of their texts lie.
        risk_tables: of categorical fields.
        real_records: real requests of the golden set, only if they may be used.
        has_profile: whether a profile says how frequent anything is.
    """

    schema: Schema
    categories: Mapping[str, WeightedCategories] = field(default_factory=dict)
    rare: Mapping[str, float] = field(default_factory=dict)
    missing: Mapping[str, float] = field(default_factory=dict)
    imputation: Mapping[str, float] = field(default_factory=dict)
    numbers: Mapping[str, Histogram] = field(default_factory=dict)
    texts: Mapping[str, StoredText] = field(default_factory=dict)
    text_lengths: Mapping[str, Histogram] = field(default_factory=dict)
    risk_tables: Mapping[str, StoredRiskTable] = field(default_factory=dict)
    real_records: tuple[Mapping[str, Cell], ...] = ()
    has_profile: bool = False

    @property
    def null_spellings(self) -> frozenset[str]:
        """Strings that mean a missing number, the empty one among them."""
        return self.schema.null_spellings | {""}


def facts_of(artifact: Artifact, *, real_records: RealRecords = RealRecords.LEAVE_OUT) -> ModelFacts:
    """What strategies may know of an artifact.

    Args:
        artifact: read, not loaded.
        real_records: whether the real records of its golden set are among the facts.
    """
    schema, profile = artifact.schema, artifact.profile
    counts = {part.field: part for part in profile.categories} if profile else {}
    weighed = {
        name: _weighed(counts.get(name), artifact.risk_tables.get(name))
        for name in schema.names(Kind.CATEGORICAL)
    }
    golden = artifact.golden if real_records is RealRecords.USE else None
    return ModelFacts(
        schema=schema,
        categories={name: categories for name, (categories, _) in weighed.items() if categories},
        rare={name: rare for name, (_, rare) in weighed.items() if rare},
        missing={} if profile is None else dict(_missing_shares(profile)),
        imputation={
            name: value for name, value in artifact.imputation.items() if abs(value) <= schema.number_limit
        },
        numbers=_histograms([(part.field, part.values) for part in profile.numbers] if profile else []),
        texts={text.field: text for text in artifact.texts},
        text_lengths=_histograms(
            [(part.field, part.characters) for part in profile.texts] if profile else []
        ),
        risk_tables=dict(artifact.risk_tables),
        real_records=() if golden is None else tuple(_real_records(golden, schema)),
        has_profile=profile is not None,
    )


def _histograms(parts: Sequence[tuple[str, Histogram | None]]) -> dict[str, Histogram]:
    return {name: histogram for name, histogram in parts if histogram is not None and histogram.rows}


def _missing_shares(profile: Profile) -> Iterator[tuple[str, float]]:
    for number in profile.numbers:
        yield number.field, number.missing / profile.rows
    for category in profile.categories:
        yield category.field, category.missing / profile.rows
    for text in profile.texts:
        yield text.field, text.empty / profile.rows


def _weighed(
    counted: CategoryProfile | None, table: StoredRiskTable | None
) -> tuple[WeightedCategories, float]:
    """Categories of a field with their weights, and the weight of those that nothing names.

    What the profile counted without naming it is shared out evenly over the other bins of the table.
    """
    # the empty category stays out: a CSV cannot tell it from a missing one
    bins = [name for name in _likely_first(table) if name not in ("", MISSING_BIN)]
    if counted is None:
        return tuple((name, _EVEN) for name in bins), 0.0
    rows = {name: float(seen) for name, seen in counted.categories.items() if name}
    others = [name for name in bins if name not in rows]
    if counted.rest and others:
        rows |= dict.fromkeys(others, counted.rest / len(others))
    by_rows = sorted(rows.items(), key=lambda item: -item[1])  # stable: the order of the profile among equals
    return tuple(by_rows), 0.0 if others else float(counted.rest)


def _likely_first(table: StoredRiskTable | None) -> list[str]:
    """The bins of a risk table, those first that are likely to have many rows.

    A category of too few rows has the default's value. Of the others the most frequent ones pull the mean
    risk, which is the default's value too, towards their own.
    """
    if table is None:
        return []
    default = table.default_bin
    return sorted(
        table.bins, key=lambda name: (table.bins[name] == default, abs(table.bins[name] - default), name)
    )


def _real_records(golden: GoldenSet, schema: Schema) -> Iterator[Mapping[str, Cell]]:
    """The real requests of a golden set: their fields alone, in the schema's order."""
    if not golden.holds_real_records:
        return
    for line in golden.requests[: len(golden) - golden.derived]:
        record = msgspec.json.decode(line)
        yield {name: record.get(name) for name in schema.names()}
