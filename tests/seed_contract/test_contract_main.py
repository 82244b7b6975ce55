"""The whole run: "Main Orchestration Component", "Performance Characteristics", "Example Configurations",
"Integration Patterns"."""

import json
from pathlib import Path

import pytest

from fixtures_script import (
    BOTH,
    CSV_FILE,
    CSV_SAMPLE,
    HYPERPARAMETERS,
    JSON_FILE,
    JSON_SAMPLE,
    run,
    write_archive,
    write_hyperparameters,
)
from servable.codecs import decode_request
from servable.payload import script

MOMENT = {"SOURCE_DATE_EPOCH": "1763498730"}  # 2025-11-18 20:45:30 UTC


def test_the_path_of_the_archive_is_returned(model_dir: Path, tmp_path: Path) -> None:
    """Key Functions and Tasks > Main Orchestration Component, Returns."""
    archive = script.main(
        {"model_input": str(model_dir)},
        {"output_dir": str(tmp_path / "out")},
        {"WORKING_DIRECTORY": str(tmp_path / "work")},
        None,
    )

    assert archive == str(tmp_path / "out" / "payload.tar.gz")
    assert isinstance(archive, str)


def test_missing_directories_are_made(model_dir: Path, tmp_path: Path) -> None:
    """Key Functions and Tasks > Main Orchestration Component, step 11."""
    archive = script.main(
        {"model_input": str(model_dir)},
        {"output_dir": str(tmp_path / "a" / "b")},
        {"WORKING_DIRECTORY": str(tmp_path / "c" / "d")},
        None,
    )

    assert Path(archive).is_file()
    assert (tmp_path / "c" / "d" / "payload_sample" / JSON_FILE).is_file()


def test_paths_metadata_and_a_summary_are_logged(
    model_dir: Path, tmp_path: Path, log: pytest.LogCaptureFixture
) -> None:
    """Key Functions and Tasks > Main Orchestration Component, steps 5, 10 and 14."""
    run(model_dir, tmp_path)

    for said in (
        str(model_dir),
        str(tmp_path / "out"),
        str(tmp_path / "work"),
        "my_pipeline",
        "1.0.0",
        "binary_classification",
        "2 payload samples",
        "application/json, text/csv",
        str(tmp_path / "out" / "payload.tar.gz"),
        "Input field information",
    ):
        assert said in log.text


def test_absent_metadata_is_unknown(model_dir: Path, tmp_path: Path, log: pytest.LogCaptureFixture) -> None:
    """Key Functions and Tasks > Main Orchestration Component, Metadata Extraction."""
    (model_dir / "hyperparameters.json").write_text('{"tab_field_list": ["a"], "cat_field_list": []}')

    run(model_dir, tmp_path)

    for key in ("pipeline_name", "pipeline_version", "model_objective"):
        assert f"{key}: unknown" in log.text


def test_absent_names_of_label_and_id_are_label_and_id(model_dir: Path, tmp_path: Path) -> None:
    """Key Functions and Tasks > Main Orchestration Component, step 7."""
    (model_dir / "hyperparameters.json").write_text(
        '{"tab_field_list": ["label", "a"], "cat_field_list": ["id"]}'
    )

    assert run(model_dir, tmp_path, {}) == {JSON_FILE: '{"a": "0.0"}'}


def test_tabular_fields_come_before_categorical_ones(tmp_path: Path) -> None:
    """Key Functions and Tasks > Main Orchestration Component, step 8."""
    lists = {"full_field_list": ["c", "n"], "cat_field_list": ["c"], "tab_field_list": ["n"]}
    write_hyperparameters(tmp_path / "model", **lists)

    assert run(tmp_path / "model", tmp_path, {}) == {JSON_FILE: '{"n": "0.0", "c": "DEFAULT_TEXT"}'}


def test_a_failure_is_logged_with_its_traceback_and_raised(
    model_dir: Path, tmp_path: Path, log: pytest.LogCaptureFixture
) -> None:
    """Key Functions and Tasks > Main Orchestration Component, Error Handling."""
    with pytest.raises(ValueError, match="Unsupported content type"):
        run(model_dir, tmp_path, {"CONTENT_TYPES": "text/plain"})

    assert "Traceback (most recent call last)" in log.text


