"""A booster as one tree-ensemble graph, and where its splits are."""

import json

import numpy as np
from numpy.typing import NDArray

from servable.engines import TREES_INPUT
from servable.errors import Problem, Unavailable

try:
    import onnxmltools
    import xgboost
    from onnxmltools.convert.common.data_types import FloatTensorType
except ImportError as error:
    raise Unavailable(
        Problem(
            code="pack.extra",
            where="XGBoost model",
            expected="the packages xgboost, onnx and onnxmltools",
            found="that one of them is not installed",
            fix="install servable[trees]",
        )
    ) from error

OPSET = 15


def to_onnx(model: bytes, *, features: int) -> bytes:
    """The ONNX graph of a booster: input `[n, features]` float32, output `probabilities`.

    The graph is named, because the converter's default name is random, and the features have no
    names, because the converter accepts only its own.
    """
    booster = xgboost.Booster(model_file=bytearray(model))
    booster.feature_names = None
    graph = onnxmltools.convert_xgboost(
        booster,
        name="trees",
        initial_types=[(TREES_INPUT, FloatTensorType([None, features]))],
        target_opset=OPSET,
    )
    return bytes(graph.SerializeToString(deterministic=True))


def split_thresholds(model: bytes) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Feature index and threshold of every distinct split of a booster, sorted."""
    booster = xgboost.Booster(model_file=bytearray(model))
    learner = json.loads(bytes(booster.save_raw(raw_format="json")))["learner"]
    splits = {
        (index, float(np.float32(threshold)))
        for tree in learner["gradient_booster"]["model"]["trees"]
        for index, threshold, left in zip(
            tree["split_indices"], tree["split_conditions"], tree["left_children"], strict=True
        )
        if left != -1  # a leaf has no children, and its "threshold" is its weight
    }
    ordered = sorted(splits)
    return (
        np.array([index for index, _ in ordered], dtype=np.int64),
        np.array([threshold for _, threshold in ordered], dtype=np.float32),
    )
