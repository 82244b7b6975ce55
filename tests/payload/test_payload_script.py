"""Paths, files, archive, log and failures of the payload script:
"Script Contract" and on of the script's documentation."""

import json
import resource
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from payload_cases import BOTH, HYPERPARAMETERS, VARIABLES, run, warnings

from servable.payload import script


def test_without_any_environment_one_json_sample_is_written(model_dir: Path, tmp_path: Path) -> None:
    samples = run(model_dir, tmp_path, {})

    assert samples == {
        "payload_application_json_0.json": (
            '{"feature1": "0.0", "feature2": "0.0", "category1": "DEFAULT_TEXT"}'
        )
    }


def test_the_default_paths_are_those_of_the_container() -> None:
    assert script.CONTAINER_MODEL_INPUT == "/opt/ml/processing/input/model"
    assert script.CONTAINER_OUTPUT_DIR == "/opt/ml/processing/output"
    assert script.DEFAULT_WORKING_DIRECTORY == "/tmp/mims_payload_work"  # noqa: S108


def test_a_missing_path_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="Missing required input path: model_input"):
        script.main({}, {"output_dir": str(tmp_path)}, {}, None)
    with pytest.raises(ValueError, match="Missing required output path: output_dir"):
        script.main({"model_input": str(tmp_path)}, {}, {}, None)


def test_the_working_directory_is_honoured_and_keeps_what_troubleshooting_needs(
    model_dir: Path, tmp_path: Path
) -> None:
    run(model_dir, tmp_path, {**BOTH, "WORKING_DIRECTORY": str(tmp_path / "elsewhere" / "deep")})

    kept = sorted(p.relative_to(tmp_path / "elsewhere").as_posix() for p in tmp_path.glob("elsewhere/**/*"))
    assert kept == [
        "deep",
        "deep/hyperparameters.json",
        "deep/payload_sample",
        "deep/payload_sample/payload_application_json_0.json",
        "deep/payload_sample/payload_text_csv_0.csv",
    ]
    assert json.loads((tmp_path / "elsewhere/deep/hyperparameters.json").read_text()) == HYPERPARAMETERS


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


def test_an_archive_holds_the_files_sorted_by_base_name(tmp_path: Path) -> None:
    files = [tmp_path / "sub" / "b.csv", tmp_path / "a.json"]
    files[0].parent.mkdir()
    for file in files:
        file.write_text(file.name)

    archive = script.create_payload_archive([str(file) for file in files], tmp_path / "new" / "out")

    assert archive == str(tmp_path / "new" / "out" / "payload.tar.gz")
    with tarfile.open(archive, "r:gz") as tar:
        assert [(m.name, m.size, m.mtime, m.uid, m.gid) for m in tar] == [
            ("a.json", 6, 0, 0, 0),
            ("b.csv", 5, 0, 0, 0),
        ]


def test_the_statistics_of_an_archive_are_logged(tmp_path: Path, log: pytest.LogCaptureFixture) -> None:
    (tmp_path / "a.json").write_bytes(bytes(2 * 1024 * 1024))

    archive = script.create_payload_archive([str(tmp_path / "a.json")], tmp_path)

    compressed_bytes = Path(archive).stat().st_size
    assert "Creating payload archive" in log.text
    assert "Files added: 1" in log.text
    assert "Total uncompressed size: 2.000000 MB" in log.text
    assert f"Compressed tar size: {compressed_bytes / 2**20:.6f} MB" in log.text
    assert f"Compression ratio: {compressed_bytes / 2**21:.2%}" in log.text


def test_an_archive_of_empty_files_has_no_ratio(tmp_path: Path, log: pytest.LogCaptureFixture) -> None:
    (tmp_path / "a.csv").touch()

    script.create_payload_archive([str(tmp_path / "a.csv")], tmp_path)

    assert "Compression ratio: not defined" in log.text


