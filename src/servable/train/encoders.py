"""Pretrained encoders: configuration, tokenizer and weights, from a folder, a package or the hub's cache."""

import importlib.util
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from servable.artifact import ENCODER_CONFIG, TOKENIZER, parse_json, read_torch, vocabulary_size
from servable.errors import BadInput, NotFound, Problem, Unavailable

SAFETENSORS, TORCH_WEIGHTS = "model.safetensors", "pytorch_model.bin"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Encoder:
    """A pretrained encoder.

    Attributes:
        name: what it is called, without a path of the machine.
        config: its `config.json`.
        tokenizer: content of its `tokenizer.json`.
        weights: tensors by the names of its checkpoint.
        max_tokens: tokens of one chunk at most.
        layers: how many layers it has.
    """

    name: str
    config: Mapping[str, Any]
    tokenizer: bytes
    weights: Mapping[str, NDArray[np.generic]] = field(repr=False)
    max_tokens: int
    layers: int


def find_encoder(name: str, *, allow_download: bool = False) -> Encoder:
    """The encoder of a folder, of an installed package, or of the hub's cache on this machine.

    Args:
        name: a path; else the name of a package that holds such a folder; else a name of the hub.
        allow_download: whether a name of the hub may be fetched where the cache has none.

    Raises:
        NotFound: `train.encoder` if nothing of this name is there.
        BadInput: `train.encoder` if it lacks configuration, tokenizer or weights, or they do not fit.
        Damaged: if one of them cannot be read.
    """
    folder = Path(name)
    if os.path.isdir(folder):  # false, not an error, for what cannot be a path
        return read_encoder(folder, name=folder.resolve().name)
    return read_encoder(_in_package(name) or _in_hub(name, allow_download=allow_download), name=name)


def read_encoder(folder: Path, *, name: str) -> Encoder:
    """The encoder of a folder with `config.json`, `tokenizer.json` and `model.safetensors`."""
    for needed in ((ENCODER_CONFIG,), (TOKENIZER,), (SAFETENSORS, TORCH_WEIGHTS)):
        if not any((folder / file).is_file() for file in needed):
            raise BadInput(_problem(str(folder), " or ".join(needed), "no such file"))
    config = parse_json((folder / ENCODER_CONFIG).read_bytes(), where=str(folder / ENCODER_CONFIG))
    if not isinstance(config, dict):
        raise BadInput(_problem(str(folder / ENCODER_CONFIG), "an object", "something else"))
    tokenizer = (folder / TOKENIZER).read_bytes()
    weights = _weights(folder)
    vocabulary = vocabulary_size(tokenizer, where=str(folder / TOKENIZER))
    rows = _embedding_rows(weights, folder)
    if vocabulary > rows:
        raise BadInput(
            _problem(
                str(folder),
                f"a tokenizer of at most {rows} tokens, which the weights have vectors for",
                f"one of {vocabulary}",
            )
        )
    return Encoder(
        name=name,
        config={key: value for key, value in config.items() if key != "_name_or_path"},
        tokenizer=tokenizer,
        weights=weights,
        max_tokens=_max_tokens(config, folder),
        layers=_count(config, "num_hidden_layers", folder),
    )


def _in_package(name: str) -> Path | None:
    """The folder inside an installed package that holds an encoder; the package is not imported."""
    module = name.replace("-", "_")
    try:
        spec = importlib.util.find_spec(module) if module.isidentifier() else None
    except ValueError:  # a module that is loaded and has none, as the one that runs
        return None
    for root in (spec.submodule_search_locations or []) if spec else []:
        for config in sorted(Path(root).rglob(ENCODER_CONFIG)):
            if (config.parent / TOKENIZER).is_file():
                return config.parent
    return None


