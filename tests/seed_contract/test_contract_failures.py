"""Failures and how to find their cause: "Error Handling", "Best Practices", "Troubleshooting"."""

import json
import logging
import re
from pathlib import Path

import pytest

from fixtures_script import (
    BOTH,
    CSV_FILE,
    JSON_FILE,
    VARIABLES,
    run,
    samples_of,
    write_archive,
    write_hyperparameters,
)
from servable.payload import script


def errors(log: pytest.LogCaptureFixture) -> list[str]:
    """What `grep -i "error\\|exception"` finds in the log."""
    return [line for line in log.text.splitlines() if re.search("error|exception", line, re.IGNORECASE)]


def test_a_missing_path_is_a_value_error_that_names_the_key(tmp_path: Path) -> None:
    """Error Handling > Error Types > Input Validation Errors."""
    environ = {"WORKING_DIRECTORY": str(tmp_path / "work")}

    with pytest.raises(ValueError, match="Missing required input path: model_input"):
        script.main({}, {"output_dir": str(tmp_path / "out")}, environ, None)
    with pytest.raises(ValueError, match="Missing required output path: output_dir"):
        script.main({"model_input": str(tmp_path)}, {}, environ, None)

    assert list(tmp_path.iterdir()) == []


def test_hyperparameters_that_are_nowhere_stop_the_run(tmp_path: Path, log: pytest.LogCaptureFixture) -> None:
    """Error Handling > Error Types > Input Validation Errors."""
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "weights.bin").touch()

    with pytest.raises(FileNotFoundError):
        run(tmp_path / "model", tmp_path)

    assert "weights.bin" in log.text
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "text",
    ["{bad", "", "[]", '{"tab_field_list": "a", "cat_field_list": []}', '{"tab_field_list": [1]}'],
    ids=["no JSON", "empty", "a list", "no list of names", "no names"],
)
def test_hyperparameters_of_another_format_stop_the_run(
    model_dir: Path, tmp_path: Path, text: str, log: pytest.LogCaptureFixture
) -> None:
    """Error Handling > Error Types > Input Validation Errors."""
    (model_dir / "hyperparameters.json").write_text(text)

    with pytest.raises(ValueError, match="hyperparameters"):
        run(model_dir, tmp_path)

    assert "Traceback (most recent call last)" in log.text
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        '{"tab_field_list": null, "cat_field_list": null}',
        '{"tab_field_list": [], "cat_field_list": []}',
    ],
    ids=["absent", "null", "empty"],
)
def test_lists_without_a_field_give_empty_samples_and_a_warning(
    model_dir: Path, tmp_path: Path, text: str, log: pytest.LogCaptureFixture
) -> None:
    """Troubleshooting > Missing Field Information, Troubleshooting > Empty Payloads; settled: warned of."""
    (model_dir / "hyperparameters.json").write_text(text)

    samples = run(model_dir, tmp_path)

    assert samples == {JSON_FILE: "{}", CSV_FILE: ""}
    assert any(record.levelno == logging.WARNING for record in log.records)


def test_lists_of_label_and_id_alone_give_empty_samples_and_a_warning(
    tmp_path: Path, log: pytest.LogCaptureFixture
) -> None:
    """Troubleshooting > Empty Payloads, cause 1."""
    write_hyperparameters(tmp_path / "model", tab_field_list=["label"], cat_field_list=["id"])

    assert run(tmp_path / "model", tmp_path, {}) == {JSON_FILE: "{}"}
    assert any(record.levelno == logging.WARNING for record in log.records)


def test_a_default_number_that_is_none_is_zero_and_the_run_goes_on(
    model_dir: Path, tmp_path: Path, log: pytest.LogCaptureFixture
) -> None:
    """Error Handling > Error Types > Configuration Errors."""
    samples = run(model_dir, tmp_path, {"CONTENT_TYPES": "text/csv", "DEFAULT_NUMERIC_VALUE": "many"})

    assert samples == {CSV_FILE: "0.0,0.0,DEFAULT_TEXT"}
    assert "DEFAULT_NUMERIC_VALUE" in "".join(r.message for r in log.records if r.levelname == "WARNING")


