"""The payload script as a file of its own, as a container runs it."""

import ast
import json
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from servable.payload import script

SOURCE = Path(script.__file__)
FIELDS = {"tab_field_list": ["amount"], "cat_field_list": ["region"]}


@pytest.fixture
def model_dir(tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "hyperparameters.json").write_text(json.dumps(FIELDS))
    return folder


def run_alone(tmp_path: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """A copy of the script, away from its package, in an interpreter that sees the standard library only."""
    alone = shutil.copy(SOURCE, tmp_path / "alone.py")
    environ = {"WORKING_DIRECTORY": str(tmp_path / "work"), "PATH": os.defpath, **environ}
    return subprocess.run(
        [sys.executable, "-I", "-S", str(alone), *arguments],
        env=environ,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_it_imports_the_standard_library_alone() -> None:
    imported: set[str] = set()
    for node in ast.walk(ast.parse(SOURCE.read_text())):
        if isinstance(node, ast.Import):
            imported.update(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            imported.add(str(node.module).partition(".")[0])

    assert imported
    assert imported <= sys.stdlib_module_names


def test_it_runs_alone_as_a_plain_script(model_dir: Path, tmp_path: Path) -> None:
    done = run_alone(
        tmp_path,
        "--model-input",
        str(model_dir),
        "--output-dir",
        str(tmp_path / "out"),
        CONTENT_TYPES="application/json,text/csv",
        SPECIAL_FIELD_region="{timestamp}",
        SOURCE_DATE_EPOCH="0",
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert "Input field information" in done.stderr
    with tarfile.open(tmp_path / "out" / "payload.tar.gz") as tar:
        assert tar.getnames() == ["payload_application_json_0.json", "payload_text_csv_1.csv"]
    samples = tmp_path / "work" / "payload_sample"
    assert (samples / "payload_text_csv_1.csv").read_text() == "0.0,1970-01-01 00:00:00"


def test_a_failure_exits_with_one_and_a_traceback(tmp_path: Path) -> None:
    done = run_alone(tmp_path, "--model-input", str(tmp_path / "none"), "--output-dir", str(tmp_path / "out"))

    assert done.returncode == 1
    assert "hyperparameters.json not found in model artifacts" in done.stderr
    assert "Traceback" in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.skipif(Path(script.CONTAINER_MODEL_INPUT).exists(), reason="this is such a container")
def test_without_arguments_it_looks_where_the_container_puts_the_model(tmp_path: Path) -> None:
    done = run_alone(tmp_path)

    assert done.returncode == 1
    assert f"Input model directory: {script.CONTAINER_MODEL_INPUT}" in done.stderr
    assert f"Output directory: {script.CONTAINER_OUTPUT_DIR}" in done.stderr
