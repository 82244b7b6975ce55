"""A page and its numbers replace themselves, and nothing else."""

import json
from pathlib import Path

import pytest

from fixtures_models import Model, run_apart
from servable.cli.pages import require_page, write_page
from servable.errors import BadInput


def refusal(page: Path, *inputs: Path | None) -> str:
    with pytest.raises(BadInput) as caught:
        require_page(page, inputs=inputs)
    return str(caught.value)


def test_a_page_has_its_numbers_beside_it_and_may_be_written_again(tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    for number in (1, 2):
        require_page(page, inputs=[None])
        write_page(page, f"<p>{number}</p>", {"number": number})

    assert page.read_text() == "<p>2</p>"
    assert json.loads((tmp_path / "report.json").read_text()) == {"number": 2}


def test_numbers_that_would_replace_an_input_are_refused(tmp_path: Path) -> None:
    table = tmp_path / "rows.json"
    table.write_text("[]")

    assert refusal(tmp_path / "rows.html", table) == (
        f"--html, {table}: expected a place for the output, found an input; give the page another name; its "
        "numbers are written beside it with the ending .json"
    )


def test_a_page_that_would_replace_an_input_is_refused(tmp_path: Path) -> None:
    (tmp_path / "model.html").write_text("")

    assert "found an input" in refusal(tmp_path / "model.html", tmp_path / "model.html")


def test_numbers_that_would_replace_the_file_of_somebody_else_are_refused(tmp_path: Path) -> None:
    (tmp_path / "settings.json").write_text("{}")

    assert "expected nothing, or the numbers of the page, found another file" in refusal(
        tmp_path / "settings.html"
    )
    assert (tmp_path / "settings.json").read_text() == "{}"


def test_a_folder_in_the_place_of_the_numbers_is_refused_before_the_work(tmp_path: Path) -> None:
    (tmp_path / "report.json").mkdir()

    assert "expected a file, or nothing, found a folder" in refusal(tmp_path / "report.html")


def test_a_page_is_named_as_one(tmp_path: Path) -> None:
    assert refusal(tmp_path / "report.json").startswith(
        "--html, report.json: expected a name that ends in .html"
    )


@pytest.mark.parametrize("verb", ["evaluate", "explain", "drift", "diff"])
def test_no_verb_replaces_the_table_it_reads(verb: str, model: Model, tmp_path: Path) -> None:
    table = tmp_path / "rows.json"
    table.write_text("[]")
    before = ["--sample"] if verb == "diff" else []
    inputs = [model.archive, model.archive] if verb == "diff" else [model.archive]

    ran = run_apart(verb, *inputs, *before, table, "--html", tmp_path / "rows.html", cwd=tmp_path)

    assert (ran.exit_code, table.read_text()) == (2, "[]")
    assert "expected a place for the output, found an input" in ran.stderr