@pytest.mark.parametrize(
    "types", ["application/xml", "text/csv,aplication/json", "text/csv,,application/json"]
)
def test_an_unsupported_content_type_stops_the_run(model_dir: Path, tmp_path: Path, types: str) -> None:
    """Error Handling > Error Types > Configuration Errors."""
    with pytest.raises(ValueError, match="Unsupported content type") as caught:
        run(model_dir, tmp_path, {"CONTENT_TYPES": types})

    assert "application/json" in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_an_invalid_placeholder_stops_the_run(model_dir: Path, tmp_path: Path) -> None:
    """Error Handling > Error Types > Configuration Errors."""
    with pytest.raises(ValueError, match="Invalid placeholder in template"):
        run(model_dir, tmp_path, {"SPECIAL_FIELD_category1": "{custom_value}"})

    assert not (tmp_path / "out").exists()


def test_a_directory_that_cannot_be_made_is_false_and_logged(
    tmp_path: Path, log: pytest.LogCaptureFixture
) -> None:
    """Error Handling > Error Types > Processing Errors."""
    (tmp_path / "file").touch()

    assert script.ensure_directory(tmp_path / "a" / "b") is True
    assert script.ensure_directory(tmp_path / "a" / "b") is True
    assert not log.records
    assert script.ensure_directory(tmp_path / "file" / "b") is False
    assert errors(log)


def test_the_contents_of_a_directory_are_logged_with_their_sizes(
    tmp_path: Path, log: pytest.LogCaptureFixture
) -> None:
    """Error Handling > Error Response Strategy, its example."""
    (tmp_path / "model" / "sub").mkdir(parents=True)
    (tmp_path / "model" / "sub" / "weights.bin").write_bytes(b"1234567")

    script.list_directory_contents(tmp_path / "model")
    script.list_directory_contents(tmp_path / "missing")

    assert re.search(r"sub/weights\.bin.*\b7 bytes", log.text)
    assert "missing" in log.text


def test_a_sample_that_cannot_be_written_is_raised(tmp_path: Path) -> None:
    """Error Handling > Error Types > Processing Errors."""
    (tmp_path / CSV_FILE).mkdir()

    with pytest.raises(OSError, match=CSV_FILE):
        script.save_payloads(str(tmp_path), VARIABLES, ["text/csv"], 0.0, "x", {})


def test_an_archive_that_cannot_be_written_stops_the_run_and_is_logged(
    model_dir: Path, tmp_path: Path, log: pytest.LogCaptureFixture
) -> None:
    """Error Handling > Error Types > Processing Errors."""
    (tmp_path / "out").touch()

    with pytest.raises((OSError, ValueError), match="out"):
        run(model_dir, tmp_path)

    assert "Traceback (most recent call last)" in log.text


def test_required_paths_are_checked_before_anything_is_done(model_dir: Path, tmp_path: Path) -> None:
    """Error Handling > Error Response Strategy."""
    with pytest.raises(ValueError, match="output_dir"):
        script.main({"model_input": str(model_dir)}, {}, {"WORKING_DIRECTORY": str(tmp_path / "work")}, None)

    assert not (tmp_path / "work").exists()


def test_a_csv_has_the_columns_that_the_model_reads(model_dir: Path, tmp_path: Path) -> None:
    """Best Practices > For Production Deployments; settled: feature_columns.txt orders it (decision 0002)."""
    (model_dir / "feature_columns.txt").write_text("# comment\n0,category1\n1,feature2\n2,feature1\n")

    samples = run(model_dir, tmp_path, {**BOTH, "SPECIAL_FIELD_category1": "c"})

    assert samples[CSV_FILE] == "c,0.0,0.0"
    assert list(json.loads(samples[JSON_FILE])) == ["feature1", "feature2", "category1"]


def test_the_log_shows_what_was_found_and_made(
    model_dir: Path, tmp_path: Path, log: pytest.LogCaptureFixture
) -> None:
    """Best Practices > For Development and Testing."""
    samples = run(model_dir, tmp_path)

    for said in ("feature1", "feature2", "category1", *samples.values()):
        assert said in log.text
    assert not errors(log)


