"""Realistic samples: shares, ranges and lengths as they were recorded; the same seed, the same samples."""

import re
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from payload_artifacts import BARE, PROFILED, golden
from payload_models import MODELS, facts_of_fields, stored_text

from servable.artifact import UNKNOWN, Histogram
from servable.payload.facts import ModelFacts, RealRecords, facts_of
from servable.payload.strategies.realistic import realistic_samples
from servable.payload.strategies.typical import typical_samples
from servable.preprocess.text import compose
from servable.records import Cell, Table
from servable.schema import FLOAT32_MAX, NETWORK_MAX, Field, Kind

MANY = 4000
SENTENCES = re.compile(r"[A-Z][^.!]*[.!](?: [A-Z][^.!]*[.!])*")


def records(facts: ModelFacts, count: int, *, seed: int = 1) -> list[dict[str, Cell]]:
    drawn = realistic_samples(facts, count=count, seed=seed)
    return [dict(record) for each in drawn for record in each.records]


@pytest.fixture(scope="module")
def drawn() -> list[dict[str, Cell]]:
    return records(facts_of(PROFILED), MANY)


def share(cells: list[Cell], wanted: object) -> float:
    return sum(cell == wanted for cell in cells) / len(cells)


def test_categories_come_in_proportion_to_the_profile_missing_ones_among_them(
    drawn: list[dict[str, Cell]],
) -> None:
    regions = [record["region"] for record in drawn]

    assert share(regions, None) == pytest.approx(0.2, abs=0.03)
    assert share(regions, "west") == pytest.approx(0.5, abs=0.03)
    assert share(regions, "south") == pytest.approx(0.25, abs=0.03)
    assert share(regions, "east") == pytest.approx(0.025, abs=0.01)
    assert "" not in regions
    assert "nan" not in regions


def test_whole_numbers_are_drawn_from_the_bins_that_they_were_counted_in(
    drawn: list[dict[str, Cell]],
) -> None:
    ages = [record["age"] for record in drawn]
    present = np.array([age for age in ages if age is not None])

    assert {type(age) for age in ages} == {int, type(None)}
    assert share(ages, None) == pytest.approx(0.1, abs=0.03)
    assert (present.min(), present.max()) == (18, 90)
    assert ((present > 40) & (present <= 60)).mean() == pytest.approx(400 / 900, abs=0.03)
    assert (present <= 20).mean() == pytest.approx(100 / 900, abs=0.03)
    # even within a bin, its ends included
    inner = Counter(present[(present > 40) & (present <= 60)].tolist())
    assert sorted(inner) == list(range(41, 61))
    assert min(inner.values()) > 0.5 * max(inner.values())


def test_other_numbers_have_a_few_digits_and_stay_in_their_range(drawn: list[dict[str, Cell]]) -> None:
    rates = [float(str(record["rate"])) for record in drawn]

    assert all(0.013 <= rate <= 0.97 for rate in rates)
    assert np.mean([rate <= 0.25 for rate in rates]) == pytest.approx(0.5, abs=0.03)
    assert max(len(str(rate)) for rate in rates) <= 6
    assert len(set(rates)) > 500


@pytest.mark.parametrize(
    ("histogram", "imputed", "repeated", "rows"),
    [
        (Histogram(low=0, high=9000, edges=(60,), counts=(0, 900, 100, 0)), None, 0, 800),
        (Histogram(low=0, high=9000, edges=(60,), counts=(0, 900, 100, 0)), 12.0, 12, 800),
        (Histogram(low=0, high=9000, edges=(60,), counts=(0, 900, 100, 0)), 700.0, 0, 800),
        (Histogram(low=1, high=99, edges=(35.5, 40.5), counts=(0, 100, 800, 100, 0)), None, 40, 700),
    ],
    ids=["an amount that most do not have", "its imputation value", "a mean elsewhere", "hours of a week"],
)
def test_a_number_that_fills_a_bin_alone_is_drawn_as_often(
    histogram: Histogram, imputed: float | None, repeated: int, rows: int
) -> None:
    facts = replace(
        facts_of_fields(Field("amount", Kind.NUMERIC)),
        numbers={"amount": histogram},
        imputation={} if imputed is None else {"amount": imputed},
    )

    amounts = [record["amount"] for record in records(facts, MANY)]

    assert share(amounts, repeated) == pytest.approx(rows / 1000, abs=0.05)