@pytest.mark.parametrize(("fields", "types"), [(19, 1), (100, 2), (600, 3)])
def test_a_model_of_any_documented_size_works(tmp_path: Path, fields: int, types: int) -> None:
    """Performance Characteristics > Processing Time Estimates, its rows without their seconds."""
    numeric = [f"number_{i}" for i in range(fields // 2)]
    texts = [f"text_{i}" for i in range(fields - len(numeric))]
    write_hyperparameters(tmp_path / "model", tab_field_list=numeric, cat_field_list=texts)
    content_types = ["application/json", "text/csv", "application/x-ndjson"][:types]

    samples = run(tmp_path / "model", tmp_path, {"CONTENT_TYPES": ",".join(content_types)})

    assert len(samples) == types
    assert list(json.loads(samples[JSON_FILE])) == [*numeric, *texts]
    assert all(row.count(",") == fields - 1 for name, row in samples.items() if name == CSV_FILE)


def test_samples_are_strings_and_nothing_temporary_stays(model_dir: Path, tmp_path: Path) -> None:
    """Performance Characteristics > Memory Usage; settled: the working directory is left for inspection."""
    samples = script.generate_sample_payloads([["a", "TEXT"]], ["application/json", "text/csv"], 0.0, "x", {})
    run(model_dir, tmp_path)

    assert {type(sample["payload"]) for sample in samples} == {str}
    kept = {path.name for folder in ("work", "out") for path in (tmp_path / folder).rglob("*")}
    assert kept == {"hyperparameters.json", "payload_sample", JSON_FILE, CSV_FILE, "payload.tar.gz"}


def test_a_basic_json_payload(tmp_path: Path) -> None:
    """Example Configurations > Basic JSON Payload."""
    data = json.dumps(HYPERPARAMETERS).encode()
    write_archive(tmp_path / "model" / "model.tar.gz", {"hyperparameters.json": data})

    assert run(tmp_path / "model", tmp_path, {}) == {JSON_FILE: JSON_SAMPLE}


def test_payloads_of_several_formats(model_dir: Path, tmp_path: Path) -> None:
    """Example Configurations > Multi-Format Payloads; settled: both files have the number 0, as shown."""
    assert run(model_dir, tmp_path, BOTH) == {JSON_FILE: JSON_SAMPLE, CSV_FILE: CSV_SAMPLE}


def test_custom_default_values(tmp_path: Path) -> None:
    """Example Configurations > Custom Default Values."""
    fields = {"tab_field_list": ["numeric_feature"], "cat_field_list": ["text_feature"]}
    write_hyperparameters(tmp_path / "model", **fields)
    environ = {"DEFAULT_NUMERIC_VALUE": "1.0", "DEFAULT_TEXT_VALUE": "SAMPLE_VALUE"}

    samples = run(tmp_path / "model", tmp_path, environ)

    assert json.loads(samples[JSON_FILE]) == {"numeric_feature": "1.0", "text_feature": "SAMPLE_VALUE"}


def test_special_field_templates(tmp_path: Path) -> None:
    """Example Configurations > Special Field Templates."""
    texts = ["timestamp", "user_id", "session_id", "category"]
    write_hyperparameters(tmp_path / "model", tab_field_list=["feature1"], cat_field_list=texts)
    environ = {
        "SPECIAL_FIELD_timestamp": "{timestamp}",
        "SPECIAL_FIELD_user_id": "test_user_123",
        "SPECIAL_FIELD_session_id": "session_abc",
    }

    samples = run(tmp_path / "model", tmp_path, environ | MOMENT)

    assert list(json.loads(samples[JSON_FILE]).items()) == [
        ("feature1", "0.0"),
        ("timestamp", "2025-11-18 20:45:30"),
        ("user_id", "test_user_123"),
        ("session_id", "session_abc"),
        ("category", "DEFAULT_TEXT"),
    ]


def test_a_custom_working_directory(model_dir: Path, tmp_path: Path) -> None:
    """Example Configurations > Custom Working Directory."""
    run(model_dir, tmp_path, {"WORKING_DIRECTORY": str(tmp_path / "fast" / "payload_work")})

    assert (tmp_path / "fast" / "payload_work" / "hyperparameters.json").is_file()


def test_a_packaged_model_is_read(tmp_path: Path) -> None:
    """Integration Patterns > Upstream Integration."""
    members = {
        "model.pth": b"weights",
        "code/inference.py": b"pass",
        "code/hyperparameters.json": b"{}",
        "hyperparameters.json": json.dumps(HYPERPARAMETERS).encode(),
    }
    write_archive(tmp_path / "model" / "model.tar.gz", members)

    assert run(tmp_path / "model", tmp_path, {}) == {JSON_FILE: JSON_SAMPLE}


def test_a_sample_is_a_request_that_the_endpoint_reads(model_dir: Path, tmp_path: Path) -> None:
    """Integration Patterns > Downstream Integration, Integration Patterns > Complete Workflow Example."""
    samples = run(model_dir, tmp_path)

    named = decode_request(samples[JSON_FILE].encode(), "application/json")
    positional = decode_request(samples[CSV_FILE].encode(), "text/csv")

    assert named.names == ("feature1", "feature2", "category1")
    assert [list(row) for row in named.rows] == [list(row) for row in positional.rows]
