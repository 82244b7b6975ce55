"""Fresh data beside a profile: silent without drift, alarms of what is changed, none of few rows."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from populations import Column, profiled, rows, scorer
from servable.engines import Engine
from servable.errors import BadInput, ServableError
from servable.evaluate import (
    Drift,
    DriftVerdict,
    EvaluationSettings,
    drift,
    drift_lines,
    drift_of,
    profile_to_compare,
)
from servable.profile import Rows, population_of
from servable.records import FloatArray, ModelInputs
from servable.scorer import Scorer

Change = Callable[[dict[str, Column]], None]


@dataclass(frozen=True)
class NoneBelowZero:
    """An engine that has no score of a negative amount."""

    inner: Engine

    @property
    def features(self) -> int:
        return self.inner.features

    @property
    def classes(self) -> int:
        return self.inner.classes

    def run(self, inputs: ModelInputs) -> FloatArray:
        found = self.inner.run(inputs).copy()
        found[inputs.tabular[:, 0] < 0] = np.nan
        return found


@pytest.fixture(scope="module")
def trees() -> Scorer:
    return profiled(3000, seed=1)


@pytest.fixture(scope="module")
def network() -> Scorer:
    return profiled(1500, seed=1, has_text=True)


def found_of(model: Scorer, change: Change | None = None, *, n: int = 2000, seed: int = 2) -> Drift:
    has_text = bool(model.artifact.texts)
    return found_in(model, rows(n, seed=seed, has_text=has_text, change=change))


def found_in(model: Scorer, table: Rows) -> Drift:
    fresh = population_of(model, [table])
    return drift_of(model, profile_to_compare(model), fresh, table="week.csv", draws=500)


def sentences_of(found: Drift) -> tuple[str, ...]:
    return tuple(alarm.sentence for alarm in found.alarms)


def names_of(found: Drift) -> set[str]:
    return {sentence.partition(":")[0] for sentence in sentences_of(found)}


def test_data_like_that_of_the_profile_raises_no_alarm(trees: Scorer, network: Scorer) -> None:
    for model in (trees, network):
        found = found_of(model)

        assert found.verdict is DriftVerdict.SILENT
        assert found.alarms == ()
        assert not any(field.is_alarm for field in found.fields)


def shift(cells: dict[str, Column]) -> None:
    cells["visits"] += 4


def rescale(cells: dict[str, Column]) -> None:
    cells["visits"] /= 20


def rename(cells: dict[str, Column]) -> None:
    cells["region"][cells["region"] == "north"] = "North"


def lose(cells: dict[str, Column]) -> None:
    cells["visits"][::5] = np.nan


def lose_categories(cells: dict[str, Column]) -> None:
    cells["region"][::5] = None


def another_channel(cells: dict[str, Column]) -> None:
    cells["channel"][::2] = "telephone"


def empty(cells: dict[str, Column]) -> None:
    cells["review"][::4] = " "


def lengthen(cells: dict[str, Column]) -> None:
    cells["review"][:] = [text + " blue soft size" for text in cells["review"]]


def fewer_words(cells: dict[str, Column]) -> None:
    cells["review"][:] = [text.replace("bad", "b a d") for text in cells["review"]]


MOVED: dict[Change, tuple[str, ...]] = {
    shift: (
        "visits: the numbers have moved (PSI 4.95, alarm above 0.10): 34.0 % of the rows are above 11, in "
        "the profile 0.0 %",
    ),
    rescale: (
        "visits: the numbers have moved (PSI 6.84, alarm above 0.10): 95.1 % of the rows are from 0 to "
        "1.5, in the profile 15.6 %",
    ),
    rename: (
        'region: the categories have moved (PSI 3.70, alarm above 0.10): 0.0 % of the rows have "north", in '
        "the profile 23.9 %",
        "region: 23.8 % of the rows have a category that training did not know and fall to the default bin "
        "(in the profile 0.0 %)",
    ),
    lose: ("visits: 24.1 % of the rows have no number and are read as 3 (in the profile 5.1 %)",),
    lose_categories: (
        "region: 24.7 % of the rows have no category and fall to the default bin (in the profile 5.3 %)",
    ),
    another_channel: (
        "channel: the categories have moved (PSI 4.60, alarm above 0.10): 50.0 % of the rows have a category "
        "that is not among the profile's frequent ones, in the profile 0.0 %",
    ),
}


@pytest.mark.parametrize("change", MOVED, ids=lambda change: change.__name__)
def test_a_change_of_a_field_is_told_in_words_with_numbers(change: Change, trees: Scorer) -> None:
    found = found_of(trees, change)

    assert found.verdict is DriftVerdict.ALARM
    assert sentences_of(found) == MOVED[change]
    assert found.fields[0].is_alarm


@pytest.mark.parametrize(
    ("change", "part"),
    [
        (empty, "of the rows have no text (in the profile"),
        (lengthen, "of the texts are longer than the model reads, and lose what is beyond (in the profile"),
        (lengthen, "the texts have other lengths (PSI"),
        (lengthen, "the texts come to other numbers of tokens (PSI"),
        (fewer_words, "the texts come to other numbers of tokens (PSI"),
    ],
    ids=["empty", "cut", "characters", "tokens", "tokens-alone"],
)
def test_a_change_of_texts_is_told_in_words(change: Change, part: str, network: Scorer) -> None:
    found = found_of(network, change)

    assert names_of(found) == {"review"}
    assert sum(part in sentence for sentence in sentences_of(found)) == 1


def test_scores_that_move_raise_an_alarm_of_their_class(trees: Scorer) -> None:
    def change(cells: dict[str, Column]) -> None:
        cells["amount"] += 8

    found = found_of(trees, change)

    assert names_of(found) == {"amount", 'score of class "yes"'}
    assert found.scores[0].is_alarm


def test_labels_are_compared_where_both_sides_have_them(trees: Scorer) -> None:
    table = rows(2000, seed=2)
    mostly = np.where(np.arange(2000) % 10 < 7, 1, 0)
    mostly[:40] = -1

    silent = found_in(trees, table)
    moved = found_in(trees, Rows(records=table.records, labels=mostly))
    without = found_in(trees, Rows(records=table.records))

    assert silent.labels is not None
    assert not silent.labels.is_alarm
    assert sentences_of(moved) == (
        "label: the classes have other shares (PSI 0.40, alarm above 0.10): 30.0 % of the rows are of class "
        '"no", in the profile 61.1 %',
    )
    assert moved.unlabelled == 40
    assert (without.labels, without.verdict) == (None, DriftVerdict.SILENT)


def test_few_rows_have_figures_and_raise_no_alarm(trees: Scorer) -> None:
    found = found_of(trees, shift, n=499)

    assert found.verdict is DriftVerdict.TOO_FEW
    assert found.alarms == ()
    assert found.fields[0].name == "visits"
    assert found.fields[0].spreads[0].psi > 1
    text = "\n".join(drift_lines(found))
    assert "too few     there are 499 fresh rows, fewer than 500: chance alone moves the figures" in text
    assert found_of(trees, shift, n=500).verdict is DriftVerdict.ALARM


def test_a_small_change_raises_no_alarm_however_certain_it_is(trees: Scorer) -> None:
    def change(cells: dict[str, Column]) -> None:
        cells["visits"][::25] = np.nan

    found = found_of(trees, change, n=40_000)

    (missing,) = next(field.shares for field in found.fields if field.name == "visits")
    assert missing.difference.low > 0
    assert abs(missing.difference.value) < 0.05
    assert found.verdict is DriftVerdict.SILENT


def test_a_field_that_the_model_does_not_read_is_compared_and_named_so(trees: Scorer) -> None:
    found = found_of(trees)

    assert {field.name: field.is_read for field in found.fields} == {
        "amount": True,
        "visits": True,
        "region": True,
        "channel": False,
    }


def test_the_gravest_field_comes_first_and_its_line_says_alarm(trees: Scorer) -> None:
    def change(cells: dict[str, Column]) -> None:
        shift(cells)
        lose_categories(cells)

    lines = drift_lines(found_of(trees, change))

    table = lines[lines.index(next(line for line in lines if line.startswith("  field"))) :]
    assert [line.split()[0] for line in table[1:3]] == ["visits", "region"]
    assert [line.endswith("ALARM") for line in table[1:5]] == [True, True, False, False]
    assert lines[0] == "week.csv beside the profile of shop: alarm"
    assert lines[-1].startswith("An alarm about a field says that what the model is fed has changed")


def test_every_share_of_a_spread_is_its_rows_over_all(trees: Scorer) -> None:
    found = found_of(trees, lose)

    for spread in (*(each for field in found.fields for each in field.spreads), *found.scores):
        assert sum(each.baseline for each in spread.bins) == spread.baseline_rows == 3000
        assert sum(each.fresh for each in spread.bins) == spread.fresh_rows == 2000
        assert all(each.fresh_share == each.fresh / 2000 for each in spread.bins)
        assert spread.limit >= 0.1


def test_the_same_rows_in_another_order_find_the_same(trees: Scorer) -> None:
    table = rows(1000, seed=5)
    order = np.random.default_rng(1).permutation(1000)
    assert table.labels is not None
    mixed = Rows(records=table.records.take(order), labels=table.labels[order])

    assert found_in(trees, table) == found_in(trees, mixed)


def test_an_artifact_without_a_profile_says_what_to_run_to_get_one() -> None:
    with pytest.raises(BadInput) as caught:
        profile_to_compare(scorer())

    assert caught.value.code == "drift.profile"
    assert str(caught.value) == (
        "shop: expected an artifact with a profile of the data that it was made for, found none; pack its "
        "training output with `servable pack TRAINED -o model.tar.gz --golden TABLE`, where TABLE holds rows "
        "like those it was trained on"
    )


def test_a_profile_of_few_rows_tells_nothing() -> None:
    found = found_of(profiled(400, seed=1), shift)

    assert (found.verdict, found.alarms) == (DriftVerdict.TOO_FEW, ())
    assert found.unjudged == (
        "the profile has 400 rows, fewer than 500: chance alone moves the figures, and none raises an alarm",
    )
    assert profiled(60, seed=1).artifact.profile is not None


def test_labels_of_few_rows_are_told_not_to_be_judged(trees: Scorer) -> None:
    table = rows(2000, seed=2)
    assert table.labels is not None
    few = np.where(np.arange(2000) < 120, table.labels, -1)

    found = found_in(trees, Rows(records=table.records, labels=few))

    assert found.verdict is DriftVerdict.SILENT
    assert found.labels is not None
    assert not found.labels.is_judged
    assert found.unjudged == ("label: 120 fresh rows, fewer than 500, are too few to judge",)
    lines = drift_lines(found)
    assert not any("nothing" in line for line in lines)
    assert any(
        line.split()[0] == "label" and line.endswith("too few rows to judge") for line in lines if line
    )


def test_scores_of_few_records_that_differ_are_not_silent(network: Scorer) -> None:
    table = rows(400, seed=2, has_text=True)
    four_times = table.take(np.tile(np.arange(400), 4))

    found = found_in(network, four_times)

    assert (found.fresh_rows, found.fresh_scored) == (1600, 400)
    assert found.verdict is DriftVerdict.TOO_FEW
    assert found.unjudged[0].startswith('score of class "yes": 400 fresh rows, fewer than 500')
    assert "nothing" not in "\n".join(drift_lines(found))


def test_alarms_are_structured_and_fields_say_theirs(trees: Scorer) -> None:
    plain = found_of(trees, lose).to_plain()

    (alarm,) = plain["alarms"]
    assert (alarm["of"], alarm["name"], alarm["about"]) == ("field", "visits", "missing")
    assert alarm["weight"] > 1
    assert {field["name"]: field["is_alarm"] for field in plain["fields"]}["visits"]


def test_what_the_model_lacks_is_a_warning(trees: Scorer) -> None:
    found = found_of(replace(trees, degradations=("a table is missing",)))

    assert found.degradations == ("a table is missing",)
    assert "  warning: a table is missing" in drift_lines(found)


def test_long_names_keep_the_columns_of_the_table(trees: Scorer) -> None:
    found = found_of(trees)
    long = replace(found, fields=(replace(found.fields[0], name="n" * 300), *found.fields[1:]))

    lines = drift_lines(long)

    (at,) = [number for number, line in enumerate(lines) if line.startswith("  field")]
    assert lines[at + 1].startswith(f"  {'n' * 29}...  ")
    assert len({len(line.removesuffix("  ALARM")) for line in lines[at + 1 : at + 5]}) == 1


def test_one_row_is_one_row(trees: Scorer) -> None:
    lines = drift_lines(found_of(trees, n=1))

    assert "  fresh       1 row" in lines
    assert "  too few     there is 1 fresh row, fewer than 500" in "\n".join(lines)


@pytest.mark.parametrize(("n", "has_text"), [(5000, False), (1500, True)])
def test_a_score_that_is_none_names_file_and_record(n: int, has_text: bool, tmp_path: Path) -> None:
    model = profiled(600, seed=1, has_text=has_text)
    cells = {name: "2" for name in model.schema.names()}
    lines = [cells | {"amount": str(number)} for number in range(n)]
    lines[n - 7]["amount"] = "-7"
    table = tmp_path / "week.ndjson"
    table.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    broken = replace(model, engine=NoneBelowZero(model.engine))

    with pytest.raises(ServableError) as caught:
        drift(broken, table)
    assert str(caught.value).startswith(f"week.ndjson, record {n - 7}: expected a finite score")


def test_a_table_without_rows_is_refused_by_its_name(trees: Scorer, tmp_path: Path) -> None:
    (tmp_path / "week.csv").write_text("amount,visits,region,channel\n")

    with pytest.raises(BadInput, match=r"^week\.csv: expected at least one row, found none"):
        drift(trees, tmp_path / "week.csv")


def test_a_seed_below_zero_is_refused_as_an_evaluation_refuses_it(trees: Scorer, tmp_path: Path) -> None:
    with pytest.raises(BadInput) as caught:
        drift(trees, tmp_path / "week.csv", seed=-1)
    with pytest.raises(BadInput) as another:
        EvaluationSettings(seed=-1)

    assert str(caught.value) == str(another.value)
    assert caught.value.code == "evaluate.setting"
