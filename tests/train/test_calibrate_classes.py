"""Copies of models of several classes, and of one whose golden answers another endpoint gave."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from calibrated import calibration_names, require_golden

import servable
from servable.artifact import GoldenSource, read_artifact
from servable.calibration import CalibratorKind, Method
from servable.codecs import encode_answer
from servable.errors import BadInput
from servable.pack import RecordedRequests, pack
from servable.train import RowsOfTable, calibrate
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
        for cells, label in zip(rows().tolist(), labels(3).tolist(), strict=True):
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
