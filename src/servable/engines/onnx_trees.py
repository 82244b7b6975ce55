"""One tree-ensemble graph on ONNX Runtime: the engine of packed boosters."""

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
        shapes = {output.name: output.shape for output in session.get_outputs()}
        self._classes = int(shapes[TREES_OUTPUT][1])

    @property
    def classes(self) -> int:
        """How many columns the scores have."""
        return self._classes

    def run(self, inputs: ModelInputs) -> FloatArray:
        """`[n, classes]` float32 class probabilities."""
        scores: FloatArray = self._run([TREES_OUTPUT], {TREES_INPUT: inputs.tabular})[0]
        return scores
