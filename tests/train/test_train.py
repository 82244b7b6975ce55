"""From a table to a training output."""

import csv
import json
import pickle
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import servable
from servable.artifact import read_artifact
from servable.codecs import encode_table, read_table
from servable.datasets import read_labelled_blocks
from servable.errors import BadInput, NotFound
from servable.records import Cell, Table
from servable.schema import Kind
from servable.train import TableSettings, TrainingResult, XGBoostSettings, parts_of, train
from servable.train.columns import read_columns
from servable.train.split import Part, positions, split
from strategies import loan_rows

COLUMNS = TableSettings(label="y", id_column="id", categorical=("code",))
SETTINGS = XGBoostSettings(num_round=20, max_depth=3)
Rows = Sequence[dict[str, Cell]]


def _csv(path: Path, rows: Rows) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def _json_lines(path: Path, rows: Rows) -> Path:
    path.write_bytes(encode_table(Table.of_records(rows), "application/x-ndjson"))
    return path


def _parquet(path: Path, rows: Rows) -> Path:
    path.write_bytes(encode_table(Table.of_records(rows), "application/x-parquet"))
    return path


def _train(folder: Path, rows: Rows, columns: TableSettings = COLUMNS) -> TrainingResult:
    return train(_csv(folder / "loans.csv", rows), folder / "output", columns=columns, settings=SETTINGS)


def _tables(output: Path) -> dict[str, Any]:
    return {
        name: json.loads((output / f"{name}.json").read_bytes()) for name in ("risk_table_map", "impute_dict")
    }


@pytest.fixture(scope="module")
def rows() -> Rows:
    return loan_rows(400)


@pytest.fixture(scope="module")
def result(rows: Rows, tmp_path_factory: pytest.TempPathFactory) -> TrainingResult:
    return _train(tmp_path_factory.mktemp("train"), rows)


def test_an_output_has_the_files_of_the_layout(result: TrainingResult) -> None:
    names = sorted(
        path.relative_to(result.output).as_posix() for path in result.output.rglob("*") if path.is_file()
    )

    assert names == [
        "calibration/calibration_model.json",
        "calibration/calibration_model.pkl",
        "feature_columns.txt",
        "golden/answers.ndjson",
        "golden/requests.ndjson",
        "hyperparameters.json",
        "impute_dict.json",
        "impute_dict.pkl",
        "profile.json",
        "risk_table_map.json",
        "risk_table_map.pkl",
        "training.json",
        "training_rows.json",
        "xgboost_model.bst",
    ]


@pytest.mark.parametrize("stem", ["risk_table_map", "impute_dict", "calibration/calibration_model"])
def test_the_json_and_the_pickle_of_a_table_agree(stem: str, result: TrainingResult) -> None:
    pickled = pickle.loads((result.output / f"{stem}.pkl").read_bytes())

    assert json.loads(json.dumps(pickled)) == json.loads((result.output / f"{stem}.json").read_bytes())


def test_hyperparameters_hold_the_field_lists_and_every_setting(result: TrainingResult) -> None:
    found = json.loads((result.output / "hyperparameters.json").read_bytes())

    assert found["tab_field_list"] == ["age", "income"]
    assert found["cat_field_list"] == ["region", "code"]
    assert (found["id_name"], found["label_name"]) == ("id", "y")
    assert found["multiclass_categories"] == ["0", "1"]
    assert found["null_spellings"] == [""]
    assert found["split_rule"] == "servable-split-v1"
    assert asdict(SETTINGS).items() <= found.items()
    assert (result.output / "feature_columns.txt").read_text(encoding="utf-8").splitlines()[1:] == [
        "0,age",
        "1,income",
        "2,region",
        "3,code",
    ]