def _in_hub(name: str, *, allow_download: bool) -> Path:
    try:  # here, because it is slow to import and seldom needed
        from huggingface_hub import snapshot_download  # noqa: PLC0415
        from huggingface_hub.errors import (  # noqa: PLC0415
            HfHubHTTPError,
            HFValidationError,
            LocalEntryNotFoundError,
        )
    except ImportError as error:
        raise _not_installed(f"encoder {name}", "huggingface-hub") from error
    try:
        folder = snapshot_download(
            name,
            allow_patterns=[ENCODER_CONFIG, TOKENIZER, SAFETENSORS, TORCH_WEIGHTS],
            local_files_only=not allow_download,
        )
    except (LocalEntryNotFoundError, HFValidationError, HfHubHTTPError, OSError) as error:
        raise NotFound(
            Problem(
                code="train.encoder",
                where=f"encoder {name}",
                expected="a folder, an installed package, or an encoder in the hub's cache",
                found="none of them",
                fix="check the name and the connection to the hub"
                if allow_download
                else "check the name, or pass `--allow-download` to fetch it from the hub",
            )
        ) from error
    return Path(folder)


def _weights(folder: Path) -> dict[str, NDArray[np.generic]]:
    if (folder / SAFETENSORS).is_file():
        return _safetensors(folder / SAFETENSORS)
    tensors = read_torch((folder / TORCH_WEIGHTS).read_bytes(), where=str(folder / TORCH_WEIGHTS))
    if not isinstance(tensors, dict):
        raise BadInput(_problem(str(folder / TORCH_WEIGHTS), "tensors by name", "something else"))
    return {key: value for key, value in tensors.items() if isinstance(value, np.ndarray)}


def _safetensors(path: Path) -> dict[str, NDArray[np.generic]]:
    try:
        from safetensors import SafetensorError  # noqa: PLC0415  # of the extra `train`
        from safetensors.numpy import load_file  # noqa: PLC0415

        try:
            # other packages teach NumPy bfloat16, as a type of a kind of its own
            return {
                name: tensor if tensor.dtype.kind in "fiub" else tensor.astype(np.float32)
                for name, tensor in load_file(path).items()
            }
        except (SafetensorError, OSError) as error:
            found = f"another file ({error})"
            raise BadInput(_problem(str(path), "weights in safetensors", found)) from error
        except (TypeError, AttributeError):  # of bfloat16 and of smaller numbers, which NumPy lacks
            from safetensors.torch import load_file as load_tensors  # noqa: PLC0415  # torch

            return {name: tensor.float().numpy() for name, tensor in load_tensors(path).items()}
    except ImportError as error:
        raise Unavailable(
            Problem(
                code="train.extra",
                where=str(path),
                expected="the packages safetensors and torch",
                found="that one of them is not installed",
                fix="install servable[train]",
            )
        ) from error


def _embedding_rows(weights: Mapping[str, NDArray[np.generic]], folder: Path) -> int:
    for name, tensor in weights.items():
        if name.endswith("embeddings.word_embeddings.weight") and tensor.ndim == 2:
            return int(tensor.shape[0])
    found = ", ".join(list(weights)[:3]) or "none"
    raise BadInput(_problem(str(folder), "weights with embeddings.word_embeddings.weight", found))


def _max_tokens(config: Mapping[str, object], folder: Path) -> int:
    """RoBERTa counts positions from behind the id of its padding token."""
    longest = _count(config, "max_position_embeddings", folder)
    pad = config.get("pad_token_id")
    is_shifted = config.get("model_type") == "roberta" and isinstance(pad, int)
    return longest - pad - 1 if is_shifted and isinstance(pad, int) else longest


def _count(config: Mapping[str, object], key: str, folder: Path) -> int:
    value = config.get(key)
    if not isinstance(value, int) or value < 1:
        found = json.dumps(value)[:60]
        raise BadInput(_problem(str(folder / ENCODER_CONFIG), f'"{key}", a number from 1 on', found))
    return value


def _not_installed(where: str, package: str) -> Unavailable:
    return Unavailable(
        Problem(
            code="train.extra",
            where=where,
            expected=f"the package {package}",
            found="that it is not installed",
            fix="install servable[train]",
        )
    )


def _problem(where: str, expected: str, found: str) -> Problem:
    return Problem(
        code="train.encoder",
        where=where,
        expected=expected,
        found=found,
        fix="name the folder of a pretrained BERT or RoBERTa encoder with its tokenizer",
    )
