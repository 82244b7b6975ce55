"""Law 8: serving a packed artifact is light, even where the heavy libraries are installed."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pytest
from golden_records import CSV, JSON, NDJSON, PARQUET, TEXT_FIELDS, Record, encoded

from fixtures_models import FIELDS, serving

HEAVY = frozenset(
    [
        *("torch", "transformers", "lightning", "xgboost", "lightgbm", "pandas", "sklearn", "scipy", "boto3"),
        *("onnx", "onnxmltools", "safetensors", "huggingface_hub"),
    ]
)
INSTALLED = (
    *("torch", "lightning", "xgboost", "pandas", "sklearn", "scipy"),
    *("onnx", "safetensors", "huggingface_hub"),
)
LAUNCHER = Path(__file__).parent / "list_modules.py"


@dataclass(frozen=True, slots=True)
class Traffic:
    """A model and records for it; `imports` tells the packages that serving it must have imported."""

    fixture: str
    columns: Sequence[str]
    records: Sequence[Record]
    imports: frozenset[str]


TREES = Traffic(
    fixture="model",
    columns=FIELDS,
    records=[{"age": 39, "income": 1000.5, "region": "north", "plan": None}],
    imports=frozenset(["servable", "onnxruntime", "arro3", "uvicorn"]),
)
TEXT = Traffic(
    fixture="text_model",
    columns=TEXT_FIELDS,
    records=[
        {"age": 41, "division": "NA", "text": text}
        for text in (
            "A <b>lovely</b> dress &amp; <script>alert('x')</script>soft, <a href=\"x\">really</a>",
            "très jolie \U0001f60d\U0001f44d\U0001f3fd 很好, \u201cquoted\u201d",
            'it said "no"\r\nand, then: nothing',
            "the fabric is thin and the colour was awful " * 400,
            "",
            None,
        )
    ],
    imports=frozenset(["servable", "onnxruntime", "arro3", "uvicorn", "tokenizers"]),
)


@pytest.mark.parametrize("library", INSTALLED)
def test_a_heavy_library_is_installed_where_this_is_tested(library: str) -> None:
    assert find_spec(library) is not None


@pytest.mark.slow
@pytest.mark.parametrize("traffic", [TREES, TEXT], ids=lambda traffic: traffic.fixture)
def test_an_endpoint_that_has_answered_every_content_type_has_imported_no_heavy_library(
    traffic: Traffic, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    archive = request.getfixturevalue(traffic.fixture).archive
    imported = tmp_path / "imported.txt"
    types = (JSON, NDJSON, CSV, f"{CSV}; header=present", PARQUET)

    with serving(archive, folder=tmp_path, launcher=[str(LAUNCHER), str(imported)]) as endpoint:
        replies = [
            endpoint.invoke(
                encoded(traffic.records, content_type, columns=traffic.columns),
                content_type,
                accept="application/json",
            )
            for content_type in types
        ]
        as_csv = endpoint.invoke(json.dumps(traffic.records[0]).encode(), accept=CSV)
        exit_code = endpoint.end()

    assert exit_code == 0
    assert [reply.status for reply in replies] == [200] * len(types)
    assert len({reply.body for reply in replies}) == 1
    assert as_csv.headers["content-type"] == CSV
    packages = {name.partition(".")[0] for name in imported.read_text().split()}
    assert packages >= traffic.imports
    assert ("tokenizers" in packages) == ("tokenizers" in traffic.imports)
    assert packages & HEAVY == set()


@pytest.mark.slow
@pytest.mark.parametrize("traffic", [TREES, TEXT], ids=lambda traffic: traffic.fixture)
def test_serving_imports_none_of_the_rooms_that_train_pack_or_prove(
    traffic: Traffic, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    archive = request.getfixturevalue(traffic.fixture).archive
    imported = tmp_path / "imported.txt"

    with serving(archive, folder=tmp_path, launcher=[str(LAUNCHER), str(imported)]) as endpoint:
        endpoint.end()

    names = imported.read_text().split()
    rooms = {name.split(".")[1] for name in names if name.startswith("servable.")}
    assert rooms & {"train", "pack", "payload", "prove", "demo"} == set()
    assert not any(name.startswith("servable.engines.networks") for name in names)
