"""Boundary samples: each stands on a limit, and one step further a request is refused or a text is cut."""

import re
from collections.abc import Mapping
from dataclasses import replace
from math import inf, nextafter
from typing import Any

import numpy as np
import pytest
from payload_models import EVERY_KIND, MAX_CHUNKS, MAX_TOKENS, MODELS, WIDE, stored_text

from servable.artifact import StoredRiskTable
from servable.errors import BadInput
from servable.payload.facts import ModelFacts
from servable.payload.samples import Sample
from servable.payload.strategies import Strategy
from servable.payload.strategies.boundary import boundary_samples
from servable.payload.strategies.long_cases import without_room
from servable.preprocess import TextTrace
from servable.preprocess.text import TextPipeline, TextSettings
from servable.records import Records, Table
from servable.schema import MAX_CELL_CHARS, Kind


def samples_of(facts: ModelFacts) -> dict[str, Sample]:
    return {sample.case: sample for sample in boundary_samples(facts)}


def bound(facts: ModelFacts, sample: Sample) -> Records:
    return facts.schema.bind(Table.of_records([dict(record) for record in sample.records]))


def cells(case: str, field: str, *, facts: ModelFacts = EVERY_KIND) -> list[Any]:
    return [record[field] for record in samples_of(facts)[case].records]


def traces(field: str, *steps: str, case: str) -> list[TextTrace]:
    """How the model reads the texts of a case."""
    stored = stored_text(field, *steps)
    settings = TextSettings(steps=stored.steps, max_tokens=stored.max_tokens, max_chunks=stored.max_chunks)
    return TextPipeline(settings, stored.tokenizer, where=stored.where).traces(cells(case, field))


@pytest.mark.parametrize("name", MODELS)
def test_every_boundary_request_is_one_that_the_schema_binds(name: str) -> None:
    facts = MODELS[name]

    for case, sample in samples_of(facts).items():
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", case)
        assert len(bound(facts, sample)) == len(sample.records) > 0
        assert all(tuple(record) == facts.schema.names() for record in sample.records)


def test_the_cases_are_the_same_each_time_and_none_has_the_name_of_another() -> None:
    first, second = (list(boundary_samples(EVERY_KIND)) for _ in range(2))

    assert first == second
    assert len(samples_of(EVERY_KIND)) == len(first)


@pytest.mark.parametrize(("case", "beyond"), [("largest-numbers", inf), ("smallest-numbers", -inf)])
def test_no_number_beyond_the_largest_and_the_smallest_is_legal(case: str, beyond: float) -> None:
    sample = samples_of(EVERY_KIND)[case]

    last: Mapping[str, Any] = sample.records[0]

    assert abs(last["age"]) == EVERY_KIND.schema.number_limit
    bound(EVERY_KIND, sample)
    with pytest.raises(BadInput, match='field "age"'):
        EVERY_KIND.schema.bind(Table.of_records([{**last, "age": nextafter(last["age"], beyond)}]))


def test_numbers_stand_where_their_types_and_the_recorded_data_end() -> None:
    assert [str(cell) for cell in cells("zero", "income")] == ["0.0", "-0.0"]
    assert cells("billions", "age") == [1e9, -1e9]
    assert 0 < cells("numbers-next-to-zero", "age")[0] <= nextafter(0, 1)
    assert {2**24 + 1, -(2**53)} <= set(cells("largest-whole-numbers", "age"))
    assert [cells("values-of-missing-numbers", name) for name in ("age", "income")] == [[41.5], [2750.25]]
    assert cells("lowest-recorded-numbers", "age") == [18]
    assert cells("highest-recorded-numbers", "age") == [90]
    assert cells("numbers-below-the-recorded", "age")[0] < 18
    assert cells("numbers-above-the-recorded", "age")[0] > 90


def test_categories_stand_at_the_ends_of_their_tables() -> None:
    assert cells("first-categories", "branch") == ["10"]
    assert cells("last-categories", "region") == ["south"]
    assert cells("categories-of-the-longest-names", "region") == ["a region of the longest name"]
    assert cells("categories-of-least-risk", "branch") == ["7.0"]
    assert cells("categories-of-most-risk", "branch") == ["10"]