def test_the_tables_are_those_of_the_training_rows(result: TrainingResult, rows: Rows) -> None:
    kept = [rows[row] for row in split(positions(row["id"] for row in rows))[Part.TRAIN]]
    ages = [float(str(row["age"])) for row in kept if row["age"] is not None]
    labels = np.array([int(str(row["y"])) for row in kept])
    north = labels[[row["region"] == "north" for row in kept]]
    pseudo = int(len(kept) * 0.01)

    tables = _tables(result.output)

    assert tables["impute_dict"]["age"] == np.median(ages)
    region = tables["risk_table_map"]["region"]
    assert set(region["bins"]) == {"north", "south", "east", "NA", "nan"}
    assert region["default_bin"] == pytest.approx(labels.mean())
    assert region["bins"]["north"] == pytest.approx(
        (north.sum() + pseudo * labels.mean()) / (len(north) + pseudo)
    )


def _changed(rows: Rows, part: Part, change: Callable[[dict[str, Cell]], dict[str, Cell]]) -> Rows:
    """The rows with one row of each class changed in this part of the split."""
    numbers = split(positions(row["id"] for row in rows))[part].tolist()
    chosen = {next(number for number in numbers if rows[number]["y"] == label) for label in ("0", "1")}
    return [change(row) if number in chosen else row for number, row in enumerate(rows)]


CHANGES: dict[str, Callable[[dict[str, Cell]], dict[str, Cell]]] = {
    "category": lambda row: row | {"region": "a new region"},
    "label": lambda row: row | {"y": str(1 - int(str(row["y"]))), "age": 1},
    "number": lambda row: row | {"income": -1e9},
}


@pytest.mark.parametrize("part", [Part.VALID, Part.CALIB, Part.TEST])
@pytest.mark.parametrize("change", CHANGES)
def test_no_row_outside_the_training_part_moves_a_table(
    change: str, part: Part, rows: Rows, result: TrainingResult, tmp_path: Path
) -> None:
    other = _train(tmp_path, _changed(rows, part, CHANGES[change]))

    assert _tables(other.output) == _tables(result.output)


@pytest.mark.parametrize("change", ["category", "number"])
def test_a_row_of_the_training_part_does_move_a_table(
    change: str, rows: Rows, result: TrainingResult, tmp_path: Path
) -> None:
    other = _train(tmp_path, _changed(rows, Part.TRAIN, CHANGES[change]))

    assert _tables(other.output) != _tables(result.output)


def test_no_test_row_moves_the_model_or_its_calibration(
    rows: Rows, result: TrainingResult, tmp_path: Path
) -> None:
    changed = _changed(rows, Part.TEST, CHANGES["label"])

    other = _train(tmp_path, changed)

    for name in ("xgboost_model.bst", "calibration/calibration_model.json"):
        assert (other.output / name).read_bytes() == (result.output / name).read_bytes()
    assert other.raw != result.raw


def test_training_twice_gives_the_same_files(rows: Rows, result: TrainingResult, tmp_path: Path) -> None:
    again = _train(tmp_path, rows)

    for path in result.output.rglob("*"):
        if path.is_file():
            assert (again.output / path.relative_to(result.output)).read_bytes() == path.read_bytes()


@pytest.mark.parametrize(("write", "name"), [(_json_lines, "loans.ndjson"), (_parquet, "loans.parquet")])
def test_a_table_in_another_format_gives_the_same_model(
    write: Callable[[Path, Rows], Path], name: str, rows: Rows, result: TrainingResult, tmp_path: Path
) -> None:
    other = train(write(tmp_path / name, rows), tmp_path / "output", columns=COLUMNS, settings=SETTINGS)

    assert _tables(other.output) == _tables(result.output)
    assert other.raw == result.raw
    model = "xgboost_model.bst"
    assert (other.output / model).read_bytes() == (result.output / model).read_bytes()


def test_golden_records_are_the_scorers_own_and_reach_missing_and_unknown_values(
    result: TrainingResult,
) -> None:
    scorer = servable.load(result.output)
    golden = scorer.artifact.golden
    assert golden is not None

    again = scorer.score_records(scorer.schema.bind(golden.table()))

    assert again.raw.tobytes() == golden.reference.raw.tobytes()
    assert again.calibrated.tobytes() == golden.reference.calibrated.tobytes()
    assert (golden.source, golden.derived) == ("train", 2 + 4)
    assert len(golden) == result.rows["test"] + golden.derived
    records = [json.loads(line) for line in golden.requests]
    assert all("y" not in record for record in records)
    assert {name: None for name in ("age", "income", "region", "code")} in records


