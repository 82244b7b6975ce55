"""The four functions: what they take, what they give, and that they score as everything else does."""

import csv
import io
import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from example_artifacts import Layout

import servable
from servable.codecs import encode_table
from servable.handler import ModelData, RefusedRequest, input_fn, model_fn, output_fn, predict_fn
from servable.records import Table

RECORD = {
    "customer_id": 12345,
    "text": "Hello, I need help with my order",
    "feature1": 5.2,
    "feature2": "category_A",
    "feature3": 3,
}
OTHER = {"customer_id": 67890, "text": "awful", "feature1": None, "feature2": None, "feature3": 7}


@pytest.fixture(scope="module")
def model_data(example_output: Path) -> ModelData:
    return model_fn(example_output)


def _raw(found: Mapping[str, Any]) -> list[list[float]]:
    values: list[list[float]] = found["raw_predictions"].tolist()
    return values


def test_the_functions_score_as_the_python_api_does(example_output: Path, model_data: ModelData) -> None:
    right = servable.load(example_output).score([RECORD, OTHER])

    found = predict_fn(input_fn(json.dumps([RECORD, OTHER]), "application/json"), model_data)

    assert set(found) == {"raw_predictions", "calibrated_predictions"}
    assert isinstance(found["raw_predictions"], np.ndarray)
    assert found["raw_predictions"].shape == found["calibrated_predictions"].shape == (2, 2)
    assert _raw(found) == right.raw.tolist()
    assert found["calibrated_predictions"].tolist() == right.calibrated.tolist()


def test_containers_that_pass_a_context_get_the_same(example_output: Path) -> None:
    context = object()

    loaded = model_fn(str(example_output), context)
    found = predict_fn(input_fn(json.dumps(RECORD).encode(), "application/json", context), loaded, context)

    assert found["raw_predictions"].shape == (1, 2)


BODY = json.dumps(RECORD)


@pytest.mark.parametrize(
    "body",
    [
        BODY,
        BODY.encode(),
        bytearray(BODY.encode()),
        memoryview(BODY.encode()),
        io.BytesIO(BODY.encode()),
        io.StringIO(BODY),
    ],
    ids=lambda body: type(body).__name__,
)
def test_a_body_is_bytes_a_text_or_an_open_file(body: object) -> None:
    table = input_fn(body, "application/json")

    assert table == Table(names=tuple(RECORD), rows=[tuple(RECORD.values())])


def test_the_records_of_a_body_can_be_looked_at_without_a_data_frame() -> None:
    named = input_fn('[{"a": 1, "b": "x"}, {"a": null}]', "application/json")
    positional = input_fn("1,x\n,y", "text/csv")

    assert len(named) == len(positional) == 2
    assert named.column("a") == [1, None]
    assert named.to_records() == [{"a": 1, "b": "x"}, {"a": None}]
    assert positional.to_records() == [{"0": "1", "1": "x"}, {"0": None, "1": "y"}]
    for table in (named, positional):
        with pytest.raises(KeyError):
            table.column("c")


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", json.dumps([RECORD, OTHER])),
        ("Application/JSON; charset=utf-8", json.dumps([RECORD, OTHER], indent=1)),
        ("application/json", f"{json.dumps(RECORD)}\n{json.dumps(OTHER)}\n"),
        ("application/x-ndjson", f"{json.dumps(RECORD)}\n{json.dumps(OTHER)}"),
        ("application/jsonlines", f"{json.dumps(RECORD)}\n{json.dumps(OTHER)}"),
        ("text/csv", '12345,"Hello, I need help with my order",5.2,category_A,3\n67890,awful,,,7\n'),
        (
            "TEXT/CSV;charset=UTF-8",
            '12345,"Hello, I need help with my order",5.2,category_A,3\r\n67890,awful,,,7',
        ),
    ],
)
def test_two_records_score_alike_in_every_content_type(
    content_type: str, body: str, model_data: ModelData
) -> None:
    right = _raw(predict_fn([RECORD, OTHER], model_data))

    assert _raw(predict_fn(input_fn(body.encode(), content_type), model_data)) == right


