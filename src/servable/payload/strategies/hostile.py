"""Legal requests that a careless endpoint stumbles over, one named case for each hazard.

A hazard of values is put into every field of its kind, so that a model of many fields has no more cases
than one of few. Cases for kinds of fields that a model does not have are left out.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from servable.payload.facts import ModelFacts
from servable.payload.samples import Body, Sample
from servable.payload.strategies.case_records import (
    Record,
    everywhere,
    filled,
    many,
    plain_records,
    sample,
    within_bounds,
)
from servable.payload.strategies.dialogues import as_messages, marks_of
from servable.payload.strategies.hostile_csv import csv_bodies
from servable.payload.strategies.hostile_json import json_bodies
from servable.payload.strategies.hostile_parquet import parquet_bodies
from servable.payload.strategies.hostile_texts import BLANKS, TEXTS, UNMATCHED_MARKERS, long_text
from servable.payload.strategies.hostile_values import category_samples, missing_samples, number_samples
from servable.payload.strategies.long_cases import MORE_CHUNKS, texts_of
from servable.schema import Kind

_MANY: Final = 100


def hostile_samples(facts: ModelFacts) -> Iterator[Sample | Body]:
    """The hostile corpus of a model: hazards of values, and as bodies those of a content type's form."""
    plain = plain_records(facts, 3)
    yield from missing_samples(facts, plain[0])
    yield from number_samples(facts, plain[0])
    yield from category_samples(facts, plain[0])
    yield from _string_samples(facts, plain[0])
    yield from _text_samples(facts, plain[0])
    yield from _count_samples(facts, plain)
    yield from json_bodies(facts, plain)
    yield from csv_bodies(facts, plain)
    yield from parquet_bodies(facts, plain)


def _string_samples(facts: ModelFacts, plain: Record) -> Iterator[Sample]:
    """Hazards of characters, in every category and text; of a text behind a splitter inside a message too."""
    names = facts.schema.names(Kind.CATEGORICAL, Kind.TEXT)
    for case, texts in TEXTS.items() if names else ():
        yield sample(case, _with_texts(facts, plain, names, texts))


def _with_texts(
    facts: ModelFacts, plain: Record, names: Sequence[str], texts: Sequence[str]
) -> Iterator[Record]:
    fields = within_bounds(names, max(map(len, texts)))
    split = [name for name in fields if name in facts.texts and marks_of(facts.texts[name].steps)]
    for text in texts:
        record = filled(plain, dict.fromkeys(fields, text))
        yield record
        if split:
            yield filled(record, {name: as_messages(facts.texts[name], [text]) for name in split})


def _text_samples(facts: ModelFacts, plain: Record) -> Iterator[Sample]:
    """Hazards of length and of dialogues, in the text fields."""
    names = facts.schema.names(Kind.TEXT)
    if not names:
        return
    yield sample("empty-texts", everywhere(plain, names, [""]))
    yield sample("blank-texts", everywhere(plain, names, BLANKS))
    yield sample("texts-of-60000-characters", _with_texts(facts, plain, names, [long_text()]))
    yield sample("unmatched-dialogue-markers", everywhere(plain, names, UNMATCHED_MARKERS))
    if too_many := texts_of(MORE_CHUNKS, facts):
        yield sample(MORE_CHUNKS, [filled(plain, too_many)])


def _count_samples(facts: ModelFacts, plain: Sequence[Record]) -> Iterator[Sample]:
    """One record, many, and the same one several times."""
    yield sample("one-record", plain[:1])
    count = many(facts, _MANY)
    yield sample("many-records", (plain[at % len(plain)] for at in range(count)))
    yield sample("duplicate-records", [*plain[:1], *plain[:1], *plain])