def test_the_figures_are_those_of_the_scorer_on_the_test_rows(result: TrainingResult, rows: Rows) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    test = [rows[row] for row in split(positions(row["id"] for row in rows))[Part.TEST]]
    labels = [int(str(row["y"])) for row in test]

    scores = servable.load(result.output).score(test)

    assert result.rows["test"] == len(test)
    assert result.raw.auc.value == pytest.approx(metrics.roc_auc_score(labels, scores.raw[:, 1]))
    calibrated = scores.calibrated[:, 1].astype(np.float64)
    assert result.calibrated.log_loss.value == pytest.approx(metrics.log_loss(labels, calibrated))
    facts = json.loads((result.output / "training.json").read_bytes())
    assert facts["split"] == {
        "rule": "servable-split-v1",
        "key": "id",
        "rows": dict(result.rows),
        "sample": None,
    }
    assert facts["test"]["raw"]["auc"]["value"] == result.raw.auc.value


def test_a_calibrator_that_says_nothing_is_told_and_written_down(rows: Rows, tmp_path: Path) -> None:
    calibration = set(split(positions(row["id"] for row in rows))[Part.CALIB].tolist())
    turned = [
        row | {"y": str(1 - int(str(row["y"])))} if number in calibration else row
        for number, row in enumerate(rows)
    ]
    said: list[str] = []

    table, output = _csv(tmp_path / "loans.csv", turned), tmp_path / "output"
    result = train(table, output, columns=COLUMNS, settings=SETTINGS, say=said.append)

    (warning,) = result.warnings
    assert warning.startswith("all scores of class 1 are answered alike")
    assert said == [f"warning: {warning}"]
    assert json.loads((output / "training.json").read_bytes())["warnings"] == [warning]


def test_a_number_column_with_blank_cells_stays_numeric(rows: Rows, tmp_path: Path) -> None:
    blank = [row | {"age": "  " if row["age"] is None else row["age"]} for row in rows]

    schema = servable.load(_train(tmp_path, blank).output).schema

    assert schema.names(Kind.NUMERIC) == ("age", "income")


def test_rows_without_a_label_are_left_out_and_counted(rows: Rows, tmp_path: Path) -> None:
    output = _train(tmp_path, [*rows, rows[0] | {"id": "more", "y": None}]).output

    assert json.loads((output / "training.json").read_bytes())["data"]["rows_without_label"] == 1


def test_what_later_verbs_take_for_no_label_is_none_in_training_either(rows: Rows, tmp_path: Path) -> None:
    unlabelled = [rows[0] | {"id": "more", "y": ""}, rows[0] | {"id": "another", "y": None}]
    path = _json_lines(tmp_path / "loans.ndjson", [*rows, *unlabelled])

    output = train(path, tmp_path / "output", columns=COLUMNS, settings=SETTINGS).output

    facts = json.loads((output / "training.json").read_bytes())
    assert (facts["data"]["rows"], facts["data"]["rows_without_label"]) == (400, 2)
    (block,) = read_labelled_blocks(path, read_artifact(output))
    assert (len(block), block.unlabelled) == (400, 2)


def test_a_label_that_is_no_number_is_none() -> None:
    cells: list[tuple[Cell, ...]] = [(1, float("nan")), (2, 0.0), (3, 1.0)]

    found = read_columns(Table(names=("x", "y"), rows=cells), TableSettings(label="y"))

    assert (found.unlabelled, found.schema.classes) == (1, ("0.0", "1.0"))


