"""Legal values at the limits of what a record may hold, one named case for each limit.

A limit is either that of the schema (the largest number, the longest cell), of the tables (the first and
the last category), of the recorded data (the ends of its ranges) or of a text's way to tokens.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from math import inf, nextafter
from typing import Final

from servable.payload.facts import ModelFacts
from servable.payload.samples import Sample
from servable.payload.strategies.case_records import (
    Record,
    everywhere,
    filled,
    many,
    plain_records,
    sample,
    within_bounds,
)
from servable.payload.strategies.dialogues import of_tokens
from servable.payload.strategies.long_cases import AROUND_TOKENS, MOST_CHUNKS, texts_of
from servable.records import Cell
from servable.schema import MAX_CELL_CHARS, Kind

_MOST_RECORDS: Final = 256
_FLOAT32_INTEGERS: Final = 2**24
_FLOAT64_INTEGERS: Final = 2**53
_SMALLEST_FLOAT32: Final = 2.0**-126
_SPECIAL_TOKENS: Final = 2
_LETTER: Final = "x"


def boundary_samples(facts: ModelFacts) -> Iterator[Sample]:
    """Requests at the limits of a model; cases for kinds of fields that it does not have are left out."""
    plain = plain_records(facts, 2)
    yield from _number_samples(facts, plain[0])
    yield from _recorded_numbers(facts, plain[0])
    yield from _category_samples(facts, plain[0])
    yield from _length_samples(facts, plain[0])
    yield from _token_samples(facts, plain[0])
    yield sample("one-record", plain[:1])
    count = many(facts, _MOST_RECORDS)
    yield sample("most-records", (plain[at % len(plain)] for at in range(count)))


def _number_samples(facts: ModelFacts, plain: Record) -> Iterator[Sample]:
    """Numbers where their types end: the largest that the schema takes, the smallest, whole ones."""
    limit, names = facts.schema.number_limit, facts.schema.names(Kind.NUMERIC)
    whole = [_FLOAT32_INTEGERS, _FLOAT32_INTEGERS + 1, _FLOAT64_INTEGERS, _FLOAT64_INTEGERS + 1]
    cases: tuple[tuple[str, Sequence[Cell]], ...] = (
        ("largest-numbers", [limit, nextafter(limit, 0)]),
        ("smallest-numbers", [-limit, nextafter(-limit, 0)]),
        ("zero", [0.0, -0.0]),
        ("numbers-next-to-zero", [nextafter(0, inf), nextafter(0, -inf)]),
        ("smallest-normal-numbers", [_SMALLEST_FLOAT32, -_SMALLEST_FLOAT32, _SMALLEST_FLOAT32 / 2]),
        ("billions", [1e9, -1e9]),
        ("largest-whole-numbers", [*whole, *(-number for number in whole)]),
    )
    for case, values in cases if names else ():
        yield sample(case, everywhere(plain, names, values))


def _recorded_numbers(facts: ModelFacts, plain: Record) -> Iterator[Sample]:
    """The values of missing numbers, and the ends of the ranges that the profile recorded."""
    names, limit = facts.schema.names(Kind.NUMERIC), facts.schema.number_limit
    known = {name: facts.numbers[name] for name in names if name in facts.numbers}
    cases: tuple[tuple[str, Mapping[str, float]], ...] = (
        (
            "values-of-missing-numbers",
            {name: facts.imputation[name] for name in names if name in facts.imputation},
        ),
        ("lowest-recorded-numbers", {name: each.low for name, each in known.items()}),
        ("highest-recorded-numbers", {name: each.high for name, each in known.items()}),
        ("numbers-below-the-recorded", {name: nextafter(each.low, -inf) for name, each in known.items()}),
        ("numbers-above-the-recorded", {name: nextafter(each.high, inf) for name, each in known.items()}),
    )
    for case, cells in cases:
        # what an artifact holds may be more than a request may hold
        if legal := {name: number for name, number in cells.items() if abs(number) <= limit}:
            yield sample(case, [filled(plain, legal)])


def _category_samples(facts: ModelFacts, plain: Record) -> Iterator[Sample]:
    """The categories at both ends of their tables, by name and by value, and the longest names."""
    if not (known := _known_categories(facts)):
        return
    yield sample("first-categories", [_chosen(plain, known, min)])
    yield sample("last-categories", [_chosen(plain, known, max)])
    yield sample(
        "categories-of-the-longest-names",
        [_chosen(plain, known, lambda names: max(names, key=lambda name: (len(name), name)))],
    )
    tables = {name: facts.risk_tables[name].bins for name in known if name in facts.risk_tables}
    tables = {name: bins for name, bins in tables.items() if bins}
    for case, end in (("categories-of-least-risk", min), ("categories-of-most-risk", max)):
        if tables:
            chosen = {field: end(bins, key=lambda name: (bins[name], name)) for field, bins in tables.items()}
            yield sample(case, [filled(plain, chosen)])


def _known_categories(facts: ModelFacts) -> dict[str, list[str]]:
    """The named categories of each field that has some, in the order of their names."""
    return {
        field: sorted(name for name, _ in weighted)
        for field, weighted in facts.categories.items()
        if weighted
    }


def _chosen(
    plain: Record, known: Mapping[str, Sequence[str]], choose: Callable[[Sequence[str]], str]
) -> Record:
    return filled(plain, {field: choose(names) for field, names in known.items()})


def _length_samples(facts: ModelFacts, plain: Record) -> Iterator[Sample]:
    """Cells of the most characters and of one."""
    for case, names in (
        ("categories", facts.schema.names(Kind.CATEGORICAL)),
        ("texts", facts.schema.names(Kind.TEXT)),
    ):
        if names:
            longest = within_bounds(names, MAX_CELL_CHARS)
            text = ("word " * MAX_CELL_CHARS)[: MAX_CELL_CHARS - 1] + _LETTER
            yield sample(f"{case}-of-the-most-characters", everywhere(plain, longest, [text]))
            yield sample(f"{case}-of-one-character", everywhere(plain, names, [_LETTER, " ", "\U0001f600"]))


def _token_samples(facts: ModelFacts, plain: Record) -> Iterator[Sample]:
    """Texts about as long as a chunk, and of as many chunks as a text may have."""
    if longest := texts_of(AROUND_TOKENS, facts):
        texts = {name: facts.texts[name] for name in longest}
        around = range(-_SPECIAL_TOKENS - 1, 2)
        cells = [
            {name: of_tokens(stored, stored.max_tokens + more) for name, stored in texts.items()}
            for more in around
        ]
        yield sample(AROUND_TOKENS, [filled(plain, each) for each in cells])
    if full := texts_of(MOST_CHUNKS, facts):
        yield sample(MOST_CHUNKS, [filled(plain, full)])
