"""What a pack holds: a manifest that names every file by its digest, and the same bytes every time."""

import gzip
import hashlib
import json
import shutil
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

import servable
from servable.artifact import OnDamage, read_archive, write_tar_gz
from servable.errors import BadInput, Damaged, NotFound
from servable.pack import pack


@pytest.fixture(scope="module")
def members(packed_artifact: Path) -> dict[str, bytes]:
    return read_archive(packed_artifact)


@pytest.fixture(scope="module")
def manifest(members: dict[str, bytes]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(members["manifest.json"])
    return found


def test_a_pack_holds_these_files(members: dict[str, bytes]) -> None:
    assert sorted(members) == [
        "calibration/calibration_model.json",
        "code/inference.py",
        "code/requirements.txt",
        "feature_columns.txt",
        "golden/answers.ndjson",
        "golden/requests.ndjson",
        "hyperparameters.json",
        "manifest.json",
        "tables/impute.json",
        "tables/risk.json",
        "trees.onnx",
    ]


def test_the_code_in_a_pack_is_the_four_functions_of_the_handler(members: dict[str, bytes]) -> None:
    names: dict[str, object] = {}

    exec(compile(members["code/inference.py"], "inference.py", "exec"), names)  # noqa: S102  # our own file

    assert all(callable(names[name]) for name in ("model_fn", "input_fn", "predict_fn", "output_fn"))
    assert members["code/requirements.txt"].startswith(f"# Install servable {version('servable')} ".encode())


def test_a_manifest_has_these_keys(manifest: dict[str, Any]) -> None:
    assert sorted(manifest) == [
        "calibrator",
        "conversion",
        "engine",
        "family",
        "features",
        "files",
        "format",
        "golden",
        "libraries",
        "name",
        "profile",
        "schema",
        "tolerances",
        "training",
    ]
    assert manifest["engine"] == {
        "kind": "onnx-trees",
        "file": "trees.onnx",
        "intra_op_threads": 1,
        "score_dtype": "float32",
    }
    assert manifest["calibrator"] == {
        "kind": "regular",
        "tables": {"1": "calibration/calibration_model.json"},
    }
    assert manifest["schema"]["fields"] == [
        {"name": "age", "kind": "numeric"},
        {"name": "income", "kind": "numeric"},
        {"name": "region", "kind": "categorical"},
        {"name": "code", "kind": "categorical"},
    ]
    assert {"numpy", "onnx", "onnxruntime"} <= manifest["libraries"].keys()


def test_every_file_but_the_manifest_is_listed_with_its_digest_and_size(
    members: dict[str, bytes], manifest: dict[str, Any]
) -> None:
    assert manifest["files"] == {
        name: {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
        for name, data in members.items()
        if name != "manifest.json"
    }


def test_the_digest_is_that_of_the_canonical_manifest(
    packed_artifact: Path, manifest: dict[str, Any]
) -> None:
    canonical = json.dumps(manifest, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()

    digest = servable.load(packed_artifact).artifact.digest

    assert digest == f"sha256:{hashlib.sha256(canonical).hexdigest()}"


def test_packing_twice_gives_equal_bytes(
    training_output: Path, packed_artifact: Path, tmp_path: Path
) -> None:
    again = pack(training_output, tmp_path / "another name.tar.gz").output

    assert again.read_bytes() == packed_artifact.read_bytes()


def test_no_time_and_no_path_stand_in_a_pack(
    packed_artifact: Path, training_output: Path, members: dict[str, bytes]
) -> None:
    assert packed_artifact.read_bytes()[4:8] == bytes(4)
    unfolded = gzip.decompress(packed_artifact.read_bytes())
    assert str(training_output.parent).encode() not in unfolded
    assert unfolded[136:148].strip(b"\x00 ") in {b"", b"0" * 11}
    assert b"/tmp" not in b"".join(members.values())  # looked for, not written to


def test_a_pack_of_a_pack_in_a_folder_scores_the_same(
    packed_artifact: Path, members: dict[str, bytes], tmp_path: Path
) -> None:
    for name, data in members.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
    record = {"age": 1, "income": 2, "region": None, "code": "10"}

    folder, archive = servable.load(tmp_path), servable.load(packed_artifact)

    assert folder.artifact.digest == archive.artifact.digest
    assert folder.score(record).raw.tolist() == archive.score(record).raw.tolist()


@pytest.mark.parametrize(
    "name",
    [
        "calibration/calibration_model.json",
        "code/inference.py",
        "code/requirements.txt",
        "feature_columns.txt",
        "golden/answers.ndjson",
        "golden/requests.ndjson",
        "hyperparameters.json",
        "tables/impute.json",
        "tables/risk.json",
        "trees.onnx",
    ],
)
def test_a_changed_byte_in_any_file_is_refused_and_the_file_named(
    name: str, members: dict[str, bytes], manifest: dict[str, Any], tmp_path: Path
) -> None:
    changed = members[name][:-1] + bytes([members[name][-1] ^ 1])
    write_tar_gz(tmp_path / "model.tar.gz", members | {name: changed})

    with pytest.raises(Damaged) as caught:
        servable.load(tmp_path / "model.tar.gz")

    assert caught.value.code == "artifact.file"
    assert str(caught.value) == (
        f"{tmp_path / 'model.tar.gz'}, {name}: "
        f"expected the packed file, sha256 {manifest['files'][name]['sha256']}, "
        f"found sha256 {hashlib.sha256(changed).hexdigest()}; copy the artifact again, or pack it again"
    )


@pytest.mark.parametrize("name", ["trees.onnx", "tables/risk.json", "golden/answers.ndjson"])
def test_a_missing_file_is_refused_and_named(
    name: str, members: dict[str, bytes], manifest: dict[str, Any], tmp_path: Path
) -> None:
    kept = {member: data for member, data in members.items() if member != name}
    write_tar_gz(tmp_path / "model.tar.gz", kept)

    with pytest.raises(Damaged) as caught:
        servable.load(tmp_path / "model.tar.gz")

    assert str(caught.value) == (
        f"{tmp_path / 'model.tar.gz'}, {name}: "
        f"expected the packed file, sha256 {manifest['files'][name]['sha256']}, "
        "found no such file; copy the artifact again, or pack it again"
    )


def test_a_changed_byte_in_the_manifest_changes_the_identity(
    members: dict[str, bytes], packed_artifact: Path, tmp_path: Path
) -> None:
    renamed = members["manifest.json"].replace(b'"name": "loans"', b'"name": "loanz"')
    write_tar_gz(tmp_path / "model.tar.gz", members | {"manifest.json": renamed})

    changed = servable.load(tmp_path / "model.tar.gz").artifact

    assert changed.name == "loanz"
    assert changed.digest != servable.load(packed_artifact).artifact.digest


def test_a_pack_is_not_packed_again(packed_artifact: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInput) as caught:
        pack(packed_artifact, tmp_path / "model.tar.gz")

    assert str(caught.value) == (
        f"{packed_artifact}: expected a training output, found an artifact that is packed already; serve it"
    )


def test_a_pack_has_the_name_of_an_archive(training_output: Path, tmp_path: Path) -> None:
    with pytest.raises(BadInput) as caught:
        pack(training_output, tmp_path / "model.zip")

    assert str(caught.value) == (
        "output: expected a name that ends in .tar.gz, found model.zip; pass `-o model.tar.gz`"
    )
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_written_where_nothing_can_be_packed(tmp_path: Path) -> None:
    with pytest.raises(NotFound) as caught:
        pack(tmp_path / "nothing", tmp_path / "model.tar.gz")

    assert str(caught.value) == (
        f"{tmp_path / 'nothing'}: expected a folder or an archive (.tar.gz, .tar, .zip) with a model, "
        "found nothing; check the path"
    )
    assert list(tmp_path.iterdir()) == []


def test_what_was_passed_over_in_packing_is_said_by_whoever_reads_the_pack(
    training_output: Path, tmp_path: Path
) -> None:
    shutil.copytree(training_output, tmp_path / "output")
    (tmp_path / "output" / "calibration" / "calibration_model.pkl").write_bytes(b"garbage")

    packed = pack(tmp_path / "output", tmp_path / "model.tar.gz", on_damage=OnDamage.WARN)

    (sentence,) = servable.load(packed.output).degradations
    assert sentence.startswith("calibration/calibration_model.pkl")
    assert packed.manifest.degradations == (sentence,)


def test_what_was_odd_about_a_training_output_is_said_by_whoever_reads_the_pack(
    training_output: Path, tmp_path: Path
) -> None:
    shutil.copytree(training_output, tmp_path / "output")
    values = json.loads((tmp_path / "output" / "impute_dict.json").read_text())
    (tmp_path / "output" / "impute_dict.json").write_text(json.dumps(values | {"no_such_field": 1.0}))
    (tmp_path / "output" / "impute_dict.pkl").unlink()

    packed = pack(tmp_path / "output", tmp_path / "model.tar.gz")

    assert any("no_such_field" in sentence for sentence in packed.manifest.remarks)
    assert servable.load(packed.output).artifact.remarks == packed.manifest.remarks