@pytest.mark.parametrize("group", [None, "row number"])
def test_a_column_called_row_number_is_not_taken_for_the_number_of_the_row(
    group: str | None, rows: Rows, tmp_path: Path
) -> None:
    grouped = [row | {"row number": f"owner {number % 150}"} for number, row in enumerate(rows)]
    drop = ("id",) if group else ("id", "row number")

    result = _train(tmp_path, grouped, TableSettings(label="y", drop=drop, group_column=group))

    assert json.loads((result.output / "training.json").read_bytes())["split"]["key"] == group
    path, artifact = tmp_path / "loans.csv", read_artifact(result.output)
    ((_, parts),) = parts_of(path, artifact, read_labelled_blocks(path, artifact))
    expected = split(positions([row["row number"] for row in grouped] if group else range(400)))
    assert {part: np.flatnonzero(parts == part).tolist() for part in Part} == {
        part: of_part.tolist() for part, of_part in expected.items()
    }
    assert result.rows == {part.value: len(of_part) for part, of_part in expected.items()}


@pytest.mark.parametrize("labels", [("2", "10"), ("no", "yes"), ("-1", "1"), ("0.0", "1.0")])
def test_class_1_is_the_larger_label_whatever_the_format(
    labels: tuple[str, str], rows: Rows, tmp_path: Path
) -> None:
    named = [row | {"y": labels[int(str(row["y"]))]} for row in rows]

    assert servable.load(_train(tmp_path, named).output).schema.classes == labels


# --- what is refused, with nothing left behind


def _refused(folder: Path, table: Path, columns: TableSettings = COLUMNS) -> BadInput:
    with pytest.raises(BadInput) as caught:
        train(table, folder / "output", columns=columns, settings=SETTINGS)
    assert sorted(folder.iterdir()) == [table]
    return caught.value


@pytest.mark.parametrize(
    ("columns", "name"),
    [
        (TableSettings(label="z"), "z"),
        (TableSettings(label="y", id_column="key"), "key"),
        (TableSettings(label="y", id_column="id", drop=("a",)), "a"),
        (TableSettings(label="y", id_column="id", categorical=("b",)), "b"),
    ],
)
def test_a_name_that_the_table_lacks_is_refused(
    columns: TableSettings, name: str, rows: Rows, tmp_path: Path
) -> None:
    error = _refused(tmp_path, _csv(tmp_path / "t.csv", rows), columns)

    assert error.code == "train.column"
    assert str(error) == (
        f't.csv, table: expected a column "{name}", found the columns id, age, income, region, code, y; '
        "name a column of the table"
    )


def test_a_column_called_id_must_be_explained(rows: Rows, tmp_path: Path) -> None:
    error = _refused(tmp_path, _csv(tmp_path / "t.csv", rows), TableSettings(label="y"))

    assert str(error) == (
        't.csv, column "id": expected to be told whether it identifies rows, found no word about it; '
        "pass `--id id` to echo it beside the scores, or `--drop id`"
    )


@pytest.mark.parametrize(
    ("labels", "found"),
    [
        (("1",), "1 (1)"),
        (tuple("abcdefghijkl"), "12 (a, b, c, d, e, f, g, h, i, j and 2 more)"),
        ((None,), "0 ()"),
    ],
)
def test_a_label_of_other_than_two_classes_is_refused(
    labels: tuple[str | None, ...], found: str, rows: Rows, tmp_path: Path
) -> None:
    other = [row | {"y": labels[index % len(labels)]} for index, row in enumerate(rows)]

    error = _refused(tmp_path, _csv(tmp_path / "t.csv", other))

    assert error.code == "train.label"
    assert str(error) == (
        f't.csv, column "y": expected two classes, which is what this version trains, found {found}; '
        "name another label, or make it two classes"
    )


@pytest.mark.parametrize(
    "labels", [(0, 1, 1.0), (0, [1]), (False, 1, 0)], ids=["one as a float", "a list", "a truth value"]
)
def test_labels_of_mixed_types_are_refused_in_words(
    labels: tuple[Cell, ...], rows: Rows, tmp_path: Path
) -> None:
    other = [row | {"y": labels[index % len(labels)]} for index, row in enumerate(rows)]

    _refused(tmp_path, _json_lines(tmp_path / "t.ndjson", other))


