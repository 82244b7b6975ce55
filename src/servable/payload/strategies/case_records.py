"""What cases are made of: records without anything unusual, and the same with it in all fields of a kind."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from servable.payload.facts import ModelFacts
from servable.payload.samples import Sample
from servable.payload.strategies.sentences import text_of
from servable.payload.strategies.typical import typical_samples
from servable.records import Cell
from servable.schema import Kind

MOST_CHARS: Final = 400_000
"""Of the long texts of one record: fields beyond it stay plain, so that a body stays far below a megabyte."""

MOST_CELLS: Final = 20_000
"""Of one request of many records."""

_TEXT_CHARS: Final = 60

Record = Mapping[str, Cell]


def plain_records(facts: ModelFacts, count: int) -> tuple[Record, ...]:
    """Records that hold nothing unusual: typical ones with short texts."""
    records = (record for sample in typical_samples(facts, count=count) for record in sample.records)
    return tuple(filled(record, _short_texts(facts, at)) for at, record in enumerate(records))


def _short_texts(facts: ModelFacts, record: int) -> dict[str, Cell]:
    """A sentence for each text field, as its splitter wants it; those beside one another differ."""
    return {
        name: text_of(
            chars=_TEXT_CHARS, begin=record + at, steps=facts.texts[name].steps if name in facts.texts else ()
        )
        for at, name in enumerate(facts.schema.names(Kind.TEXT))
    }


def filled(plain: Record, cells: Mapping[str, Cell]) -> Record:
    """A plain record with these cells."""
    return {**plain, **cells}


def everywhere(plain: Record, names: Sequence[str], values: Iterable[Cell]) -> tuple[Record, ...]:
    """One record for each value, which all of these fields hold."""
    return tuple({**plain, **dict.fromkeys(names, value)} for value in values)


def within_bounds(names: Sequence[str], chars: int) -> Sequence[str]:
    """The first of these fields that may each hold a text of so many characters in one record."""
    return names[: max(1, MOST_CHARS // chars)]


def many(facts: ModelFacts, most: int) -> int:
    """How many records a request of many has: at most so many, fewer of a model of many fields."""
    return max(2, min(most, MOST_CELLS // len(facts.schema.fields)))


def sample(case: str, records: Iterable[Record]) -> Sample:
    """A request with these records."""
    return Sample(case=case, records=tuple(records))