def test_parquet_scores_as_json_does(model_data: ModelData) -> None:
    names = tuple(RECORD)
    table = Table(names=names, rows=[tuple(RECORD.values()), tuple(OTHER.values())])

    body = encode_table(table, "application/x-parquet")

    right = _raw(predict_fn([RECORD, OTHER], model_data))
    assert _raw(predict_fn(input_fn(body, "application/x-parquet"), model_data)) == right


def test_a_dict_a_list_and_frames_score_alike(model_data: ModelData) -> None:
    pandas = pytest.importorskip("pandas")
    right = _raw(predict_fn([RECORD, OTHER], model_data))
    frame = pandas.DataFrame([RECORD, OTHER])
    text = io.StringIO()
    csv.writer(text).writerows([RECORD.values(), OTHER.values()])
    headerless = pandas.read_csv(io.StringIO(text.getvalue()), header=None)

    assert _raw(predict_fn(RECORD, model_data)) == [pytest.approx(right[0], abs=1e-7)]
    assert _raw(predict_fn(frame, model_data)) == right
    assert _raw(predict_fn(frame[sorted(RECORD)], model_data)) == right
    assert _raw(predict_fn(headerless, model_data)) == right


def test_a_copy_of_the_model_data_scores_too(model_data: ModelData) -> None:
    found = predict_fn(RECORD, {**model_data, "deployed_as": "blue"})

    assert _raw(found) == _raw(predict_fn(RECORD, model_data))


def test_threads_of_a_container_do_not_disturb_each_other(model_data: ModelData) -> None:
    long = RECORD | {"text": "lovely dress " * 60}
    right = [_raw(predict_fn(record, model_data)) for record in (RECORD, long)]

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda record: _raw(predict_fn(record, model_data)), [RECORD, long] * 12))

    assert found == right * 12


def test_a_booster_is_served_by_the_same_functions(trees_output: Path) -> None:
    record = {"age": 39, "income": 40_000.0, "region": "north", "code": 10}
    right = servable.load(trees_output).score(record)
    loaded = model_fn(trees_output)

    found = predict_fn(input_fn("39,40000.0,north,10", "text/csv"), loaded)

    assert _raw(found) == right.raw.tolist()
    body, content_type = output_fn(found, "text/csv")
    assert content_type == "text/csv"
    assert body.rstrip("\n").split(",")[-1] == f"class-{right.label[0]}"


def test_more_classes_than_two_are_answered_class_by_class(text_output: Callable[[Layout], Path]) -> None:
    layout = Layout(
        numbers={"feature1": 4.5},
        columns=("text", "feature1"),
        classes=("red", "green", "blue"),
        calibration={
            "calibration_models/calibration_model_class_green.pkl": [(0.0, 0.1), (1.0, 0.6)],
        },
    )
    loaded = model_fn(text_output(layout))

    found = predict_fn({"text": "hello", "feature1": 2}, loaded)
    (answer,) = json.loads(output_fn(found)[0])["predictions"]

    raw, calibrated = found["raw_predictions"][0], found["calibrated_predictions"][0]
    mapped = np.array([raw[0], 0.1 + 0.5 * raw[1], raw[2]])
    np.testing.assert_allclose(calibrated, mapped / mapped.sum(), atol=1e-6)
    assert list(answer) == [
        *("prob_01", "prob_02", "prob_03"),
        *("calibrated_prob_01", "calibrated_prob_02", "calibrated_prob_03"),
        "output-label",
    ]
    assert [float(answer[f"prob_0{place}"]) for place in (1, 2, 3)] == pytest.approx(raw.tolist())
    assert answer["output-label"] == f"class-{raw.argmax()}"


SCORES = {
    "raw_predictions": np.array([[0.15, 0.85], [0.88, 0.12]], np.float32),
    "calibrated_predictions": np.array([[0.22, 0.78], [0.92, 0.08]], np.float32),
}


