"""Hyperparameters and variables: "Key Functions and Tasks" and "Algorithms and Data Structures"."""

import json
import logging
from pathlib import Path

import pytest

from fixtures_script import HYPERPARAMETERS, VARIABLES, write_archive, write_hyperparameters
from servable.payload import script


def test_a_member_of_the_archive_is_extracted_to_the_working_directory(tmp_path: Path) -> None:
    """Key Functions and Tasks > Hyperparameter Extraction Component, steps 1 and 2."""
    data = json.dumps(HYPERPARAMETERS).encode()
    write_archive(tmp_path / "model" / "model.tar.gz", {"model.pth": b"w", "hyperparameters.json": data})

    found = script.extract_hyperparameters_from_tarball(tmp_path / "model", tmp_path / "work")

    assert found == HYPERPARAMETERS
    assert (tmp_path / "work" / "hyperparameters.json").read_bytes() == data
    assert not (tmp_path / "work" / "model.pth").exists()


def test_a_member_with_a_dot_before_its_name_counts(tmp_path: Path) -> None:
    """Key Functions and Tasks > Hyperparameter Extraction Component, step 2; settled: also after `./`."""
    data = json.dumps(HYPERPARAMETERS).encode()
    write_archive(tmp_path / "model" / "model.tar.gz", {"./hyperparameters.json": data})

    found = script.extract_hyperparameters_from_tarball(tmp_path / "model", tmp_path / "work")

    assert found == HYPERPARAMETERS


@pytest.mark.parametrize("folder", ["model.tar.gz", ".", "subdirectory", "a/b/c"])
def test_a_file_in_a_directory_is_copied_to_the_working_directory(tmp_path: Path, folder: str) -> None:
    """Key Functions and Tasks > Hyperparameter Extraction Component, steps 3 to 5, 8 and 9."""
    write_hyperparameters(tmp_path / "model" / folder)

    found = script.extract_hyperparameters_from_tarball(tmp_path / "model", tmp_path / "work")

    assert found == HYPERPARAMETERS
    assert json.loads((tmp_path / "work" / "hyperparameters.json").read_text()) == HYPERPARAMETERS


def test_a_working_directory_that_holds_the_model_keeps_its_file(tmp_path: Path) -> None:
    """Key Functions and Tasks > Hyperparameter Extraction Component, step 8."""
    write_hyperparameters(tmp_path)

    found = script.extract_hyperparameters_from_tarball(tmp_path, tmp_path)

    assert found == HYPERPARAMETERS
    assert json.loads((tmp_path / "hyperparameters.json").read_text()) == HYPERPARAMETERS


def test_of_several_files_below_the_first_in_sorted_order_is_taken(
    tmp_path: Path, log: pytest.LogCaptureFixture
) -> None:
    """Key Functions and Tasks > Hyperparameter Extraction Component, step 5; settled: in sorted order."""
    for name in ("c", "a", "b"):
        write_hyperparameters(tmp_path / "model" / name, pipeline_name=name)

    found = script.extract_hyperparameters_from_tarball(tmp_path / "model", tmp_path / "work")

    assert found["pipeline_name"] == "a"
    assert any(record.levelno == logging.WARNING for record in log.records)


def test_a_damaged_archive_is_a_warning_and_the_search_goes_on(
    model_dir: Path, tmp_path: Path, log: pytest.LogCaptureFixture
) -> None:
    """Key Functions and Tasks > Hyperparameter Extraction Component, Error Handling."""
    (model_dir / "model.tar.gz").write_bytes(b"no archive")

    found = script.extract_hyperparameters_from_tarball(model_dir, tmp_path / "work")

    assert found == HYPERPARAMETERS
    assert [record.levelname for record in log.records if record.levelno >= logging.WARNING] == ["WARNING"]


def test_an_archive_without_the_file_leads_to_the_other_locations(model_dir: Path, tmp_path: Path) -> None:
    """Key Functions and Tasks > Hyperparameter Extraction Component, Robustness Features."""
    write_archive(model_dir / "model.tar.gz", {"model.pth": b"w"})

    assert script.extract_hyperparameters_from_tarball(model_dir, tmp_path / "work") == HYPERPARAMETERS


def test_nothing_found_lists_the_directory_and_raises(tmp_path: Path, log: pytest.LogCaptureFixture) -> None:
    """Key Functions and Tasks > Hyperparameter Extraction Component, step 6."""
    (tmp_path / "model" / "sub").mkdir(parents=True)
    (tmp_path / "model" / "sub" / "weights.bin").write_bytes(b"1234567")

    with pytest.raises(FileNotFoundError, match=r"hyperparameters\.json not found in model artifacts"):
        script.extract_hyperparameters_from_tarball(tmp_path / "model", tmp_path / "work")

    assert "weights.bin" in log.text


def test_the_error_names_the_locations_and_what_lies_in_the_directory(tmp_path: Path) -> None:
    """Algorithms and Data Structures > Multi-Location Hyperparameter Discovery Algorithm, Key Features."""
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "weights.bin").touch()

    with pytest.raises(FileNotFoundError) as caught:
        script.extract_hyperparameters_from_tarball(tmp_path / "model", tmp_path / "work")

    said = str(caught.value)
    assert "model.tar.gz" in said
    assert str(tmp_path / "model") in said
    assert "weights.bin" in said


def test_the_first_success_ends_the_search(
    model_dir: Path, tmp_path: Path, log: pytest.LogCaptureFixture
) -> None:
    """Algorithms and Data Structures > Multi-Location Hyperparameter Discovery Algorithm, Key Features."""
    write_archive(model_dir / "model.tar.gz", {"hyperparameters.json": b'{"pipeline_name": "first"}'})

    found = script.extract_hyperparameters_from_tarball(model_dir, tmp_path / "work")

    assert found == {"pipeline_name": "first"}
    assert log.text.count("Looking for hyperparameters") == 1


def test_variables_are_pairs_in_the_order_of_the_full_list() -> None:
    """Key Functions and Tasks > Hyperparameter Extraction Component, create_model_variable_list."""
    variables = script.create_model_variable_list(
        ["id", "feature1", "feature2", "category1", "label"],
        ["feature2", "feature1"],
        ["category1"],
        "label",
        "id",
    )

    assert variables == VARIABLES


@pytest.mark.parametrize(
    ("tabular", "categorical", "var_type"),
    [
        (["a"], [], "NUMERIC"),
        ([], ["a"], "TEXT"),
        (["a"], ["a"], "NUMERIC"),
        ([], [], "TEXT"),
    ],
    ids=["tabular", "categorical", "both", "neither"],
)
def test_the_lists_decide_the_type_and_the_tabular_one_comes_first(
    tabular: list[str], categorical: list[str], var_type: str
) -> None:
    """Algorithms and Data Structures > Variable List Creation Algorithm, Type Determination Logic."""
    found = script.create_model_variable_list(["a"], tabular, categorical, "label", "id")

    assert found == [["a", var_type]]


def test_label_and_id_are_left_out_even_where_a_list_names_them() -> None:
    """Algorithms and Data Structures > Variable List Creation Algorithm, step 1."""
    found = script.create_model_variable_list(["y", "k", "a"], ["y", "a"], ["k"], "y", "k")

    assert found == [["a", "NUMERIC"]]


def test_no_field_gives_no_variable() -> None:
    """Key Functions and Tasks > Hyperparameter Extraction Component, create_model_variable_list."""
    assert script.create_model_variable_list([], [], [], "label", "id") == []
