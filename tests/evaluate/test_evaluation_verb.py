"""`servable evaluate`: of a trained model, as text, as JSON and as a page, and what it refuses."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fixtures_models import COLUMNS, Model, rows_of_table, write_table
from report_numbers import assert_in_json
from servable.cli import main

FRESH = rows_of_table(300, seed=21)
QUICK = ("--draws", "100")

Run = Callable[..., str]


@pytest.fixture
def fresh(tmp_path: Path) -> Path:
    """Rows that the model has not seen."""
    return write_table(tmp_path / "fresh.csv", FRESH)


@pytest.fixture
def says(capsys: pytest.CaptureFixture[str]) -> Run:
    """What a run of the verb prints that ends well."""

    def run(*arguments: str | Path) -> str:
        with pytest.raises(SystemExit) as ended:
            main(["evaluate", *map(str, arguments), *QUICK])
        said = capsys.readouterr()
        assert ended.value.code == 0, said.err
        return said.out

    return run


@pytest.fixture
def refuses(capsys: pytest.CaptureFixture[str]) -> Run:
    """What a run of the verb says that ends with exit code 2 and prints nothing."""

    def run(*arguments: str | Path) -> str:
        with pytest.raises(SystemExit) as ended:
            main(["evaluate", *map(str, arguments)])
        said = capsys.readouterr()
        assert (ended.value.code, said.out) == (2, "")
        return said.err

    return run


def figures(said: str) -> Any:
    return json.loads(said)


def test_the_test_rows_of_training_come_to_the_figures_that_training_took(model: Model, says: Run) -> None:
    found = figures(says(model.trained, model.table, "--part", "test", "--json"))

    taken = model.said["train"]["calibrated"]
    assert found["data"]["rows"] == taken["rows"]
    assert found["calibrated"]["auc"]["value"] == taken["auc"]["value"]
    assert found["calibrated"]["probability"]["log_loss"]["value"] == taken["log_loss"]["value"]
    error = found["calibrated"]["probability"]["calibration"][0]["error"]
    assert error["value"] == taken["calibration_error"]["value"]
    assert found["warnings"] == []


def test_a_packed_model_is_worth_what_its_training_output_is(model: Model, fresh: Path, says: Run) -> None:
    trained, packed = (
        figures(says(one, fresh, "--json"))["raw"]["auc"]["value"] for one in (model.trained, model.archive)
    )

    assert packed == pytest.approx(trained, abs=1e-3)


def test_broken_notes_of_the_training_rows_are_refused_or_said(
    model: Model, fresh: Path, says: Run, refuses: Run, tmp_path: Path
) -> None:
    broken = shutil.copytree(model.trained, tmp_path / "broken")
    (broken / "training_rows.json").write_text("[]")

    assert refuses(broken, fresh).startswith(
        "error: customers, training_rows.json: expected what training writes about the rows that it used, "
    )
    found = figures(says(broken, fresh, "--json", "--on-damage", "warn"))
    said = f"whether training used rows of {fresh.name} could not be checked: training_rows.json: expected "
    assert any(sentence.startswith(said) for sentence in found["sentences"])


def test_rows_that_training_used_are_warned_of(model: Model, says: Run) -> None:
    found = figures(says(model.trained, model.table, "--json"))

    used, calibrated = found["warnings"]
    assert "rows of customers.csv were used in training" in used
    assert calibrated.startswith("the calibrator was fitted on rows of customers.csv")


def test_rows_that_the_other_model_s_training_used_are_warned_of_in_its_name(model: Model, says: Run) -> None:
    found = figures(says(model.archive, model.table, "--against", model.trained, "--json"))

    own, fitted, *others = found["warnings"]
    assert "were used in training" in own
    assert fitted.startswith("the calibrator was fitted on rows of customers.csv")
    assert others
    assert all(warning.startswith("the other model, customers: ") for warning in others)


def test_fresh_rows_are_not_warned_of(model: Model, fresh: Path, says: Run) -> None:
    assert figures(says(model.trained, fresh, "--json"))["warnings"] == []


def test_the_text_has_the_headline_the_figures_and_the_slices(model: Model, fresh: Path, says: Run) -> None:
    lines = says(model.trained, fresh, "--slice", "region,age", "--threshold", "0.7").splitlines()

    assert lines[0].startswith("customers is better than the base rate (log-loss skill ")
    assert any(line.startswith("  AUC ") for line in lines)
    assert any(line.startswith("  0.7 ") and line.endswith("asked for") for line in lines)
    assert any(line.startswith("  region   north") for line in lines)
    assert lines[-1].startswith("  *: apart from the whole; **: far apart; ")


def test_every_number_of_the_page_stands_in_the_json_beside_it(
    model: Model, fresh: Path, says: Run, tmp_path: Path
) -> None:
    page = tmp_path / "page.html"

    said = says(
        *(model.trained, fresh, "--slice", "region,age", "--threshold", "0.7"),
        *("--against", model.archive, "--group", "plan", "--html", page, "--json"),
    )

    beside = json.loads(page.with_suffix(".json").read_text())
    assert beside == figures(said)
    assert_in_json(page.read_text(), beside, allowed=("95 %",))


def test_the_page_has_a_figure_of_each_kind(model: Model, fresh: Path, says: Run, tmp_path: Path) -> None:
    page = tmp_path / "page.html"

    says(model.trained, fresh, "--html", page)

    written = page.read_text()
    for name in ("roc-0", "precision-0", "reliability-0", "scores-0"):
        assert f'id="{name}-title"' in written


def test_a_model_is_compared_with_its_pack(model: Model, fresh: Path, says: Run) -> None:
    found = figures(says(model.trained, fresh, "--against", model.archive, "--json"))["against"]

    assert found["flips"] == 0
    assert found["sentence"].startswith("it is no better than customers (")


def test_a_table_without_the_label_is_refused(model: Model, tmp_path: Path, refuses: Run) -> None:
    table = write_table(tmp_path / "bare.csv", [row[:-1] for row in FRESH], columns=COLUMNS[:-1])

    assert refuses(model.trained, table) == (
        'error: bare.csv: expected a column "churned", which holds the label, found the columns customer, '
        "age, income, region, plan; pass `--label` or name a column of the table\n"
    )


def test_a_label_that_is_no_class_is_refused(model: Model, tmp_path: Path, refuses: Run) -> None:
    rows = [*FRESH[:40], (*FRESH[40][:-1], 7)]

    assert refuses(model.trained, write_table(tmp_path / "odd.csv", rows)) == (
        'error: odd.csv, record 40, column "churned": expected one of the model\'s classes, 0, 1, '
        "found '7'; write the label as the model names it, or leave it empty\n"
    )


def test_labels_of_one_class_are_refused(model: Model, tmp_path: Path, refuses: Run) -> None:
    table = write_table(tmp_path / "one.csv", [row for row in FRESH if row[-1] == 1])

    said = refuses(model.trained, table)

    assert said.startswith("error: one.csv: expected labelled rows of at least two classes, found class ")
    assert said.endswith("rows; add rows of another class\n")


def test_too_few_rows_are_refused(model: Model, tmp_path: Path, refuses: Run) -> None:
    assert refuses(model.trained, write_table(tmp_path / "few.csv", FRESH[:12])) == (
        "error: few.csv: expected at least 30 rows with a label, found 12; evaluate on more rows\n"
    )


def test_a_slice_by_a_column_that_the_table_lacks_is_refused(model: Model, fresh: Path, refuses: Run) -> None:
    assert refuses(model.trained, fresh, "--slice", "region,nothing") == (
        'error: fresh.csv: expected a column "nothing", found the columns customer, age, income, region, '
        "plan, churned; name a column of the table\n"
    )


def test_rows_of_a_part_are_chosen_by_the_key_of_training_in_a_table_of_any_rows(
    model: Model, fresh: Path, says: Run
) -> None:
    data = figures(says(model.trained, fresh, "--part", "train", "--json"))["data"]

    assert (data["part"], data["rows"] + data["other_parts"]) == ("train", 300)
    assert 0.6 < data["rows"] / 300 < 0.8


def test_a_part_is_refused_where_no_split_was_recorded(
    model: Model, fresh: Path, tmp_path: Path, refuses: Run
) -> None:
    booster = tmp_path / "bare"
    booster.mkdir()
    for file in model.trained.iterdir():
        if file.is_file() and file.name not in ("training.json", "training_rows.json"):
            (booster / file.name).write_bytes(file.read_bytes())

    assert refuses(booster, fresh, "--part", "test").startswith(
        "error: --part: expected a model whose training "
    )


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        (("--draws", "10"), "expected a number from 100 to 100,000, found 10"),
        (("--threshold", "1.5"), "expected a score from 0 to 1, found 1.5"),
        (("--seed", "-1"), "expected a number that is not negative, found -1"),
    ],
    ids=["draws", "threshold", "seed"],
)
def test_a_setting_that_means_nothing_is_refused(
    model: Model, fresh: Path, refuses: Run, setting: tuple[str, str], says: str
) -> None:
    assert refuses(model.trained, fresh, *setting) == f"error: {setting[0]}: {says}; choose another number\n"


def test_nothing_is_written_where_an_evaluation_is_refused(
    model: Model, tmp_path: Path, refuses: Run
) -> None:
    table = write_table(tmp_path / "few.csv", FRESH[:12])

    refuses(model.trained, table, "--html", tmp_path / "page.html")

    assert [path.name for path in tmp_path.iterdir()] == ["few.csv"]


def test_a_page_of_another_name_is_refused_before_anything_is_read(model: Model, refuses: Run) -> None:
    said = refuses(model.trained, "nowhere.csv", "--html", "page.txt")

    assert said.startswith("error: --html, page.txt: expected a name that ends in .html")
