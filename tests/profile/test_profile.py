"""A profile: what it counts, what it leaves out, and that order, blocks and size change nothing."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from populations import (
    Column,
    asked,
    rows,
    scorer,
)
from servable.artifact import LEAST_ROWS_NAMED, Profile, ProfileSource
from servable.errors import BadInput
from servable.preprocess import RiskTable
from servable.profile import SAMPLED_RECORDS, Rows, population_of, profile_of
from servable.profile.sample import RecordSample

PERSON = "Ada Lovelace, 12 St James Square"


def profile(*table: Rows, has_text: bool = False) -> Profile:
    return profile_of(scorer(has_text=has_text), table, source=ProfileSource.TABLE)


def blocks(whole: Rows, order: np.ndarray, *, size: int) -> list[Rows]:
    assert whole.labels is not None
    return [
        Rows(records=whole.records.take(at), labels=whole.labels[at])
        for at in (order[start : start + size] for start in range(0, len(order), size))
    ]


def test_it_counts_what_a_plain_count_counts() -> None:
    table = rows(1000, seed=1)
    amount, region = (table.records.columns[name] for name in ("amount", "region"))

    found = profile(table)

    numbers, category = found.numbers[0], found.categories[0]
    assert (found.rows, found.held_out, found.scored) == (1000, 1000, 1000)
    assert numbers.field == "amount"
    assert numbers.missing == int(np.isnan(amount).sum())
    assert numbers.values is not None
    assert numbers.values.rows == 1000 - numbers.missing
    edges = np.array(numbers.values.edges)
    assert np.quantile(amount[~np.isnan(amount)], np.arange(1, 10) / 10) == pytest.approx(edges, abs=0.2)
    present = [each for each in region.tolist() if each is not None]
    assert category.categories == dict(Counter(present))
    assert category.missing == 1000 - len(present)
    assert (category.unknown, category.rest, category.distinct) == (0, 0, 4)
    assert found.labels is not None
    assert table.labels is not None
    assert found.labels == (int((table.labels == 0).sum()), int((table.labels == 1).sum()))


def test_scores_are_those_of_the_model_by_class() -> None:
    table = rows(1000, seed=1)
    raw = scorer().score_records(table.records).raw[:, 1]

    (scores,) = profile(table).scores

    assert scores is not None
    assert np.quantile(raw, np.arange(1, 10) / 10) == pytest.approx(np.array(scores.edges), abs=0.01)
    assert scores.rows == 1000


@pytest.mark.parametrize("has_text", [False, True])
def test_neither_order_nor_blocks_change_anything(has_text: bool) -> None:
    table = rows(1200, seed=2, has_text=has_text)
    order = np.random.default_rng(3).permutation(1200)

    whole = profile(table, has_text=has_text)
    mixed = profile(*blocks(table, order, size=97), has_text=has_text)

    assert whole == mixed
    assert whole.to_files() == mixed.to_files()


def test_a_category_of_few_rows_is_not_named() -> None:
    def change(cells: dict[str, Column]) -> None:
        cells["channel"][:] = "web"
        cells["channel"][:LEAST_ROWS_NAMED] = "enough"
        cells["channel"][LEAST_ROWS_NAMED : 2 * LEAST_ROWS_NAMED - 1] = PERSON

    found = profile(rows(300, seed=4, change=change)).categories[1]

    assert found.categories == {"web": 300 - 2 * LEAST_ROWS_NAMED + 1, "enough": LEAST_ROWS_NAMED}
    assert (found.rest, found.distinct) == (LEAST_ROWS_NAMED - 1, 3)
    assert PERSON not in str(found)


def test_the_most_frequent_fifty_categories_are_named_and_the_rest_counted() -> None:
    def change(cells: dict[str, Column]) -> None:
        cells["channel"][:] = [f"c{number % 60:02}" for number in range(600)]
        cells["channel"][:60] = "c00"

    found = profile(rows(600, seed=4, change=change)).categories[1]

    assert len(found.categories) == 50
    assert next(iter(found.categories)) == "c00"
    assert found.rest == 10 * 9
    assert found.distinct == 60


def test_it_holds_no_text_of_a_record_and_no_number_of_a_single_one() -> None:
    def change(cells: dict[str, Column]) -> None:
        cells["review"][:] = [f"{PERSON} {number}" for number in range(400)]
        cells["channel"][:] = [f"{PERSON} {number}" for number in range(400)]
        cells["amount"][:3] = [98765.4321, -4321.0987, 1234567.89]

    found = profile(rows(400, seed=5, has_text=True, change=change), has_text=True)

    (data,) = found.to_files().values()
    for part in (PERSON, "Ada", "Lovelace", "98765", "4321", "123456"):
        assert part.encode() not in data


def test_texts_are_counted_by_length_tokens_and_what_is_cut() -> None:
    def change(cells: dict[str, Column]) -> None:
        words = ("good dress", None, "", "   ", " ".join(["blue"] * 20))
        cells["review"][:] = [words[number % 5] for number in range(500)]
        cells["amount"][:] = np.arange(500)  # no two records are equal, so all are in the sample

    model = scorer(has_text=True)
    found = population_of(model, [rows(500, seed=6, has_text=True, change=change)]).texts["review"]

    assert found.empty == 300
    assert dict(zip(found.characters.values, found.characters.counts, strict=True)) == {10: 100, 99: 100}
    # of an empty text the chunker makes a message of one token; special tokens count
    lengths = dict(zip(found.tokens.values.tolist(), found.tokens.counts.tolist(), strict=True))
    assert lengths == {3.0: 300, 4.0: 100, 22.0: 100}
    assert found.cut == 100


def test_rows_that_the_model_was_fitted_on_tell_only_what_cells_hold() -> None:
    def change(cells: dict[str, Column]) -> None:
        cells["region"][:] = "a region of its own"

    model = scorer()
    fitted = rows(300, seed=7, change=change)
    held_out = rows(200, seed=8)
    table = [Rows(records=fitted.records, labels=fitted.labels, is_fitted=True), held_out]

    found = profile_of(model, table, source=ProfileSource.TRAIN)

    assert (found.rows, found.held_out, found.scored) == (500, 200, 200)
    assert found.categories[0].unknown == 0
    assert found.categories[0].categories["a region of its own"] == 300
    assert asked(model) == 200
    assert found.rows_in_words == "500 rows of the training table, 200 held out"


def test_scores_that_are_known_are_not_computed_again() -> None:
    table = rows(300, seed=7)
    raw = scorer().score_records(table.records).raw
    model = scorer()

    found = profile_of(model, [Rows(records=table.records, raw=raw)], source=ProfileSource.TABLE)

    assert asked(model) == 0
    assert found.scores == profile(Rows(records=table.records)).scores
    assert found.labels is None


def test_a_number_spelled_as_a_category_is_counted_in_the_bin_that_answers_it() -> None:
    model = scorer()
    tables = {"region": RiskTable({"10": 0.5, "11": 0.5}, 0.25)}
    model = replace(model, preprocessor=replace(model.preprocessor, risk_tables=tables))

    def change(cells: dict[str, Column]) -> None:
        cells["region"][:] = [("10", "10.0", "11", "12")[number % 4] for number in range(400)]

    found = profile_of(model, [rows(400, seed=1, change=change)], source=ProfileSource.TABLE)

    assert found.categories[0].categories == {"10": 200, "11": 100, "12": 100}
    assert found.categories[0].unknown == 100


def test_a_network_scores_a_sample_of_a_long_table_and_the_same_one_in_any_order() -> None:
    whole = rows(3 * SAMPLED_RECORDS, seed=9, has_text=True)
    order = np.random.default_rng(1).permutation(len(whole.records))
    models = [scorer(has_text=True) for _ in range(2)]

    one = profile_of(models[0], blocks(whole, np.arange(len(order)), size=4096), source=ProfileSource.TABLE)
    other = profile_of(models[1], blocks(whole, order, size=500), source=ProfileSource.TABLE)

    assert (one.rows, one.scored) == (3 * SAMPLED_RECORDS, SAMPLED_RECORDS)
    assert one == other
    assert [asked(model) for model in models] == [SAMPLED_RECORDS, SAMPLED_RECORDS]
    assert one.rows_in_words == "6,000 rows of a table that the packer chose, 2,000 scored"


def test_a_sample_takes_a_record_that_repeats_once_and_holds_twice_its_size_at_most() -> None:
    whole = rows(900, seed=9, has_text=True)
    sample = RecordSample(most=20)

    for start in range(0, 900, 50):
        at = np.arange(start, start + 50)
        for _ in range(2):
            sample.add(Rows(records=whole.records.take(at)))
        assert len(sample._held) <= 2 * 20

    taken = sample.rows().records
    cells = [tuple(map(str, (taken.columns[name][at] for name in taken.columns))) for at in range(20)]
    assert len(taken) == len(set(cells)) == 20


def test_a_table_without_a_row_has_no_profile() -> None:
    with pytest.raises(BadInput) as caught:
        profile()

    assert caught.value.code == "table.empty"


def test_progress_tells_of_rows_read_and_of_a_sample_scored() -> None:
    told: list[tuple[str, int, int]] = []
    table = rows(300, seed=1, has_text=True)

    def progress(phase: str, done: int, total: int) -> None:
        told.append((phase, done, total))

    profile_of(scorer(has_text=True), [table], source=ProfileSource.TABLE, progress=progress)

    assert told[0] == ("read the table", 0, 0)
    assert ("read the table", 300, 300) in told
    assert told[-1][0] == "score a sample"
    assert told[-1][1] == told[-1][2] == 300
