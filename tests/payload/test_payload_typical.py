"""Typical samples, and the facts that they are made of."""

from dataclasses import replace

import pytest
from payload_artifacts import BARE, PROFILED, golden
from payload_models import EVERY_KIND, MODELS, facts_of_fields, stored_text

from servable.artifact import Artifact, StoredText
from servable.errors import Damaged
from servable.payload.facts import ModelFacts, RealRecords, facts_of
from servable.payload.strategies.typical import typical_samples
from servable.preprocess.text import TextPipeline, TextSettings
from servable.records import Cell, Table
from servable.schema import Field, Kind


def records(facts: ModelFacts, count: int) -> list[dict[str, Cell]]:
    return [dict(record) for each in typical_samples(facts, count=count) for record in each.records]


def chunks(text: StoredText, value: Cell) -> tuple[str, ...]:
    settings = TextSettings(steps=text.steps, max_tokens=text.max_tokens, max_chunks=text.max_chunks)
    pipeline = TextPipeline(settings, text.tokenizer, where="tokenizer.json")
    return tuple(chunk.text for chunk in pipeline.trace(str(value)).chunks)


def test_a_typical_record_has_imputation_values_the_most_frequent_category_and_fields_in_order() -> None:
    (record,) = records(facts_of(PROFILED), 1)

    assert list(record) == ["note", "age", "region", "rate"]
    assert (record["age"], record["region"], record["rate"]) == (41.25, "west", 0.5)


def test_further_samples_walk_through_the_next_categories_and_the_bins_from_the_median_outwards() -> None:
    walked = records(facts_of(PROFILED), 4)

    assert [record["region"] for record in walked] == ["west", "south", "east", "rare"]
    assert [record["age"] for record in walked] == [41.25, 43, 38, 48]
    assert records(facts_of(PROFILED), 2) == walked[:2]


def test_without_a_profile_the_category_nearest_to_the_mean_risk_that_has_a_value_of_its_own_is_first() -> (
    None
):
    facts = facts_of(BARE)

    assert [name for name, _ in facts.categories["region"]] == ["south", "west", "east", "rare"]
    assert {weight for _, weight in facts.categories["region"]} == {1.0}
    assert [record["age"] for record in records(facts, 3)] == [41.25, 30.9, 51.6]


@pytest.mark.parametrize(
    ("imputed", "expected"),
    [(37.0, [37, 43, 38, 48]), (41.25, [41.25, 43, 38, 48])],
    ids=["a whole one", "a mean"],
)
def test_whole_numbers_have_no_point_in_any_file(imputed: float, expected: list[float]) -> None:
    facts = facts_of(replace(PROFILED, imputation={"age": imputed, "rate": 1.0}))

    found = records(facts, 4)

    assert [repr(record["age"]) for record in found] == list(map(repr, expected))
    assert repr(found[0]["rate"]) == "1.0"


def test_without_a_splitter_a_text_is_no_dialogue_and_has_a_few_sentences() -> None:
    facts = replace(facts_of_fields(Field("title", Kind.TEXT)), texts={"title": stored_text("title")})

    texts = [str(record["title"]) for record in records(facts, 12)]

    assert max(map(len, texts)) < 1000
    assert not [text for text in texts if "[bom]" in text or "[customer]" in text]
    assert len(set(texts)) >= 5


@pytest.mark.parametrize(
    "steps",
    [
        ("dialogue_splitter",),
        ("cs_chat_splitter", "cs_adapter"),
        ("html_normalizer", "emoji_remover", "text_normalizer"),
        (),
    ],
    ids=lambda steps: "+".join(steps) or "none",
)
def test_every_text_leaves_something_behind_the_model_s_own_steps(steps: tuple[str, ...]) -> None:
    text = stored_text("title", *steps)
    facts = replace(facts_of_fields(Field("title", Kind.TEXT)), texts={"title": text})

    for record in records(facts, 12):
        assert any(len(chunk) > 1 for chunk in chunks(text, record["title"]))


def test_two_text_fields_of_a_record_differ() -> None:
    fields = (Field("a", Kind.TEXT), Field("b", Kind.TEXT))
    facts = replace(facts_of_fields(*fields), texts={name: stored_text(name) for name in "ab"})

    assert all(record["a"] != record["b"] for record in records(facts, 5))


def test_an_unknown_text_step_is_one_sentence() -> None:
    facts = replace(EVERY_KIND, texts={"dialogue": stored_text("dialogue", "magic")})

    with pytest.raises(Damaged, match=r'field "dialogue", text steps: expected one of .*, found'):
        records(facts, 1)


@pytest.mark.parametrize("model", sorted(MODELS))
def test_every_typical_record_is_legal(model: str) -> None:
    schema = MODELS[model].schema

    for record in records(MODELS[model], 8):
        assert list(record) == list(schema.names())
        assert len(schema.bind(table_of(record))) == 1


def table_of(record: dict[str, Cell]) -> Table:
    return Table.of_records([record])


def test_facts_share_what_a_profile_counted_without_a_name_among_the_other_bins() -> None:
    facts = facts_of(PROFILED)

    assert facts.categories["region"] == (("west", 500.0), ("south", 250.0), ("east", 25.0), ("rare", 25.0))
    assert facts.rare == {}
    assert facts.missing == {"age": 0.1, "rate": 0.0, "region": 0.2, "note": 0.05}


def test_facts_keep_the_weight_of_categories_that_nothing_names() -> None:
    facts = facts_of(replace(PROFILED, risk_tables={}))

    assert [name for name, _ in facts.categories["region"]] == ["west", "south"]
    assert facts.rare == {"region": 50.0}


@pytest.mark.parametrize(
    ("artifact", "allowed", "expected"),
    [
        (replace(BARE, golden=golden(b'{"age": 1, "note": "n", "x": 2}', b"{}", derived=1)), True, 1),
        (replace(BARE, golden=golden(b'{"age": 1, "note": "n", "x": 2}', b"{}", derived=1)), False, 0),
        (replace(BARE, golden=golden(b"{}", b"{}", derived=2)), True, 0),
        (BARE, True, 0),
    ],
    ids=["allowed", "not allowed", "derived ones alone", "no golden set"],
)
def test_real_records_are_facts_only_if_they_may_be_used(
    artifact: Artifact, *, allowed: bool, expected: int
) -> None:
    facts = facts_of(artifact, real_records=RealRecords.USE if allowed else RealRecords.LEAVE_OUT)

    assert list(facts.real_records) == [{"note": "n", "age": 1, "region": None, "rate": None}] * expected
