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
SETTINGS = {
    "CONTENT_TYPES": "application/json,text/csv",
    "SPECIAL_FIELD_region": "{timestamp}",
    "SOURCE_DATE_EPOCH": "0",
}


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


def imports_of(tree: ast.AST) -> set[str]:
    imported: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imported.update(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            imported.add(str(node.module).partition(".")[0])
    return imported


def test_it_imports_the_standard_library_alone_but_for_parquet() -> None:
    functions = {
        node.name: imports_of(node)
        for node in ast.walk(ast.parse(SOURCE.read_text()))
        if isinstance(node, ast.FunctionDef)
    }

    assert functions.pop("_encode_parquet") == {"servable"}
    rest = imports_of(ast.parse(SOURCE.read_text())) - {"servable"}
    assert "tarfile" in rest
    assert rest <= sys.stdlib_module_names
    assert not any("servable" in imported for imported in functions.values())


def test_the_command_does_not_wait_for_modules_that_it_can_do_without() -> None:
    importing = (
        f"import sys; sys.path.insert(0, {str(SOURCE.parents[2])!r}); "
        "import servable.payload.script; print(*sys.modules)"
    )

    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", importing], capture_output=True, text=True, timeout=60, check=True
    )

    slow = {"argparse", "csv", "dataclasses", "inspect", "numpy", "pathlib", "tempfile", "typing"}
    assert not slow & set(done.stdout.split())


def test_alone_it_writes_the_same_bytes_as_in_its_package(model_dir: Path, tmp_path: Path) -> None:
    done = run_alone(
        tmp_path,
        "--model-input",
        str(model_dir),
        "--output-dir",
        str(tmp_path / "out"),
        **SETTINGS,
    )
    ours = script.main(
        {"model_input": str(model_dir)},
        {"output_dir": str(tmp_path / "ours")},
        SETTINGS | {"WORKING_DIRECTORY": str(tmp_path / "ours" / "work")},
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert "Input field information" in done.stderr
    with tarfile.open(tmp_path / "out" / "payload.tar.gz") as tar:
        assert tar.getnames() == ["payload_application_json_0.json", "payload_text_csv_0.csv"]
    samples = tmp_path / "work" / "payload_sample"
    assert (samples / "payload_text_csv_0.csv").read_text() == "0.0,1970-01-01 00:00:00"
    assert (tmp_path / "out" / "payload.tar.gz").read_bytes() == Path(ours).read_bytes()


def test_alone_it_refuses_parquet_and_names_the_package(model_dir: Path, tmp_path: Path) -> None:
    done = run_alone(
        tmp_path,
        *("--model-input", str(model_dir), "--output-dir", str(tmp_path / "out")),
        CONTENT_TYPES="application/json,application/x-parquet",
    )

    assert done.returncode == 1
    assert "only the package servable can write Parquet" in done.stderr
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / "work" / "payload_sample").exists()


def test_help_has_every_setting_and_an_example(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["/somewhere/payload.py", "--help"])

    script.command()

    text = capsys.readouterr().out
    assert text.startswith("usage: payload.py ")
    assert "payload.py --model-input model --output-dir out\n" in text
    for setting in ("--output-dir", "CONTENT_TYPES", "FIELD_DEFAULTS", "SPECIAL_FIELD_", "SOURCE_DATE_EPOCH"):
        assert setting in text


@pytest.mark.parametrize("arguments", [["--nosuch"], ["--model-input"], ["model"]])
def test_an_argument_that_cannot_be_used_is_one_line_and_exit_code_two(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["payload.py", *arguments])

    with pytest.raises(SystemExit) as caught:
        script.command()

    assert caught.value.code == 2
    error = capsys.readouterr().err
    assert arguments[0].lstrip("-") in error
    assert error.count("\n") == 1


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
