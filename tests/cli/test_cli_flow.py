"""From a table to requests through the command line: train, pack, payload, inspect."""

import hashlib
import json
import tarfile
from pathlib import Path

import pytest

from fixtures_models import FIELDS, ID, LABEL, Endpoint, Model, contents, run_apart, run_well

SIZE = ("--num-round", "30", "--max-depth", "3")


@pytest.mark.slow
def test_another_process_trains_and_packs_the_same_table_to_the_same_bytes(
    model: Model, tmp_path: Path
) -> None:
    columns = ("--label", LABEL, "--id", ID, "--family", "xgboost")

    trained = run_apart("train", model.table, *columns, *SIZE, "-o", "again", cwd=tmp_path)
    packed = run_apart("pack", "again", "-o", "again.tar.gz", cwd=tmp_path)

    assert (trained.exit_code, trained.stderr, packed.exit_code, packed.stderr) == (0, "", 0, "")
    assert contents(tmp_path / "again") == contents(model.trained)
    assert (tmp_path / "again.tar.gz").read_bytes() == model.archive.read_bytes()


def test_train_says_what_it_trained(model: Model) -> None:
    said = model.said["train"]

    assert set(said) == {
        *("output", "rows", "model", "calibration_method", "raw", "calibrated", "baseline", "warnings"),
    }
    assert said["output"] == "trained"
    assert set(said["rows"]) == {"train", "valid", "calib", "test"}
    assert sum(said["rows"].values()) == 1200
    assert 1 <= int(said["model"].removesuffix(" trees")) <= 30
    assert (said["baseline"], said["warnings"]) == (None, [])
    for scores in (said["raw"], said["calibrated"]):
        assert scores["rows"] == said["rows"]["test"]
        assert 0.7 < scores["auc"]["low"] < scores["auc"]["value"] < scores["auc"]["high"] < 1.0


@pytest.mark.slow
def test_train_says_it_to_a_person_too(model: Model, tmp_path: Path) -> None:
    ran = run_well(
        *("train", model.table, "--label", LABEL, "--drop", ID, "--family", "xgboost"),
        *("--num-round", "3", "-o", "trained"),
        cwd=tmp_path,
    )

    first, second, raw, calibrated = ran.stdout.splitlines()
    assert first.startswith("trained (3 trees; rows: train ")
    assert second.endswith("(95 % bootstrap intervals):")
    assert raw.startswith("  raw: AUC 0.")
    assert calibrated.startswith("  calibrated (")
    assert ran.stderr == ""


def test_pack_says_what_it_packed(model: Model) -> None:
    said = model.said["pack"]

    assert set(said) == {"output", "digest", "manifest"}
    manifest = said["manifest"]
    assert (manifest["format"], manifest["family"], manifest["name"]) == (1, "xgboost", "customers")
    assert [(field["name"], field["kind"]) for field in manifest["schema"]["fields"]] == [
        ("age", "numeric"),
        ("income", "numeric"),
        ("region", "categorical"),
        ("plan", "categorical"),
    ]
    assert manifest["engine"]["kind"] == "onnx-trees"
    assert manifest["conversion"]["max_difference"] < 1e-5


def test_every_packed_file_is_the_one_that_the_manifest_lists(model: Model) -> None:
    with tarfile.open(model.archive) as archive:
        members = {member.name: archive.extractfile(member) for member in archive if member.isfile()}
        data = {name: file.read() for name, file in members.items() if file is not None}

    manifest = json.loads(data.pop("manifest.json"))

    assert manifest == model.said["pack"]["manifest"]
    assert manifest["files"] == {
        name: {"sha256": hashlib.sha256(body).hexdigest(), "size": len(body)} for name, body in data.items()
    }


def test_nothing_packed_tells_where_or_when_it_was_made(model: Model) -> None:
    with tarfile.open(model.archive) as archive:
        members = archive.getmembers()
        texts = [file.read() for member in members if (file := archive.extractfile(member)) is not None]

    assert {(member.mtime, member.uid, member.gid, member.uname, member.gname) for member in members} == {
        (0, 0, 0, "", "")
    }
    assert not any(str(model.table.parent).encode() in text for text in texts)


def test_payload_says_what_it_derived(model: Model) -> None:
    said = model.said["payload"]

    assert said["archive"] == "payload.tar.gz"
    assert said["archive_bytes"] == model.payload.stat().st_size
    assert said["members"] == ["payload_application_json_0.json", "payload_text_csv_0.csv"]
    assert said["content_types"] == ["application/json", "text/csv"]
    assert said["fields"] == said["csv_columns"] == list(FIELDS)


def test_the_same_artifact_gives_the_same_payload_in_another_process(workshop: Path) -> None:
    types = ("--content-types", "application/json,text/csv")

    ran = run_apart("payload", "model.tar.gz", "-o", "again.tar.gz", *types, cwd=workshop)

    assert (ran.exit_code, ran.stderr) == (0, "")
    assert (workshop / "again.tar.gz").read_bytes() == (workshop / "payload.tar.gz").read_bytes()


def test_a_training_output_gives_the_payload_of_its_pack(workshop: Path) -> None:
    types = ("--content-types", "application/json,text/csv")

    run_well("payload", "trained", "-o", "again.tar.gz", *types, cwd=workshop)

    assert (workshop / "again.tar.gz").read_bytes() == (workshop / "payload.tar.gz").read_bytes()


def test_an_endpoint_answers_every_sample_of_the_payload(model: Model, endpoint: Endpoint) -> None:
    with tarfile.open(model.payload) as archive:
        files = [archive.extractfile(name) for name in model.said["payload"]["members"]]
        samples = [file.read() for file in files if file is not None]

    replies = [
        endpoint.invoke(sample, content_type, accept="application/json")
        for sample, content_type in zip(samples, model.said["payload"]["content_types"], strict=True)
    ]

    assert [reply.status for reply in replies] == [200, 200]
    assert replies[0].json == replies[1].json


def test_inspect_describes_the_pack_of_the_line(model: Model, tmp_path: Path) -> None:
    described = run_well("inspect", model.archive, "--json", cwd=tmp_path).json

    assert described["layout"] == "packed"
    assert described["digest"] == model.said["pack"]["digest"]
    assert (described["id_name"], described["label_name"], described["classes"]) == (ID, LABEL, ["0", "1"])
    assert described["golden"]["holds_real_records"] is True
    assert described["golden"]["derived_records"] == len(FIELDS) + 2
    assert described["degradations"] == []
    assert described["oddities"] == []


@pytest.mark.slow
def test_a_broken_calibrator_is_refused_or_reported(workshop: Path) -> None:
    for name in ("calibration_model.json", "calibration_model.pkl"):
        (workshop / "trained" / "calibration" / name).write_bytes(b"{")

    described = run_apart("inspect", "trained", "--on-damage", "warn", "--json", cwd=workshop)

    assert described.exit_code == 0
    assert described.json["calibrator"] is None
    assert len(described.json["degradations"]) == 1
    assert described.stderr == f"WARNING: {described.json['degradations'][0]}\n"
