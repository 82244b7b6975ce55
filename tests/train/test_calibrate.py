"""A copy of an artifact with another calibrator: each method, of an output and of a packed artifact."""

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from calibrated import (
    calibration_names,
    facts_of,
    raw_and_labels,
    require_sound,
    write_surprising,
)
from click.testing import CliRunner

from fixtures_models import Model, contents
from servable.artifact import OnDamage, open_files, read_artifact, twin_files
from servable.calibration import Method, fit_calibrator
from servable.cli.calibrate import command as calibrate_command
from servable.errors import Damaged
from servable.pack import pack
from servable.train import Evidence, Part, RowsOfScores, RowsOfTable, calibrate, calibration_lines

REGULAR, PERCENTILE = "calibration/calibration_model", "calibration/percentile_score"
STEMS = {
    Method.PLATT: REGULAR,
    Method.BETA: REGULAR,
    Method.ISOTONIC: REGULAR,
    Method.TEMPERATURE: REGULAR,
    Method.PERCENTILE: PERCENTILE,
}


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Rows that no training has seen, on which the model is too sure of itself."""
    return write_surprising(tmp_path_factory.mktemp("rows") / "surprising.csv", 1500, seed=31)


@pytest.fixture(params=["trained", "packed"])
def original(request: pytest.FixtureRequest, model: Model) -> Path:
    return model.trained if request.param == "trained" else model.archive


@pytest.mark.parametrize("method", STEMS)
def test_a_copy_answers_by_the_method_that_was_asked_for(
    method: Method, original: Path, table: Path, tmp_path: Path
) -> None:
    result = calibrate(original, tmp_path / "copy", rows=RowsOfTable(path=table), method=method)

    fitted = fit_calibrator(*raw_and_labels(original, table), method=method)
    assert fitted.calibrator is not None
    artifact = require_sound(tmp_path / "copy", original, fitted.calibrator)
    endings = (".json",) if artifact.manifest else (".json", ".pkl")
    assert calibration_names(tmp_path / "copy") == [f"{STEMS[method]}{ending}" for ending in endings]
    assert (result.fitted.method, result.fitted.rows) == (method, 1500)
    assert facts_of(tmp_path / "copy")["method"] == method


def test_the_copy_is_chosen_by_cross_validation_where_no_method_is_named(
    original: Path, table: Path, tmp_path: Path
) -> None:
    result = calibrate(original, tmp_path / "copy", rows=RowsOfTable(path=table))

    none, *others = result.candidates
    assert none.method is Method.NONE
    best = next(candidate for candidate in others if candidate.method is result.fitted.method)
    assert best.log_loss < none.log_loss
    require_sound(tmp_path / "copy", original, result.fitted.calibrator)
    facts = facts_of(tmp_path / "copy")
    assert facts["method"] == result.fitted.method
    assert [candidate["method"] for candidate in facts["candidates"]] == [
        candidate.method for candidate in result.candidates
    ]
    assert facts["candidates"][0]["log_loss"] == none.log_loss


def test_none_is_a_copy_without_a_calibrator(original: Path, table: Path, tmp_path: Path) -> None:
    calibrate(original, tmp_path / "copy", rows=RowsOfTable(path=table), method=Method.NONE)

    artifact = require_sound(tmp_path / "copy", original, None)
    assert artifact.calibrations == ()
    assert calibration_names(tmp_path / "copy") == []
    assert "knot_error" not in facts_of(tmp_path / "copy")


def test_what_is_copied_is_not_changed(original: Path, table: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    if original.is_dir():
        shutil.copytree(original, home / original.name)
    else:
        shutil.copy(original, home)
    before = contents(home)

    calibrate(home / original.name, tmp_path / "copy", rows=RowsOfTable(path=table))

    assert contents(home) == before
    theirs, ours = open_files(original), open_files(tmp_path / "copy")
    own = {"training.json", "manifest.json", "golden/answers.ndjson"}
    kept = [name for name in theirs.names() if name not in own and "calibration/" not in name]
    assert [name for name in ours.names() if name not in own and "calibration/" not in name] == kept
    assert all(ours.read(name) == theirs.read(name) for name in kept)


@pytest.mark.parametrize(("kind", "name"), [("trained", "copy"), ("archive", "copy.tar.gz")])
def test_the_same_rows_and_seed_give_the_same_bytes(
    kind: str, name: str, model: Model, table: Path, tmp_path: Path
) -> None:
    for folder in ("first", "second"):
        (tmp_path / folder).mkdir()
        calibrate(getattr(model, kind), tmp_path / folder / name, rows=RowsOfTable(path=table), seed=4)

    assert contents(tmp_path / "first") == contents(tmp_path / "second")


def test_a_packed_copy_has_an_identity_of_its_own(model: Model, table: Path, tmp_path: Path) -> None:
    output = tmp_path / "copy.tar.gz"

    result = calibrate(model.archive, output, rows=RowsOfTable(path=table), method=Method.PLATT)

    assert result.digest == read_artifact(output).digest != read_artifact(model.archive).digest
    require_sound(output, model.archive, result.fitted.calibrator)


@pytest.mark.parametrize("name", ["copy.tgz", "COPY.TAR.GZ"])
def test_a_training_output_becomes_an_archive_by_the_name_of_the_copy(
    name: str, model: Model, table: Path, tmp_path: Path
) -> None:
    output = tmp_path / name

    result = calibrate(model.trained, output, rows=RowsOfTable(path=table), method=Method.PLATT)

    assert output.is_file()
    require_sound(output, model.trained, result.fitted.calibrator)
    assert result.digest is None


def test_no_older_calibrator_shadows_the_fitted_one(model: Model, table: Path, tmp_path: Path) -> None:
    old = shutil.copytree(model.trained, tmp_path / "old")
    others = twin_files(PERCENTILE, [[0.0, 0.0], [1.0, 1.0]])
    others |= twin_files(f"{REGULAR}s/calibration_model_class_1", [[0.0, 0.2], [1.0, 0.8]])
    others |= {"calibration/temperature.json": b'{"temperature": 2}'}
    others |= {"calibration/beta.json": b'{"a": 1, "b": 1, "c": 0}'}
    for name, data in others.items():
        (old / name).parent.mkdir(exist_ok=True)
        (old / name).write_bytes(data)
    (old / "calibration/report.txt").write_text("of the one who fitted it\n")

    result = calibrate(old, tmp_path / "copy", rows=RowsOfTable(path=table), method=Method.PLATT)

    assert set(result.replaced) == {*others, f"{REGULAR}.json", f"{REGULAR}.pkl"}
    names = [f"{REGULAR}.json", f"{REGULAR}.pkl", "calibration/report.txt"]
    assert calibration_names(tmp_path / "copy") == names
    require_sound(tmp_path / "copy", model.trained, result.fitted.calibrator)


def test_a_training_output_is_packed_with_the_calibrator_of_its_copy(
    model: Model, table: Path, tmp_path: Path
) -> None:
    result = calibrate(model.trained, tmp_path / "copy", rows=RowsOfTable(path=table), method=Method.ISOTONIC)

    packed = pack(tmp_path / "copy", tmp_path / "model.tar.gz")

    assert "training_rows.json" not in open_files(packed.output).names()
    artifact = require_sound(packed.output, model.archive, result.fitted.calibrator)
    assert artifact.profile == read_artifact(model.archive).profile
    assert packed.manifest.training is not None
    assert packed.manifest.training["calibration"] == facts_of(tmp_path / "copy")


def test_figures_of_the_old_calibrator_do_not_outlive_it(original: Path, table: Path, tmp_path: Path) -> None:
    calibrate(original, tmp_path / "copy", rows=RowsOfTable(path=table), method=Method.PLATT)

    artifact = read_artifact(tmp_path / "copy")
    manifest = artifact.manifest
    facts = manifest.training if manifest else json.loads(artifact.files.read("training.json"))
    assert facts is not None
    assert list(facts["test"]) == ["raw"]
    assert facts["data"]["name"] == "customers"


def test_notes_of_another_tool_are_kept_as_they_are(model: Model, table: Path, tmp_path: Path) -> None:
    old = shutil.copytree(model.trained, tmp_path / "old")
    (old / "training_rows.json").unlink()
    notes = {"split": "random", "test": [1, 2], "calibration": "by hand"}
    (old / "training.json").write_text(json.dumps(notes))

    result = calibrate(old, tmp_path / "copy", rows=RowsOfTable(path=table), method=Method.PLATT)

    found = json.loads((tmp_path / "copy/training.json").read_bytes())
    assert found == notes | {"calibration": dict(result.facts)}
    assert result.used is not None
    assert result.used.evidence is Evidence.NOTHING


def test_a_copy_says_on_what_its_calibrator_was_fitted(original: Path, model: Model, tmp_path: Path) -> None:
    rows = RowsOfTable(path=model.table, part=Part.CALIB)

    calibrate(original, tmp_path / "copy", rows=rows, method=Method.PLATT)

    facts = facts_of(tmp_path / "copy")
    sha256 = hashlib.sha256(model.table.read_bytes()).hexdigest()
    assert facts["table"] == {"name": "customers.csv", "sha256": sha256}
    assert (facts["part"], facts["rows"]) == ("calib", 113)
    assert facts["used_in_training"] == {
        "evidence": "split",
        "rows": 113,
        "told": 113,
        "seen": 0,
        "share_by_chance": 0.0,
    }


def _broken(folder: Path, name: str) -> Path:
    (folder / name).write_bytes(b"broken")
    return folder


def test_a_broken_calibrator_is_replaced_where_damage_is_tolerated(
    model: Model, table: Path, tmp_path: Path
) -> None:
    old = _broken(shutil.copytree(model.trained, tmp_path / "old"), f"{REGULAR}.json")
    with pytest.raises(Damaged):
        calibrate(old, tmp_path / "copy", rows=RowsOfTable(path=table))

    result = calibrate(
        old, tmp_path / "copy", rows=RowsOfTable(path=table), method=Method.PLATT, on_damage=OnDamage.WARN
    )

    require_sound(tmp_path / "copy", model.trained, result.fitted.calibrator)


def test_sentences_about_a_calibrator_that_is_gone_are_gone(
    model: Model, table: Path, tmp_path: Path
) -> None:
    old = _broken(shutil.copytree(model.trained, tmp_path / "old"), f"{REGULAR}.json")
    pack(old, tmp_path / "model.tar.gz", on_damage=OnDamage.WARN)
    assert read_artifact(tmp_path / "model.tar.gz").degradations != ()

    calibrate(tmp_path / "model.tar.gz", tmp_path / "copy", rows=RowsOfTable(path=table))

    assert read_artifact(tmp_path / "copy").degradations == ()


def test_a_broken_training_json_is_replaced_and_said_to_be(model: Model, table: Path, tmp_path: Path) -> None:
    old = _broken(shutil.copytree(model.trained, tmp_path / "old"), "training.json")

    result = calibrate(
        old, tmp_path / "copy", rows=RowsOfTable(path=table), method=Method.PLATT, on_damage=OnDamage.WARN
    )

    assert result.notes == (
        "training.json is broken, and the copy has a new one, which says of the training nothing but what "
        "its calibrator was fitted on",
    )
    assert list(json.loads((tmp_path / "copy/training.json").read_bytes())) == ["calibration"]


@pytest.mark.parametrize(
    "settings", [{"on_damage": OnDamage.WARN}, {"allowed": True}], ids=["damage tolerated", "rows allowed"]
)
def test_broken_notes_of_the_training_rows_are_passed_over_and_said_to_be(
    settings: dict[str, Any], model: Model, table: Path, tmp_path: Path
) -> None:
    old = _broken(shutil.copytree(model.trained, tmp_path / "old"), "training_rows.json")
    rows = RowsOfTable(path=table, allows_training_rows=settings.pop("allowed", False))

    result = calibrate(old, tmp_path / "copy", rows=rows, method=Method.PLATT, **settings)

    assert result.used is not None
    assert result.used.evidence is Evidence.NOTHING
    said = (
        "note: whether training used rows of surprising.csv could not be checked: training_rows.json, line 1"
    )
    assert any(line.startswith(said) for line in calibration_lines(result))


@pytest.mark.parametrize("part", [None, Part.TEST, Part.CALIB, Part.VALID, Part.TRAIN])
def test_other_rows_are_recommended_than_those_of_the_fit(
    part: Part | None, model: Model, tmp_path: Path
) -> None:
    rows = RowsOfTable(path=model.table, part=part, allows_training_rows=True)

    result = calibrate(model.archive, tmp_path / "copy", rows=rows, method=Method.PLATT)

    *_, last = calibration_lines(result)
    has_test = part in (Part.CALIB, Part.VALID, Part.TRAIN)
    assert (" --part test " in last) is has_test
    assert last.endswith(", on a TABLE that neither training nor calibration has seen") is not has_test


def test_every_phase_is_told_from_its_beginning_to_its_end(model: Model, table: Path, tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    (tmp_path / "scores.csv").write_text("\n".join(["score,churned", *["0.2,0", "0.7,1"] * 20]))

    for number, rows in enumerate((RowsOfTable(path=table), RowsOfScores(path=tmp_path / "scores.csv"))):
        calibrate(
            model.archive,
            tmp_path / f"copy {number}",
            rows=rows,
            method=Method.PLATT,
            progress=lambda *step: told.append(step),
        )

    ends = {phase: (done, total) for phase, done, total in told}
    assert {"read the artifact", "read the rows", "fit", "write the copy"} < ends.keys()
    assert all(done == total for done, total in ends.values())


@pytest.mark.parametrize("name", ["golden/requests.ndjson", "golden/answers.ndjson", "tables/impute.json"])
def test_a_copy_does_not_vouch_for_a_packed_file_that_is_another_one(
    name: str, model: Model, table: Path, tmp_path: Path
) -> None:
    calibrate(model.archive, tmp_path / "packed", rows=RowsOfTable(path=table), method=Method.NONE)
    path = tmp_path / "packed" / name
    path.write_bytes(path.read_bytes().replace(b"1", b"2"))

    with pytest.raises(Damaged, match=rf"{name}: expected the packed file, sha256 [0-9a-f]+, found sha256"):
        calibrate(
            tmp_path / "packed",
            tmp_path / "copy",
            rows=RowsOfTable(path=table),
            method=Method.PLATT,
            on_damage=OnDamage.WARN,
        )

    assert not (tmp_path / "copy").exists()


def _said(*arguments: object) -> str:
    done = CliRunner().invoke(calibrate_command, [str(argument) for argument in arguments])
    assert done.exit_code == 0, done.output
    return done.stdout


def test_the_verb_says_what_was_compared_chosen_and_replaced(
    model: Model, table: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copy(table, tmp_path)

    lines = _said(model.trained, "surprising.csv", "-o", "copy").splitlines()

    assert lines[0] == "copy"
    assert lines[1].startswith("platt, fitted on 1,500 rows of surprising.csv, ")
    assert lines[2].startswith(
        "why: platt is chosen: in 5-fold cross-validation on 1,500 rows its log-loss is "
    )
    assert lines[3] == "on these rows, by cross-validation (none: before, the raw scores):"
    assert [line.split()[0] for line in lines[4:8]] == ["none", "platt", "beta", "isotonic"]
    assert lines[8] == f"replaced: {REGULAR}.json, {REGULAR}.pkl"
    assert " of 1,500 rows of surprising.csv equal one that training used; of the rows that it " in lines[-2]
    assert lines[-1] == (
        f"before and after on other rows: servable evaluate copy TABLE --against {model.trained}, "
        "on a TABLE that neither training nor calibration has seen"
    )


def test_the_verb_names_the_command_that_shows_the_test_rows(
    model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copy(model.table, tmp_path)
    shutil.copy(model.archive, tmp_path)

    lines = _said(
        "model.tar.gz", "customers.csv", "--part", "calib", "--method", "percentile", "-o", "copy.tar.gz"
    ).splitlines()

    assert lines[-1] == (
        "before and after on other rows: servable evaluate copy.tar.gz customers.csv --part test "
        "--against model.tar.gz"
    )


def test_the_verb_says_that_a_copy_has_no_calibrator(model: Model, table: Path, tmp_path: Path) -> None:
    calibrate(model.trained, tmp_path / "first", rows=RowsOfTable(path=table), method=Method.PERCENTILE)

    first = _said(tmp_path / "first", table, "--method", "none", "-o", tmp_path / "none").splitlines()
    second = _said(tmp_path / "none", table, "--method", "none", "-o", tmp_path / "still").splitlines()

    assert first[1] == "no calibrator: its calibrated scores are the raw ones (1,500 rows of surprising.csv)"
    names = f"{PERCENTILE}.json, {PERCENTILE}.pkl"
    assert first[3] == f"replaced: {names} (a percentile table would go before any other)"
    assert second[3] == "replaced: nothing, there was no calibrator"


def test_the_verb_prints_the_result_as_json(model: Model, table: Path, tmp_path: Path) -> None:
    said = json.loads(_said(model.archive, table, "--json", "-o", tmp_path / "copy"))

    assert said["calibration"] == facts_of(tmp_path / "copy")
    assert said["digest"] == read_artifact(tmp_path / "copy").digest
    assert said["replaced"] == [f"{REGULAR}.json"]
    assert said["calibration"]["used_in_training"]["evidence"] == Evidence.NOTHING


def test_the_verb_offers_every_method_and_every_part() -> None:
    offered = {option.name: getattr(option.type, "choices", ()) for option in calibrate_command.params}

    assert set(offered["method"]) == {"auto", *Method}
    assert set(offered["part"]) == set(Part)
