"""Paths, files, archive, log and failures of the payload script:
"Script Contract" and on of the script's documentation."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fixtures_models import contents
from fixtures_script import (
    BOTH,
    CSV_FILE,
    JSON_FILE,
    JSON_SAMPLE,
    VARIABLES,
    run,
    samples_of,
    write_hyperparameters,
)
from servable.payload import script


def test_samples_of_an_earlier_run_do_not_stay(model_dir: Path, tmp_path: Path) -> None:
    run(model_dir, tmp_path, BOTH)

    run(model_dir, tmp_path, {"CONTENT_TYPES": "text/csv"})

    assert [p.name for p in (tmp_path / "work/payload_sample").iterdir()] == ["payload_text_csv_0.csv"]


def test_files_are_named_by_content_type_and_counted_within_it(tmp_path: Path) -> None:
    types = ["text/csv", "application/json", " text/csv"]

    paths = script.save_payloads(str(tmp_path / "new" / "folder"), VARIABLES, types, 0.0, "é", {})

    assert [Path(path).name for path in paths] == [
        "payload_text_csv_0.csv",
        "payload_application_json_0.json",
        "payload_text_csv_1.csv",
    ]
    assert Path(paths[0]).read_bytes() == "0.0,0.0,é".encode()


def test_the_content_type_of_a_file_is_read_from_its_name() -> None:
    for content_type in script.CONTENT_TYPES:
        for index in (0, 17):
            name = script.payload_file_name(content_type, index)
            assert script.content_type_of(name) == content_type

    assert script.payload_file_name("text/csv;header=present", 0) == "payload_text_csv_header_0.csv"
    for name in (
        "payload_text_csv_0.json",
        "payload_text_csv_x.csv",
        "text_csv_0.csv",
        "payload_text_csv_.csv",
    ):
        assert script.content_type_of(name) is None


def test_bodies_are_taken_one_by_one(tmp_path: Path) -> None:
    def bodies() -> Iterator[tuple[str, bytes]]:
        yield "text/csv", b"1"
        assert (tmp_path / "payload_text_csv_0.csv").read_bytes() == b"1"
        yield "application/x-ndjson", b"{}\n"

    paths = script.save_bodies(tmp_path, bodies())

    assert [Path(path).name for path in paths] == [
        "payload_text_csv_0.csv",
        "payload_application_x-ndjson_0.ndjson",
    ]


def test_an_archive_that_fails_leaves_the_former_one_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "payload.tar.gz").write_bytes(b"former")
    (tmp_path / "a.csv").write_text("a")

    with pytest.raises(FileNotFoundError):
        script.create_payload_archive([tmp_path / "a.csv", tmp_path / "missing.csv"], tmp_path)

    assert (tmp_path / "payload.tar.gz").read_bytes() == b"former"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.csv", "payload.tar.gz"]


def test_the_log_has_the_phrases_that_users_are_told_to_search_for(
    model_dir: Path, tmp_path: Path, log: pytest.LogCaptureFixture
) -> None:
    run(model_dir, tmp_path)

    for phrase in (
        "Looking for hyperparameters",
        "Input field information",
        "Total fields: 3",
        "NUMERIC fields: 2",
        "TEXT fields: 1",
        "===== GENERATED PAYLOAD SAMPLES =====",
        "Payload sample: 0.0,0.0,DEFAULT_TEXT",
        "Created payload file",
        "===================================",
        "Creating payload archive",
        "pipeline_name: my_pipeline",
        "Generated 2 payload samples",
        "Content types: application/json, text/csv",
    ):
        assert phrase in log.text
    assert "error" not in log.text.lower()


@pytest.mark.parametrize(
    "environ",
    [
        {"CONTENT_TYPES": "text/csv,text/xml"},
        {"SPECIAL_FIELD_category1": "{x}"},
        {"DEFAULT_TEXT_VALUE": "\udcff", "CONTENT_TYPES": "application/json"},
        {"SPECIAL_FIELD_nosuch": "x"},
        {"FIELD_DEFAULTS": "[]"},
    ],
    ids=["content type", "placeholder", "not UTF-8", "special field", "field defaults"],
)
def test_a_failure_is_logged_with_its_traceback_and_leaves_what_an_earlier_run_left(
    model_dir: Path, tmp_path: Path, log: pytest.LogCaptureFixture, environ: dict[str, str]
) -> None:
    run(model_dir, tmp_path, BOTH)
    before = contents(tmp_path)

    with pytest.raises(ValueError, match="; correct this setting"):
        run(model_dir, tmp_path, {"CONTENT_TYPES": "text/csv", **environ})

    assert "Error in payload generation" in log.text
    assert "Traceback (most recent call last)" in log.text
    assert contents(tmp_path) == before


def test_an_output_directory_that_cannot_be_made_leaves_the_samples_for_inspection(
    model_dir: Path, tmp_path: Path
) -> None:
    (tmp_path / "out").touch()

    with pytest.raises(ValueError, match="out: expected a directory that exists or can be made"):
        run(model_dir, tmp_path)

    assert sorted(path.name for path in (tmp_path / "work/payload_sample").iterdir()) == [JSON_FILE, CSV_FILE]


def test_samples_that_cannot_all_be_written_are_removed(
    model_dir: Path, tmp_path: Path, limit_files: Callable[[int], None]
) -> None:
    run(model_dir, tmp_path)
    # of the second sample there is no room for the text
    environ = {"CONTENT_TYPES": "text/csv,application/json", "DEFAULT_TEXT_VALUE": "\N{SNOWMAN}" * 1000}
    limit_files(4000)

    with pytest.raises(OSError, match="File too large"):
        run(model_dir, tmp_path, environ)

    assert not (tmp_path / "work/payload_sample").exists()


def test_hyperparameters_that_cannot_be_kept_whole_are_not_kept(
    tmp_path: Path, limit_files: Callable[[int], None]
) -> None:
    model_dir = write_hyperparameters(tmp_path / "model", note="n" * 9000)
    write_hyperparameters(tmp_path / "work")
    before = contents(tmp_path / "work")
    limit_files(4000)

    with pytest.raises(OSError, match="File too large"):
        run(model_dir, tmp_path)

    assert contents(tmp_path / "work") == before


def test_what_is_no_sample_stays_beside_the_samples(model_dir: Path, tmp_path: Path) -> None:
    folder = tmp_path / "work" / "payload_sample"
    (folder / "payload_text_csv_7.csv").mkdir(parents=True)
    for name in ("notes.txt", "payload_text_csv_9.csv"):
        (folder / name).write_text("mine")

    run(model_dir, tmp_path, {})

    assert {path.name for path in folder.iterdir()} == {"notes.txt", "payload_text_csv_7.csv", JSON_FILE}


def test_a_folder_of_samples_that_is_a_link_is_replaced_and_not_followed(
    model_dir: Path, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / JSON_FILE).write_text("mine")
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "payload_sample").symlink_to(tmp_path / "other")

    run(model_dir, tmp_path, {})

    assert (tmp_path / "other" / JSON_FILE).read_text() == "mine"
    assert not (tmp_path / "work" / "payload_sample").is_symlink()
    assert (tmp_path / "work" / "payload_sample" / JSON_FILE).read_text() == JSON_SAMPLE


@pytest.mark.parametrize(
    ("model", "output", "work", "said"),
    [
        ("model", "out", "model", "WORKING_DIRECTORY: expected another directory than the model's, found "),
        ("model", "out", "model/../linked", "WORKING_DIRECTORY: expected another directory than the model's"),
        ("model", "model", "work", "output_dir: expected another directory than the model's, found "),
        ("w/payload_sample", "out", "w", "payload_sample is for samples alone, found the model in it, "),
        ("w/payload_sample/deep", "out", "w", "payload_sample is for samples alone, found the model in it, "),
        ("w/payload_sample", "out", "./w/.", "payload_sample is for samples alone, found the model in it, "),
        ("model", "w/payload_sample", "w", "payload_sample is for samples alone, found the output in it, "),
        ("model", "w/payload_sample/out", "w", "payload_sample is for samples alone, found the output in it"),
    ],
)
def test_places_that_lie_on_each_other_are_refused_and_nothing_is_touched(
    model: str, output: str, work: str, said: str, tmp_path: Path
) -> None:
    write_hyperparameters(tmp_path / model)
    (tmp_path / model / JSON_FILE).write_text("not of this run")
    (tmp_path / "linked").symlink_to(tmp_path / model)
    before = contents(tmp_path)

    with pytest.raises(script.SettingError, match=said):
        script.main(
            {"model_input": str(tmp_path / model)},
            {"output_dir": str(tmp_path / output)},
            {"WORKING_DIRECTORY": str(tmp_path / work)},
        )

    assert contents(tmp_path) == before


def test_places_below_the_model_are_the_callers_choice(model_dir: Path) -> None:
    environ = {"WORKING_DIRECTORY": str(model_dir / "new" / "work")}

    archive = script.main({"model_input": str(model_dir)}, {"output_dir": str(model_dir / "out")}, environ)

    assert samples_of(Path(archive)) == {JSON_FILE: JSON_SAMPLE}


@pytest.mark.parametrize("name", ["a\0b", "a\ud800b", "n" * 300], ids=["NUL", "surrogate", "too long"])
def test_a_path_that_is_none_is_no_directory(
    name: str, tmp_path: Path, log: pytest.LogCaptureFixture
) -> None:
    assert script.ensure_directory(os.path.join(tmp_path, name)) is False
    assert "Error creating directory" in log.text
    log.text.encode()


def test_two_files_of_one_name_make_no_archive(tmp_path: Path) -> None:
    files = [tmp_path / folder / "a.csv" for folder in ("x", "y")]
    for file in files:
        file.parent.mkdir()
        file.write_text(str(file))

    with pytest.raises(script.SettingError, match="expected files of different names, found two"):
        script.create_payload_archive(files, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_working_directory_that_cannot_be_made_is_named(model_dir: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(ValueError, match="file/work: expected a directory that exists or can be made"):
        run(model_dir, tmp_path, {"WORKING_DIRECTORY": str(tmp_path / "file" / "work")})

    assert not (tmp_path / "out").exists()


def test_on_a_full_disk_the_former_archive_stays_and_nothing_else(
    tmp_path: Path, limit_files: Callable[[int], None]
) -> None:
    (tmp_path / "payload.tar.gz").write_bytes(b"former")
    body = os.urandom(180_000)  # which does not compress
    limit_files(100_000)
    files = script.save_bodies(
        tmp_path / "samples", [("text/csv", body[:90_000]), ("text/csv", body[90_000:])]
    )

    with pytest.raises(OSError, match="File too large"):
        script.create_payload_archive(files, tmp_path)

    assert sorted(path.name for path in tmp_path.iterdir()) == ["payload.tar.gz", "samples"]
    assert (tmp_path / "payload.tar.gz").read_bytes() == b"former"


def test_a_sample_replaces_a_link_of_its_name_and_not_what_it_leads_to(tmp_path: Path) -> None:
    (tmp_path / "other").write_text("mine")
    (tmp_path / "payload_text_csv_0.csv").symlink_to(tmp_path / "other")

    script.save_bodies(tmp_path, [("text/csv", b"1")])

    assert (tmp_path / "other").read_text() == "mine"
    assert (tmp_path / "payload_text_csv_0.csv").read_bytes() == b"1"
