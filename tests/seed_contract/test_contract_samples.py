"""Samples, files and the archive: "Payload Generation" and "File Operations" of the documented functions."""

import csv
import io
import json
import logging
import re
import tarfile
from pathlib import Path

import pytest

from fixtures_script import CSV_FILE, CSV_SAMPLE, JSON_FILE, JSON_SAMPLE, VARIABLES, samples_of
from servable.payload import script

AS_DICT = {name: var_type for name, var_type in VARIABLES}


@pytest.mark.parametrize(
    "variables", [VARIABLES, AS_DICT, list(AS_DICT.items())], ids=["list", "dict", "pairs"]
)
def test_a_csv_row_holds_the_values_and_no_header(variables: object) -> None:
    """Key Functions and Tasks > Payload Generation Component, generate_csv_payload."""
    row = script.generate_csv_payload(variables, 0.0, "DEFAULT_TEXT", {})  # type: ignore[arg-type]

    assert row == "0.0,0.0,DEFAULT_TEXT"


@pytest.mark.parametrize(
    "variables", [VARIABLES, AS_DICT, list(AS_DICT.items())], ids=["list", "dict", "pairs"]
)
def test_a_json_object_holds_the_values_by_name(variables: object) -> None:
    """Key Functions and Tasks > Payload Generation Component, generate_json_payload."""
    sample = script.generate_json_payload(variables, 0.0, "DEFAULT_TEXT", {})  # type: ignore[arg-type]

    assert sample == '{"feature1": "0.0", "feature2": "0.0", "category1": "DEFAULT_TEXT"}'


def test_values_follow_the_arguments() -> None:
    """Key Functions and Tasks > Payload Generation Component, both generators."""
    arguments = VARIABLES, 1.5, "x", {"category1": "special"}

    assert script.generate_csv_payload(*arguments) == "1.5,1.5,special"
    assert json.loads(script.generate_json_payload(*arguments)) == {
        "feature1": "1.5",
        "feature2": "1.5",
        "category1": "special",
    }


def test_no_variable_gives_an_empty_row_and_an_empty_object() -> None:
    """Key Functions and Tasks > Payload Generation Component, step 1."""
    assert script.generate_csv_payload([], 0.0, "x", {}) == ""
    assert script.generate_json_payload([], 0.0, "x", {}) == "{}"


@pytest.mark.parametrize("text", ["a,b", 'say "x"', "two\nlines", "two\r\nlines", '",\n"', " blanks "])
def test_a_cell_that_needs_quotes_reads_back(text: str) -> None:
    """Key Functions and Tasks > Payload Generation Component, step 4; settled: by RFC 4180."""
    row = script.generate_csv_payload(VARIABLES, 0.0, text, {})

    assert list(csv.reader(io.StringIO(row, newline=""))) == [["0.0", "0.0", text]]


def test_a_text_of_any_language_is_kept() -> None:
    """Key Functions and Tasks > Payload Generation Component, step 4."""
    text = "caf\u00e9 \U0001f600 \u6570"

    assert script.generate_csv_payload(VARIABLES, 0.0, text, {}).endswith(f",{text}")
    assert json.loads(script.generate_json_payload(VARIABLES, 0.0, text, {}))["category1"] == text


def test_a_field_that_is_named_twice_is_two_cells_and_one_key() -> None:
    """Best Practices > For Performance Optimization; settled: CSV repeats the column, JSON does not."""
    twice = [["a", "NUMERIC"], ["b", "TEXT"], ["a", "NUMERIC"]]

    assert script.generate_csv_payload(twice, 0.0, "x", {}) == "0.0,x,0.0"
    assert script.generate_json_payload(twice, 0.0, "x", {}) == '{"a": "0.0", "b": "x"}'


def test_samples_come_in_the_order_of_their_content_types() -> None:
    """Key Functions and Tasks > Payload Generation Component, generate_sample_payloads."""
    types = ["text/csv", "application/json", "text/csv"]

    assert script.generate_sample_payloads(VARIABLES, types, 0.0, "DEFAULT_TEXT", {}) == [
        {"content_type": "text/csv", "payload": CSV_SAMPLE},
        {"content_type": "application/json", "payload": JSON_SAMPLE},
        {"content_type": "text/csv", "payload": CSV_SAMPLE},
    ]
    assert script.generate_sample_payloads(VARIABLES, [], 0.0, "DEFAULT_TEXT", {}) == []


@pytest.mark.parametrize("content_type", ["application/xml", "text/html", ""])
def test_an_unsupported_content_type_is_a_value_error(content_type: str) -> None:
    """Key Functions and Tasks > Payload Generation Component, generate_sample_payloads, Error Handling."""
    with pytest.raises(ValueError, match="Unsupported content type") as caught:
        script.generate_sample_payloads(VARIABLES, ["text/csv", content_type], 0.0, "x", {})

    assert "application/json" in str(caught.value)
    assert "text/csv" in str(caught.value)


def test_cells_and_keys_have_one_order() -> None:
    """Algorithms and Data Structures > Multi-Format Payload Generation Algorithm."""
    variables = [["z", "TEXT"], ["a", "NUMERIC"], ["m", "TEXT"]]
    arguments = variables, 3.0, "t", {"z": "first", "m": "last"}

    values = json.loads(script.generate_json_payload(*arguments))

    assert list(values) == ["z", "a", "m"]
    assert ",".join(values.values()) == script.generate_csv_payload(*arguments)


