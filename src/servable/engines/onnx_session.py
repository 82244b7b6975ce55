"""ONNX Runtime sessions, opened in one way for every graph."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
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

from servable.artifact import check_onnx
from servable.engines.devices import Device, no_cuda, out_of_memory
from servable.engines.graphs import EncoderGraph
from servable.engines.onnx_memory import MOST_RUN_BYTES, own_memory
from servable.errors import Damaged, Problem, TooLarge

PACK_AGAIN: Final = "pack the artifact again"

_CPU, _CUDA = "CPUExecutionProvider", "CUDAExecutionProvider"
_FULL_PRECISION: Final = {"use_tf32": "0"}  # else a GPU rounds what it multiplies to 10 bits
_REFUSALS: Final = (Fail, InvalidArgument, InvalidGraph, InvalidProtobuf, NotImplemented, RuntimeException)

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

    @property
    def stored_bytes(self) -> int:
        """Size of the graph and its weights."""
        if self.weights is None:
            return len(self.model)
        weights = self.weights.weights
        return len(self.model) + (len(weights) if isinstance(weights, bytes) else weights.stat().st_size)

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
        Damaged: `onnx.*` if it asks for more than a bounded computation, `engine.model` if ONNX Runtime
            cannot load it.
    """
    return _open(file, _options(intra_op_threads), Device.CPU)


def open_text_graph(file: GraphFile, *, intra_op_threads: int, device: Device = Device.CPU) -> Graph:
    """A graph over texts, whose sizes differ: memory goes back after each call.

    Kept, it would grow to the largest sizes that were ever seen together: 171 MB where 151 MB do, and no
    call is faster for it (6 layers of width 384, 20 sizes).

    Raises:
        Damaged: `onnx.*` if it asks for more than a bounded computation, `engine.model` if ONNX Runtime
            cannot load it.
        BadInput: `engine.device` if a GPU was asked for and cannot be used.
    """
    options = _options(intra_op_threads)
    options.enable_mem_pattern = False
    # the plan of what shares memory takes the square of the graph's length: 14 s for 4,000 operators in a
    # chain; without it no more memory is held, since what was used is freed
    options.enable_mem_reuse = False
    give_back = ort.RunOptions()
    give_back.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
    return _open(file, options, device, run_options=give_back)


def _options(intra_op_threads: int) -> ort.SessionOptions:
    options = ort.SessionOptions()
    options.intra_op_num_threads = intra_op_threads
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.load_model_format", "ONNX")  # the one that was checked
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


def _open(
    file: GraphFile, options: ort.SessionOptions, device: Device, *, run_options: ort.RunOptions | None = None
) -> Graph:
    own_file = file.weights.weights_file if file.weights else None
    check_onnx(file.model, where=file.where, fix=file.fix, weights_file=own_file)
    _place_weights(file, options)
    is_on_gpu = device is not Device.CPU and _CUDA in ort.get_available_providers()
    if device is Device.CUDA and not is_on_gpu:
        raise no_cuda("ONNX Runtime")
    if is_on_gpu:
        session = _session(file, options, [(_CUDA, _FULL_PRECISION), _CPU])
    else:
        with own_memory(options, stored_bytes=file.stored_bytes):
            session = _session(file, options, [_CPU])
    # the file would stay in memory beside the graph for as long as that lives; a session looks at it again
    # only when its providers change
    session._model_bytes = None
    if is_on_gpu and session.get_providers()[0] != _CUDA:  # it found none, and says so in its log alone
        if device is Device.CUDA:
            raise no_cuda("ONNX Runtime")
        is_on_gpu = False
    run = session.run if is_on_gpu else partial(session.run, run_options=run_options)
    file = replace(file, model=b"", weights=None)
    return Graph(session, file, run=_in_words(run, file))


def _session(file: GraphFile, options: ort.SessionOptions, providers: list[Any]) -> ort.InferenceSession:
    try:
        session = ort.InferenceSession(
            file.model,
            options,
            providers=providers,
            # without 0 a failing provider is replaced by another in silence
            enable_fallback=0,
            # what it computes while it opens has no limit of memory, and makes no graph faster that an
            # exporter has folded already
            disabled_optimizers=["ConstantFolding"],
        )
        # a name that is not UTF-8 fails where it is asked for, or where an error shows it
        _ = [tensor.name for tensor in (*session.get_inputs(), *session.get_outputs())]
    except (*_REFUSALS, UnicodeDecodeError) as error:
        kind = "for want of memory" if "bad_alloc" in str(error) else type(error).__name__
        raise file.damaged(
            "an ONNX graph that ONNX Runtime can load", f"one that it refuses ({kind})"
        ) from error
    return session


def _in_words(run: Run, file: GraphFile) -> Run:
    """The same computation, which says in words that it cannot be done.

    Raises:
        TooLarge: `engine.memory-limit`, when it runs, if its tensors are larger than they may be.
        Unavailable: `engine.memory`, when it runs, if a GPU has no more.
        Damaged: `engine.model`, when it runs, if it fails otherwise.
    """

    def said(outputs: Sequence[str], feeds: dict[str, Any]) -> list[Any]:
        try:
            return run(outputs, feeds)
        except _REFUSALS as error:
            text = str(error)
            if "Available memory of" in text or "bad_alloc" in text:
                raise _too_large() from error
            if "allocate memory" in text or "out of memory" in text:
                raise out_of_memory("cuda") from error
            found = f"that it fails ({type(error).__name__})"
            raise file.damaged("a graph that computes what it is given", found) from error

    return said


def _too_large() -> TooLarge:
    return TooLarge(
        Problem(
            code="engine.memory-limit",
            where="records",
            expected=f"what the model computes within {MOST_RUN_BYTES >> 20} MiB",
            found="more",
            fix="send fewer records at once, or shorter texts",
        )
    )
