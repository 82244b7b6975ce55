"""ONNX Runtime sessions, opened in one way for every graph."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import onnxruntime as ort
from onnxruntime.capi.onnxruntime_pybind11_state import (
    Fail,
    InvalidArgument,
    InvalidGraph,
    InvalidProtobuf,
    NotImplemented,
    RuntimeException,
)

from servable.engines.devices import Device, no_cuda, out_of_memory
from servable.engines.graphs import EncoderGraph
from servable.errors import Damaged, Problem

PACK_AGAIN: Final = "pack the artifact again"

_CPU, _CUDA = "CPUExecutionProvider", "CUDAExecutionProvider"
_FULL_PRECISION: Final = {"use_tf32": "0"}  # else a GPU rounds what it multiplies to 10 bits

Run = Callable[[Sequence[str], dict[str, Any]], list[Any]]
"""Names of outputs and arrays by name of input to arrays."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphFile:
    """The bytes of a graph.

    Attributes:
        model: an ONNX file.
        weights: what holds its weights, if they are not inside.
        where: how errors name it.
        fix: what to do if it is damaged.
    """

    model: bytes = field(repr=False)
    weights: EncoderGraph | None = None
    where: str
    fix: str = PACK_AGAIN

    def damaged(self, expected: str, found: str) -> Damaged:
        """The error that says what is wrong with this file."""
        return Damaged(
            Problem(code="engine.model", where=self.where, expected=expected, found=found, fix=self.fix)
        )


class Graph:
    """A loaded graph.

    Attributes:
        run: computes outputs.
        inputs, outputs: name -> what ONNX Runtime says of the tensor (`shape`, `type`), in order.
    """

    def __init__(self, session: ort.InferenceSession, file: GraphFile, *, run: Run) -> None:
        self.run = run
        self.inputs = {tensor.name: tensor for tensor in session.get_inputs()}
        self.outputs = {tensor.name: tensor for tensor in session.get_outputs()}
        self._file = file

    def require_inputs(self, names: Sequence[str]) -> None:
        """Refuses a graph that reads something else than these.

        Raises:
            Damaged: `engine.model`.
        """
        if set(self.inputs) != set(names):
            raise self._file.damaged(
                f"a graph with the inputs {', '.join(names)}", f"one with {', '.join(self.inputs) or 'none'}"
            )

    def input_width(self, name: str) -> int:
        """The number of columns of an input `[n, columns]`; Damaged where it is not fixed."""
        return self._width(self.inputs, name)

    def output_width(self, name: str) -> int:
        """The number of columns of an output `[n, columns]`; Damaged where it is not fixed."""
        return self._width(self.outputs, name)

    def _width(self, tensors: dict[str, Any], name: str) -> int:
        shape: list[int | str] = tensors[name].shape if name in tensors else []
        if len(shape) != 2 or not isinstance(shape[1], int):
            raise self._file.damaged(
                f"the tensor `{name}` with a fixed number of columns", ", ".join(tensors) or "none"
            )
        return shape[1]


def open_graph(file: GraphFile, *, intra_op_threads: int) -> Graph:
    """A graph whose inputs have about the same size at every call.

    Raises:
        Damaged: `engine.model` if ONNX Runtime cannot load it.
    """
    return _open(file, _options(intra_op_threads), Device.CPU)


def open_text_graph(file: GraphFile, *, intra_op_threads: int, device: Device = Device.CPU) -> Graph:
    """A graph over texts, whose sizes differ: memory goes back after each call.

    With an arena it would grow to the largest sizes that were ever seen together: 284 MB where 202 MB do
    (6 layers of width 384, 60 sizes), and no call is faster for it.

    Raises:
        Damaged: `engine.model` if ONNX Runtime cannot load it.
        BadInput: `engine.device` if a GPU was asked for and cannot be used.
    """
    options = _options(intra_op_threads)
    options.enable_cpu_mem_arena = False
    options.enable_mem_pattern = False
    return _open(file, options, device)


def _options(intra_op_threads: int) -> ort.SessionOptions:
    options = ort.SessionOptions()
    options.intra_op_num_threads = intra_op_threads
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 4  # it raises what it would log as an error
    return options


def _place_weights(file: GraphFile, options: ort.SessionOptions) -> None:
    """Says where the weights are that a graph names: in a folder of its artifact, in memory, or nowhere.

    Left to itself, ONNX Runtime would look in the working directory (law 3); a name that leads out of a
    folder, by steps or by a link, it refuses.
    """
    folder = os.devnull  # nothing can lie below what is no folder
    if file.weights is not None:
        if isinstance(file.weights.weights, bytes):
            data = file.weights.weights
            options.add_external_initializers_from_files_in_memory(
                [file.weights.weights_file], [data], [len(data)]
            )
        else:
            folder = str(file.weights.weights.parent)
    options.add_session_config_entry("session.model_external_initializers_file_folder_path", folder)


def _open(file: GraphFile, options: ort.SessionOptions, device: Device) -> Graph:
    _place_weights(file, options)
    is_on_gpu = device is not Device.CPU and _CUDA in ort.get_available_providers()
    if device is Device.CUDA and not is_on_gpu:
        raise no_cuda("ONNX Runtime")
    providers = [(_CUDA, _FULL_PRECISION), _CPU] if is_on_gpu else [_CPU]
    try:
        # without `enable_fallback=0` a failing provider is replaced by another in silence
        session = ort.InferenceSession(file.model, options, providers=providers, enable_fallback=0)
    except (Fail, InvalidArgument, InvalidGraph, InvalidProtobuf, NotImplemented, RuntimeException) as error:
        raise file.damaged(
            "an ONNX graph that ONNX Runtime can load", f"one that it refuses ({type(error).__name__})"
        ) from error
    # the file would stay in memory beside the graph for as long as that lives; a session looks at it again
    # only when its providers change
    session._model_bytes = None
    if is_on_gpu and session.get_providers()[0] != _CUDA:  # it found none, and says so in its log alone
        if device is Device.CUDA:
            raise no_cuda("ONNX Runtime")
        is_on_gpu = False
    run = in_bounded_memory(session.run) if is_on_gpu else session.run
    return Graph(session, replace(file, model=b"", weights=None), run=run)


def in_bounded_memory(run: Run) -> Run:
    """The same computation, which says in words that a GPU's memory is exhausted.

    Raises:
        Unavailable: `engine.memory`, when it runs.
    """

    def bounded(outputs: Sequence[str], feeds: dict[str, Any]) -> list[Any]:
        try:
            return run(outputs, feeds)
        except (Fail, RuntimeException) as error:
            if "allocate memory" in str(error) or "out of memory" in str(error):
                raise out_of_memory("cuda") from error
            raise

    return bounded
