"""`servable payload` and `servable payload export-script`, called as people call them."""

import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
import pytest

from fixtures_models import Model, Ran, run, run_well
from fixtures_s3 import Store
from servable.cli.payload import command as payload_verb
from servable.payload import Strategy, read_golden_answers, script

ALL = ",".join(script.CONTENT_TYPES)
REALISTIC = ("--strategy", "realistic", "--samples", "5", "--content-types", "application/json,text/csv")
FIELDS = {"tab_field_list": ["amount"], "cat_field_list": ["region"], "id_name": "id"}


def members(archive: Path) -> dict[str, bytes]:
    with tarfile.open(archive, "r:gz") as tar:
        return {member.name: file.read() for member in tar if (file := tar.extractfile(member))}


def lists_of_fields(folder: Path, **changes: Any) -> Path:
    """A folder that holds what `default` samples need, and nothing else."""
    folder.mkdir()
    (folder / "hyperparameters.json").write_text(json.dumps(FIELDS | changes))
    return folder


@pytest.mark.parametrize("strategy", ["default", "typical", "realistic", "boundary", "hostile"])
def test_a_payload_is_told_file_by_file(strategy: str, model: Model, tmp_path: Path) -> None:
    options = ("--strategy", strategy, "--content-types", ALL, "--json")

    said = run_well("payload", model.archive, "-o", "payload.tar.gz", *options, cwd=tmp_path).json

    found = members(tmp_path / "payload.tar.gz")
    files = {file["name"]: file for file in said["files"]}
    assert sorted(files) == list(found)
    assert [script.content_type_of(name) for name in files] == [
        file["content_type"] for file in files.values()
    ]
    assert {file["content_type"] for file in files.values()} == set(said["content_types"])
    assert all(file["case"] and file["records"] >= 1 for file in files.values())
    assert said["archive_bytes"] == (tmp_path / "payload.tar.gz").stat().st_size
    assert (said["golden"], said["uploads"]) == ([], [])
    if strategy in {"boundary", "hostile"}:
        assert len({file["case"] for file in files.values()}) > 15
    assert list(tmp_path.iterdir()) == [tmp_path / "payload.tar.gz"]


def test_a_person_is_told_the_archive_and_what_is_left_out(model: Model, tmp_path: Path) -> None:
    options = ("--strategy", "hostile", "--content-types", "application/json,text/csv")

    ran = run_well("payload", model.archive, "-o", "payload.tar.gz", *options, cwd=tmp_path)

    archive, fields, json_line, csv_line, *remarks = ran.stdout.splitlines()
    size = (tmp_path / "payload.tar.gz").stat().st_size
    assert archive == f"payload.tar.gz ({size:,} bytes)"
    assert fields.startswith("4 fields in ")
    assert json_line.startswith("  application/json: ")
    assert csv_line.startswith("  text/csv: ")
    assert "text/csv cannot carry " in remarks[0]
    assert "left out of it" in remarks[0]
    assert ran.stderr == ""


def test_a_seed_gives_the_same_bytes_again_and_another_seed_others(model: Model, tmp_path: Path) -> None:
    for name, seed in (("first", "1"), ("again", "1"), ("other", "2")):
        output = f"{name}.tar.gz"
        run_well("payload", model.archive, "-o", output, *REALISTIC, "--seed", seed, cwd=tmp_path)

    first, again, other = (tmp_path / f"{name}.tar.gz" for name in ("first", "again", "other"))
    assert first.read_bytes() == again.read_bytes()
    assert members(first).keys() == members(other).keys()
    assert members(first) != members(other)


@pytest.mark.parametrize(("options", "kind"), [((), str), (("--typed",), float)])
def test_numbers_in_json_are_strings_unless_typed(
    options: tuple[str, ...], kind: type, model: Model, tmp_path: Path
) -> None:
    run_well("payload", model.archive, "-o", "payload.tar.gz", *options, cwd=tmp_path)

    record = json.loads(members(tmp_path / "payload.tar.gz")["payload_application_json_0.json"])
    assert isinstance(record["age"], kind)


