"""`code/inference.py` of a packed artifact, imported and called in a process of its own."""

import json
import subprocess
import sys
import tarfile
from importlib.metadata import version
from pathlib import Path

import pytest

import servable
from fixtures_models import environment
from servable.codecs import decode_answer
from servable.pack import pack
from servable.pack.container import container_code

HEAVY = {
    *("torch", "transformers", "lightning", "xgboost", "lightgbm", "pandas", "sklearn", "scipy", "boto3"),
    *("onnx", "onnxmltools", "safetensors", "huggingface_hub"),
}
SCRIPT = Path(__file__).parent / "call_inference.py"
RECORD = {"customer_id": 7, "text": "lovely dress", "feature1": 5.2, "feature2": "category_A", "feature3": 3}


def _unpacked(archive: Path, folder: Path) -> Path:
    """An archive as a container unpacks it; what is imported is the archive's own `code/`."""
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    return folder


def test_the_code_for_containers_names_the_four_functions_and_what_to_install() -> None:
    plain, with_extra = container_code(), container_code(extra="trees")

    assert plain.keys() == {"code/inference.py", "code/requirements.txt"}
    assert plain["code/inference.py"] == with_extra["code/inference.py"]
    assert plain["code/requirements.txt"].decode() == (
        f"# Install servable {version('servable')} from its wheel: no package index is asked for it.\n"
    )
    assert b"with the extra `trees` from its wheel" in with_extra["code/requirements.txt"]
    lines = (plain["code/requirements.txt"] + with_extra["code/requirements.txt"]).splitlines()
    assert all(line.startswith(b"#") for line in lines)  # nothing that an index could resolve
    names: dict[str, object] = {}
    exec(compile(plain["code/inference.py"], "inference.py", "exec"), names)  # noqa: S102  # our own file
    functions = ["input_fn", "model_fn", "output_fn", "predict_fn"]
    assert names["__all__"] == functions
    assert all(callable(names[function]) for function in functions)


@pytest.mark.slow
def test_a_container_serves_a_packed_text_model_through_inference_py_without_heavy_imports(
    example_output: Path, tmp_path: Path
) -> None:
    archive = pack(example_output, tmp_path / "model.tar.gz").output
    model_dir = _unpacked(archive, tmp_path / "model")
    csv = "7,lovely dress,5.2,category_A,3"
    requests = [
        [json.dumps(RECORD), "application/json", "application/json"],
        [json.dumps([RECORD, RECORD | {"text": None}]), "application/json; charset=utf-8", "*/*"],
        [f"{csv}\n{csv}\n", "text/csv", "text/csv"],
    ]

    done = subprocess.run(
        [sys.executable, "-P", str(SCRIPT), str(model_dir)],
        input=json.dumps(requests),
        env=environment(),
        cwd=tmp_path,
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert HEAVY & {module.partition(".")[0] for module in found["modules"]} == set()
    assert len(found["keys"]) == 11
    right = servable.load(archive).score(RECORD)
    answers = [decode_answer(body.encode(), content_type) for body, content_type in found["answers"]]
    assert [len(answer.labels) for answer in answers] == [1, 2, 2]
    assert answers[0].raw[0, 0] == pytest.approx(float(right.raw[0, 1]), abs=1e-6)
    assert answers[0].calibrated[0, 0] == pytest.approx(float(right.calibrated[0, 1]), abs=1e-6)
    assert answers[2].raw[:, 1] == pytest.approx([float(right.raw[0, 1])] * 2, abs=1e-6)