def test_texts_have_recorded_lengths_and_the_marks_of_their_splitter(drawn: list[dict[str, Cell]]) -> None:
    notes = [str(record["note"]) for record in drawn if record["note"] is not None]
    lengths = np.array(list(map(len, notes)))

    assert 1 - len(notes) / MANY == pytest.approx(0.05, abs=0.02)
    assert (lengths <= 200).mean() == pytest.approx(700 / 950, abs=0.06)
    assert lengths.max() <= 900
    assert all(note.startswith("[bom] ") and note.endswith(" [eom]") for note in notes)
    assert len(set(notes)) > MANY / 2


@pytest.mark.parametrize("splitter", ["dialogue_splitter", "cs_chat_splitter"])
def test_a_dialogue_of_several_messages_reaches_the_model_whole(splitter: str) -> None:
    lengths = Histogram(low=500, high=900, counts=(0, 10, 0))
    facts = replace(
        facts_of_fields(Field("title", Kind.TEXT)),
        texts={"title": stored_text("title", splitter)},
        text_lengths={"title": lengths},
    )
    clean = compose([splitter], where="steps")

    for record in records(facts, 20):
        messages = clean(str(record["title"]))
        assert len(messages) >= 3
        assert sum(map(len, messages)) > 350


@pytest.mark.parametrize("chars", [1, 2, 3, 17, 60, 250, 70_000])
def test_texts_of_any_length_end_with_a_sentence_close_to_it_and_within_the_limit(chars: int) -> None:
    facts = replace(
        facts_of_fields(Field("title", Kind.TEXT)),
        text_lengths={"title": Histogram(low=chars, high=chars, counts=(0, 10, 0))},
    )

    for record in records(facts, 20):
        text = str(record["title"])
        assert SENTENCES.fullmatch(text)
        assert 0.85 * min(chars, 65_536) - 5 <= len(text) <= max(3, min(chars, 65_536))


def test_of_many_texts_of_one_length_few_are_the_same() -> None:
    facts = replace(
        facts_of_fields(Field("title", Kind.TEXT)),
        text_lengths={"title": Histogram(low=300, high=300, counts=(0, 10, 0))},
    )

    texts = {record["title"] for record in records(facts, 2000)}

    assert len(texts) > 0.9 * 2000
    assert len({str(text).partition(",")[0] for text in texts}) > 100


def test_the_same_seed_gives_the_same_samples_and_the_first_of_many_are_those_of_few() -> None:
    facts = facts_of(PROFILED)
    many = records(facts, 600)

    assert records(facts, 600) == many
    assert records(facts, 3) == many[:3]
    assert records(facts, 257) == many[:257]
    assert records(facts, 3, seed=2) != many[:3]
    assert many[:256] != many[256:512]


def test_without_a_profile_numbers_lie_around_the_imputation_value_and_categories_are_even() -> None:
    drawn = records(facts_of(BARE), 1000)
    ages = np.array([record["age"] for record in drawn], np.float64)

    assert ages.mean() == pytest.approx(41.25, rel=0.05)
    assert 30 < ages.min() < ages.max() < 52
    assert {record["region"] for record in drawn} == {"south", "west", "east", "rare"}
    assert share([record["region"] for record in drawn], "rare") == pytest.approx(0.25, abs=0.06)


def test_categories_that_nothing_names_are_one_that_the_model_does_not_know() -> None:
    regions = [record["region"] for record in records(facts_of(replace(PROFILED, risk_tables={})), 1000)]

    assert share(regions, UNKNOWN) == pytest.approx(0.05, abs=0.03)