def test_an_archive_that_fails_leaves_the_former_one_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "payload.tar.gz").write_bytes(b"former")
    (tmp_path / "a.csv").write_text("a")

    with pytest.raises(FileNotFoundError):
        script.create_payload_archive([tmp_path / "a.csv", tmp_path / "missing.csv"], tmp_path)

    assert (tmp_path / "payload.tar.gz").read_bytes() == b"former"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.csv", "payload.tar.gz"]


def test_a_directory_that_cannot_be_made_is_false_and_logged(
    tmp_path: Path, log: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()

    assert script.ensure_directory(tmp_path / "a" / "b") is True
    assert script.ensure_directory(tmp_path / "file" / "b") is False
    assert script.ensure_directory(tmp_path / "file") is False
    assert log.text.count("Error creating directory") == 2


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
        assert phrase in log.messages or phrase in log.text
    assert "error" not in log.text.lower()


def test_metadata_that_is_absent_is_logged_as_unknown(tmp_path: Path, log: pytest.LogCaptureFixture) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "hyperparameters.json").write_text("{}")

    samples = run(tmp_path / "model", tmp_path)

    assert samples == {"payload_application_json_0.json": "{}", "payload_text_csv_0.csv": ""}
    assert {
        "pipeline_name: unknown",
        "pipeline_version: unknown",
        "model_objective: unknown",
    } <= set(log.messages)
    assert "No field is left for a request" in warnings(log)


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
def test_a_failure_is_logged_with_its_traceback_and_leaves_no_samples(
    model_dir: Path, tmp_path: Path, log: pytest.LogCaptureFixture, environ: dict[str, str]
) -> None:
    run(model_dir, tmp_path, BOTH)
    former = (tmp_path / "out" / "payload.tar.gz").read_bytes()

    with pytest.raises(ValueError, match="; correct this setting"):
        run(model_dir, tmp_path, {"CONTENT_TYPES": "text/csv", **environ})

    assert "Error in payload generation" in log.text
    assert "Traceback (most recent call last)" in log.text
    assert not (tmp_path / "work" / "payload_sample").exists()
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["payload.tar.gz"]
    assert (tmp_path / "out" / "payload.tar.gz").read_bytes() == former


def test_an_output_directory_that_cannot_be_made_leaves_no_samples(model_dir: Path, tmp_path: Path) -> None:
    (tmp_path / "out").touch()

    with pytest.raises(ValueError, match="out: expected a directory that exists or can be made"):
        run(model_dir, tmp_path)

    assert not (tmp_path / "work" / "payload_sample").exists()


def test_a_working_directory_that_cannot_be_made_is_named(model_dir: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(ValueError, match="file/work: expected a directory that exists or can be made"):
        run(model_dir, tmp_path, {"WORKING_DIRECTORY": str(tmp_path / "file" / "work")})

    assert not (tmp_path / "out").exists()


FILLED_DISK = """
import pathlib, random, sys
from servable.payload import script

folder = pathlib.Path(sys.argv[1])
body = random.Random(0).randbytes(200_000)
paths = script.save_bodies(folder / "samples", [("text/csv", body[:90_000]), ("text/csv", body[:90_000])])
script.write_archive(paths, folder / "out" / "payload.tar.gz")
"""


def test_on_a_full_disk_the_former_archive_stays_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "payload.tar.gz").write_bytes(b"former")

    done = subprocess.run(
        [sys.executable, "-c", FILLED_DISK, str(tmp_path)],
        # larger than each sample and smaller than the archive of both, which do not compress
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000)),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 1
    assert "File too large" in done.stderr
    assert len(list((tmp_path / "samples").iterdir())) == 2
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["payload.tar.gz"]
    assert (tmp_path / "out" / "payload.tar.gz").read_bytes() == b"former"


def test_a_sample_replaces_a_link_of_its_name_and_not_what_it_leads_to(tmp_path: Path) -> None:
    (tmp_path / "other").write_text("mine")
    (tmp_path / "payload_text_csv_0.csv").symlink_to(tmp_path / "other")

    script.save_bodies(tmp_path, [("text/csv", b"1")])

    assert (tmp_path / "other").read_text() == "mine"
    assert (tmp_path / "payload_text_csv_0.csv").read_bytes() == b"1"