def test_duplicate_fields_are_a_warning(tmp_path: Path, log: pytest.LogCaptureFixture) -> None:
    """Best Practices > For Performance Optimization; settled: the CSV repeats the column."""
    write_hyperparameters(tmp_path / "model", tab_field_list=["a", "b", "a"], cat_field_list=["b"])

    samples = run(tmp_path / "model", tmp_path)

    assert samples == {JSON_FILE: '{"a": "0.0", "b": "0.0"}', CSV_FILE: "0.0,0.0,0.0,0.0"}
    warned = "".join(record.getMessage() for record in log.records if record.levelname == "WARNING")
    assert {"a", "b"} <= set(re.findall(r"\w+", warned))


def test_the_recipes_for_missing_hyperparameters_find_what_they_look_for(
    model_dir: Path, tmp_path: Path, log: pytest.LogCaptureFixture
) -> None:
    """Troubleshooting > Hyperparameters Not Found."""
    (model_dir / "hyperparameters.json").unlink()
    write_archive(model_dir / "model.tar.gz", {"model.pth": b"w"})

    with pytest.raises(FileNotFoundError, match=r"hyperparameters\.json not found in model artifacts"):
        run(model_dir, tmp_path)

    assert log.text.count("Looking for hyperparameters") == 4
    write_archive(model_dir / "model.tar.gz", {"./hyperparameters.json": b"{}"})
    assert any("hyperparameters" in name for name in samples_of(model_dir / "model.tar.gz"))


def test_the_recipes_for_missing_fields_find_what_they_look_for(
    model_dir: Path, tmp_path: Path, log: pytest.LogCaptureFixture
) -> None:
    """Troubleshooting > Missing Field Information, Troubleshooting > Empty Payloads."""
    run(model_dir, tmp_path)

    kept = json.loads((tmp_path / "work" / "hyperparameters.json").read_text())
    keys = ("full_field_list", "tab_field_list", "cat_field_list", "label_name", "id_name")
    assert all(kept[key] for key in keys)
    assert "Input field information" in log.text
    assert "Total fields: 3" in log.text


@pytest.mark.parametrize("types", ["application/json", "text/csv", "application/json,text/csv"])
def test_a_valid_content_type_of_the_list_works(model_dir: Path, tmp_path: Path, types: str) -> None:
    """Troubleshooting > Invalid Content Type."""
    assert len(run(model_dir, tmp_path, {"CONTENT_TYPES": types})) == types.count(",") + 1


def test_blanks_around_content_types_are_no_fault(model_dir: Path, tmp_path: Path) -> None:
    """Troubleshooting > Invalid Content Type; settled: blanks are stripped, as the function says."""
    assert list(run(model_dir, tmp_path, {"CONTENT_TYPES": " application/json , text/csv "})) == [
        JSON_FILE,
        CSV_FILE,
    ]


@pytest.mark.parametrize("template", ["{custom_value}", "{time stamp}", "{{timestamp}}"])
def test_an_invalid_template_of_the_list_is_refused(model_dir: Path, tmp_path: Path, template: str) -> None:
    """Troubleshooting > Template Formatting Error; settled: double braces too."""
    with pytest.raises(ValueError, match="Invalid placeholder in template") as caught:
        run(model_dir, tmp_path, {"SPECIAL_FIELD_category1": template})

    assert template in str(caught.value)
    assert "category1" in str(caught.value)


def test_the_recipes_for_a_missing_archive_find_what_they_look_for(
    model_dir: Path, tmp_path: Path, log: pytest.LogCaptureFixture
) -> None:
    """Troubleshooting > Archive Not Created."""
    run(model_dir, tmp_path)
    assert "Creating payload archive" in log.text
    assert not errors(log)
    assert {path.name for path in (tmp_path / "work" / "payload_sample").iterdir()} == {JSON_FILE, CSV_FILE}

    with pytest.raises(ValueError, match="Unsupported"):
        run(model_dir, tmp_path, {"CONTENT_TYPES": "text/xml"})
    assert errors(log)
