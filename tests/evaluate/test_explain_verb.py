"""`servable explain`: exit codes, JSON, the page and its numbers, and what it refuses."""

import io
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from explained import GIVEN, changed

from report_numbers import assert_in_json
from servable.cli import main
from tiny_boosters import COLUMNS, xgboost_model

SPOKEN = ("95 %",)


@dataclass(frozen=True)
class Said:
    """What a run of the verb came to."""

    exit_code: int
    out: str
    err: str


Run = Callable[..., Said]


def _write(folder: Path, files: Mapping[str, bytes]) -> Path:
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


@pytest.fixture(scope="module")
def artifact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _write(tmp_path_factory.mktemp("artifacts") / "model", changed())


@pytest.fixture
def record(tmp_path: Path) -> Path:
    path = tmp_path / "record.json"
    path.write_text(json.dumps(GIVEN))
    return path


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Rows without a label, as a CSV with a header."""
    path = tmp_path / "rows.csv"
    rows = [f"o{number},the cat is {word},{30 + number},south" for number, word in enumerate(("good", "bad"))]
    path.write_text("\n".join(["order,note,age,region", *rows, ""]))
    return path


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def run_verb(*arguments: str | Path) -> Said:
        with pytest.raises(SystemExit) as ended:
            main(["explain", *map(str, arguments)])
        said = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return Said(ended.value.code, said.out, said.err)

    return run_verb


def test_one_record_is_explained_as_text_and_as_json(run: Run, artifact: Path, record: Path) -> None:
    text, plain = run(artifact, record), run(artifact, record, "--json")

    assert (text.exit_code, plain.exit_code) == (0, 0)
    assert text.out.startswith("record 0 of record.json, id o1, through model (bimodal_bert, sha256:")
    found = json.loads(plain.out)
    assert found["explanation"]["fields"][2]["cells"][0]["value"] == GIVEN["note"]
    assert found["comparison"] is None


def test_a_record_may_come_by_standard_input(
    run: Run, artifact: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = io.TextIOWrapper(io.BytesIO(json.dumps(GIVEN).encode()))
    monkeypatch.setattr(sys, "stdin", body)

    assert run(artifact, "-").out.startswith("record 0 of standard input, id o1")


def test_a_row_of_a_table_without_a_label_is_explained(run: Run, artifact: Path, table: Path) -> None:
    by_number, by_id = run(artifact, table, "--record", "1"), run(artifact, table, "--id", "o1")

    assert by_number.out == by_id.out
    assert by_number.out.startswith("record 1 of rows.csv, id o1")


def test_a_table_tells_which_fields_move_its_scores(run: Run, artifact: Path, table: Path) -> None:
    said = run(artifact, table)

    assert said.exit_code == 0
    assert "rows asked: all of them" in said.out
    assert "what each field adds" in said.out


def test_the_exit_code_tells_whether_anything_parts(
    run: Run, artifact: Path, record: Path, tmp_path: Path
) -> None:
    other = _write(tmp_path / "other", changed(age=41.0))
    expected = tmp_path / "expected.json"
    expected.write_text('{"raw": [0.5, 0.5]}')

    assert run(artifact, record, "--against", artifact).exit_code == 0
    assert run(artifact, record, "--against", other).exit_code == 1
    assert run(artifact, record, "--expected", expected).exit_code == 1


def test_a_list_of_columns_is_for_each_booster_that_stands_alone(run: Run, tmp_path: Path) -> None:
    pytest.importorskip("xgboost")
    model, columns, record = (tmp_path / name for name in ("booster.ubj", "columns.txt", "record.json"))
    model.write_bytes(xgboost_model())
    columns.write_text("\n".join(COLUMNS))
    record.write_text(json.dumps(dict.fromkeys(COLUMNS, 1)))

    said = run(model, record, "--against", model, "--columns", columns)

    assert (said.exit_code, said.err) == (0, "")


@pytest.mark.parametrize("what", ["record", "table", "against"])
def test_every_number_of_the_page_stands_in_the_json_beside_it(
    run: Run, artifact: Path, *, record: Path, table: Path, tmp_path: Path, what: str
) -> None:
    other = _write(tmp_path / "other", changed(age=41.0, exchanged=("cat", "dog"), weights=1))
    arguments: dict[str, tuple[str | Path, ...]] = {
        "record": (record,),
        "table": (table,),
        "against": (record, "--against", other),
    }

    said = run(artifact, *arguments[what], "--html", tmp_path / "page.html")

    assert said.exit_code == (1 if what == "against" else 0)
    page, numbers = (tmp_path / "page.html").read_text(), json.loads((tmp_path / "page.json").read_text())
    assert_in_json(page, numbers, allowed=SPOKEN)
    assert ("the cat is very good" in page) == (what != "table")
    assert ("This page holds the record, texts included." in page) == (what != "table")


def test_the_page_of_a_record_escapes_what_it_holds(run: Run, artifact: Path, tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    path.write_text(json.dumps({**GIVEN, "note": "<script>alert(1)</script> the cat"}))

    run(artifact, path, "--html", tmp_path / "page.html")

    page = (tmp_path / "page.html").read_text()
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)" in page


@pytest.mark.parametrize(
    ("record_content", "options", "sentence"),
    [
        (
            {"order": "o1", "note": "x", "region": "south"},
            (),
            'record.json, record 0, field "age": expected every field to be present, found no such key; add '
            "it, with null if the value is missing",
        ),
        (
            {**GIVEN, "age": "old"},
            (),
            'record.json, record 0, field "age": expected a number between -1.8e+19 and 1.8e+19, found the '
            "string 'old'; send a number, or null if the value is missing",
        ),
        (
            [GIVEN, GIVEN],
            ("--expected", "record.json"),
            "record.json: expected one record to compare, found a table of several; choose a row with "
            "`--record` or `--id`",
        ),
        (
            GIVEN,
            ("--record", "0", "--id", "o1"),
            "--record and --id both choose a row: give one of them",
        ),
        (
            GIVEN,
            ("--against", "model", "--expected", "record.json"),
            "--against and --expected are two comparisons: ask for one of them",
        ),
        (GIVEN, ("--html", "page.txt"), "--html, page.txt: expected a name that ends in .html"),
    ],
    ids=["missing field", "no number", "several records", "two rows", "two comparisons", "name of the page"],
)
def test_bad_input_is_one_sentence(
    run: Run,
    artifact: Path,
    *,
    record: Path,
    monkeypatch: pytest.MonkeyPatch,
    record_content: Any,
    options: tuple[str, ...],
    sentence: str,
) -> None:
    monkeypatch.chdir(record.parent)
    record.write_text(json.dumps(record_content))

    said = run(artifact, record.name, *options)

    assert (said.exit_code, said.out) == (2, "")
    assert said.err.startswith(f"error: {sentence}")
    assert said.err.count("\n") == 1
