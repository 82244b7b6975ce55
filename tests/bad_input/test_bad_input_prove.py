"""`prove` stops at a packed artifact of which a file is missing or changed, before it starts an endpoint."""

import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from fixtures_models import Model, contents
from servable.cli import main

OBJECTIVE = ("--expected-tps", "10", "--max-latency-ms", "500", "--max-error-rate", "0.1")
FILES = {
    "trees": (
        "manifest.json",
        "tables/risk.json",
        "tables/impute.json",
        "trees.onnx",
        "golden/answers.ndjson",
    ),
    "network": (
        "encoder.onnx",
        "encoder.onnx.data",
        "head.onnx",
        "tables/risk.json",
        "tokenizer/tokenizer.json",
    ),
}


def _remove(path: Path) -> None:
    path.unlink()


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _change(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[:-2] + bytes([content[-2] ^ 1]) + content[-1:])


CASES = [
    pytest.param(kind, file, damage, id=f"{kind}-{file}-{damage.__name__.strip('_')}")
    for kind, files in FILES.items()
    for file in files
    for damage in (_remove, _cut, _change)
]


@pytest.fixture
def workdir(model: Model, text_model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, in which a packed artifact of each kind lies unpacked."""
    for kind, packed in (("trees", model), ("network", text_model)):
        with tarfile.open(packed.archive) as archive:
            archive.extractall(tmp_path / kind, filter="data")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "file", "damage"), CASES)
def test_prove_names_a_declared_file_that_is_missing_or_corrupt_and_writes_nothing(
    kind: str, file: str, damage: Callable[[Path], None], workdir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    damage(workdir / kind / file)
    before = contents(workdir)

    with pytest.raises(SystemExit) as ended:
        main(["prove", kind, *OBJECTIVE])

    said = capsys.readouterr()
    assert ended.value.code == 2
    assert said.out == ""
    assert said.err.startswith(f"error: {kind}, ")
    assert said.err.count("\n") == 1
    assert file in said.err
    assert contents(workdir) == before
