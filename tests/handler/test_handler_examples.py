"""The three usage examples of the handler's documentation, with a model whose fields are theirs."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from example_artifacts import CALIBRATION_EXAMPLE, Layout

from fixtures_models import Endpoint, serving
from servable.handler import input_fn, model_fn, output_fn, predict_fn
from servable.pack import pack

Ask = Callable[[str, str, str], str]
"""Body, content type and accepted type of a request to the body of its answer."""

JSON, CSV = "application/json", "text/csv"

SINGLE_RECORD = {
    "customer_id": 12345,
    "text": "Hello, I need help with my order",
    "feature1": 5.2,
    "feature2": "category_A",
    "feature3": 3,
}
BATCH = """12345,Hello customer service...,5.2,category_A,3
67890,I need help with...,8.1,category_B,7"""
CALIBRATION_TEST = {"customer_id": 12345, "text": "Test message", "feature1": 5.2}


@pytest.fixture(scope="module")
def calibration_output(text_output: Callable[[Layout], Path]) -> Path:
    return text_output(CALIBRATION_EXAMPLE)


def _in_process(model_dir: Path) -> Ask:
    model_data = model_fn(model_dir)

    def ask(body: str, content_type: str, accept: str) -> str:
        found, found_type = output_fn(predict_fn(input_fn(body.encode(), content_type), model_data), accept)
        assert found_type == accept
        return found

    return ask


def _over_http(endpoint: Endpoint) -> Ask:
    def ask(body: str, content_type: str, accept: str) -> str:
        reply = endpoint.invoke(body.encode(), content_type, accept=accept)
        assert reply.status == 200, reply.body
        return reply.body.decode()

    return ask


@pytest.fixture(
    scope="module", params=["in process", pytest.param("over HTTP", marks=pytest.mark.slow)], name="road"
)
def _road(
    request: pytest.FixtureRequest,
    example_output: Path,
    calibration_output: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Ask, Ask]]:
    """How to ask the model of the first two examples, and that of the third."""
    if request.param == "in process":
        yield _in_process(example_output), _in_process(calibration_output)
        return
    folders = [tmp_path_factory.mktemp("endpoint") for _ in range(2)]
    archives = [
        pack(output, folder / "model.tar.gz").output
        for output, folder in zip((example_output, calibration_output), folders, strict=True)
    ]
    with (
        serving(archives[0], folder=folders[0]) as first,
        serving(archives[1], folder=folders[1]) as second,
    ):
        yield _over_http(first), _over_http(second)


def test_a_single_record_in_json(road: tuple[Ask, Ask]) -> None:
    body = road[0](json.dumps(SINGLE_RECORD), JSON, JSON)

    (prediction,) = json.loads(body)["predictions"]
    assert list(prediction) == ["legacy-score", "calibrated-score", "output-label"]
    raw, calibrated = float(prediction["legacy-score"]), float(prediction["calibrated-score"])
    assert 0 < raw < 1
    assert calibrated == pytest.approx(0.4 + 0.58 * (raw - 0.5) / 0.5 if raw > 0.5 else 0.01 + 0.78 * raw)
    assert prediction["output-label"] == f"class-{int(raw > 0.5)}"


def test_a_batch_in_csv_without_a_header(road: tuple[Ask, Ask]) -> None:
    body = road[0](BATCH, CSV, CSV)

    rows = [line.split(",") for line in body.strip().split("\n")]
    assert len(rows) == 2
    for raw_0, raw_1, calibrated_0, calibrated_1, label in rows:
        assert float(raw_0) + float(raw_1) == pytest.approx(1)
        assert float(calibrated_0) + float(calibrated_1) == pytest.approx(1)
        assert label == f"class-{int(float(raw_1) > float(raw_0))}"
    assert rows[0][1] != rows[1][1]


def test_a_record_whose_calibration_is_tested(road: tuple[Ask, Ask]) -> None:
    body = road[1](json.dumps(CALIBRATION_TEST), JSON, JSON)

    (result,) = json.loads(body)["predictions"]
    raw_score, calibrated_score = float(result["legacy-score"]), float(result["calibrated-score"])
    assert calibrated_score - raw_score != 0
    table = [(0.0, 0.0), (0.5, 0.65), (0.9, 0.95), (1.0, 1.0)]
    x1, y1 = max(pair for pair in table if pair[0] <= raw_score)
    x2, y2 = min(pair for pair in table if pair[0] > raw_score)
    assert calibrated_score == pytest.approx(y1 + (y2 - y1) * (raw_score - x1) / (x2 - x1), abs=1e-6)
