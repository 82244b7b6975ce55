"""The engine that an artifact asks for; its library is imported here and not before."""

from pathlib import Path
from typing import TYPE_CHECKING, Final

from servable.artifact import Artifact, EngineKind, StoredNetwork, read_weights
from servable.engines.devices import Device
from servable.engines.engine import Engine
from servable.engines.graphs import EncoderGraph, weights_of
from servable.errors import BadInput, Damaged, Problem

if TYPE_CHECKING:
    from servable.engines.networks import Network

_ON_CPU: Final = frozenset([EngineKind.ONNX_TREES, EngineKind.XGBOOST, EngineKind.LIGHTGBM])


def open_engine(artifact: Artifact, *, threads: int | None = None, device: Device = Device.AUTO) -> Engine:
    """The engine of an artifact, with its model loaded.

    Args:
        artifact: what was read.
        threads: inside one operation of a network, in place of the artifact's own number. Trees always
            run on one: with another number the last digits of a score move.
        device: where a network computes. Trees are computed on the CPU.

    Raises:
        Damaged: `engine.model`, `network.*` or `torch.*` if the model cannot be loaded.
        BadInput: `engine.device` if a GPU was asked for and cannot be used.
        Unavailable: `engine.extra` if its library is not installed.
    """
    file, threads = artifact.engine.file, _threads(artifact, threads)
    if device is Device.CUDA and artifact.engine.kind in _ON_CPU:
        raise _no_gpu_for_trees()
    match artifact.engine.kind:
        case EngineKind.ONNX_TREES:
            from servable.engines.onnx_trees import OnnxTrees  # noqa: PLC0415

            return OnnxTrees(_read(artifact, file), where=file, intra_op_threads=1)
        case EngineKind.XGBOOST:
            from servable.engines.xgboost_native import XGBoostBooster  # noqa: PLC0415

            return XGBoostBooster(_read(artifact, file), where=file)
        case EngineKind.LIGHTGBM:
            from servable.engines.lightgbm_native import LightGBMBooster  # noqa: PLC0415

            return LightGBMBooster(_read(artifact, file), where=file)
        case EngineKind.ONNX_NETWORK:
            return _open_packed(artifact, threads, device)
        case EngineKind.ONNX_WHOLE:
            return _open_whole(artifact, threads, device)
        case EngineKind.TORCH:
            from servable.engines.networks import TorchNetwork  # noqa: PLC0415

            network = load_network(artifact)
            pad = artifact.engine.pad_token_id
            return TorchNetwork(network, pad_token_id=pad, threads=threads, device=device)


def load_network(artifact: Artifact) -> "Network":
    """The network of a training output, made of its weights, whatever engine scores it.

    Raises:
        Damaged: `engine.model`, `network.*` or `torch.*` if the weights cannot be loaded.
        Unavailable: `engine.extra` if torch is not installed.
    """
    from servable.engines.networks import build_network  # noqa: PLC0415

    stored = _network_of(artifact)
    weights = read_weights(artifact.files)  # also beside a graph of its own
    network = build_network(
        stored.model_class,
        weights,
        stored.encoder,
        text_fields=[text.field for text in artifact.texts],
    )
    for text in artifact.texts:
        if text.max_tokens > network.max_tokens:
            raise _damaged(
                f'field "{text.field}"',
                f"chunks of at most {network.max_tokens} tokens, for which the encoder has positions",
                f"a limit of {text.max_tokens}",
            )
    return network


def _open_packed(artifact: Artifact, threads: int, device: Device) -> Engine:
    from servable.engines.onnx_network import OnnxNetwork  # noqa: PLC0415

    return OnnxNetwork(
        {field: _encoder(artifact, file) for field, file in artifact.engine.encoders.items()},
        _read(artifact, artifact.engine.file),
        intra_op_threads=threads,
        pad_token_id=artifact.engine.pad_token_id,
        device=device,
    )


def _encoder(artifact: Artifact, file: str) -> EncoderGraph:
    model, weights = _read(artifact, file), weights_of(file)
    if weights not in artifact.files:
        raise _damaged(weights, "the weights of an encoder", "no such file")
    place = artifact.files.place(weights)
    return EncoderGraph(
        model=model,
        weights_file=Path(weights).name,
        weights=artifact.files.read(weights) if place is None else place,
    )


def _open_whole(artifact: Artifact, threads: int, device: Device) -> Engine:
    from servable.engines.onnx_whole import OnnxWhole  # noqa: PLC0415

    stored = _network_of(artifact)
    return OnnxWhole(
        _read(artifact, artifact.engine.file),
        features=artifact.features,
        text_fields=tuple(text.field for text in artifact.texts),
        ids_suffix=stored.ids_suffix,
        mask_suffix=stored.mask_suffix,
        pad_token_id=artifact.engine.pad_token_id,
        intra_op_threads=threads,
        device=device,
    )


def _no_gpu_for_trees() -> BadInput:
    return BadInput(
        Problem(
            code="engine.device",
            where="device",
            expected="cpu or auto for trees, which a GPU does not compute",
            found="cuda",
            fix="leave the option away",
        )
    )


def _threads(artifact: Artifact, threads: int | None) -> int:
    return artifact.engine.intra_op_threads if threads is None else threads


def _network_of(artifact: Artifact) -> StoredNetwork:
    if artifact.network is None:
        raise _damaged(artifact.engine.file, "a training output with a network", "another artifact")
    return artifact.network


def _read(artifact: Artifact, file: str) -> bytes:
    if file not in artifact.files:
        raise _damaged(file, "the model file", "no such file")
    return artifact.files.read(file)


def _damaged(where: str, expected: str, found: str) -> Damaged:
    return Damaged(
        Problem(
            code="engine.model",
            where=where,
            expected=expected,
            found=found,
            fix="copy the artifact again, or pack it again",
        )
    )
