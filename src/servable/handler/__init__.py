"""The inference handler's functions, for containers that call them by name."""

from servable.handler.calibration import (
    _interpolate_score,
    apply_calibration,
    apply_percentile_calibration,
    apply_regular_binary_calibration,
    apply_regular_multiclass_calibration,
    load_calibration_model,
)
from servable.handler.functions import input_fn, model_fn, output_fn, predict_fn
from servable.handler.model import Model
from servable.handler.model_data import Config, ModelData
from servable.handler.processors import Processor
from servable.handler.refusals import RefusedRequest
from servable.handler.text_pipelines import build_text_pipeline_from_steps

__all__ = [
    "Config",
    "Model",
    "ModelData",
    "Processor",
    "RefusedRequest",
    "_interpolate_score",
    "apply_calibration",
    "apply_percentile_calibration",
    "apply_regular_binary_calibration",
    "apply_regular_multiclass_calibration",
    "build_text_pipeline_from_steps",
    "input_fn",
    "load_calibration_model",
    "model_fn",
    "output_fn",
    "predict_fn",
]