def test_values_of_fields_are_chosen_one_by_one(
    model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    values = (
        "--field-default",
        "age=41",
        "--field-default",
        "plan=no=1",
        "--special-field",
        "REGION={timestamp}",
    )

    run_well("payload", model.archive, "-o", "payload.tar.gz", *values, cwd=tmp_path)

    assert json.loads(members(tmp_path / "payload.tar.gz")["payload_application_json_0.json"]) == {
        "age": "41.0",
        "income": "0.0",
        "region": "1970-01-01 00:00:00",
        "plan": "no=1",
    }


def test_the_settings_of_the_script_are_none_of_the_verb(
    model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_well("payload", model.archive, "-o", "before.tar.gz", cwd=tmp_path)
    for name in ("CONTENT_TYPES", "DEFAULT_NUMERIC_VALUE", "DEFAULT_TEXT_VALUE", "FIELD_DEFAULTS"):
        monkeypatch.setenv(name, "7")
    monkeypatch.setenv("SPECIAL_FIELD_plan", "7")
    monkeypatch.setenv("WORKING_DIRECTORY", str(tmp_path / "work"))

    run_well("payload", model.archive, "-o", "after.tar.gz", cwd=tmp_path)

    assert (tmp_path / "after.tar.gz").read_bytes() == (tmp_path / "before.tar.gz").read_bytes()
    assert not (tmp_path / "work").exists()


def test_each_content_type_has_an_archive_of_its_own(model: Model, tmp_path: Path) -> None:
    options = (*REALISTIC, "--archive-per-content-type", "--json")

    said = run_well("payload", model.archive, "-o", "payload.tar.gz", *options, cwd=tmp_path).json

    assert said["archives"] == ["payload_application_json.tar.gz", "payload_text_csv.tar.gz"]
    for name, ending in zip(said["archives"], (".json", ".csv"), strict=True):
        found = members(tmp_path / name)
        assert len(found) == 5
        assert all(member.endswith(ending) for member in found)
    assert not (tmp_path / "payload.tar.gz").exists()


def test_records_of_ones_own_are_taken_instead(model: Model, tmp_path: Path) -> None:
    record = {"age": 39, "income": 1000.5, "region": "north", "plan": None}
    (tmp_path / "mine.json").write_text(json.dumps(record))

    run_well(
        "payload", model.archive, "-o", "payload.tar.gz", "--sample", "mine.json", "--typed", cwd=tmp_path
    )

    assert list(members(tmp_path / "payload.tar.gz").values()) == [json.dumps(record).encode()]


@pytest.mark.slow
def test_the_golden_answers_of_one_of_several_archives_have_its_name(model: Model, tmp_path: Path) -> None:
    options = (
        "--strategy",
        "boundary",
        "--archive-per-content-type",
        "--golden",
        "--reference",
        model.trained,
    )

    said = run_well("payload", model.archive, "-o", "p.tar.gz", *options, "--json", cwd=tmp_path).json

    (golden,) = said["golden"]
    document = read_golden_answers(tmp_path / "golden_p_application_json.tar.gz").document
    assert golden["golden"] == "golden_p_application_json.tar.gz"
    assert document.reference == golden["reference"] == "xgboost"
    assert {file.name: file.case for file in document.files} == {
        file["name"]: file["case"] for file in said["files"]
    }


@pytest.mark.slow
def test_golden_answers_of_the_packed_engine_say_so(model: Model, tmp_path: Path) -> None:
    ran = run_well("payload", model.archive, "-o", "payload.tar.gz", "--golden", cwd=tmp_path)

    assert read_golden_answers(tmp_path / "golden.tar.gz").document.is_packed
    assert "golden.tar.gz (" in ran.stdout
    assert "reference: packed (" in ran.stdout
    assert list(members(tmp_path / "payload.tar.gz")) == ["payload_application_json_0.json"]


def test_the_uploaded_object_is_the_archive(s3: Store, model: Model, tmp_path: Path) -> None:
    to = ("--to", "s3://models/reviews/7.tar.gz")

    ran = run_well("payload", model.archive, "-o", "payload.tar.gz", *to, cwd=tmp_path)

    assert s3.object_of("reviews/7.tar.gz")["Body"].read() == (tmp_path / "payload.tar.gz").read_bytes()
    assert ran.stdout.splitlines()[-1] == (
        "uploaded to s3://models/reviews/7.tar.gz (bucket models, key reviews/7.tar.gz)"
    )


def test_several_archives_are_uploaded_below_a_prefix(s3: Store, model: Model, tmp_path: Path) -> None:
    options = (*REALISTIC, "--archive-per-content-type", "--to", "s3://models/reviews/", "--json")

    said = run_well("payload", model.archive, "-o", "payload.tar.gz", *options, cwd=tmp_path).json

    assert s3.stored() == ["reviews/payload_application_json.tar.gz", "reviews/payload_text_csv.tar.gz"]
    assert [(upload["uri"], upload["key"]) for upload in said["uploads"]] == [
        (f"s3://models/{key}", key) for key in s3.stored()
    ]
    for upload in said["uploads"]:
        stored = s3.object_of(upload["key"])["Body"].read()
        assert stored == (tmp_path / upload["archive"]).read_bytes()


def test_a_failed_upload_leaves_the_archive(s3: Store, tmp_path: Path) -> None:
    artifact = lists_of_fields(tmp_path / "model")

    ran = run("payload", artifact, "-o", "payload.tar.gz", "--to", "s3://modles/p.tar.gz", cwd=tmp_path)

    assert (ran.exit_code, ran.stdout) == (2, "")
    assert ran.stderr.startswith(
        "error: upload to s3://modles/p.tar.gz: expected a bucket of this name, found none"
    )
    assert ran.stderr.endswith("; the archive stays at payload.tar.gz\n")
    assert len(members(tmp_path / "payload.tar.gz")) == 1


@pytest.mark.parametrize(
    ("uri", "sentence"),
    [
        (
            "https://models/p.tar.gz",
            "error: --to: expected s3://bucket/key, or s3://bucket/prefix/ for the file's own name below a "
            "prefix, found 'https://models/p.tar.gz'; name the bucket and the key in this form\n",
        ),
        (
            "s3://models",
            "error: --to: expected s3://bucket/key, or s3://bucket/prefix/ for the file's own name below a "
            "prefix, found 's3://models'; name the bucket and the key in this form\n",
        ),
    ],
)
def test_a_place_that_is_none_is_refused_before_the_work(uri: str, sentence: str, tmp_path: Path) -> None:
    artifact = lists_of_fields(tmp_path / "model")

    ran = run("payload", artifact, "-o", "payload.tar.gz", "--to", uri, cwd=tmp_path)

    assert ran == Ran(2, "", sentence)
    assert not (tmp_path / "payload.tar.gz").exists()


def test_without_boto3_the_extra_is_named_before_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    artifact = lists_of_fields(tmp_path / "model")
    monkeypatch.delitem(sys.modules, "servable.payload.upload", raising=False)
    monkeypatch.setitem(sys.modules, "boto3.session", None)

    ran = run("payload", artifact, "-o", "payload.tar.gz", "--to", "s3://models/p", cwd=tmp_path)

    assert ran == Ran(
        2,
        "",
        "error: upload to S3: expected the package boto3, found that it is not installed; install it with "
        '`pip install "servable[aws]"`\n',
    )
    assert not (tmp_path / "payload.tar.gz").exists()


def test_without_boto3_a_payload_that_stays_here_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    artifact = lists_of_fields(tmp_path / "model")
    monkeypatch.delitem(sys.modules, "servable.payload.upload", raising=False)
    for name in ("boto3", "boto3.session", "botocore"):
        monkeypatch.setitem(sys.modules, name, None)

    run_well("payload", artifact, "-o", "payload.tar.gz", cwd=tmp_path)

    assert "servable.payload.upload" not in sys.modules
    assert len(members(tmp_path / "payload.tar.gz")) == 1


def test_the_choices_of_the_verb_are_those_of_the_library() -> None:
    options = {option.name: option for option in payload_verb.params if isinstance(option, click.Option)}

    choices = options["strategy"].type
    assert isinstance(choices, click.Choice)
    assert list(choices.choices) == [str(strategy) for strategy in Strategy]
    told = str(options["content_types"].help).partition("commas: ")[2].rstrip(".").split(", ")
    assert sorted(map(script.known_content_type, told)) == sorted(script.CONTENT_TYPES)


def test_the_exported_script_runs_alone_and_writes_what_the_package_writes(tmp_path: Path) -> None:
    model_dir = lists_of_fields(tmp_path / "model", text_name="review")
    settings = {
        "CONTENT_TYPES": "application/json,text/csv,application/x-ndjson",
        "FIELD_DEFAULTS": '{"amount": 3, "region": "a, b"}',
        "SPECIAL_FIELD_review": "written {timestamp}",
        "SOURCE_DATE_EPOCH": "86400",
    }

    said = run_well("payload", "export-script", "-o", "payload.py", "--json", cwd=tmp_path).json
    alone = _run_alone(tmp_path, model_dir, tmp_path / "alone", settings)

    assert said["script"] == "payload.py"
    assert said["size_bytes"] == (tmp_path / "payload.py").stat().st_size
    package = script.main(
        {"model_input": str(model_dir)},
        {"output_dir": str(tmp_path / "package")},
        {**settings, "WORKING_DIRECTORY": str(tmp_path / "work")},
    )
    assert alone.read_bytes() == Path(package).read_bytes()
    assert len(members(alone)) == 3


def _run_alone(tmp_path: Path, model_dir: Path, output: Path, settings: Mapping[str, str]) -> Path:
    """The archive that `payload.py` writes in an interpreter without any package."""
    done = subprocess.run(
        [
            *(sys.executable, "-I", "-S", "payload.py"),
            *("--model-input", str(model_dir), "--output-dir", str(output)),
        ],
        env={"PATH": os.defpath, "WORKING_DIRECTORY": str(tmp_path / "work-alone"), **settings},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return output / "payload.tar.gz"


def test_a_person_is_told_how_to_run_the_script(tmp_path: Path) -> None:
    (tmp_path / "payload.py").write_text("an older one")

    ran = run_well("payload", "export-script", "-o", "payload.py", cwd=tmp_path)

    file, how = ran.stdout.splitlines()
    assert file.startswith("payload.py (")
    assert how.endswith("python payload.py --help")
    assert (tmp_path / "payload.py").read_bytes() == Path(script.__file__).read_bytes()


def test_an_artifact_called_export_script_is_named_with_its_folder(tmp_path: Path) -> None:
    lists_of_fields(tmp_path / "export-script")

    ran = run_well("payload", "./export-script", "-o", "payload.tar.gz", cwd=tmp_path)

    assert ran.stdout.startswith("payload.tar.gz (")


def test_the_help_of_both_shows_both(tmp_path: Path) -> None:
    verb = run_well("payload", "--help", cwd=tmp_path).stdout
    export = run_well("payload", "export-script", "--help", cwd=tmp_path).stdout

    assert "servable payload model.tar.gz -o payload.tar.gz" in verb
    assert "servable payload export-script -o payload.py" in verb
    assert export.startswith("Usage: servable payload export-script [OPTIONS]")
    assert "servable payload export-script -o payload.py" in export
