"""Which of the layouts that can be read an artifact has."""

from enum import StrEnum
from typing import Final

from servable.artifact import FEATURE_COLUMNS, HYPERPARAMETERS, Artifact, EngineKind

_MODEL_ARTIFACTS: Final = "model_artifacts.pth"
_BOOSTERS: Final = frozenset(["xgboost_model.bst", "lightgbm_model.txt"])
_OUTPUTS: Final = {
    EngineKind.XGBOOST: "XGBoost output",
    EngineKind.LIGHTGBM: "LightGBM output",
}


class Layout(StrEnum):
    """The layouts, by the names that people are told."""

    PACKED = "packed"
    NETWORK = "text network output"
    XGBOOST = "XGBoost output"
    LIGHTGBM = "LightGBM output"
    HUGGING_FACE = "Hugging Face folder"
    BARE_BOOSTER = "bare booster"


def layout_of(artifact: Artifact) -> Layout:
    """The layout of an artifact, told by its manifest, its engine and the files beside the model."""
    if artifact.manifest is not None:
        return Layout.PACKED
    if artifact.engine.kind in _OUTPUTS:
        beside = set(artifact.files.names()) - {artifact.engine.file, FEATURE_COLUMNS}
        is_output = FEATURE_COLUMNS in artifact.files and (artifact.engine.file in _BOOSTERS or beside)
        return Layout(_OUTPUTS[artifact.engine.kind]) if is_output else Layout.BARE_BOOSTER
    is_output = HYPERPARAMETERS in artifact.files or _MODEL_ARTIFACTS in artifact.files
    return Layout.NETWORK if is_output else Layout.HUGGING_FACE
