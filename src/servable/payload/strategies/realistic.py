"""Samples drawn from what an artifact recorded of the data that its model was made for.

Each field is drawn by itself: a cell is plausible, and what goes together in the data is not in a record.

Samples are drawn in blocks of `BLOCK` with a generator of their own, `[seed, number of the block]`, and a
block is always drawn whole: so the first samples are the same however many follow.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import count as counting_from
from itertools import islice
from typing import Final

import numpy as np
from numpy.typing import NDArray

from servable.artifact import UNKNOWN, Histogram
from servable.payload import script
from servable.payload.facts import ModelFacts
from servable.payload.samples import Sample
from servable.payload.strategies.draws import Choices, Ranges
from servable.payload.strategies.numbers import are_whole, bins_of, ranges_of
from servable.payload.strategies.sentences import text_of
from servable.records import Cell
from servable.schema import MAX_CELL_CHARS, Kind

CASE: Final = "realistic"
CASE_OF_REAL: Final = "golden-record"

_PLAIN_LENGTHS: Final = Histogram(
    low=20, high=1200, edges=(60, 120, 200, 350, 600), counts=(0, 2, 3, 3, 2, 2, 1, 0)
)
"""Characters of a text of which no lengths were recorded: most have a few sentences."""


def realistic_samples(facts: ModelFacts, *, count: int, seed: int) -> Iterator[Sample]:
    """`count` samples of one record; real ones first, in a drawn order, where the facts hold any.

    A category is drawn in proportion to its recorded rows (evenly where none were recorded), a number
    evenly from a recorded bin, or around its imputation value; either is missing as often as it was. A text
    has a recorded length, is made of sentences, and marked as its splitter wants it.

    Args:
        facts: of the model.
        count: how many; the first ones do not depend on it.
        seed: the same one gives the same samples.
    """
    yield from islice(_all(facts, seed), count)


def _all(facts: ModelFacts, seed: int) -> Iterator[Sample]:
    order = np.random.default_rng(seed).permutation(len(facts.real_records))
    for at in order.tolist():
        yield Sample(case=CASE_OF_REAL, records=(facts.real_records[at],))
    population = _Population(facts)
    for block in counting_from():
        for record in population.draw(np.random.default_rng([seed, block])):
            yield Sample(case=CASE, records=(record,))


class _Population:
    """What is drawn from: of all fields of a kind side by side, so that a block takes a few calls."""

    def __init__(self, facts: ModelFacts) -> None:
        schema = facts.schema
        names = {kind: schema.names(kind) for kind in Kind}
        self._names = schema.names()
        listed = (*names[Kind.NUMERIC], *names[Kind.CATEGORICAL], *names[Kind.TEXT])
        place = {name: at for at, name in enumerate(listed)}
        self._order = [place[name] for name in self._names]
        self._texts = [self._names.index(name) for name in names[Kind.TEXT]]
        self._numbers = _Numbers(facts, names[Kind.NUMERIC])
        self._categories = _Categories(facts, names[Kind.CATEGORICAL])
        self._lengths = _Lengths(facts, names[Kind.TEXT])
        self._steps = [facts.texts[name].steps if name in facts.texts else () for name in names[Kind.TEXT]]

    def draw(self, draws: np.random.Generator) -> Iterator[Mapping[str, Cell]]:
        """The records of one block."""
        lengths = self._lengths.draw(draws)
        begins = draws.integers(2**31, size=lengths.shape).tolist()
        columns = [self._numbers.draw(draws), self._categories.draw(draws), lengths]
        for row, of_texts in zip(np.concatenate(columns, axis=1)[:, self._order], begins, strict=True):
            cells = row.tolist()
            for place, begin, steps in zip(self._texts, of_texts, self._steps, strict=True):
                if cells[place] is not None:
                    cells[place] = text_of(chars=cells[place], begin=begin, steps=steps)
            yield dict(zip(self._names, cells, strict=True))


class _Categories:
    """Categories of fields, missing ones, and those that nothing names."""

    def __init__(self, facts: ModelFacts, fields: Sequence[str]) -> None:
        entries = [_weighted_categories(facts, field) for field in fields]
        self._choices = Choices([[weight for _, weight in each] for each in entries])
        self._names = np.array([name for each in entries for name, _ in each], dtype=np.object_)

    def draw(self, draws: np.random.Generator) -> NDArray[np.object_]:
        """`[BLOCK, fields]` categories, None = missing."""
        names: NDArray[np.object_] = self._names[self._choices.draw(draws)]
        return names


def _weighted_categories(facts: ModelFacts, field: str) -> list[tuple[str | None, float]]:
    named: list[tuple[str | None, float]] = list(facts.categories.get(field, ()))
    if rare := facts.rare.get(field, 0.0):
        named.append((UNKNOWN, rare))
    return _with_missing(named or [(script.DEFAULT_TEXT_VALUE, 1.0)], facts.missing.get(field, 0.0))


def _with_missing(entries: list[tuple[str | None, float]], missing: float) -> list[tuple[str | None, float]]:
    """Entries by share, with the share of what is missing in front."""
    if missing >= 1:
        return [(None, 1.0)]
    total = sum(weight for _, weight in entries)
    return [(None, missing), *((name, weight / total * (1 - missing)) for name, weight in entries)]


class _Numbers:
    """Numbers of fields, whole or not, and missing ones."""

    def __init__(self, facts: ModelFacts, fields: Sequence[str]) -> None:
        self._ranges = Ranges([ranges_of(facts, field) for field in fields])
        self._missing = np.array([facts.missing.get(field, 0.0) for field in fields])
        self._whole = np.array([are_whole(facts, field) for field in fields], dtype=np.bool_)

    def draw(self, draws: np.random.Generator) -> NDArray[np.object_]:
        """`[BLOCK, fields]` of int and float, None = missing."""
        numbers = self._ranges.draw(draws)
        cells = numbers.astype(np.object_)
        cells[:, self._whole] = numbers[:, self._whole].astype(np.int64)
        cells[draws.random(numbers.shape) < self._missing] = None
        return cells


class _Lengths:
    """Characters of texts, and missing ones."""

    def __init__(self, facts: ModelFacts, fields: Sequence[str]) -> None:
        self._ranges = Ranges([bins_of(facts.text_lengths.get(field, _PLAIN_LENGTHS)) for field in fields])
        self._missing = np.array([facts.missing.get(field, 0.0) for field in fields])

    def draw(self, draws: np.random.Generator) -> NDArray[np.object_]:
        """`[BLOCK, fields]` of int, None = missing."""
        lengths = np.clip(self._ranges.draw(draws), 1, MAX_CELL_CHARS)
        cells = lengths.astype(np.int64).astype(np.object_)
        cells[draws.random(lengths.shape) < self._missing] = None
        return cells
