"""What the tests of the payload script share: hyperparameters, models that hold them, and a run."""

import io
import json
import logging
import tarfile
from collections.abc import Mapping
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
MOMENT_S = "1763498730"  # 2025-11-18 20:45:30 UTC


def write_hyperparameters(folder: Path, **changes: object) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "hyperparameters.json"
    path.write_text(json.dumps(HYPERPARAMETERS | changes))
    return path


def write_archive(path: Path, members: Mapping[str, bytes]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:gz") as tar:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return path


def run(model_dir: Path, tmp_path: Path, environ: Mapping[str, str] = BOTH) -> dict[str, str]:
    """The samples in the archive that `main` writes."""
    environ = {"WORKING_DIRECTORY": str(tmp_path / "work"), **environ}
    archive = script.main(
        {"model_input": str(model_dir)}, {"output_dir": str(tmp_path / "out")}, environ, None
    )
    assert archive == str(tmp_path / "out" / "payload.tar.gz")
    with tarfile.open(archive, "r:gz") as tar:
        return {member.name: stream.read().decode() for member in tar if (stream := tar.extractfile(member))}


def warnings(log: pytest.LogCaptureFixture) -> str:
    return "\n".join(record.getMessage() for record in log.records if record.levelno >= logging.WARNING)
