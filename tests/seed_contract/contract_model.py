"""The model, the settings and the run that the payload script's documentation uses in its examples."""

import io
import json
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

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


def write_hyperparameters(folder: Path, **changes: object) -> Path:
    """The folder, with the example's `hyperparameters.json` and what differs from it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "hyperparameters.json").write_text(json.dumps(HYPERPARAMETERS | changes))
    return folder


def write_archive(path: Path, members: Mapping[str, bytes]) -> Path:
    """A gzip-compressed tar with these members."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:gz") as tar:
        for name, data in members.items():
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
