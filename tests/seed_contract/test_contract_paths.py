"""What the script takes and leaves: "Script Contract", "Input Data Structure", "Output Data Structure"."""

import argparse
import inspect
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
    samples_of,
    write_archive,
    write_hyperparameters,
)
from servable.payload import export_script, script

SIGNATURES = {
    "extract_hyperparameters_from_tarball": "input_model_dir working_directory",
    "create_model_variable_list": "full_field_list tab_field_list cat_field_list label_name id_name",
    "get_environment_content_types": "environ_vars",
    "get_environment_default_numeric_value": "environ_vars",
    "get_environment_default_text_value": "environ_vars",
    "get_environment_special_fields": "environ_vars",
    "get_field_default_value": (
        "field_name var_type default_numeric_value default_text_value special_field_values"
    ),
    "generate_csv_payload": "input_vars default_numeric_value default_text_value special_field_values",
    "generate_json_payload": "input_vars default_numeric_value default_text_value special_field_values",
    "generate_sample_payloads": (
        "input_vars content_types default_numeric_value default_text_value special_field_values"
    ),
    "save_payloads": (
        "output_dir input_vars content_types default_numeric_value default_text_value special_field_values"
    ),
    "create_payload_archive": "payload_files output_dir",
    "main": "input_paths output_paths environ_vars job_args",
}


@pytest.mark.parametrize("name", SIGNATURES)
def test_a_function_has_its_documented_name_and_arguments(name: str) -> None:
    """Key Functions and Tasks."""
    arguments = inspect.signature(getattr(script, name)).parameters.values()

    positional = [argument.name for argument in arguments if argument.kind is argument.POSITIONAL_OR_KEYWORD]

    assert positional == SIGNATURES[name].split()


def test_the_entry_point_is_a_file_of_its_own(tmp_path: Path) -> None:
    """Script Contract > Entry Point; settled: `payload.py` is an exported copy of this one file."""
    export_script(tmp_path / "payload.py")

    assert (tmp_path / "payload.py").read_bytes() == Path(script.__file__).read_bytes()
    assert callable(script.command)


def test_the_default_paths_are_those_of_the_container() -> None:
    """Script Contract > Input Paths, Script Contract > Output Paths."""
    assert script.CONTAINER_MODEL_INPUT == "/opt/ml/processing/input/model"
    assert script.CONTAINER_OUTPUT_DIR == "/opt/ml/processing/output"


def test_no_environment_variable_is_required(model_dir: Path, tmp_path: Path) -> None:
    """Script Contract > Required Environment Variables."""
    assert run(model_dir, tmp_path, {}) == {JSON_FILE: JSON_SAMPLE}


@pytest.mark.parametrize(
    ("environ", "samples"),
    [
        ({"CONTENT_TYPES": "application/json"}, {JSON_FILE: JSON_SAMPLE}),
        ({"CONTENT_TYPES": "application/json,text/csv"}, {JSON_FILE: JSON_SAMPLE, CSV_FILE: CSV_SAMPLE}),
        ({"CONTENT_TYPES": "text/csv", "DEFAULT_NUMERIC_VALUE": "0.0"}, {CSV_FILE: CSV_SAMPLE}),
        ({"CONTENT_TYPES": "text/csv", "DEFAULT_NUMERIC_VALUE": "2"}, {CSV_FILE: "2.0,2.0,DEFAULT_TEXT"}),
        ({"CONTENT_TYPES": "text/csv", "DEFAULT_TEXT_VALUE": "x"}, {CSV_FILE: "0.0,0.0,x"}),
        ({"CONTENT_TYPES": "text/csv", "SPECIAL_FIELD_category1": "mine"}, {CSV_FILE: "0.0,0.0,mine"}),
    ],
    ids=["JSON", "both types", "the default number", "a number", "a text", "a special field"],
)
def test_a_row_of_the_table_of_settings_acts(
    model_dir: Path, tmp_path: Path, environ: dict[str, str], samples: dict[str, str]
) -> None:
    """Script Contract > Optional Environment Variables > Payload Configuration."""
    assert run(model_dir, tmp_path, environ) == samples


def test_the_working_directory_has_its_documented_default_and_is_honoured(
    model_dir: Path, tmp_path: Path
) -> None:
    """Script Contract > Optional Environment Variables > Working Directory Configuration."""
    run(model_dir, tmp_path, {"WORKING_DIRECTORY": str(tmp_path / "elsewhere" / "deep")})

    assert script.DEFAULT_WORKING_DIRECTORY == "/tmp/mims_payload_work"  # noqa: S108
    assert (tmp_path / "elsewhere" / "deep" / "payload_sample" / JSON_FILE).is_file()
    assert not (tmp_path / "work").exists()


@pytest.mark.parametrize("job_args", [None, argparse.Namespace(), argparse.Namespace(model_input="other")])
def test_job_arguments_change_nothing(
    model_dir: Path, tmp_path: Path, job_args: argparse.Namespace | None
) -> None:
    """Script Contract > Job Arguments."""
    paths = {"model_input": str(model_dir)}, {"output_dir": str(tmp_path / "out")}

    archive = script.main(*paths, {"WORKING_DIRECTORY": str(tmp_path / "work")}, job_args)

    assert samples_of(Path(archive)) == {JSON_FILE: JSON_SAMPLE}


def _location_1(model_dir: Path) -> None:
    data = json.dumps(HYPERPARAMETERS).encode()
    write_archive(model_dir / "model.tar.gz", {"hyperparameters.json": data})


def _location_2(model_dir: Path) -> None:
    write_hyperparameters(model_dir / "model.tar.gz")


def _location_3(model_dir: Path) -> None:
    write_hyperparameters(model_dir)