def test_a_table_without_a_category_has_no_end() -> None:
    empty = StoredRiskTable(bins={}, default_bin=0.5)
    facts = replace(EVERY_KIND, risk_tables={**EVERY_KIND.risk_tables, "region": empty})
    usual = cells("one-record", "region")

    assert cells("categories-of-most-risk", "region", facts=facts) == usual
    assert cells("categories-of-most-risk", "branch", facts=facts) == ["10"]
    assert "categories-of-least-risk" not in samples_of(replace(facts, risk_tables={"region": empty}))


@pytest.mark.parametrize(("noun", "field"), [("categories", "region"), ("texts", "title")])
def test_a_cell_of_the_most_characters_has_no_room_for_another(noun: str, field: str) -> None:
    sample = samples_of(EVERY_KIND)[f"{noun}-of-the-most-characters"]

    record: Mapping[str, Any] = sample.records[0]

    assert len(record[field]) == MAX_CELL_CHARS
    with pytest.raises(BadInput, match=f"at most {MAX_CELL_CHARS} characters"):
        EVERY_KIND.schema.bind(Table.of_records([{**record, field: record[field] + "x"}]))


@pytest.mark.parametrize(("field", "steps"), [("title", ()), ("dialogue", ("dialogue_splitter",))])
def test_texts_reach_the_last_token_of_a_chunk_and_the_first_beyond_it(
    field: str, steps: tuple[str, ...]
) -> None:
    chunks = [trace.chunks[0] for trace in traces(field, *steps, case="texts-around-the-most-tokens")]

    assert (MAX_TOKENS, 0) in [(len(chunk.token_ids), chunk.cut_tokens) for chunk in chunks]
    assert min(len(chunk.token_ids) for chunk in chunks) < MAX_TOKENS
    assert any(chunk.cut_tokens for chunk in chunks)


def test_a_dialogue_of_the_most_chunks_loses_no_message() -> None:
    (trace,) = traces("dialogue", "dialogue_splitter", case="texts-of-the-most-chunks")

    assert len(trace.chunks) == MAX_CHUNKS
    assert not trace.lost_messages


@pytest.mark.parametrize("field", ["title", "dialogue"])
def test_a_text_that_no_cell_has_room_for_is_left_out_and_told(field: str) -> None:
    stored = replace(EVERY_KIND.texts[field], max_tokens=40_000, max_chunks=10**9)
    facts = replace(EVERY_KIND, texts={**EVERY_KIND.texts, field: stored})
    usual = cells("one-record", field)

    samples = samples_of(facts)
    around = samples["texts-around-the-most-tokens"].records
    left_out = dict(without_room(Strategy.BOUNDARY, facts))

    assert [record[field] for record in around] == usual * len(around)
    assert left_out["texts-around-the-most-tokens"] == [field]
    assert ("texts-of-the-most-chunks" in left_out) is (field == "dialogue")
    assert ("texts-of-the-most-chunks" in samples) is (field == "title")
    assert not dict(without_room(Strategy.BOUNDARY, EVERY_KIND))


@pytest.mark.parametrize(
    ("name", "absent"),
    [
        ("numbers", ("categor", "text", "chunk")),
        ("texts", ("number", "zero", "categor")),
        ("categories", ("text",)),
    ],
)
def test_cases_for_kinds_of_fields_that_a_model_lacks_are_left_out(
    name: str, absent: tuple[str, ...]
) -> None:
    cases = samples_of(MODELS[name])

    assert {"one-record", "most-records"} < set(cases)
    assert not [case for case in cases if any(part in case for part in absent)]


def test_the_requests_of_a_model_of_many_fields_stay_small() -> None:
    samples = samples_of(WIDE)

    assert len(WIDE.schema.names(*Kind)) > 490
    assert len(samples) == len(samples_of(MODELS["nothing known"]))
    assert max(len(sample.records) * len(sample.records[0]) for sample in samples.values()) <= 20_000
    assert max(_chars(sample) for sample in samples.values()) < 1_000_000
    assert len(samples["most-records"].records) > 1


def _chars(sample: Sample) -> int:
    return int(np.sum([len(str(cell)) for record in sample.records for cell in record.values()]))
