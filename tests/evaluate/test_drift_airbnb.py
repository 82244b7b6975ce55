"""Two snapshots of one city's listings: what the later one changed is told, and halves of one are alike."""

import csv
import gzip
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from servable.artifact import ProfileSource
from servable.evaluate import Drift, DriftVerdict, drift, drift_of
from servable.pack import RecordsOfTable, pack
from servable.profile import Rows, population_of, profile_of, read_rows
from servable.scorer import Scorer, load
from servable.train import TableSettings, XGBoostSettings, train

pytestmark = pytest.mark.slow

TEXTS = ("title", "description", "neighborhood_overview")
COLUMNS = TableSettings(label="is_dear", id_column="listing_key", group_column="host_key")
SETTINGS = XGBoostSettings(num_round=40, max_depth=3)
SEEDS = 100


@dataclass(frozen=True, kw_only=True)
class Listings:
    """The snapshots as tables of two classes, and a model of the first one, as trained and packed anew."""

    february: Path
    december: Path
    trained: Scorer
    packed: Scorer


@pytest.fixture(scope="module")
def listings(shared_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Listings:
    folder = tmp_path_factory.mktemp("listings")
    february, december = (
        _two_classes(shared_dir / f"data/airbnb_boston/listings_{month}.csv.gz", folder / f"{month}.csv")
        for month in ("2021-02", "2021-12")
    )
    output = train(february, folder / "trained", columns=COLUMNS, settings=SETTINGS).output
    packed = pack(output, folder / "model.tar.gz", golden=RecordsOfTable(february)).output
    return Listings(february=february, december=december, trained=load(output), packed=load(packed))


def _two_classes(source: Path, target: Path) -> Path:
    with gzip.open(source, "rt", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        row["is_dear"] = str(int(row.pop("price_band") == "high"))
        for text in TEXTS:
            del row[text]
    with target.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return target


@pytest.fixture(scope="module", params=["trained", "packed"])
def ten_months_later(request: pytest.FixtureRequest, listings: Listings) -> Drift:
    return drift(getattr(listings, request.param), listings.december)


def test_renamed_categories_and_another_scale_are_told_and_what_stayed_is_not(
    ten_months_later: Drift,
) -> None:
    of_field = {field.name: field for field in ten_months_later.fields}

    assert ten_months_later.verdict is DriftVerdict.ALARM
    assert of_field["property_type"].is_alarm
    assert of_field["review_scores_rating"].is_alarm
    assert not of_field["room_type"].is_alarm
    assert [field.name for field in ten_months_later.fields[:2]] == ["review_scores_rating", "property_type"]


def test_the_share_of_unknown_categories_is_told_in_words(ten_months_later: Drift) -> None:
    (sentence,) = (
        alarm.sentence
        for alarm in ten_months_later.alarms
        if alarm.sentence.startswith("property_type: ") and "did not know" in alarm.sentence
    )

    said, _, before = sentence.partition(" (in the profile ")
    assert said == (
        "property_type: 85.0 % of the rows have a category that training did not know and fall to the "
        "default bin"
    )
    assert float(before.removesuffix(" %)")) < 6


def test_scores_have_moved_and_labels_hardly(ten_months_later: Drift) -> None:
    (scores,) = ten_months_later.scores

    assert scores.is_alarm
    assert ten_months_later.labels is not None
    assert ten_months_later.labels.psi == pytest.approx(0.022, abs=0.001)


def test_the_table_of_training_has_no_drift_but_that_its_scores_are_surer(listings: Listings) -> None:
    for model in (listings.trained, listings.packed):
        found = drift(model, listings.february)

        assert not any(field.is_alarm for field in found.fields)
        assert {alarm.of for alarm in found.alarms} <= {"score"}


def test_a_random_half_beside_the_other_is_silent_in_at_least_95_of_100_draws(listings: Listings) -> None:
    model = listings.packed
    (table,) = read_rows(listings.february, model.artifact)
    raw = model.score_records(table.records).raw
    assert table.labels is not None
    labels = table.labels

    def taken(at: NDArray[np.int64]) -> list[Rows]:
        return [Rows(records=table.records.take(at), raw=raw[at], labels=labels[at])]

    def verdict(seed: int) -> DriftVerdict:
        order = np.random.default_rng(seed).permutation(len(raw))
        one, other = np.array_split(order, 2)
        profile = profile_of(model, taken(one), source=ProfileSource.TABLE)
        fresh = population_of(model, taken(other))
        return drift_of(model, profile, fresh, table="half", draws=200).verdict

    silent = sum(verdict(seed) is DriftVerdict.SILENT for seed in range(SEEDS))

    assert silent >= 95
