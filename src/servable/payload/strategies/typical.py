"""Samples of what a model takes for usual."""

from collections.abc import Callable, Iterator
from itertools import count as counting_from
from itertools import islice
from typing import Final

from servable.payload import script
from servable.payload.facts import ModelFacts
from servable.payload.samples import Sample
from servable.payload.strategies.numbers import are_whole, as_written, middles_out, ranges_of
from servable.payload.texts import kept_texts
from servable.records import Cell
from servable.schema import Field, Kind

CASE: Final = "typical"


def typical_samples(facts: ModelFacts, *, count: int) -> Iterator[Sample]:
    """`count` samples of one record: the first of the most usual values, the others of the next ones.

    A number is the value that the model takes for a missing one, then the middle of the recorded numbers
    and of the bins beside it. A category is the most frequent one, then the next. A text is one that the
    model's own text steps leave something of; two text fields of a record hold different ones where they may.

    Args:
        facts: of the model.
        count: how many; the first ones do not depend on it.

    Raises:
        Damaged: `text.step`.
    """
    values = {field.name: _walk(facts, field) for field in facts.schema.fields}
    for step in islice(counting_from(), count):
        yield Sample(case=CASE, records=({name: value(step) for name, value in values.items()},))


def _walk(facts: ModelFacts, field: Field) -> Callable[[int], Cell]:
    """The value of a field by the sample's number; over and over where there are no more."""
    if field.kind is Kind.NUMERIC:
        values: tuple[Cell, ...] = _numbers(facts, field.name)
        offset = 0
    elif field.kind is Kind.CATEGORICAL:
        values = tuple(name for name, _ in facts.categories.get(field.name, ())) or (
            script.DEFAULT_TEXT_VALUE,
        )
        offset = 0
    else:
        stored = facts.texts.get(field.name)
        values = kept_texts(stored.steps if stored else (), where=f'field "{field.name}", text steps')
        offset = facts.schema.names(Kind.TEXT).index(field.name)
    return lambda step: values[(step + offset) % len(values)]


def _numbers(facts: ModelFacts, field: str) -> tuple[float | int, ...]:
    ranges = ranges_of(facts, field)
    if field in facts.numbers:
        values = middles_out(ranges)
    else:
        # both ends of the range around a value of which nothing else is known
        (around,) = ranges
        values = (round(around.low, around.decimals), round(around.high, around.decimals))
    imputed = facts.imputation.get(field, None if field in facts.numbers else 0.0)
    if imputed is not None:
        values = (imputed, *values)
    return tuple(map(as_written, values)) if are_whole(facts, field) else values
