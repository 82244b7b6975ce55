"""The page of a drift, and the command that writes it."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from fixtures_models import COLUMNS, rows_of_table, write_table
from populations import Column, profiled, rows
from report_numbers import assert_in_json
from servable.artifact import read_artifact
from servable.cli.drift import command
from servable.errors import BadInput, NotFound
from servable.evaluate import Drift, DriftVerdict, drift_of, profile_to_compare
from servable.evaluate.drift.page import banner, drift_page
from servable.pack import pack
from servable.profile import population_of
from servable.scorer import Scorer
from servable.train import TableSettings, XGBoostSettings, train

HOSTILE = '"><script>alert(1)</script>'


def found_of(model: Scorer, *, n: int = 900, table: str = "week.csv") -> Drift:
    def change(cells: dict[str, Column]) -> None:
        cells["visits"] += 3
        cells["region"][::4] = HOSTILE

    has_text = bool(model.artifact.texts)
    fresh = population_of(model, [rows(n, seed=3, has_text=has_text, change=change)])
    return drift_of(model, profile_to_compare(model), fresh, table=table, draws=300)


@pytest.fixture(scope="module")
def network() -> Scorer:
    return profiled(900, seed=1, has_text=True)


@pytest.mark.parametrize("n", [900, 300], ids=["alarm", "too-few"])
def test_every_number_of_the_page_stands_in_the_json_beside_it(n: int, network: Scorer) -> None:
    found = found_of(network, n=n)

    assert_in_json(drift_page(found), found.to_plain())


@pytest.mark.parametrize("n", [900, 300], ids=["alarm", "too-few"])
def test_the_facts_of_thebanner_are_these_numbers(n: int, network: Scorer) -> None:
    found = found_of(network, n=n)
    plain = found.to_plain()

    facts = dict(banner(found).facts)

    assert {name: fact.value for name, fact in facts.items()} == {
        "Alarms": len(plain["alarms"]),
        "Fields": len(plain["fields"]),
        "Fresh rows": plain["fresh_rows"],
        "Profile": plain["baseline_rows"],
    }
    assert plain["fresh_rows"] == n
    assert plain["baseline_rows"] == 900


def test_what_could_not_be_judged_is_on_the_page_and_nothing_is_said_of_it(network: Scorer) -> None:
    table = rows(900, seed=1, has_text=True)
    assert table.labels is not None
    few = replace(table, labels=np.where(np.arange(900) < 99, table.labels, -1))
    found = drift_of(
        replace(network, degradations=("a table is missing",)),
        profile_to_compare(network),
        population_of(network, [few]),
        table="week.csv",
        draws=300,
    )

    page = drift_page(found)

    assert found.verdict is DriftVerdict.SILENT
    assert "What could be judged has not changed beyond what chance does." in page
    assert "Nothing has changed" not in page
    assert "Label: 99 fresh rows, fewer than 500, are too few to judge." in page
    assert "A table is missing." in page


def test_the_page_tells_alarms_and_meaning_once_and_names_of_strangers_as_text(network: Scorer) -> None:
    found = found_of(network, table=HOSTILE)

    page = drift_page(found)

    assert "<h1>ALARM</h1>" in page
    assert "<script" not in page
    assert page.count("Only labels can say how bad it is") == 1
    assert page.count('<svg class="plot"') == sum(len(field.spreads) for field in found.fields) + 2
    assert page == drift_page(found_of(network, table=HOSTILE))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small model, packed, with tables: one like that of training, and one that moved."""
    folder = tmp_path_factory.mktemp("drift")
    table = write_table(folder / "customers.csv", rows_of_table(1500, seed=7))
    columns = TableSettings(label=COLUMNS[-1], id_column=COLUMNS[0])
    settings = XGBoostSettings(num_round=15, max_depth=3)
    output = train(table, folder / "trained", columns=columns, settings=settings).output
    pack(output, folder / "model.tar.gz")
    fresh = rows_of_table(800, seed=8)
    write_table(folder / "same.csv", fresh)
    write_table(folder / "few.csv", fresh[:100])
    moved = [
        (number, None if age is None else str(int(str(age)) + 20), *rest) for number, age, *rest in fresh
    ]
    write_table(folder / "moved.csv", moved)
    write_table(folder / "unlabelled.csv", [row[:-1] for row in fresh], columns=COLUMNS[:-1])
    return folder


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(command, [str(argument) for argument in arguments], standalone_mode=False)


@pytest.mark.parametrize(
    ("table", "code", "verdict"),
    [
        ("same.csv", 0, "silent"),
        ("moved.csv", 1, "alarm"),
        ("few.csv", 3, "too few rows"),
        ("unlabelled.csv", 0, "silent"),
    ],
)
def test_the_exit_code_is_the_verdict(table: str, code: int, verdict: str, folder: Path) -> None:
    text = run(folder / "model.tar.gz", folder / table)
    plain = run(folder / "trained", folder / table, "--json")

    assert (text.return_value, plain.return_value) == (code, code)
    assert json.loads(plain.output)["verdict"] == verdict
    assert text.output.startswith(f"{table} beside the profile of customers: {verdict[:7].strip()}")


def test_a_table_without_a_header_is_read_as_a_request_would_be(folder: Path, tmp_path: Path) -> None:
    _, *lines = (folder / "unlabelled.csv").read_text().splitlines()
    (tmp_path / "bare.csv").write_text("".join(f"{line.split(',', 1)[1]}\n" for line in lines))

    ran = run(folder / "model.tar.gz", tmp_path / "bare.csv", "--json")

    assert json.loads(ran.output)["fresh_rows"] == 800


def test_a_page_is_written_with_its_numbers_beside_it(folder: Path, tmp_path: Path) -> None:
    ran = run(folder / "model.tar.gz", folder / "moved.csv", "--html", tmp_path / "drift.html")

    assert ran.return_value == 1
    numbers = json.loads((tmp_path / "drift.json").read_text())
    assert numbers == json.loads(run(folder / "model.tar.gz", folder / "moved.csv", "--json").output)
    assert_in_json((tmp_path / "drift.html").read_text(), numbers)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["drift.html", "drift.json"]


def test_the_same_table_gives_the_same_json(folder: Path) -> None:
    first, second = (run(folder / "model.tar.gz", folder / "moved.csv", "--json").output for _ in range(2))

    assert first == second


def test_what_is_wrong_is_said_before_anything_is_written(folder: Path, tmp_path: Path) -> None:
    (folder / "trained/profile.json").rename(tmp_path / "profile.json")
    try:
        assert read_artifact(folder / "trained").profile is None
        without = run(folder / "trained", folder / "same.csv", "--html", tmp_path / "drift.html")
    finally:
        (tmp_path / "profile.json").rename(folder / "trained/profile.json")
    absent = run(folder / "trained", folder / "absent.csv")
    lacking = run(
        folder / "trained", write_table(tmp_path / "lacking.csv", [("c1", 1)], columns=("id", "age"))
    )

    assert isinstance(without.exception, BadInput)
    assert without.exception.code == "drift.profile"
    assert not (tmp_path / "drift.html").exists()
    assert isinstance(absent.exception, NotFound)
    assert isinstance(lacking.exception, BadInput)