def test_files_are_named_by_content_type_and_a_number(tmp_path: Path) -> None:
    """Key Functions and Tasks > File Operations Component, save_payloads; settled: a number for each type."""
    types = ["application/json", "text/csv", "text/csv"]

    paths = script.save_payloads(str(tmp_path / "new" / "folder"), VARIABLES, types, 0.0, "DEFAULT_TEXT", {})

    folder = tmp_path / "new" / "folder"
    assert paths == [str(folder / name) for name in (JSON_FILE, CSV_FILE, "payload_text_csv_1.csv")]
    assert (folder / JSON_FILE).read_text() == JSON_SAMPLE
    assert (folder / CSV_FILE).read_text() == CSV_SAMPLE


def test_a_folder_of_samples_may_exist(tmp_path: Path) -> None:
    """Key Functions and Tasks > File Operations Component, save_payloads, step 2."""
    for text in ("first", "second"):
        script.save_payloads(str(tmp_path), VARIABLES, ["text/csv"], 0.0, text, {})

    assert (tmp_path / CSV_FILE).read_text() == "0.0,0.0,second"


def test_samples_and_files_are_logged_between_header_and_footer(
    tmp_path: Path, log: pytest.LogCaptureFixture
) -> None:
    """Key Functions and Tasks > File Operations Component, save_payloads, Logging."""
    types = ["application/json", "text/csv"]

    paths = script.save_payloads(str(tmp_path), VARIABLES, types, 0.0, "DEFAULT_TEXT", {})

    header = log.text.index("===== GENERATED PAYLOAD SAMPLES =====")
    footer = log.text.index("===================================", header + 40)
    for said in (*types, JSON_SAMPLE, CSV_SAMPLE, *paths):
        assert header < log.text.index(said, header) < footer


def test_an_archive_holds_the_files_by_base_name(tmp_path: Path) -> None:
    """Key Functions and Tasks > File Operations Component, create_payload_archive."""
    files = [tmp_path / "deep" / "b.csv", tmp_path / "a.json"]
    files[0].parent.mkdir()
    for file in files:
        file.write_text(file.stem)

    archive = script.create_payload_archive([str(file) for file in files], tmp_path / "new" / "out")

    assert archive == str(tmp_path / "new" / "out" / "payload.tar.gz")
    assert samples_of(Path(archive)) == {"a.json": "a", "b.csv": "b"}


def test_an_archive_tells_its_statistics(tmp_path: Path, log: pytest.LogCaptureFixture) -> None:
    """Key Functions and Tasks > File Operations Component, create_payload_archive, Statistics Logged."""
    for name in ("a.json", "b.json"):
        (tmp_path / name).write_bytes(bytes(1024 * 1024))

    archive = script.create_payload_archive([str(tmp_path / "a.json"), str(tmp_path / "b.json")], tmp_path)

    size_bytes = Path(archive).stat().st_size
    assert "Creating payload archive" in log.text
    assert "a.json (1.0" in log.text
    assert "Files added: 2" in log.text
    assert "Total uncompressed size: 2.0" in log.text
    said = re.search(r"Compressed tar size: ([\d.]+) MB", log.text)
    assert said
    assert float(said[1]) == pytest.approx(size_bytes / 2**20, rel=0.01)
    assert f"Compression ratio: {size_bytes / 2**21:.2%}" in log.text


def test_an_archive_of_an_empty_file_is_written(tmp_path: Path, log: pytest.LogCaptureFixture) -> None:
    """Key Functions and Tasks > File Operations Component, step 11; settled: no ratio of nothing."""
    (tmp_path / CSV_FILE).touch()

    archive = script.create_payload_archive([str(tmp_path / CSV_FILE)], tmp_path / "out")

    assert samples_of(Path(archive)) == {CSV_FILE: ""}
    assert "Compression ratio" in log.text


def test_a_failing_archive_is_logged_with_its_traceback_and_raised(
    tmp_path: Path, log: pytest.LogCaptureFixture
) -> None:
    """Key Functions and Tasks > File Operations Component, create_payload_archive, Error Handling."""
    with pytest.raises(FileNotFoundError):
        script.create_payload_archive([str(tmp_path / "missing.json")], tmp_path / "out")

    assert [record.levelno for record in log.records if record.exc_info] == [logging.ERROR]
    assert list((tmp_path / "out").iterdir()) == []


def test_an_archive_depends_on_names_and_contents_alone(tmp_path: Path) -> None:
    """Key Functions and Tasks > File Operations Component; settled: fixed times, sorted names."""
    archives = []
    for order in (("a.json", "b.csv"), ("b.csv", "a.json")):
        folder = tmp_path / order[0]
        folder.mkdir()
        for name in order:
            (folder / name).write_text(name)
        archives.append(script.create_payload_archive([str(folder / name) for name in order], folder / "out"))

    first, second = (Path(archive).read_bytes() for archive in archives)
    assert first == second
    assert first[4:8] == bytes(4)  # the time in the header of gzip
    with tarfile.open(archives[0]) as tar:
        assert {(member.mtime, member.uid, member.gid) for member in tar} == {(0, 0, 0)}