def _location_4(model_dir: Path) -> None:
    write_hyperparameters(model_dir / "subdirectory")


LOCATIONS = [_location_1, _location_2, _location_3, _location_4]


@pytest.mark.parametrize("place", LOCATIONS)
def test_hyperparameters_are_found_in_each_location(place: object, tmp_path: Path) -> None:
    """Input Data Structure > Model Input Structure."""
    assert callable(place)
    place(tmp_path / "model")

    assert run(tmp_path / "model", tmp_path, {}) == {JSON_FILE: JSON_SAMPLE}


@pytest.mark.parametrize(("earlier", "later"), list(zip(LOCATIONS, LOCATIONS[2:], strict=False)))
def test_an_earlier_location_comes_first(earlier: object, later: object, tmp_path: Path) -> None:
    """Input Data Structure > Model Input Structure; 1 before 3 and 2 before 4."""
    assert callable(earlier)
    assert callable(later)
    later(tmp_path / "model")
    for path in (tmp_path / "model").rglob("hyperparameters.json"):
        path.write_text('{"tab_field_list": ["of_the_later_one"], "cat_field_list": []}')
    earlier(tmp_path / "model")

    assert run(tmp_path / "model", tmp_path, {}) == {JSON_FILE: JSON_SAMPLE}


def test_the_field_lists_and_names_of_the_example_decide_the_sample(model_dir: Path, tmp_path: Path) -> None:
    """Input Data Structure > Hyperparameters Structure."""
    sample = json.loads(run(model_dir, tmp_path)[JSON_FILE])

    assert list(sample) == ["feature1", "feature2", "category1"]
    assert not {"id", "label"} & set(sample)


def test_a_field_of_the_full_list_alone_is_excluded(tmp_path: Path) -> None:
    """Input Data Structure > Hyperparameters Structure, its note."""
    full = [*HYPERPARAMETERS["full_field_list"], "extra1", "extra2"]
    write_hyperparameters(tmp_path / "model", full_field_list=full)

    assert run(tmp_path / "model", tmp_path) == {JSON_FILE: JSON_SAMPLE, CSV_FILE: CSV_SAMPLE}


@pytest.mark.parametrize("key", ["text_name", "primary_text_name", "secondary_text_name"])
def test_a_text_that_the_model_reads_is_a_field_too(tmp_path: Path, key: str) -> None:
    """Input Data Structure > Hyperparameters Structure; settled: texts outside the lists follow them."""
    write_hyperparameters(tmp_path / "model", **{key: "dialogue"})

    samples = run(tmp_path / "model", tmp_path)

    assert list(json.loads(samples[JSON_FILE])) == ["feature1", "feature2", "category1", "dialogue"]
    assert samples[CSV_FILE] == "0.0,0.0,DEFAULT_TEXT,DEFAULT_TEXT"


def test_the_working_directory_has_its_documented_structure(model_dir: Path, tmp_path: Path) -> None:
    """Output Data Structure > Working Directory Structure (Temporary); settled: numbers count by type."""
    run(model_dir, tmp_path)

    files = {path.relative_to(tmp_path / "work").as_posix() for path in (tmp_path / "work").rglob("*")}
    assert files == {
        "hyperparameters.json",
        "payload_sample",
        f"payload_sample/{JSON_FILE}",
        f"payload_sample/{CSV_FILE}",
    }


def test_the_output_directory_holds_the_archive_alone(model_dir: Path, tmp_path: Path) -> None:
    """Output Data Structure > Output Directory Structure."""
    run(model_dir, tmp_path)

    assert [path.name for path in (tmp_path / "out").iterdir()] == ["payload.tar.gz"]


def test_nothing_is_written_beside_the_model(model_dir: Path, tmp_path: Path) -> None:
    """Output Data Structure > Working Directory Structure (Temporary)."""
    run(model_dir, tmp_path)

    assert [path.name for path in model_dir.iterdir()] == ["hyperparameters.json"]


def test_the_archive_holds_the_documented_names(model_dir: Path, tmp_path: Path) -> None:
    """Output Data Structure > Payload.tar.gz Contents; settled: sorted by name, whatever was asked first."""
    assert list(run(model_dir, tmp_path)) == [JSON_FILE, CSV_FILE]
    assert list(run(model_dir, tmp_path, {"CONTENT_TYPES": "text/csv,application/json"})) == [
        JSON_FILE,
        CSV_FILE,
    ]


def test_the_samples_are_those_of_the_format_examples(model_dir: Path, tmp_path: Path) -> None:
    """Output Data Structure > Payload Format Examples."""
    samples = run(model_dir, tmp_path)

    assert json.loads(samples[JSON_FILE]) == {
        "feature1": "0.0",
        "feature2": "0.0",
        "category1": "DEFAULT_TEXT",
    }
    assert samples[CSV_FILE] == "0.0,0.0,DEFAULT_TEXT"


def test_a_timestamp_stands_where_the_special_field_is(tmp_path: Path) -> None:
    """Output Data Structure > Special Field Example."""
    fields = {"tab_field_list": ["feature1"], "cat_field_list": ["timestamp", "category1"]}
    write_hyperparameters(tmp_path / "model", **fields)
    environ = {"SPECIAL_FIELD_timestamp": "{timestamp}", "SOURCE_DATE_EPOCH": "1763498730"}

    samples = run(tmp_path / "model", tmp_path, {**BOTH, **environ})

    assert samples[JSON_FILE] == (
        '{"feature1": "0.0", "timestamp": "2025-11-18 20:45:30", "category1": "DEFAULT_TEXT"}'
    )
    assert samples[CSV_FILE] == "0.0,2025-11-18 20:45:30,DEFAULT_TEXT"
