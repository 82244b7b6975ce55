"""The four functions that an inference container calls by name.

Source: the documentation of the inference handler. `context`, which some containers pass, is not needed.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from servable.codecs import decode_request, encode_answer
from servable.errors import BadInput, TooLarge
from servable.handler.calibration import two_columns
from servable.handler.model import Model
from servable.handler.model_data import ModelData
from servable.handler.refusals import RefusedRequest, refusal
from servable.records import FloatArray, Predictions, Table

_ROUNDING = 1e-6
"""A probability may leave 0 to 1 by this much."""


def model_fn(model_dir: Path | str, context: object = None) -> ModelData:  # its name is known
    """The model in a folder or archive, packed or as training left it.

    What can be done without is passed over with a warning in the log: a calibrator that is broken (the
    next kind is tried), `hyperparameters.json`, imputation values and risk tables (decision 0011).

    Raises:
        ServableError: if there is no model, or one that cannot score.
    """
    return ModelData(Model.load(model_dir))


def input_fn(request_body: object, content_type: str, context: object = None) -> Table:
    """The records of a request body, cells as they came.

    Args:
        request_body: bytes, a text, or a file that can be read.
        content_type: CSV without a header, JSON, NDJSON or Parquet, with parameters and in any case.
        context: not read.

    Raises:
        ValueError: for another content type or a body that does not hold records.
    """
    try:
        return decode_request(_bytes(request_body), content_type or "")
    except (BadInput, TooLarge) as error:
        raise RefusedRequest.of(error) from error


def predict_fn(
    input_object: Any,
    model_data: Mapping[str, Any],
    context: object = None,
) -> dict[str, FloatArray]:
    """`raw_predictions` and `calibrated_predictions`, `[n, classes]` probabilities each.

    Args:
        input_object: a table, a DataFrame, a dict, or a list of dicts.
        model_data: what `model_fn` returned.
        context: not read.

    Raises:
        ValueError: if a record does not fit the model's schema, naming record and field.
        ServableError: if the model's scores of a record are no probabilities.
    """
    model = model_data.get("model") if isinstance(model_data, Mapping) else None
    if not isinstance(model, Model):
        found = f"a value of type {type(model_data).__name__} without it"
        raise refusal("model_data", 'what model_fn returned, with its key "model"', found, "call model_fn")
    try:
        predictions = model.predict(input_object)
    except BadInput as error:
        raise RefusedRequest.of(error) from error
    return {"raw_predictions": predictions.raw, "calibrated_predictions": predictions.calibrated}


def output_fn(prediction_output: Any, accept: str = "application/json") -> tuple[str, str]:
    """Body and content type of an answer, JSON or CSV as the `Accept` header asks for.

    Args:
        prediction_output: what `predict_fn` returned; or raw scores alone, `[n, classes]` or `[n]` of
            class 1, which then stand for the calibrated ones too.
        accept: media types, with parameters and in any case; anything is taken for JSON.

    Raises:
        ValueError: for another media type, no record, or scores that are no probabilities.
    """
    if isinstance(prediction_output, Mapping):
        missing = {"raw_predictions", "calibrated_predictions"} - prediction_output.keys()
        if missing:
            raise refusal(
                "prediction_output", "both kinds of scores", f"no {min(missing)}", "call predict_fn"
            )
        raw = _probabilities(prediction_output["raw_predictions"], "raw_predictions")
        calibrated = _probabilities(prediction_output["calibrated_predictions"], "calibrated_predictions")
    else:
        raw = calibrated = _probabilities(prediction_output, "prediction_output")
    if raw.shape != calibrated.shape:
        found = f"{raw.shape} and {calibrated.shape}"
        raise refusal("prediction_output", "raw and calibrated scores of one shape", found, "call predict_fn")
    try:
        body, content_type = encode_answer(Predictions(raw=raw, calibrated=calibrated), accept or "")
    except BadInput as error:
        raise RefusedRequest.of(error) from error
    return body.decode(), content_type


def _bytes(body: Any) -> bytes:
    if hasattr(body, "read"):
        body = body.read()
    if isinstance(body, str):
        return body.encode(errors="surrogatepass")  # the decoder tells what is no UTF-8
    if isinstance(body, bytes | bytearray | memoryview):
        return bytes(body)
    found = f"a value of type {type(body).__name__}"
    raise refusal("request_body", "bytes, a text or an open file", found, "pass the body as it came")


def _probabilities(scores: Any, where: str) -> FloatArray:
    """`[n, classes]` probabilities of at least one record."""
    found = two_columns(scores, where=where)
    if not len(found):
        raise refusal(where, "scores of at least one record", "none", "send a record")
    is_probability = (found >= -_ROUNDING) & (found <= 1 + _ROUNDING)  # false for NaN
    if not is_probability.all():
        record = int(np.flatnonzero(~is_probability.all(axis=1))[0])
        shown = ", ".join(map(str, found[record].tolist()))
        raise refusal(
            f"{where}, record {record}", "probabilities", shown, "look at this record and the model"
        )
    return found
