"""Law 8: serving a packed artifact is light, even where the heavy libraries are installed."""

import json
from importlib.util import find_spec
from pathlib import Path

import pytest
from golden_records import CSV, JSON, NDJSON, PARQUET, encoded

from fixtures_models import Model, serving

HEAVY = frozenset(
    ("torch", "transformers", "lightning", "xgboost", "lightgbm", "pandas", "sklearn", "scipy", "boto3")
)
INSTALLED = ("xgboost", "pandas", "sklearn", "scipy")
RECORD = {"age": 39, "income": 1000.5, "region": "north", "plan": None}
LAUNCHER = Path(__file__).parent / "list_modules.py"


@pytest.mark.parametrize("library", INSTALLED)
def test_a_heavy_library_is_installed_where_this_is_tested(library: str) -> None:
    assert find_spec(library) is not None


@pytest.mark.slow
def test_an_endpoint_that_has_answered_every_content_type_has_imported_no_heavy_library(
    model: Model, tmp_path: Path
) -> None:
    imported = tmp_path / "imported.txt"
    types = (JSON, NDJSON, CSV, f"{CSV}; header=present", PARQUET)

    with serving(model.archive, folder=tmp_path, launcher=[str(LAUNCHER), str(imported)]) as endpoint:
        replies = [endpoint.invoke(encoded([RECORD], content_type), content_type) for content_type in types]
        as_csv = endpoint.invoke(json.dumps(RECORD).encode(), accept=CSV)
        exit_code = endpoint.end()

    assert exit_code == 0
    assert [reply.status for reply in replies] == [200] * len(types)
    assert len({reply.body for reply in replies}) == 1
    assert as_csv.headers["content-type"] == CSV
    packages = {name.partition(".")[0] for name in imported.read_text().split()}
    assert {"servable", "onnxruntime", "arro3", "uvicorn"} <= packages
    assert packages & HEAVY == set()


@pytest.mark.slow
def test_serving_imports_none_of_the_rooms_that_train_pack_or_prove(model: Model, tmp_path: Path) -> None:
    imported = tmp_path / "imported.txt"

    with serving(model.archive, folder=tmp_path, launcher=[str(LAUNCHER), str(imported)]) as endpoint:
        endpoint.end()

    rooms = {name.split(".")[1] for name in imported.read_text().split() if name.startswith("servable.")}
    assert rooms & {"train", "pack", "payload", "prove", "demo"} == set()
