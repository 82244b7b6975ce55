"""The pages of evaluate, explain, diff and drift in a real browser, and their numbers beside them."""

import json
from dataclasses import dataclass
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from explained import GIVEN, NOTE, changed, explained

from browser import needs_browser, shown
from fixtures_models import Model, rows_of_table, write_table
from report_numbers import assert_in_json
from servable.cli.calibrate import command as calibrate
from servable.cli.diff import command as diff
from servable.cli.drift import command as drift
from servable.cli.evaluate import command as evaluate
from servable.cli.explain import command as explain
from servable.evaluate.explain.page import explanation_page

pytestmark = pytest.mark.slow

DARK, ALWAYS = "@media screen and (prefers-color-scheme: dark)", "@media screen"
SPOKEN = ("95 %",)
"""Words of the trade, which are no figures."""

TABLE, RECORD, OTHER = "fresh.csv", "record.csv", "other"
COMMANDS: dict[str, tuple[click.Command, tuple[str, ...]]] = {
    "evaluate": (evaluate, (TABLE, "--slice", "region,plan", "--against", OTHER, "--draws", "100")),
    "drift": (drift, (TABLE,)),
    "diff": (diff, (OTHER, "--sample", TABLE, "--show-records")),
    "explain": (explain, (RECORD, "--against", OTHER)),
    "effects": (explain, (TABLE, "--rows", "20")),
}


@dataclass(frozen=True, slots=True)
class Written:
    """A page and the JSON beside it."""

    page: str
    numbers: object


@pytest.fixture(scope="module")
def written(model: Model, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Written]:
    """A page of each verb: of the model, of a copy with another calibrator, of a table that has drifted."""
    folder = tmp_path_factory.mktemp("pages")
    drifted = [
        (name, age, income, "Bogotá, D.C." if region == "north" else region, plan, label)
        for name, age, income, region, plan, label in rows_of_table(900, seed=8)
    ]
    write_table(folder / TABLE, drifted)
    write_table(folder / RECORD, drifted[:1])
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert ran(calibrate, str(model.trained), TABLE, "--method", "beta", "-o", OTHER) == 0
        for verb, (command, arguments) in COMMANDS.items():
            assert ran(command, str(model.trained), *arguments, "--html", f"{verb}.html") in (0, 1)
    of_text = explained({**GIVEN, "note": f"{NOTE} {300 * 'w'}"}, against=changed(steps=("tokenizer",)))
    return {"explain text": Written(page=explanation_page(of_text), numbers=of_text.to_plain())} | {
        verb: Written(
            page=(folder / f"{verb}.html").read_text(),
            numbers=json.loads((folder / f"{verb}.json").read_text()),
        )
        for verb in COMMANDS
    }


def ran(command: click.Command, *arguments: str) -> int:
    """The exit code of a command that ends as it should."""
    done = CliRunner().invoke(command, arguments, standalone_mode=False, catch_exceptions=False)
    return done.return_value or 0


@pytest.mark.parametrize("verb", [*COMMANDS, "explain text"])
def test_every_number_of_a_page_stands_in_the_json_beside_it(verb: str, written: dict[str, Written]) -> None:
    assert_in_json(written[verb].page, written[verb].numbers, allowed=SPOKEN)


@needs_browser
@pytest.mark.parametrize(("width", "scheme"), [(400, DARK), (1280, ALWAYS)], ids=["telephone", "dark desk"])
def test_nothing_stands_over_an_edge_and_nothing_is_asked_for(
    width: int, scheme: str, written: dict[str, Written], tmp_path: Path
) -> None:
    assert all(DARK in each.page for each in written.values())
    pages = {verb: each.page.replace(DARK, scheme) for verb, each in written.items()}

    found = shown(pages, width=width, folder=tmp_path)

    assert {verb: page.heading for verb, page in found.items()} == {
        "evaluate": "customers",
        "drift": "ALARM",
        "diff": "Scores move",
        "explain": "Record 0 of record.csv (id c0)",
        "effects": "fresh.csv",
        "explain text": "Record 0 of standard input (id o1)",
    }
    assert {verb: (page.width, page.outside) for verb, page in found.items()} == dict.fromkeys(
        pages, (width, ())
    )
    assert {verb: page.collisions for verb, page in found.items()} == dict.fromkeys(pages, ())
    assert {verb: page.asked for verb, page in found.items()} == dict.fromkeys(pages, ())
    assert all(page.figures for page in found.values())
