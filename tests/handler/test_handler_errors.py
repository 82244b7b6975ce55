"""The error tables of the handler's documentation, row by row, as far as the handler meets them.

CUDA out of memory is met where the engine and the server are tested.
"""

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from example_artifacts import EXAMPLE, Layout, write_calibration

from servable.calibration import Calibrated, CalibrationCounts, CalibrationEvents
from servable.errors import BadInput, ServableError
from servable.handler import Model, ModelData, input_fn, model_fn, output_fn, predict_fn
from servable.records import FloatArray

RECORD = {"customer_id": 1, "text": "hello", "feature1": 5.2, "feature2": "category_A", "feature3": 3}


@pytest.fixture(scope="module")
def model_data(example_output: Path) -> ModelData:
    return model_fn(example_output)


@pytest.fixture
def example(text_output: Callable[[Layout], Path]) -> Path:
    """A copy of the example's model that a test may break."""
    return text_output(EXAMPLE)


def _warnings(caplog: pytest.LogCaptureFixture) -> str:
    return "\n".join(record.getMessage() for record in caplog.records if record.levelno == logging.WARNING)


@pytest.mark.parametrize("content", [None, b"{", b'{"tab_field_list": 7}'], ids=["missing", "no JSON", "odd"])
def test_missing_hyperparameters_are_logged_and_their_copies_are_used(
    content: bytes | None, example: Path, model_data: ModelData, caplog: pytest.LogCaptureFixture
) -> None:
    file = example / "hyperparameters.json"
    file.unlink()
    if content is not None:
        file.write_bytes(content)

    loaded = model_fn(example)

    assert "hyperparameters.json" in _warnings(caplog)
    assert any("hyperparameters.json" in words for words in loaded["model"].scorer.degradations)
    found, right = (predict_fn(RECORD, data)["raw_predictions"] for data in (loaded, model_data))
    assert found.tolist() == right.tolist()


def test_missing_steps_are_logged_and_the_documented_default_is_used(
    example: Path, caplog: pytest.LogCaptureFixture
) -> None:
    import torch  # noqa: PLC0415  # only here

    (example / "hyperparameters.json").unlink()
    file = example / "model_artifacts.pth"
    stored = torch.load(file, weights_only=True)
    del stored["config"]["text_processing_steps"]
    torch.save(stored, file)

    loaded = model_fn(example)

    assert "default steps" in _warnings(caplog)
    assert loaded["model"].scorer.artifact.texts[0].steps == (
        *("dialogue_splitter", "html_normalizer", "emoji_remover"),
        *("text_normalizer", "dialogue_chunker", "tokenizer"),
    )


