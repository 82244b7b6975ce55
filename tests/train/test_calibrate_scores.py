"""A calibrator fitted on scores that stand in a file already."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from calibrated import write_surprising
from click.testing import CliRunner

import servable
from fixtures_models import LABEL, Model
from servable.artifact import open_files, read_artifact
from servable.calibration import Method
from servable.cli.predict import command as predict_command
from servable.datasets import read_labelled_blocks
from servable.errors import BadInput, NotFound, ServableError
from servable.records import FloatArray, ModelInputs
from servable.train import RowsOfScores, RowsOfTable, calibrate, calibration_lines
from servable.train.calibrate.scores_file import read_scored_blocks

CALIBRATOR = "calibration/calibration_model.json"


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_surprising(tmp_path_factory.mktemp("rows") / "surprising.csv", 500, seed=31)


def _labels(model: Model, table: Path) -> list[int]:
    (block,) = read_labelled_blocks(table, read_artifact(model.trained))
    return [int(label) for label in block.labels]


def _predicted(model: Model, table: Path, output: Path, *options: str) -> list[str]:
    done = CliRunner().invoke(predict_command, [str(model.trained), str(table), "-o", str(output), *options])
    assert done.exit_code == 0, done.output
    return output.read_text().splitlines()


def _predicted_csv(model: Model, table: Path, folder: Path) -> Path:
    header, *lines = _predicted(model, table, folder / "scores.csv")
    labelled = [f"{header},{LABEL}"]
    labelled += [f"{line},{label}" for line, label in zip(lines, _labels(model, table), strict=True)]
    (folder / "scores.csv").write_text("\n".join(labelled))
    return folder / "scores.csv"


def _predicted_ndjson(model: Model, table: Path, folder: Path) -> Path:
    lines = _predicted(model, table, folder / "scores.ndjson", "--json")
    labelled = [
        json.dumps(json.loads(line) | {LABEL: label})
        for line, label in zip(lines, _labels(model, table), strict=True)
    ]
    (folder / "scores.ndjson").write_text("\n".join(labelled))
    return folder / "scores.ndjson"


def _of_class_1(model: Model, table: Path, folder: Path) -> Path:
    (block,) = read_labelled_blocks(table, read_artifact(model.trained))
    scores = servable.load(model.trained).score_records(block.records).raw[:, 1]
    lines = [f"{score},{label}" for score, label in zip(scores, block.labels.tolist(), strict=True)]
    (folder / "scores.csv").write_text("\n".join([f"score,{LABEL}", *lines]))
    return folder / "scores.csv"


@pytest.mark.parametrize("write", [_predicted_csv, _predicted_ndjson, _of_class_1])
def test_scores_in_a_file_give_the_calibrator_that_the_rows_give(
    write: object, model: Model, table: Path, tmp_path: Path
) -> None:
    assert callable(write)
    scores = write(model, table, tmp_path)
    calibrate(model.trained, tmp_path / "first", rows=RowsOfTable(path=table), method=Method.BETA)

    calibrate(model.trained, tmp_path / "second", rows=RowsOfScores(path=scores), method=Method.BETA)

    first, second = (open_files(tmp_path / name).read(CALIBRATOR) for name in ("first", "second"))
    assert first == second


def test_what_training_used_cannot_be_told_of_scores_alone(model: Model, table: Path, tmp_path: Path) -> None:
    scores = _of_class_1(model, table, tmp_path)

    result = calibrate(model.trained, tmp_path / "copy", rows=RowsOfScores(path=scores), method=Method.PLATT)

    assert result.used is None
    assert (
        "note: whether training used these rows could not be checked, because the file holds scores alone"
    ) in calibration_lines(result)


def test_rows_without_a_label_are_left_out_and_counted(model: Model, table: Path, tmp_path: Path) -> None:
    scores = _of_class_1(model, table, tmp_path)
    with scores.open("a") as file:
        file.write("\n0.5,\n0.25,\n")

    result = calibrate(model.trained, tmp_path / "copy", rows=RowsOfScores(path=scores), method=Method.PLATT)

    assert (result.fitted.rows, result.unlabelled) == (500, 2)
    assert "note: left out because their label is missing: 2 rows" in calibration_lines(result)


def test_scores_have_the_precision_of_the_model(model: Model, tmp_path: Path) -> None:
    path = tmp_path / "scores.csv"
    path.write_text(f"score,{LABEL}\n0.1,1\n1e-3,0\n")

    (block,) = read_scored_blocks(path, read_artifact(model.trained))

    assert block.raw.dtype == np.float32
    assert block.raw[:, 1].tolist() == [np.float32(0.1), np.float32(1e-3)]
    assert block.labels.tolist() == [1, 0]


SHAPED = "; write them with `servable predict`, or name the columns so"
MENDED = "; leave the row out, or mend what scored it"
COLUMNS = (
    "columns: expected raw_0 to raw_1 with the raw score of each of the 2 classes, or score with that "
    "of class 1"
)
ONE = "a raw score that is a probability, between 0 and 1"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "p,churned\n0.5,1\n",
            f"{COLUMNS}, found p, churned{SHAPED}",
        ),
        (
            "raw_0,raw_1,raw_2,churned\n0.2,0.3,0.5,1\n",
            f"{COLUMNS}, found raw_0, raw_1, raw_2, churned{SHAPED}",
        ),
        ("score,churned\n0.5,1\nnan,0\n", f"record 1, column \"score\": expected {ONE}, found 'nan'{MENDED}"),
        ("score,churned\n,1\n", f'record 0, column "score": expected {ONE}, found nothing{MENDED}'),
        ("score,churned\n1.5,1\n", f"record 0, column \"score\": expected {ONE}, found '1.5'{MENDED}"),
        (
            "raw_0,raw_1,churned\n1.1,-0.1,1\n",
            f"record 0, column \"raw_0\": expected {ONE}, found '1.1'{MENDED}",
        ),
        (
            "score,churned\n0.5,maybe\n",
            "record 0, column \"churned\": expected one of the model's classes, 0, 1, found 'maybe'; write "
            "the label as the model names it, or leave it empty",
        ),
        (
            "score\n0.5\n",
            'expected a column "churned", which holds the label, found the columns score; pass `--label` or '
            "name a column of the table",
        ),
    ],
)
def test_a_file_that_holds_no_scores_is_refused(
    text: str, sentence: str, model: Model, tmp_path: Path
) -> None:
    path = tmp_path / "scores.csv"
    path.write_text(text)

    with pytest.raises(BadInput) as caught:
        list(read_scored_blocks(path, read_artifact(model.trained)))

    separator = ": " if sentence.startswith("expected a column") else ", "
    assert str(caught.value) == f"scores.csv{separator}{sentence}"


def test_lists_of_scores_are_one_for_each_class(model: Model, tmp_path: Path) -> None:
    path = tmp_path / "scores.ndjson"
    path.write_text('{"raw": [0.5, 0.5], "churned": 1}\n{"raw": [0.5], "churned": 1}\n')

    with pytest.raises(
        BadInput, match=r'scores.ndjson, record 1, column "raw": expected a list of 2 scores, '
    ):
        list(read_scored_blocks(path, read_artifact(model.trained)))


def test_rows_without_a_label_may_have_no_scores(model: Model, tmp_path: Path) -> None:
    path = tmp_path / "scores.ndjson"
    path.write_text(
        '{"raw": [0.25, 0.75], "churned": 1}\n{"churned": null}\n{"raw": "none", "churned": ""}\n'
    )

    (block,) = read_scored_blocks(path, read_artifact(model.trained))

    assert (block.raw.tolist(), block.labels.tolist(), block.unlabelled) == ([[0.25, 0.75]], [1], 2)


@pytest.mark.parametrize("column", ["raw", "score"])
def test_a_record_without_the_key_of_its_score_has_nothing(column: str, model: Model, tmp_path: Path) -> None:
    path = tmp_path / "scores.ndjson"
    scored = {"raw": [0.5, 0.5]} if column == "raw" else {"score": 0.5}
    path.write_text(f'{json.dumps(scored | {"churned": 1})}\n{{"churned": 1}}\n')

    with pytest.raises(BadInput, match=rf'record 1, column "{column}": expected .*, found nothing; '):
        list(read_scored_blocks(path, read_artifact(model.trained)))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("raw_0,raw_1,churned\n0.5,0.5,1\n0.4,0.598,0\n", "0.998"),
        ("raw_0,raw_1,churned\n0.5,0.5,1\n0.6,0.6,0\n", "1.2"),
    ],
)
def test_scores_of_two_classes_are_1_in_sum(text: str, found: str, model: Model, tmp_path: Path) -> None:
    path = tmp_path / "scores.csv"
    path.write_text(text)

    with pytest.raises(BadInput) as caught:
        list(read_scored_blocks(path, read_artifact(model.trained)))

    assert str(caught.value) == (
        "scores.csv, record 1: expected raw scores of all classes, which are 1 in sum (within 0.001), found "
        f"{found}; write the scores as `servable predict` does, in the order of the classes"
    )


def test_scores_that_were_rounded_are_1_in_sum(model: Model, tmp_path: Path) -> None:
    path = tmp_path / "scores.csv"
    path.write_text("raw_0,raw_1,churned\n0.3334,0.667,1\n,,\n0.9,0.9,\n")

    (block,) = read_scored_blocks(path, read_artifact(model.trained))

    assert len(block.raw) == 1


def test_a_file_that_is_not_there_is_named(model: Model, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="expected a table in a file"):
        calibrate(model.trained, tmp_path / "copy", rows=RowsOfScores(path=tmp_path / "no.csv"))


class _OneIsNotFinite:
    """An engine whose score of records with one income is no number."""

    features, classes = 4, 2

    def __init__(self, income: str) -> None:
        self.income = np.float32(income)

    def run(self, inputs: ModelInputs) -> FloatArray:
        raw = np.full((len(inputs), 2), 0.5, dtype=np.float32)
        raw[inputs.tabular[:, 1] == self.income] = np.nan
        return raw


def test_a_score_that_is_no_number_is_named_by_its_record_in_the_file(
    model: Model, table: Path, tmp_path: Path
) -> None:
    text = table.read_text().splitlines()
    without_label = [line.rpartition(",")[0] + "," for line in text[1:4]]
    path = tmp_path / "table.csv"
    path.write_text("\n".join([text[0], *without_label, *text[4:40]]))
    income = text[1 + 10].split(",")[2]
    scorer = replace(servable.load(model.trained), engine=_OneIsNotFinite(income))

    with pytest.raises(ServableError) as caught:
        RowsOfTable(path=path).scored(scorer, rows=36, progress=lambda *_: None)

    assert str(caught.value) == (
        "table.csv, record 10: expected a finite score from the model, found NaN or infinity; look at this "
        "record with `servable predict`, and at the model"
    )
