"""`calibrate` refuses rows on which nothing can be fitted, in one sentence, and writes nothing."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from bad_input_cases import refusal_apart

from fixtures_models import COLUMNS, Model, Row, contents, rows_of_table, write_table
from servable.cli import main

Rows = list[Row]
Say = Callable[..., str]

FRESH = rows_of_table(300, seed=99)
"""Rows that no training has seen."""

LARGER = "use a larger table"
ANOTHER = "choose another place"
CALIB = "pass `--part calib` for the rows that training kept for this, other rows, or `--allow-training-rows`"


@pytest.fixture
def workdir(workshop: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The model's own files and fresh rows, and nothing else, as the current folder."""
    (workshop / "payload.tar.gz").unlink()
    write_table(workshop / "fresh.csv", FRESH)
    monkeypatch.chdir(workshop)
    return workshop


@pytest.fixture
def said(workdir: Path, capsys: pytest.CaptureFixture[str]) -> Say:
    """What `calibrate` says that ends with exit code 2 and leaves its folder byte for byte as it was."""

    def calibrate(*arguments: str) -> str:
        before = contents(workdir)
        with pytest.raises(SystemExit) as ended:
            main(["calibrate", *arguments])
        found = capsys.readouterr()
        assert ended.value.code == 2
        assert found.out == ""
        assert found.err.startswith("error: ")
        assert found.err.count("\n") == 1
        assert contents(workdir) == before
        return found.err.removeprefix("error: ").removesuffix("\n")

    return calibrate


def _without_label() -> tuple[Rows, tuple[str, ...]]:
    return [row[:-1] for row in FRESH], COLUMNS[:-1]


def _strange_label() -> tuple[Rows, tuple[str, ...]]:
    return [*FRESH[:4], (*FRESH[4][:-1], "perhaps"), *FRESH[5:]], COLUMNS


def _one_class() -> tuple[Rows, tuple[str, ...]]:
    return [row for row in FRESH if row[-1] == 1], COLUMNS


def _no_label_anywhere() -> tuple[Rows, tuple[str, ...]]:
    return [(*row[:-1], None) for row in FRESH], COLUMNS


def _alike() -> tuple[Rows, tuple[str, ...]]:
    return [(row[0], *FRESH[0][1:-1], row[-1]) for row in FRESH], COLUMNS


def _upside_down() -> tuple[Rows, tuple[str, ...]]:
    rows = rows_of_table(600, seed=98)
    return [(*row[:-1], 1 - int(str(row[-1]))) for row in rows], COLUMNS


def _cut() -> tuple[Rows, tuple[str, ...]]:
    return FRESH[:19], COLUMNS


def _few() -> tuple[Rows, tuple[str, ...]]:
    return FRESH[:99], COLUMNS


def _strange_number() -> tuple[Rows, tuple[str, ...]]:
    return [*FRESH[:7], ("c7", "old", *FRESH[7][2:])], COLUMNS


def _nothing() -> tuple[Rows, tuple[str, ...]]:
    return [], COLUMNS


@pytest.mark.parametrize(
    ("rows", "options", "sentence"),
    [
        (
            _without_label,
            (),
            'table.csv: expected a column "churned", which holds the label, found the columns customer, age, '
            "income, region, plan; pass `--label` or name a column of the table",
        ),
        (
            _strange_label,
            (),
            'table.csv, record 4, column "churned": expected one of the model\'s classes, 0, 1, found '
            "'perhaps'; write the label as the model names it, or leave it empty",
        ),
        (
            _one_class,
            (),
            "table.csv: expected rows of both classes, found none of class 0; use a table that has them",
        ),
        (
            _no_label_anywhere,
            (),
            f"table.csv: expected at least 20 rows for the method platt, found 0 rows; {LARGER}",
        ),
        (_nothing, (), f"table.csv: expected at least 20 rows for the method platt, found 0 rows; {LARGER}"),
        (_cut, (), f"table.csv: expected at least 20 rows for the method platt, found 19 rows; {LARGER}"),
        (
            _cut,
            ("--method", "beta"),
            f"table.csv: expected at least 50 rows for the method beta, found 19 rows; {LARGER}",
        ),
        (
            _few,
            ("--method", "isotonic"),
            f"table.csv: expected at least 100 rows for the method isotonic, found 99 rows; {LARGER}",
        ),
        (
            _few,
            ("--method", "percentile"),
            f"table.csv: expected at least 100 rows for the method percentile, found 99 rows; {LARGER}",
        ),
        (
            _strange_number,
            (),
            'table.csv, record 7, field "age": expected a number between -3.403e+38 and 3.403e+38, found the '
            "string 'old'; send a number, or null if the value is missing",
        ),
    ],
)
def test_a_table_on_which_nothing_can_be_fitted_is_refused(
    rows: Callable[[], tuple[Rows, tuple[str, ...]]],
    options: tuple[str, ...],
    sentence: str,
    workdir: Path,
    said: Say,
) -> None:
    found, columns = rows()
    write_table(workdir / "table.csv", found, columns=columns)

    assert said("model.tar.gz", "table.csv", *options, "-o", "copy") == sentence