def test_a_label_key_that_some_records_lack_is_no_class(rows: Rows, tmp_path: Path) -> None:
    other = [row if row["y"] == "1" else {k: v for k, v in row.items() if k != "y"} for row in rows]

    _refused(tmp_path, _json_lines(tmp_path / "t.ndjson", other))


def test_a_table_without_a_field_is_refused(rows: Rows, tmp_path: Path) -> None:
    table = _csv(tmp_path / "t.csv", [{"id": row["id"], "y": row["y"]} for row in rows])

    _refused(tmp_path, table)


def test_a_table_with_a_column_twice_is_refused(rows: Rows, tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    table.write_text("id,a,a,y\n" + "".join(f"{i},{i},2,{i % 2}\n" for i in range(400)), encoding="utf-8")

    _refused(tmp_path, table)


def test_a_table_too_small_for_its_split_is_refused(rows: Rows, tmp_path: Path) -> None:
    error = _refused(tmp_path, _csv(tmp_path / "t.csv", rows[:12]))

    assert error.code == "train.rows"
    assert str(error).endswith("rows of fewer; train on a larger table")


def test_too_few_rows_to_calibrate_are_refused(rows: Rows, tmp_path: Path) -> None:
    error = _refused(tmp_path, _csv(tmp_path / "t.csv", rows[:150]))

    assert error.code == "calibration.rows"
    assert str(error).startswith("calibration split: expected at least 20 rows for the method platt, found 1")


def test_a_table_that_is_not_there_or_of_an_unknown_format_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotFound) as caught:
        train(tmp_path / "t.csv", tmp_path / "output", columns=COLUMNS, settings=SETTINGS)
    assert str(caught.value) == (
        f"{tmp_path / 't.csv'}: expected a table in a file, found no such file; check the path"
    )
    (tmp_path / "t.xlsx").write_bytes(b"")
    assert str(_refused(tmp_path, tmp_path / "t.xlsx")) == (
        "t.xlsx: expected a name that ends in .csv, .ndjson, .jsonl, .json, .parquet, found another ending; "
        "convert the table or rename the file"
    )


@pytest.mark.parametrize("data", [b"", b"id,age,income,region,code,y\n"])
def test_an_empty_table_is_refused(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(data)

    _refused(tmp_path, tmp_path / "t.csv")


def test_an_output_that_is_there_is_not_overwritten(rows: Rows, tmp_path: Path) -> None:
    (tmp_path / "output").mkdir()
    (tmp_path / "output" / "precious").write_text("x", encoding="utf-8")

    with pytest.raises(BadInput):
        _train(tmp_path, rows)

    assert [path.name for path in (tmp_path / "output").iterdir()] == ["precious"]


# --- tables in files


def test_a_broken_line_of_a_long_file_is_named_by_its_number_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "t.ndjson"
    path.write_bytes(b'{"a": 1}\n' * 5000 + b"{\n")

    with pytest.raises(BadInput) as caught:
        read_table(path)

    assert str(caught.value).startswith("t.ndjson, line 5001: expected JSON in UTF-8")


def test_a_narrow_row_of_a_long_csv_is_named_by_its_number_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b"a,b\n" + b"1,2\n" * 5000 + b"1\n")

    with pytest.raises(BadInput) as caught:
        read_table(path)

    assert str(caught.value).startswith("t.csv, record 5000: expected 2 cells, as the header has, found 1")


@pytest.mark.parametrize("name", ["t.csv.gz", "t.ndjson.gz"])
def test_a_compressed_table_that_ends_early_is_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"\x1f\x8b\x08\x00")

    with pytest.raises(BadInput) as caught:
        read_table(tmp_path / name)

    assert str(caught.value) == (
        f"{name}: expected text in UTF-8, whole if it is compressed, found something else; "
        "write the table again"
    )


def test_lines_whose_keys_differ_from_block_to_block_make_one_table(tmp_path: Path) -> None:
    path = tmp_path / "t.ndjson"
    path.write_bytes(b'{"a": 1, "b": 2}\n' * 4096 + b'{"b": 4, "a": 3}\n')

    table = read_table(path)

    assert table.names == ("a", "b")
    assert table.rows[-1] == (3, 4)
