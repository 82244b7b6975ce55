"""The profile of the data that a model was made for: what drift of fresh data is told by.

It is sums over many rows, a few kB of JSON, and holds no record and no text of one. A category is named
only if it is short and at least `LEAST_ROWS_NAMED` rows have it; a range leaves out fewer than so many of
the outermost numbers at either end; edges of bins are short decimals between two numbers.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Annotated, Any, Final, Literal

import msgspec

from servable.artifact.files import Files
from servable.artifact.safe import parse_json, pretty_json
from servable.errors import Damaged, Problem, ServableError
from servable.schema import Kind, Schema
from servable.wording import counted, enumerated

PROFILE: Final = "profile.json"
PROFILE_FORMAT: Final = 1

LEAST_ROWS_NAMED: Final = 5
"""Rows that a category needs to be named in a profile: one of fewer could tell who they are."""

MOST_CATEGORIES: Final = 50
"""Categories of one field that are named, the most frequent ones."""

MOST_NAME_CHARS: Final = 100
"""Of a category that is named: what is longer is no category, and may be somebody's text."""

MOST_BINS: Final = 10

Count = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
_FrequentCount = Annotated[int, msgspec.Meta(ge=LEAST_ROWS_NAMED, le=2**53)]
_Category = Annotated[str, msgspec.Meta(max_length=MOST_NAME_CHARS)]