@pytest.mark.parametrize("rows", [_alike, _upside_down])
@pytest.mark.parametrize("method", ["platt", "beta", "isotonic"])
def test_rows_that_would_make_a_flat_table_are_refused(
    method: str, rows: Callable[[], tuple[Rows, tuple[str, ...]]], workdir: Path, said: Say
) -> None:
    found, columns = rows()
    write_table(workdir / "table.csv", found, columns=columns)

    assert said("model.tar.gz", "table.csv", "--method", method, "-o", "copy").startswith(
        f"table.csv: expected scores from which the method {method} can tell rows apart, found scores of "
        "class 1 that are all equal or rank the wrong way"
    )


@pytest.mark.parametrize("artifact", ["trained", "model.tar.gz"])
@pytest.mark.parametrize("part", [(), ("--part", "train"), ("--part", "valid")])
def test_rows_that_training_used_are_refused(part: tuple[str, ...], artifact: str, said: Say) -> None:
    where, seen, told = {
        (): ("customers.csv", "974", "1,200"),
        ("--part", "train"): ("customers.csv, part train", "867", "867"),
        ("--part", "valid"): ("customers.csv, part valid", "107", "107"),
    }[part]

    assert said(artifact, "customers.csv", *part, "-o", "copy") == (
        f"{where}: expected rows that training did not use, on which the model is not over-confident, found "
        f"{seen} of {told} that it did use; {CALIB}"
    )


def test_rows_that_training_used_are_refused_from_another_file(workdir: Path, said: Say) -> None:
    write_table(workdir / "again.csv", [(f"n{number}", *row[1:]) for number, row in enumerate(OWN[:400])])

    sentence = said("trained", "again.csv", "-o", "copy")

    assert sentence.startswith(
        "again.csv: expected rows that training did not use, on which the model is not "
    )
    assert sentence.endswith(f" of 400 that equal one that it used, where 0.0 % would by chance; {CALIB}")


OWN = rows_of_table(1200, seed=7)
"""Those of the model's own table."""


@pytest.mark.parametrize("artifact", ["trained", "model.tar.gz"])
def test_rows_that_training_used_are_taken_by_the_option(
    artifact: str, workdir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["calibrate", artifact, "customers.csv", "--allow-training-rows", "-o", "copy"])

    assert ended.value.code == 0
    assert "note: 974 of 1,200 rows of customers.csv were used in training" in capsys.readouterr().out
    assert (workdir / "copy").is_dir()


def test_a_part_is_refused_where_the_split_is_not_known(workdir: Path, said: Say) -> None:
    (workdir / "trained/training.json").unlink()

    assert said("trained", "fresh.csv", "--part", "calib", "-o", "copy") == (
        "--part: expected a model whose training wrote down how it split its rows, found nothing about it; "
        "leave `--part` out, or cut the table by yourself"
    )


def test_a_label_must_be_named_where_the_model_names_none(workdir: Path, said: Say) -> None:
    settings = workdir / "trained/hyperparameters.json"
    settings.write_text(settings.read_text().replace('  "label_name": "churned",\n', ""))

    assert said("trained", "fresh.csv", "-o", "copy") == (
        "fresh.csv: expected to be told which column holds the label, since the artifact names none, found "
        "no word about it; pass `--label`"
    )


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "score,churned\n0.5,1\nNaN,0\n",
            'scores.csv, record 1, column "score": expected a raw score that is a probability, between 0 and '
            "1, found 'NaN'; leave the row out, or mend what scored it",
        ),
        (
            "calibrated_0,calibrated_1,churned\n0.5,0.5,1\n",
            "scores.csv, columns: expected raw_0 to raw_1 with the raw score of each of the 2 classes, or "
            "score with that of class 1, found calibrated_0, calibrated_1, churned; write them with "
            "`servable predict`, or name the columns so",
        ),
        (
            "raw_0,raw_1,label\n0.5,0.5,class-0\n",
            'scores.csv: expected a column "churned", which holds the label, found the columns raw_0, raw_1, '
            "label; pass `--label` or name a column of the table",
        ),
        (
            "score,churned\n0.5,1\n0.25,0\n",
            f"scores.csv: expected at least 20 rows for the method platt, found 2 rows; {LARGER}",
        ),
        (
            "score,churned\n",
            f"scores.csv: expected at least 20 rows for the method platt, found 0 rows; {LARGER}",
        ),
    ],
)
def test_scores_on_which_nothing_can_be_fitted_are_refused(
    text: str, sentence: str, workdir: Path, said: Say
) -> None:
    (workdir / "scores.csv").write_text(text)

    assert said("model.tar.gz", "--scores", "scores.csv", "-o", "copy") == sentence