def test_missing_tables_are_logged_and_their_copies_are_used(
    example: Path, model_data: ModelData, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("risk_table_map.pkl", "impute_dict.pkl"):
        (example / name).unlink()

    loaded = model_fn(example)

    assert "risk_table_map" in _warnings(caplog)
    assert "impute_dict" in _warnings(caplog)
    record = RECORD | {"feature1": None}
    found, right = (predict_fn(record, data)["raw_predictions"] for data in (loaded, model_data))
    assert found.tolist() == right.tolist()


@pytest.mark.parametrize(
    "broken",
    [b"not a pickle", [(0.0, 0.0), (1.0, 2.0)], [(0.0, 0.0), (0.5, 0.9), (1.0, 0.1)], [(float("inf"), 1.0)]],
    ids=["no pickle", "no probability", "falling", "not finite"],
)
def test_a_calibration_that_cannot_be_loaded_is_logged_and_raw_scores_are_answered(
    broken: object, example: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_calibration(example, "calibration_model.pkl", broken)

    loaded = model_fn(example)

    assert "calibration/calibration_model.pkl" in _warnings(caplog)
    assert loaded["calibrator"] is None
    found = predict_fn(RECORD, loaded)
    assert found["calibrated_predictions"].tolist() == found["raw_predictions"].tolist()


def test_a_calibration_that_cannot_be_loaded_gives_way_to_the_next_kind(
    example: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_calibration(example, "percentile_score.pkl", b"not a pickle")

    loaded = model_fn(example)

    assert "calibration/percentile_score.pkl" in _warnings(caplog)
    assert loaded["calibrator"]["type"] == "regular"


def test_that_there_is_no_calibrator_is_logged_once(
    text_output: Callable[[Layout], Path], caplog: pytest.LogCaptureFixture
) -> None:
    output = text_output(Layout(numbers={"feature1": 1.0}, columns=("text", "feature1")))

    with caplog.at_level(logging.INFO, logger="servable.scorer"):
        loaded = model_fn(output)
        predict_fn([{"text": "a", "feature1": 1}] * 2, loaded)

    said = [record.getMessage() for record in caplog.records if record.name == "servable.scorer"]
    assert said == ["model: no calibrator, so its calibrated scores are the raw ones"]


@pytest.mark.parametrize(
    "content_type", ["application/xml", "text/plain", "", None, "text/csv; charset=latin-1"]
)
def test_another_content_type_is_refused_in_the_documented_words(content_type: Any) -> None:
    with pytest.raises(ValueError, match=r"^Unsupported content type: header Content-Type: expected one of "):
        input_fn(b"{}", content_type)


@pytest.mark.parametrize("body", ["{", '{"a": 1', "[1, 2]", '{"a": 1, "a": 2}', '{"a": NaN}', b"\xff{}"])
def test_malformed_json_is_refused_in_the_documented_words(body: Any) -> None:
    with pytest.raises(ValueError, match=r"^Invalid JSON format: "):
        input_fn(body, "application/json")


@pytest.mark.parametrize("lacking", ["text", "feature1", "feature2"])
def test_missing_columns_are_refused_in_the_documented_words(lacking: str, model_data: ModelData) -> None:
    record = {name: value for name, value in RECORD.items() if name != lacking}

    with pytest.raises(ValueError, match=r"^Missing required feature columns: ") as caught:
        predict_fn(input_fn(json.dumps(record), "application/json"), model_data)

    assert f'record 0, field "{lacking}"' in str(caught.value)


def test_a_value_that_no_field_can_hold_is_refused_by_record_and_field(model_data: ModelData) -> None:
    with pytest.raises(BadInput, match=r'^record 1, field "feature1": expected a number'):
        predict_fn([RECORD, RECORD | {"feature1": "many"}], model_data)


def test_a_csv_of_another_width_is_refused_by_its_columns(model_data: ModelData) -> None:
    with pytest.raises(ValueError, match="expected the 5 columns customer_id, text, feature1, feature2"):
        predict_fn(input_fn("1,hello,5.2", "text/csv"), model_data)


def test_more_records_than_a_request_may_hold_are_refused() -> None:
    with pytest.raises(ValueError, match="at most 10000 records"):
        input_fn(b"[" + b",".join([b"{}"] * 10_001) + b"]", "application/json")


@dataclass
class _FailingCalibrator:
    """Fails on records that score above a limit, as no table of numbers can."""

    limit: float

    def calibrate(self, raw: FloatArray) -> Calibrated:
        if (raw[:, 1] > self.limit).any():
            raise RuntimeError("the score 0.731 of customer 12345")
        return Calibrated(np.zeros_like(raw) + 0.5)


def test_a_calibrator_that_fails_leaves_raw_scores_is_logged_without_the_payload_and_counted(
    model_data: ModelData, caplog: pytest.LogCaptureFixture
) -> None:
    records = [RECORD | {"feature1": value, "feature3": 9 - value} for value in (-90, 0, 9, 90)]
    limit = float(np.median(predict_fn(records, model_data)["raw_predictions"][:, 1]))
    failing: Any = _FailingCalibrator(limit)
    scorer = replace(model_data["model"].scorer, calibrator=failing, calibration_events=CalibrationEvents())
    loaded = ModelData(Model(scorer))

    found = predict_fn(records, loaded)

    is_failed = found["raw_predictions"][:, 1] > limit
    right = np.where(is_failed[:, None], found["raw_predictions"], 0.5)
    assert 0 < is_failed.sum() < len(records)
    assert found["calibrated_predictions"].tolist() == right.tolist()
    assert output_fn(found)[1] == "application/json"
    warned = _warnings(caplog)
    assert f"calibration failed on {is_failed.sum()} of 4 records with RuntimeError" in warned
    assert "12345" not in warned
    assert scorer.calibration_events.counts == CalibrationCounts(failed=int(is_failed.sum()))


def test_a_score_that_is_not_finite_fails_its_request(model_data: ModelData) -> None:
    class _Broken:
        def run(self, inputs: object) -> FloatArray:
            return np.array([[np.nan, np.nan]])

    broken: Any = _Broken()
    loaded = ModelData(Model(replace(model_data["model"].scorer, engine=broken)))

    with pytest.raises(ServableError, match="record 0: expected a finite score from the model"):
        predict_fn(RECORD, loaded)


def test_scores_that_are_no_probabilities_fail_their_request(model_data: ModelData) -> None:
    class _Logits:
        def run(self, inputs: object) -> FloatArray:
            return np.array([[1 + 5e-7, -5e-7], [-1.5, 2.5], [np.nan, 0]])[: len(inputs)]  # type: ignore[arg-type]

    logits: Any = _Logits()
    loaded = ModelData(Model(replace(model_data["model"].scorer, engine=logits)))

    assert len(predict_fn([RECORD], loaded)["raw_predictions"]) == 1
    with pytest.raises(ServableError) as caught:
        predict_fn([RECORD] * 3, loaded)
    assert caught.value.code == "score.not-probability"
    assert str(caught.value) == (
        "record 1: expected probabilities from the model, found -1.5, 2.5; "
        "look at this record with `servable predict`, and at the model"
    )


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ServableError, match="layout: expected"):
        model_fn(tmp_path)
    with pytest.raises(FileNotFoundError):
        model_fn(tmp_path / "nowhere")
