"""Engines: ModelInputs to raw class probabilities. Each imports its library only when it is used."""

from typing import Protocol

from servable.artifact import Artifact, EngineKind
from servable.errors import Damaged, Problem
from servable.records import FloatArray, ModelInputs

__all__ = ["TREES_INPUT", "TREES_OUTPUT", "Engine", "open_engine"]

TREES_INPUT, TREES_OUTPUT = "features", "probabilities"
"""Names of the one input and the one output of a tree-ensemble graph."""


class Engine(Protocol):
    """Computes raw scores; an engine is used by one thread at a time.

    Attributes:
        features: number of columns that it reads.
        classes: number of columns of the scores.
    """

    @property
    def features(self) -> int:
        """How many columns `tabular` must have."""
        ...

    @property
    def classes(self) -> int:
        """How many columns the scores have."""
        ...

    def run(self, inputs: ModelInputs) -> FloatArray:
        """`[n, classes]` class probabilities."""
        ...


def open_engine(artifact: Artifact) -> Engine:
    """The engine of an artifact, with its model loaded.

    Raises:
        Damaged: `engine.model` if the model file cannot be loaded.
        Unavailable: `engine.extra` if its library is not installed.
    """
    if artifact.engine.file not in artifact.files:
        raise _missing(artifact.engine.file)
    model = artifact.files.read(artifact.engine.file)
    if artifact.engine.kind is EngineKind.ONNX_TREES:
        from servable.engines.onnx_trees import OnnxTrees  # noqa: PLC0415  # one engine, one import

        return OnnxTrees(model, intra_op_threads=artifact.engine.intra_op_threads)
    from servable.engines.xgboost_native import XGBoostBooster  # noqa: PLC0415  # needs the extra `trees`

    return XGBoostBooster(model)


def _missing(file: str) -> Damaged:
    return Damaged(
        Problem(
            code="engine.model",
            where=file,
            expected="the model file",
            found="no such file",
            fix="copy the artifact again, or pack it again",
        )
    )
