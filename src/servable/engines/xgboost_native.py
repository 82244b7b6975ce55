"""An XGBoost booster on its own library: training outputs, and the reference that packing compares with."""

import json

import numpy as np

from servable.errors import Damaged, Problem, Unavailable
from servable.records import FloatArray, ModelInputs

try:
    import xgboost
except ImportError as error:
    raise Unavailable(
        Problem(
            code="engine.extra",
            where="XGBoost model",
            expected="the package xgboost",
            found="that it is not installed",
            fix="install servable[trees], or serve the packed artifact, which does not need it",
        )
    ) from error


class XGBoostBooster:
    """A booster for classification, on one thread."""

    def __init__(self, model: bytes) -> None:
        try:
            if not model:  # XGBoost ends the process over an empty buffer
                raise ValueError("empty")
            booster = xgboost.Booster(params={"nthread": 1}, model_file=bytearray(model))
        except (xgboost.core.XGBoostError, ValueError) as error:
            raise Damaged(
                Problem(
                    code="engine.model",
                    where="model file",
                    expected="a booster that XGBoost can load",
                    found="one that it refuses",
                    fix="write it again with the training that made it",
                )
            ) from error
        booster.feature_names = None  # features go by position: their names stand in the schema
        self.booster = booster
        parameters = json.loads(booster.save_config())["learner"]["learner_model_param"]
        self._classes = max(2, int(parameters["num_class"]))

    @property
    def features(self) -> int:
        """How many columns `tabular` must have."""
        return int(self.booster.num_features())

    @property
    def classes(self) -> int:
        """How many columns the scores have."""
        return self._classes

    def run(self, inputs: ModelInputs) -> FloatArray:
        """`[n, classes]` float32 class probabilities; of two classes, the first is the complement."""
        scores: FloatArray = self.booster.inplace_predict(inputs.tabular, missing=np.nan)
        if scores.ndim == 1:
            return np.column_stack([1 - scores, scores])
        return scores
