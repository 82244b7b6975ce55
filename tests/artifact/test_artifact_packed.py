"""Packed artifacts that lie: every one is refused as damage, in words, before it can score."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from onnx import TensorProto, helper

from servable.artifact import MemoryFiles, OnDamage, read_archive, read_files
from servable.errors import Damaged
from servable.scorer import Scorer, scorer_of

RECORD = {"age": 39, "income": 40_000.0, "region": "north", "code": 10}
Change = Callable[[dict[str, Any]], None]


@pytest.fixture(scope="module")
def members(packed_artifact: Path) -> dict[str, bytes]:
    return read_archive(packed_artifact)


def _changed(members: dict[str, bytes], change: Change) -> dict[str, bytes]:
    manifest = json.loads(members["manifest.json"])
    change(manifest)
    return members | {"manifest.json": json.dumps(manifest).encode()}


def _with_file(members: dict[str, bytes], name: str, data: bytes) -> dict[str, bytes]:
    """The pack with another file of this name that its manifest declares."""

    def declare(manifest: dict[str, Any]) -> None:
        manifest["files"][name] = {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}

    return _changed(members, declare) | {name: data}


def _load(files: dict[str, bytes], policy: OnDamage = OnDamage.REFUSE) -> Scorer:
    return scorer_of(read_files(MemoryFiles(files), on_damage=policy), on_damage=policy)


def _refused(files: dict[str, bytes]) -> Damaged:
    with pytest.raises(Damaged) as caught:
        _load(files)
    return caught.value


def _set(*path: str, value: object) -> Change:
    def change(manifest: dict[str, Any]) -> None:
        place = manifest
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = value

    return change


@pytest.mark.parametrize(("found", "text"), [(2, "2"), ("1", "'1'"), (None, "None")])
def test_a_manifest_of_another_format_is_refused(found: object, text: str, members: dict[str, bytes]) -> None:
    assert str(_refused(_changed(members, _set("format", value=found)))) == (
        f"manifest.json: $.format: expected 1, found {text}; "
        "read it with the version of servable that packed it, or pack it again"
    )


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b"{", b"\xff"])
def test_a_manifest_that_is_none_is_refused(data: bytes, members: dict[str, bytes]) -> None:
    assert "manifest.json" in str(_refused(members | {"manifest.json": data}))


def test_an_unknown_key_of_the_manifest_is_refused(members: dict[str, bytes]) -> None:
    assert str(_refused(_changed(members, _set("engine", "precision", value="int8")))) == (
        "manifest.json: expected the keys and values of format 1, found Object contains unknown field "
        "`precision` - at `$.engine`; read it with the version of servable that packed it, or pack it again"
    )


@pytest.mark.parametrize("data", ["x", {"name": "x"}, {"name": "x", "rows": "many", "sha256": "0"}])
def test_what_training_says_of_its_data_has_the_form_that_others_read(
    members: dict[str, bytes], data: object
) -> None:
    sentence = str(_refused(_changed(members, _set("training", value={"data": data}))))

    assert sentence.startswith(
        "manifest.json: $.training: expected what training writes, name, rows and sha256"
    )


def test_an_unknown_engine_is_refused(members: dict[str, bytes]) -> None:
    assert str(_refused(_changed(members, _set("engine", "kind", value="catboost")))) == (
        "manifest.json: expected the keys and values of format 1, found Invalid enum value 'catboost' "
        "- at `$.engine.kind`; read it with the version of servable that packed it, or pack it again"
    )


@pytest.mark.parametrize(
    "change",
    [
        _set("schema", "fields", value=[{"name": "age", "kind": "date"}]),
        _set("calibrator", "kind", value="isotonic"),
        _set("calibrator", "tables", value={"one": "calibration/calibration_model.json"}),
        _set("calibrator", "tables", value={}),
        _set("calibrator", "tables", value={"7": "calibration/calibration_model.json"}),
        _set("engine", "score_dtype", value="float99"),
        _set("engine", "intra_op_threads", value=-1),
        _set("engine", "file", value="nothing.onnx"),
        _set("engine", "file", value="../../etc/hostname"),
        _set("features", value=["age", "income", "region"]),
        _set("features", value=["age", "income", "region", "another"]),
        _set("schema", "classes", value=["0"]),
        _set("schema", "classes", value=["0", "1", "2"]),
        _set("files", value={}),
    ],
    ids=[
        "a field of another kind",
        "a calibrator of another kind",
        "a table of no class index",
        "a calibrator without a table",
        "a table of a class that is none",
        "scores of no precision",
        "threads below zero",
        "an engine without a file",
        "an engine outside the artifact",
        "a feature too few",
        "a feature that is no field",
        "one class",
        "three classes",
        "files that are not declared",
    ],
)
def test_a_manifest_that_contradicts_itself_or_its_files_is_refused(
    change: Change, members: dict[str, bytes]
) -> None:
    _refused(_changed(members, change))


def _graph(inputs: str, outputs: str, width: int) -> bytes:
    node = helper.make_node("Identity", [inputs], [outputs])
    graph = helper.make_graph(
        [node],
        "g",
        [helper.make_tensor_value_info(inputs, TensorProto.FLOAT, [None, width])],
        [helper.make_tensor_value_info(outputs, TensorProto.FLOAT, [None, width])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)], ir_version=8)
    return bytes(model.SerializeToString())


@pytest.mark.parametrize(
    ("graph", "where"),
    [
        (b"", "trees.onnx"),
        (b"no graph", "trees.onnx"),
        (_graph("features", "scores", 2), "trees.onnx"),
        (_graph("rows", "probabilities", 2), "trees.onnx"),
        (_graph("features", "probabilities", 2), "model file"),
    ],
    ids=["empty", "no protobuf", "another output", "another input", "another number of features"],
)
def test_a_graph_that_cannot_score_these_features_is_refused(
    graph: bytes, where: str, members: dict[str, bytes]
) -> None:
    assert str(_refused(_with_file(members, "trees.onnx", graph))).startswith(where)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("tables/risk.json", b"{}"),
        ("tables/risk.json", b"[]"),
        ("tables/risk.json", b'{"region": {"bins": {}}}'),
        ("tables/impute.json", b'{"age": "x"}'),
        ("tables/impute.json", b"nul"),
        ("calibration/calibration_model.json", b"[[0, 0]]"),
        ("calibration/calibration_model.json", b"[[0, 0], [1, 1e400]]"),
        ("calibration/calibration_model.json", b"{"),
        ("golden/answers.ndjson", b""),
        ("golden/requests.ndjson", b"{}\n"),
    ],
)
def test_a_declared_file_of_another_shape_is_refused(
    name: str, data: bytes, members: dict[str, bytes]
) -> None:
    _refused(_with_file(members, name, data))


def test_golden_requests_that_are_no_records_are_refused(members: dict[str, bytes]) -> None:
    lines = members["golden/requests.ndjson"].count(b"\n")

    _refused(_with_file(members, "golden/requests.ndjson", b"[1]\n" * lines))


def test_tolerated_damage_is_told_and_what_is_left_scores(members: dict[str, bytes]) -> None:
    whole = _load(members)
    files = {name: data for name, data in members.items() if not name.startswith("golden/")}

    scorer = _load(files | {"feature_columns.txt": b"# changed\n"}, OnDamage.WARN)

    assert [sentence.partition(":")[0] for sentence in scorer.degradations] == [
        "feature_columns.txt",
        "golden/answers.ndjson",
        "golden/requests.ndjson",
    ]
    assert scorer.artifact.golden is None
    assert scorer.score(RECORD).calibrated.tolist() == whole.score(RECORD).calibrated.tolist()


@pytest.mark.parametrize("data", [None, b"{", b"[[0, 0]]"], ids=["missing", "no JSON", "one pair"])
def test_a_tolerated_broken_calibration_leaves_raw_scores_and_is_told(
    data: bytes | None, members: dict[str, bytes]
) -> None:
    name = "calibration/calibration_model.json"
    files = {key: value for key, value in members.items() if key != name} | ({name: data} if data else {})

    scorer = _load(files, OnDamage.WARN)

    assert scorer.calibrator is None
    assert scorer.score(RECORD).calibrated.tolist() == scorer.score(RECORD).raw.tolist()
    assert any(sentence.startswith("calibration") for sentence in scorer.degradations)


@pytest.mark.parametrize("name", ["trees.onnx", "tables/risk.json"])
def test_what_nothing_can_score_without_is_refused_even_where_damage_is_tolerated(
    name: str, members: dict[str, bytes]
) -> None:
    files = {key: value for key, value in members.items() if key != name}

    with pytest.raises(Damaged) as caught:
        _load(files, OnDamage.WARN)

    assert name in str(caught.value)
