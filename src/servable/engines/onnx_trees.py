"""One tree-ensemble graph on ONNX Runtime: the engine of packed boosters."""

from typing import Any

import onnxruntime as ort
from onnxruntime.capi.onnxruntime_pybind11_state import (
    Fail,
    InvalidArgument,
    InvalidGraph,
    InvalidProtobuf,
    RuntimeException,
)

from servable.engines import TREES_INPUT, TREES_OUTPUT
from servable.errors import Damaged, Problem
from servable.records import FloatArray, ModelInputs


class OnnxTrees:
    """A tree ensemble with one input `[n, t]` float32 and the output `probabilities` `[n, classes]`."""

    def __init__(self, model: bytes, *, intra_op_threads: int) -> None:
        options = ort.SessionOptions()
        options.intra_op_num_threads = intra_op_threads
        options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        try:
            # without `enable_fallback=0` a failing provider is replaced by another in silence
            session = ort.InferenceSession(
                model, options, providers=["CPUExecutionProvider"], enable_fallback=0
            )
        except (Fail, InvalidArgument, InvalidGraph, InvalidProtobuf, RuntimeException) as error:
            raise Damaged(
                Problem(
                    code="engine.model",
                    where="model file",
                    expected="an ONNX graph that ONNX Runtime can load",
                    found=f"one that it refuses ({type(error).__name__})",
                    fix="pack the artifact again",
                )
            ) from error
        self._run = session.run
        self._features = _width(session.get_inputs(), TREES_INPUT)
        self._classes = _width(session.get_outputs(), TREES_OUTPUT)

    @property
    def features(self) -> int:
        """How many columns `tabular` must have."""
        return self._features

    @property
    def classes(self) -> int:
        """How many columns the scores have."""
        return self._classes

    def run(self, inputs: ModelInputs) -> FloatArray:
        """`[n, classes]` float32 class probabilities."""
        scores: FloatArray = self._run([TREES_OUTPUT], {TREES_INPUT: inputs.tabular})[0]
        return scores


def _width(tensors: list[Any], name: str) -> int:
    """The number of columns of the tensor of this name."""
    shapes = {tensor.name: tensor.shape for tensor in tensors}
    shape = shapes.get(name, ())
    if len(shape) != 2 or not isinstance(shape[1], int):
        raise Damaged(
            Problem(
                code="engine.model",
                where="model file",
                expected=f"the tensor `{name}` with a fixed number of columns",
                found=", ".join(shapes) or "none",
                fix="pack the artifact again",
            )
        )
    return shape[1]
