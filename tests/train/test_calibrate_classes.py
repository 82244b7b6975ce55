"""Copies of models of several classes, and of one whose golden answers another endpoint gave."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from calibrated import calibration_names, require_golden

import servable
from servable.artifact import GoldenSource, MemoryFiles, OnDamage, read_artifact, read_files, twin_files
from servable.calibration import CalibratorKind, Method
from servable.codecs import encode_answer
from servable.errors import BadInput, Damaged
from servable.pack import RecordedRequests, pack
from servable.train import RowsOfTable, calibrate
from servable.train.calibrate.scores_file import read_scored_blocks
from strategies import loan_rows, train_loans
from tiny_boosters import COLUMNS, REGIONS, labels, lightgbm_model, output_of, rows, settings_of

NAMES = ("low", "middle", "high")
FOLDER = "calibration/calibration_models/calibration_model_class_"


def _output(folder: Path, classes: tuple[str, ...]) -> Path:
    """A training output of three classes without notes of its training."""
    model = lightgbm_model("multiclass", classes=3, names=COLUMNS, codes=())
    files = output_of(
        "lightgbm_model.txt",
        model,
        hyperparameters__json=settings_of(multiclass_categories=list(classes), num_classes=3),
    )
    folder.mkdir()
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder


def _table(path: Path, classes: tuple[str, ...]) -> Path:
    names = {code: name for name, code in REGIONS.items()}
    with path.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([*COLUMNS, "y"])
        for cells, label in zip(rows().tolist(), labels(len(classes)).tolist(), strict=True):
            *numbers, region = ["" if cell != cell else cell for cell in cells]  # noqa: PLR0124  # NaN
            writer.writerow([*numbers, names.get(int(region), "other"), classes[label]])
    return path


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _output(tmp_path_factory.mktemp("trained") / "trained", NAMES)


@pytest.fixture(scope="module")
def packed(trained: Path) -> Path:
    return pack(trained, trained.parent / "model.tar.gz").output


@pytest.fixture(params=["trained", "packed"])
def original(request: pytest.FixtureRequest, trained: Path, packed: Path) -> Path:
    return trained if request.param == "trained" else packed


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _table(tmp_path_factory.mktemp("rows") / "rows.csv", NAMES)


@pytest.mark.parametrize("method", [Method.PLATT, Method.BETA, Method.ISOTONIC, Method.TEMPERATURE])
def test_each_class_gets_a_table_or_all_one_temperature(
    method: Method, original: Path, table: Path, tmp_path: Path
) -> None:
    result = calibrate(original, tmp_path / "copy", rows=RowsOfTable(path=table), method=method)

    ours, theirs = servable.load(tmp_path / "copy"), servable.load(original)
    records, is_packed = _records(ours), ours.artifact.manifest is not None
    found = ours.score_records(records)
    assert result.fitted.calibrator is not None
    assert found.raw.tobytes() == theirs.score_records(records).raw.tobytes()
    assert found.calibrated.tobytes() == result.fitted.calibrator.apply(found.raw).tobytes()
    assert ours.calibrator is not None
    endings = (".json",) if is_packed else (".json", ".pkl")
    if method is Method.TEMPERATURE:
        assert ours.calibrator.kind is CalibratorKind.TEMPERATURE
        assert calibration_names(tmp_path / "copy") == ["calibration/temperature.json"]
    else:
        assert ours.calibrator.kind is CalibratorKind.MULTICLASS
        names = [f"{FOLDER}{index}{ending}" for index in range(3) for ending in endings]
        assert calibration_names(tmp_path / "copy") == names
    if is_packed:
        require_golden(ours)


def _records(scorer: servable.Scorer) -> servable.Records:
    cells = {"age": 0.5, "income": -1.0, "balance": 0.0}
    return scorer.schema.bind(
        servable.scorer.to_table([cells | {"region": region} for region in (*REGIONS, "other")])
    )


def test_the_choice_among_the_methods_is_one_for_all_classes(
    packed: Path, table: Path, tmp_path: Path
) -> None:
    result = calibrate(packed, tmp_path / "copy", rows=RowsOfTable(path=table))

    methods = [candidate.method for candidate in result.candidates]
    assert methods[:3] == [Method.NONE, Method.TEMPERATURE, Method.PLATT]
    require_golden(servable.load(tmp_path / "copy"))


@pytest.mark.parametrize("classes", [("2", "0", "1"), ("1", "2", "3"), ("0", "1", "2"), ("a/b", "ä", "c")])
def test_tables_belong_to_their_classes_whatever_these_are_named(
    classes: tuple[str, ...], tmp_path: Path
) -> None:
    trained, table = _output(tmp_path / "trained", classes), _table(tmp_path / "rows.csv", classes)

    result = calibrate(trained, tmp_path / "copy", rows=RowsOfTable(path=table), method=Method.PLATT)

    read = servable.load(tmp_path / "copy").calibrator
    fitted = result.fitted.calibrator
    assert read is not None
    assert fitted is not None
    assert {index: table.pairs() for index, table in read.tables.items()} == {
        index: table.pairs() for index, table in fitted.tables.items()
    }


CLASS_METHODS = [Method.NONE, Method.TEMPERATURE, Method.PLATT, Method.ISOTONIC]


def _named_by_tables(folder: Path, classes: tuple[str, ...], **others: object) -> Path:
    """A training output whose classes have their names from the files of its tables alone."""
    objective = "binary" if len(classes) == 2 else "multiclass"
    model = lightgbm_model(objective, classes=len(classes), names=COLUMNS, codes=())
    files = output_of("lightgbm_model.txt", model, **({"hyperparameters__json": None} | others))
    for name in classes:
        files |= twin_files(f"{FOLDER}{name}", [[0.0, 0.1], [1.0, 0.9]])
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


@pytest.mark.parametrize("method", CLASS_METHODS)
@pytest.mark.parametrize("classes", [("high", "low", "middle"), ("no", "yes"), ("0", "1", "2")])
def test_classes_that_only_the_old_tables_name_keep_their_names(
    method: Method, classes: tuple[str, ...], tmp_path: Path
) -> None:
    trained = _named_by_tables(tmp_path / "trained", classes)
    table = _table(tmp_path / "rows.csv", classes)
    before = read_artifact(trained)

    result = calibrate(trained, tmp_path / "copy", rows=RowsOfTable(path=table, label="y"), method=method)

    copy = servable.load(tmp_path / "copy")
    assert copy.schema == before.schema
    assert before.schema.classes == classes
    records = copy.schema.bind(
        servable.scorer.to_table([{"age": 1, "income": 0, "balance": 2, "region": "x"}])
    )
    found, fitted = copy.score_records(records), result.fitted.calibrator
    expected = found.raw if fitted is None else fitted.apply(found.raw)
    assert found.calibrated.tobytes() == expected.tobytes()
    # a second copy of the copy is as good
    calibrate(
        tmp_path / "copy", tmp_path / "again", rows=RowsOfTable(path=table, label="y"), method=Method.NONE
    )
    assert read_artifact(tmp_path / "again").schema == before.schema


def test_a_copy_says_where_the_names_of_its_classes_stand_now(tmp_path: Path) -> None:
    trained = _named_by_tables(tmp_path / "trained", ("no", "yes"))
    table = _table(tmp_path / "rows.csv", ("no", "yes"))

    result = calibrate(
        trained, tmp_path / "copy", rows=RowsOfTable(path=table, label="y"), method=Method.PLATT
    )

    assert result.notes == (
        "the classes were named by the files of the old tables alone; in the copy they are by "
        'hyperparameters.json: "no" and "yes"',
    )


def test_names_of_classes_that_have_no_place_are_refused_and_nothing_is_written(tmp_path: Path) -> None:
    trained = _named_by_tables(tmp_path / "trained", ("no", "yes"), hyperparameters__json=b"{")
    table = _table(tmp_path / "rows.csv", ("no", "yes"))

    with pytest.raises(Damaged) as caught:
        calibrate(
            trained,
            tmp_path / "copy",
            rows=RowsOfTable(path=table, label="y"),
            method=Method.PLATT,
            on_damage=OnDamage.WARN,
        )

    assert str(caught.value) == (
        'hyperparameters.json: expected the names of the classes, "no" and "yes": the tables that name them '
        "are replaced, found a file that cannot be read; mend it, or take it away, and hyperparameters.json "
        "of the copy will name them"
    )
    assert not (tmp_path / "copy").exists()


def test_tables_of_a_file_that_cannot_be_read_go_on_naming_the_classes(tmp_path: Path) -> None:
    classes = ("high", "low", "middle")
    trained = _named_by_tables(tmp_path / "trained", classes, hyperparameters__json=b"{")
    table = _table(tmp_path / "rows.csv", classes)

    calibrate(
        trained,
        tmp_path / "copy",
        rows=RowsOfTable(path=table, label="y"),
        method=Method.PLATT,
        on_damage=OnDamage.WARN,
    )

    assert read_artifact(tmp_path / "copy", on_damage=OnDamage.WARN).schema.classes == classes
    assert (tmp_path / "copy/hyperparameters.json").read_bytes() == b"{"


def test_errors_name_classes_as_the_model_does(packed: Path, tmp_path: Path) -> None:
    table = _table(tmp_path / "rows.csv", NAMES)
    lines = [line for line in table.read_text().splitlines() if not line.endswith(",middle")]
    table.write_text("\n".join(lines))

    with pytest.raises(BadInput, match=r'rows of each of the 3 classes, found none of class "middle"; '):
        calibrate(packed, tmp_path / "copy", rows=RowsOfTable(path=table), method=Method.PLATT)


def test_scores_of_more_classes_need_not_be_1_in_sum_where_the_model_does_not_divide(tmp_path: Path) -> None:
    model = lightgbm_model("multiclassova", classes=3, names=COLUMNS, codes=())
    files = output_of(
        "lightgbm_model.txt",
        model,
        hyperparameters__json=settings_of(multiclass_categories=list(NAMES), num_classes=3),
    )
    artifact = read_files(MemoryFiles(files))
    path = tmp_path / "scores.csv"
    path.write_text("raw_0,raw_1,raw_2,y\n0.5,0.4,0.3,low\n")

    (block,) = read_scored_blocks(path, artifact)

    assert block.raw.sum() == pytest.approx(1.2)


def test_scores_of_more_classes_are_1_in_sum_where_golden_records_show_it(
    packed: Path, tmp_path: Path
) -> None:
    path = tmp_path / "scores.csv"
    path.write_text("raw_0,raw_1,raw_2,y\n0.5,0.4,0.3,low\n")

    with pytest.raises(BadInput, match=r"record 0: expected raw scores of all classes, .* found 1.2; "):
        list(read_scored_blocks(path, read_artifact(packed)))


def test_percentiles_are_for_two_classes_and_refused_before_a_row_is_scored(
    packed: Path, table: Path, tmp_path: Path
) -> None:
    with pytest.raises(
        BadInput, match=r"rows\.csv: expected a model of two classes for the method percentile"
    ):
        calibrate(packed, tmp_path / "copy", rows=RowsOfTable(path=table), method=Method.PERCENTILE)


def test_calibrated_answers_of_a_replaced_endpoint_are_not_kept(tmp_path: Path) -> None:
    trained = train_loans(tmp_path)
    scorer, asked = servable.load(trained), loan_rows(20, seed=5)
    answers = json.loads(encode_answer(scorer.score(asked), "application/json")[0])["predictions"]
    for answer in answers:  # as an endpoint writes them that rounds
        answer["legacy-score"] = f"{float(answer['legacy-score']):.3f}"
    (tmp_path / "old.ndjson").write_text(
        "".join(
            json.dumps({"request": request, "answer": answer}) + "\n"
            for request, answer in zip(asked, answers, strict=True)
        )
    )
    recorded = RecordedRequests(tmp_path / "old.ndjson")
    before = read_artifact(pack(trained, tmp_path / "model.tar.gz", golden=recorded).output)

    calibrate(
        tmp_path / "model.tar.gz",
        tmp_path / "copy",
        rows=RowsOfTable(path=tmp_path / "loans.csv", allows_training_rows=True),
        method=Method.PLATT,
    )

    copy = servable.load(tmp_path / "copy")
    golden, old = copy.artifact.golden, before.golden
    assert golden is not None
    assert golden.packed is not None
    assert old is not None
    assert copy.calibrator is not None
    assert golden.source == GoldenSource.ENDPOINT
    assert golden.reference.raw.tobytes() == old.reference.raw.tobytes()
    assert golden.reference.raw[:20].tobytes() != golden.packed.raw[:20].tobytes()
    assert golden.reference.calibrated[:20].tobytes() == golden.packed.calibrated[:20].tobytes()
    assert golden.packed.calibrated.tobytes() == copy.calibrator.apply(golden.packed.raw).tobytes()
    derived = golden.reference.calibrated[20:]
    assert derived.tobytes() == copy.calibrator.apply(golden.reference.raw[20:]).tobytes()
    assert np.isfinite(derived).all()
    assert copy.artifact.remarks[-1] == (
        "the golden answers that another endpoint gave are compared by raw scores and labels alone: their "
        "calibrated scores were another calibrator's, and those in the reference are the packed model's own"
    )