@pytest.mark.parametrize(
    ("output", "sentence"),
    [
        (
            "model.tar.gz",
            "model.tar.gz: expected nothing there yet, because no artifact is overwritten, found a file; "
            f"{ANOTHER}",
        ),
        (
            "trained",
            "trained: expected an empty folder, or nothing, found a folder that holds something; remove it, "
            f"or {ANOTHER}",
        ),
        (
            "trained/copy",
            "trained/copy: expected a place beside the artifact, which is not changed, found one within it; "
            f"{ANOTHER}",
        ),
        (
            "trained/copy.tar.gz",
            "trained/copy.tar.gz: expected a place beside the artifact, which is not changed, found one "
            f"within it; {ANOTHER}",
        ),
        (
            "copy.zip",
            "copy.zip: expected a folder, or an archive whose name ends in .tar.gz, found a name in .zip; "
            f"{ANOTHER}",
        ),
        (
            "copy.tar.xz",
            "copy.tar.xz: expected a folder, or an archive whose name ends in .tar.gz, found a name in .xz; "
            f"{ANOTHER}",
        ),
        (
            "copy.ZIP",
            "copy.ZIP: expected a folder, or an archive whose name ends in .tar.gz, found a name in .ZIP; "
            f"{ANOTHER}",
        ),
        (
            "no/copy",
            "no/copy: expected a place in a folder that exists, found no folder no; make the folder, or "
            f"{ANOTHER}",
        ),
    ],
)
def test_a_place_that_takes_no_copy_is_refused(output: str, sentence: str, said: Say) -> None:
    assert said("trained", "fresh.csv", "-o", output) == sentence


@pytest.mark.parametrize(
    ("output", "sentence"),
    [
        (
            "link.tar.gz",
            "link.tar.gz: expected nothing there yet, because no artifact is overwritten, found a link; "
            f"{ANOTHER}",
        ),
        ("link", f"link: expected an empty folder, or nothing, found a link; remove it, or {ANOTHER}"),
    ],
)
def test_a_link_that_leads_nowhere_is_not_replaced(
    output: str, sentence: str, workdir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (workdir / output).symlink_to("elsewhere")

    with pytest.raises(SystemExit):
        main(["calibrate", "trained", "fresh.csv", "-o", output])

    assert capsys.readouterr().err == f"error: {sentence}\n"
    assert (workdir / output).readlink() == Path("elsewhere")


def test_a_model_file_alone_has_no_place_for_a_calibrator(workdir: Path, said: Say) -> None:
    (workdir / "alone").mkdir()
    for name in ("xgboost_model.bst", "feature_columns.txt"):
        shutil.copy(workdir / "trained" / name, workdir / "alone")
    (workdir / "alone/xgboost_model.bst").rename(workdir / "alone/model.bst")
    (workdir / "scores.csv").write_text("score,churned\n0.5,1\n")

    found = said("alone", "--scores", "scores.csv", "--label", "churned", "-o", "copy")

    assert found == (
        "model.bst: expected a training output or a packed artifact, which have a place for a calibrator, "
        "found a model file alone; pack it, and calibrate the packed artifact"
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("trained",), "name a TABLE to score, or a file of scores with `--scores`, and not both"),
        (
            ("trained", "fresh.csv", "--scores", "fresh.csv"),
            "name a TABLE to score, or a file of scores with `--scores`, and not both",
        ),
        (
            ("trained", "--scores", "fresh.csv", "--part", "calib"),
            "`--part` and `--allow-training-rows` are about the rows of a TABLE",
        ),
        (
            ("trained", "fresh.csv", "--method", "spline"),
            "Invalid value for '--method': 'spline' is not one of 'auto', 'none', 'platt', 'beta', "
            "'isotonic', 'temperature', 'percentile'.",
        ),
    ],
)
def test_arguments_that_contradict_each_other_are_refused(
    arguments: tuple[str, ...], sentence: str, said: Say
) -> None:
    assert said(*arguments, "-o", "copy") == sentence


def test_broken_notes_about_the_training_rows_are_refused(workdir: Path, said: Say) -> None:
    (workdir / "trained/training_rows.json").write_text("{")

    assert said("trained", "fresh.csv", "-o", "copy").startswith(
        "trained, training_rows.json, line 1, column 2: expected valid JSON, "
    )


def test_what_is_not_there_is_refused_by_the_command_itself(model: Model, workdir: Path) -> None:
    assert refusal_apart("calibrate", "no", "fresh.csv", "-o", "copy", cwd=workdir) == (
        "error: no: expected a folder or an archive (.tar.gz, .tar, .zip) with a model, found nothing; check "
        "the path\n"
    )