class ProfileSource(StrEnum):
    """Whose rows a profile is of: those of the training table, or those of a table given to `pack`."""

    TRAIN = "train"
    TABLE = "table"


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A part of a profile; an unknown key is an error, because it may change what a number means."""


class Histogram(_Part, frozen=True, kw_only=True):
    """How many values are in each of a few bins, of which the inner ones were made about equally full.

    Attributes:
        low, high: the range that holds all values but a few at either end.
        edges: ascending, from `low` on and below `high`; each ends a bin that it belongs to.
        counts: values below `low`, up to each edge, up to `high`, and above it.
    """

    low: float
    high: float
    edges: Annotated[tuple[float, ...], msgspec.Meta(max_length=MOST_BINS - 1)] = ()
    counts: Annotated[tuple[Count, ...], msgspec.Meta(min_length=3, max_length=MOST_BINS + 2)]

    def __post_init__(self) -> None:
        """Refuses bins that are none; msgspec names the place."""
        if len(self.counts) != len(self.edges) + 3:
            raise ValueError(f"{len(self.edges) + 3} counts are needed for {len(self.edges)} edges")
        bounds = (self.low, *self.edges)
        if self.low > self.high or any(low > high for low, high in pairwise(bounds)):
            raise ValueError("edges that do not ascend from `low` to `high`")
        if self.edges and (len(set(self.edges)) < len(self.edges) or self.edges[-1] >= self.high):
            raise ValueError("edges that do not ascend from `low` to `high`")

    @property
    def rows(self) -> int:
        """All values together."""
        return sum(self.counts)


class NumberProfile(_Part, frozen=True, kw_only=True):
    """A numeric field: rows where it is missing, and its numbers; None if they are too few for bins."""

    field: str
    missing: Count
    values: Histogram | None = None


class CategoryProfile(_Part, frozen=True, kw_only=True):
    """A categorical field.

    Attributes:
        field: its name.
        missing: rows without a category.
        unknown: held-out rows with a category that falls to the default bin of the field's risk table; None
            for a field without one.
        distinct: categories that were seen.
        categories: rows of the most frequent ones.
        rest: rows of the others.
    """

    field: str
    missing: Count
    unknown: Count | None = None
    distinct: Count
    categories: Annotated[dict[_Category, _FrequentCount], msgspec.Meta(max_length=MOST_CATEGORIES)]
    rest: Count

    @property
    def rows(self) -> int:
        """All rows together."""
        return self.missing + sum(self.categories.values()) + self.rest


class TextProfile(_Part, frozen=True, kw_only=True):
    """A text field.

    Attributes:
        field: its name.
        empty: rows whose text is missing, empty or blank.
        characters: lengths of the other texts; None if they are too few for bins.
        tokens: of the scored rows, how many tokens their texts come to with those that are cut; likewise.
        cut: scored rows of whose text something was cut.
    """

    field: str
    empty: Count
    characters: Histogram | None = None
    tokens: Histogram | None = None
    cut: Count = 0


class Profile(_Part, frozen=True, kw_only=True):
    """What the rows that a model was made for look like, and what it made of them.

    Attributes:
        format: rises when a reader of today would misread a profile of tomorrow.
        source: whose rows these are.
        rows: how many; what their cells hold is counted.
        held_out: of them, those that the model was not fitted on: all but for the source `train`. Unknown
            categories are counted among these.
        scored: of these, those whose tokens and scores are counted: all of them for trees; for a network a
            sample of records that differ.
        numbers, categories, texts: every field of the schema by its kind, in the schema's order.
        scores: raw scores of each class, of two classes those of the second one alone, since the first
            one's are what they leave to 1; None for rows too few for bins.
        labels: rows of each class, where labels are known.
    """

    format: Literal[1]
    source: ProfileSource
    rows: Annotated[int, msgspec.Meta(ge=1, le=2**53)]
    held_out: Annotated[int, msgspec.Meta(ge=1, le=2**53)]
    scored: Annotated[int, msgspec.Meta(ge=1, le=2**53)]
    numbers: tuple[NumberProfile, ...] = ()
    categories: tuple[CategoryProfile, ...] = ()
    texts: tuple[TextProfile, ...] = ()
    scores: tuple[Histogram | None, ...]
    labels: tuple[Count, ...] | None = None

    def to_plain(self) -> dict[str, Any]:
        """The profile as JSON values."""
        plain: dict[str, Any] = msgspec.to_builtins(self)
        return plain

    @property
    def rows_in_words(self) -> str:
        """Whose rows it is of, and how many."""
        of = "the training table" if self.source is ProfileSource.TRAIN else "a table that the packer chose"
        said = [f"{counted(self.rows, 'row')} of {of}"]
        if self.held_out < self.rows:
            said.append(f"{self.held_out:,} held out")
        if self.scored < self.held_out:
            said.append(f"{self.scored:,} scored")
        return ", ".join(said)

    def to_files(self) -> dict[str, bytes]:
        """The file of a training output, by name."""
        return {PROFILE: pretty_json(self.to_plain())}

    def require_of(self, schema: Schema, *, where: str) -> None:
        """Nothing, if this can be a profile of records of this schema.

        Raises:
            Damaged: `artifact.profile`, naming the first contradiction.
        """
        for expected, found in self._contradictions(schema):
            raise Damaged(_problem(where, expected, found))

    def _contradictions(self, schema: Schema) -> Iterator[tuple[str, str]]:
        for kind, parts in (
            (Kind.NUMERIC, self.numbers),
            (Kind.CATEGORICAL, self.categories),
            (Kind.TEXT, self.texts),
        ):
            fields = [part.field for part in parts]
            if fields != list(schema.names(kind)):
                yield f"the {kind} fields {_listed(schema.names(kind))} in this order", _listed(fields)
        classes = len(schema.classes)
        curves = 1 if classes == 2 else classes
        if len(self.scores) != curves:
            yield f"scores of {curves} of {classes} classes", str(len(self.scores))
        if self.labels is not None and (len(self.labels) != classes or sum(self.labels) > self.rows):
            yield f"at most {self.rows} labels of {classes} classes", str(list(self.labels)[:10])
        if not self.scored <= self.held_out <= self.rows:
            yield f"`scored` and `held_out` of {self.rows} rows", f"{self.scored} and {self.held_out}"
        yield from self._sums_that_differ()

    def _sums_that_differ(self) -> Iterator[tuple[str, str]]:
        for number in self.numbers:
            yield from _sum_of(f'"{number.field}"', number.missing, number.values, self.rows)
        for category in self.categories:
            if category.rows != self.rows:
                yield f'{self.rows} rows of "{category.field}"', str(category.rows)
            if (category.unknown or 0) > self.held_out:
                yield f'at most {self.held_out} unknown of "{category.field}"', str(category.unknown)
        for text in self.texts:
            yield from _sum_of(f'"{text.field}"', text.empty, text.characters, self.rows)
            yield from _sum_of(f'tokens of "{text.field}"', 0, text.tokens, self.scored)
            if text.cut > self.scored:
                yield f'at most {self.scored} cut texts of "{text.field}"', str(text.cut)
        for scores in self.scores:
            yield from _sum_of("scores", 0, scores, self.scored)


def parse_profile(plain: object, schema: Schema, *, where: str) -> Profile:
    """The profile of its JSON values.

    Raises:
        Damaged: `artifact.profile` for anything else than a profile of records of this schema.
    """
    version = plain.get("format") if isinstance(plain, dict) else None
    if type(version) is int and version > PROFILE_FORMAT:
        raise Damaged(
            Problem(
                code="artifact.profile",
                where=where,
                expected=f"a profile of version {PROFILE_FORMAT}",
                found=f"version {version}, written by a newer servable",
                fix="use `servable drift` of that servable, or train or pack again with this one",
            )
        )
    try:
        profile = msgspec.convert(plain, Profile)
    except msgspec.ValidationError as error:
        raise Damaged(_problem(where, "a profile as training writes it", str(error))) from error
    profile.require_of(schema, where=where)
    return profile


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundProfile:
    """The profile of an artifact, or why it has none.

    A profile changes no score, so that one which cannot be read stands in the way of nothing but `drift`.

    Attributes:
        profile: None where there is none, or none that can be read.
        problem: what is wrong with the one that is there; None where nothing is.
    """

    profile: Profile | None = None
    problem: Problem | None = None

    @property
    def remarks(self) -> tuple[str, ...]:
        """What a person must know, in sentences."""
        return () if self.problem is None else (str(self.problem),)


def profile_of_output(files: Files, schema: Schema) -> FoundProfile:
    """The profile of a training output."""
    if PROFILE not in files:
        return FoundProfile()
    try:
        plain = parse_json(files.read(PROFILE), where=PROFILE)
    except ServableError as error:
        return FoundProfile(problem=error.problems[0])
    return profile_of_json(plain, schema, where=PROFILE)


def profile_of_json(plain: object, schema: Schema, *, where: str) -> FoundProfile:
    """The profile of its JSON values, None for none."""
    if plain is None:
        return FoundProfile()
    try:
        return FoundProfile(profile=parse_profile(plain, schema, where=where))
    except Damaged as error:
        return FoundProfile(problem=error.problems[0])


def _sum_of(what: str, missing: int, values: Histogram | None, rows: int) -> Iterator[tuple[str, str]]:
    found = missing + (0 if values is None else values.rows)
    if found > rows or (values is not None and found != rows):
        yield f"{rows} rows of {what}", str(found)


def _listed(names: Sequence[str]) -> str:
    return enumerated(names) or "none"


def _problem(where: str, expected: str, found: str) -> Problem:
    return Problem(
        code="artifact.profile",
        where=where,
        expected=expected,
        found=found,
        fix="train or pack again, or take the profile away and do without `servable drift`",
    )