@pytest.mark.parametrize(
    "accept",
    ["application/json", "*/*", "", None, "APPLICATION/JSON; charset=utf-8", "text/csv;q=0.1, application/*"],
)
def test_an_answer_in_json_is_that_of_the_documentation(accept: Any) -> None:
    body, content_type = output_fn(SCORES, accept)

    assert content_type == "application/json"
    assert json.loads(body) == {
        "predictions": [
            {"legacy-score": "0.85", "calibrated-score": "0.78", "output-label": "class-1"},
            {"legacy-score": "0.12", "calibrated-score": "0.08", "output-label": "class-0"},
        ]
    }


@pytest.mark.parametrize("accept", ["text/csv", "Text/CSV; header=absent", "text/*, application/json;q=0.5"])
def test_an_answer_in_csv_is_raw_then_calibrated_then_the_label(accept: str) -> None:
    assert output_fn(SCORES, accept) == (
        "0.15,0.85,0.22,0.78,class-1\n0.88,0.12,0.92,0.08,class-0\n",
        "text/csv",
    )


def test_an_answer_is_json_where_nothing_is_asked_for() -> None:
    assert output_fn(SCORES) == output_fn(SCORES, "application/json")


@pytest.mark.parametrize(
    "scores",
    [
        np.array([[0.25, 0.75], [0.5, 0.5]]),
        [[0.25, 0.75], [0.5, 0.5]],
        np.array([0.75, 0.5]),
        [0.75, 0.5],
        np.array([[0.75], [0.5]]),
    ],
    ids=["array", "list", "class 1", "list of class 1", "one column"],
)
def test_scores_without_calibration_stand_for_both(scores: object) -> None:
    body, _ = output_fn(scores)

    assert json.loads(body)["predictions"] == [
        {"legacy-score": "0.75", "calibrated-score": "0.75", "output-label": "class-1"},
        {"legacy-score": "0.5", "calibrated-score": "0.5", "output-label": "class-0"},
    ]


@pytest.mark.parametrize(
    ("scores", "sentence"),
    [
        ([], "prediction_output: expected scores of at least one record, found none; send a record"),
        (
            [0.5, float("nan")],
            "prediction_output, record 1: expected probabilities, found nan, nan; "
            "look at this record and the model",
        ),
        (
            [-4],
            "prediction_output, record 0: expected probabilities, found 5.0, -4.0; "
            "look at this record and the model",
        ),
        (
            "0.5",
            "prediction_output: expected an array of probabilities, one row per record, "
            "found something else; pass [n, classes], or [n] for the class 1 of two",
        ),
        (
            [[0.5, 0.5], [1.0]],
            "prediction_output: expected an array of probabilities, one row per record, "
            "found something else; pass [n, classes], or [n] for the class 1 of two",
        ),
        (
            {"raw_predictions": [[0.5, 0.5]]},
            "prediction_output: expected both kinds of scores, found no calibrated_predictions; "
            "call predict_fn",
        ),
        (
            {"raw_predictions": [[0.5, 0.5]], "calibrated_predictions": [[0.5, 0.5], [0.5, 0.5]]},
            "prediction_output: expected raw and calibrated scores of one shape, found (1, 2) and (2, 2); "
            "call predict_fn",
        ),
    ],
)
def test_scores_that_are_none_are_refused(scores: object, sentence: str) -> None:
    with pytest.raises(RefusedRequest) as caught:
        output_fn(scores)

    assert isinstance(caught.value, ValueError)
    assert str(caught.value) == sentence


def test_another_accepted_type_is_refused_in_the_documented_words() -> None:
    with pytest.raises(ValueError, match=r"^Unsupported accept type: header Accept: expected one of "):
        output_fn(SCORES, "application/xml")


@pytest.mark.parametrize("model_data", [None, {}, {"model": object()}, object()])
def test_model_data_of_something_else_is_refused(model_data: Any) -> None:
    with pytest.raises(ValueError, match="model_data: expected what model_fn returned"):
        predict_fn(RECORD, model_data)


@pytest.mark.parametrize("body", [None, 12, {"text": "a"}])
def test_a_body_of_another_type_is_refused(body: object) -> None:
    with pytest.raises(ValueError, match="request_body: expected bytes, a text or an open file"):
        input_fn(body, "application/json")