def test_real_records_come_first_in_an_order_of_the_seed() -> None:
    lines = [b'{"age": %d, "note": "n"}' % age for age in range(6)]
    facts = facts_of(replace(PROFILED, golden=golden(*lines, derived=1)), real_records=RealRecords.USE)

    samples = list(realistic_samples(facts, count=7, seed=3))
    few = list(realistic_samples(facts, count=2, seed=3))

    assert [each.case for each in samples] == ["golden-record"] * 5 + ["realistic"] * 2
    assert sorted(int(str(each.records[0]["age"])) for each in samples[:5]) == list(range(5))
    assert few == samples[:2]


@pytest.mark.parametrize("model", sorted(MODELS))
def test_every_realistic_record_is_legal(model: str) -> None:
    schema = MODELS[model].schema

    drawn = records(MODELS[model], 40)

    assert all(list(record) == list(schema.names()) for record in drawn)
    assert len(schema.bind(Table.of_records(drawn))) == 40


@pytest.mark.parametrize(
    "histogram",
    [
        Histogram(low=5.0, high=5.0, counts=(0, 60, 0)),
        Histogram(
            low=-3e38,
            high=3e38,
            edges=(-2e38, -1e38, -3e37, -1.0, 0.0, 1.0, 3e37, 1e38, 2e38),
            counts=(4, *[6] * 10, 4),
        ),
        Histogram(
            low=1e-9,
            high=2e-9,
            edges=tuple(round(1e-9 + tenth * 1e-10, 10) for tenth in range(1, 10)),
            counts=(0, *[6] * 10, 0),
        ),
        Histogram(
            low=-0.5,
            high=-0.1,
            edges=(-0.45, -0.4, -0.35, -0.3, -0.25, -0.22, -0.2, -0.15, -0.12),
            counts=(0, *[6] * 10, 0),
        ),
    ],
    ids=["one number", "all numbers", "tiny", "negative"],
)
def test_numbers_of_any_range_stay_in_it(histogram: Histogram) -> None:
    facts = replace(facts_of_fields(Field("age", Kind.NUMERIC)), numbers={"age": histogram}, imputation={})

    ages = [float(str(record["age"])) for record in records(facts, 50)]

    assert all(histogram.low <= age <= histogram.high for age in ages)
    assert histogram.low == histogram.high or len(set(ages)) > 25


@pytest.mark.parametrize("limit", [FLOAT32_MAX, NETWORK_MAX])
@pytest.mark.parametrize("imputed", [3e38, -3e38, 1.7e19])
def test_around_an_imputation_value_near_the_limit_of_a_request_numbers_are_legal(
    imputed: float, limit: float
) -> None:
    artifact = replace(
        BARE, schema=replace(BARE.schema, number_limit=limit), imputation={"age": imputed, "rate": 0.5}
    )
    facts = facts_of(artifact)

    drawn = [*records(facts, 40), *(dict(each.records[0]) for each in typical_samples(facts, count=3))]

    assert len(facts.schema.bind(Table.of_records(drawn))) == 43
    assert ("age" in facts.imputation) is (abs(imputed) <= limit)


@pytest.mark.parametrize(
    ("imputed", "low", "high"), [(40.0, 30, 50), (0.0, 0, 1), (-8.0, -10, -6), (0.5, 0.375, 0.625)]
)
def test_around_a_whole_imputation_value_numbers_are_whole_and_keep_its_sign(
    imputed: float, low: float, high: float
) -> None:
    facts = replace(facts_of_fields(Field("rate", Kind.NUMERIC)), imputation={"rate": imputed})

    rates = [record["rate"] for record in records(facts, 200)]

    assert {type(rate) for rate in rates} == {int if imputed.is_integer() else float}
    found = np.array(rates, np.float64)
    assert low <= found.min() < found.max() <= high
