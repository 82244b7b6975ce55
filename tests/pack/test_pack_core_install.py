"""Every family, packed, scores as it was recorded where nothing but the core of the package is installed."""

import base64
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from servable.pack import DerivedRecords, pack

pytestmark = [pytest.mark.conformance, pytest.mark.slow]

ROOT = Path(__file__).parents[2]
LARGEST_BYTES = 250_000_000
LAST_LINES = 8
"""Of what pip said, where it could not install."""


@pytest.fixture(scope="module")
def core_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment in which `pip install .` was run, without an extra."""
    folder = tmp_path_factory.mktemp("core") / "venv"
    _run("-m", "venv", "--without-pip", folder)
    python = folder / "bin" / "python"
    constraints = ("-c", ROOT / "constraints.txt")
    done = _run(
        "-m", "pip", "--quiet", "--python", python, "install", *constraints, ROOT, must_end_well=False
    )
    if done.returncode != 0:
        said = "\n".join(done.stderr.splitlines()[-LAST_LINES:])
        if os.environ.get("CI") == "true":
            pytest.fail(f"the core cannot be installed: {said}")
        pytest.skip(f"the core cannot be installed here: {said}")
    return python


def _run(*arguments: str | Path, must_end_well: bool = True) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        capture_output=True,
        encoding="utf-8",
        timeout=600,
        check=must_end_well,
    )


def _cases(conformance: Path) -> list[str]:
    """Of each family of networks and boosters one case with risk tables and one without, where there are."""
    chosen: dict[tuple[object, ...], str] = {}
    for entry in json.loads((conformance / "index.json").read_text())["cases"]:
        has_tables = (conformance / entry["case"] / "artifact" / "risk_table_map.pkl").exists()
        chosen.setdefault((entry["family"], entry["model_class"], has_tables), Path(entry["case"]).name)
    return list(chosen.values())


def _requests(conformance: Path, case: str) -> list[dict[str, Any]]:
    """The recorded requests of a case that have scores, with the right ones."""
    folder = conformance / "cases" / case
    expected = json.loads((conformance / "expect.json").read_text()).get(case, {})
    answers = folder / "answers.json"
    stored = json.loads(answers.read_text()) if answers.exists() else {}
    found = []
    for entry in json.loads((folder / "case.json").read_text())["requests"]:
        path = folder / entry["request"]
        right = expected.get(path.stem, {"outcome": "same"})
        if right["outcome"] == "same" and entry["result"] == "ok":
            scores = stored[path.stem]["predict_fn"]
            right = {"outcome": "score"} | {side: scores[side]["values"] for side in ("raw", "calibrated")}
        if right["outcome"] == "score":
            body = base64.b64encode(path.read_bytes()).decode()
            found.append(right | {"body": body, "content_type": entry["content_type"]})
    return found


def test_every_family_packed_scores_as_recorded_with_the_core_alone(
    core_python: Path, shared_dir: Path, tmp_path: Path, tell: Callable[[str], None]
) -> None:
    conformance = shared_dir / "conformance"
    cases = []
    for name in _cases(conformance):
        artifact = conformance / "cases" / name / "artifact"
        packed = pack(artifact, tmp_path / f"{name}.tar.gz", golden=DerivedRecords(), tokenizers=conformance)
        cases.append({"name": name, "archive": str(packed.output), "requests": _requests(conformance, name)})
    (tmp_path / "cases.json").write_text(json.dumps(cases))

    done = subprocess.run(
        [core_python, Path(__file__).with_name("core_install.py"), tmp_path / "cases.json"],
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )

    tell(done.stdout)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == len(cases) + 1 > 10


def test_the_core_installed_is_at_most_250_megabytes(core_python: Path, tell: Callable[[str], None]) -> None:
    (packages,) = core_python.parents[1].glob("lib/python3.*/site-packages")

    size = sum(path.stat().st_size for path in packages.rglob("*") if path.is_file())

    tell(f"the core, installed: {size / 1e6:.0f} MB")
    assert size <= LARGEST_BYTES
