"""The model of the payload script's documentation, the settings of its examples, and a run of the script."""

import io
import json
import logging
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from servable.payload import script

HYPERPARAMETERS: dict[str, Any] = {
    "full_field_list": ["id", "feature1", "feature2", "category1", "label"],
    "tab_field_list": ["feature1", "feature2"],
    "cat_field_list": ["category1"],
    "label_name": "label",
    "id_name": "id",
    "pipeline_name": "my_pipeline",
    "pipeline_version": "1.0.0",
    "model_objective": "binary_classification",
}
VARIABLES = [["feature1", "NUMERIC"], ["feature2", "NUMERIC"], ["category1", "TEXT"]]
BOTH = {"CONTENT_TYPES": "application/json,text/csv"}
JSON_FILE = "payload_application_json_0.json"
CSV_FILE = "payload_text_csv_0.csv"
JSON_SAMPLE = '{"feature1": "0.0", "feature2": "0.0", "category1": "DEFAULT_TEXT"}'
CSV_SAMPLE = "0.0,0.0,DEFAULT_TEXT"


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """What the script logs."""
    with caplog.at_level(logging.INFO, logger="servable.payload.script"):
        yield caplog


@pytest.fixture
def model_dir(tmp_path: Path) -> Path:
    """A folder with the example's `hyperparameters.json` alone."""
    return write_hyperparameters(tmp_path / "model")


def write_hyperparameters(folder: Path, **changes: object) -> Path:
    """The folder, with the example's `hyperparameters.json` and what differs from it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "hyperparameters.json").write_text(json.dumps(HYPERPARAMETERS | changes))
    return folder


def write_archive(path: Path, members: Mapping[str, bytes | tarfile.TarInfo]) -> Path:
    """A gzip-compressed tar with these members; what is no file is given as its header."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:gz", compresslevel=1) as tar:
        for name, data in members.items():
            if isinstance(data, tarfile.TarInfo):
                data.name = name
                tar.addfile(data)
                continue
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return path


def run(model_dir: Path, tmp_path: Path, environ: Mapping[str, str] = BOTH) -> dict[str, str]:
    """The samples in the archive that `main` writes below `tmp_path`, by name."""
    archive = script.main(
        {"model_input": str(model_dir)},
        {"output_dir": str(tmp_path / "out")},
        {"WORKING_DIRECTORY": str(tmp_path / "work"), **environ},
        None,
    )
    return samples_of(Path(archive))


def samples_of(archive: Path) -> dict[str, str]:
    """Text of every member by name, in the archive's order."""
    with tarfile.open(archive, "r:gz") as tar:
        return {member.name: stream.read().decode() for member in tar if (stream := tar.extractfile(member))}


def warnings(log: pytest.LogCaptureFixture) -> str:
    """The messages of weight, a line each."""
    return "\n".join(record.getMessage() for record in log.records if record.levelno >= logging.WARNING)
