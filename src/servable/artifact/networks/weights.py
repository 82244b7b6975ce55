"""The weights of a training output with a network, whatever layout and file format they have."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from servable.artifact.files import Files
from servable.artifact.networks.huggingface_names import classifier_weights
from servable.artifact.safe import read_safetensors, read_torch
from servable.errors import Damaged, Problem, shown

WEIGHTS: Final = "model.pth"
SAFETENSORS, TORCH_WEIGHTS = "model.safetensors", "pytorch_model.bin"

Weights = Mapping[str, NDArray[Any]]
Shapes = Mapping[str, tuple[int, ...]]
"""The shape of each stored weight."""

_WRAPPERS: Final = ("model.", "module.", "_orig_mod.")
_OF_TRAINING: Final = ("class_weights_tensor", "loss_op.weight")
_BUFFERS: Final = (".position_ids", ".token_type_ids")


def weights_file(files: Files) -> str | None:
    """The name of the file that holds the weights, or None where there is none."""
    return next((name for name in (WEIGHTS, SAFETENSORS, TORCH_WEIGHTS) if name in files), None)


def read_weights(files: Files) -> Weights:
    """The weights of a network, under the names that its family gives them.

    A checkpoint that holds them under `state_dict` is opened, prefixes of wrappers around a network are
    dropped, and a sequence classifier of Hugging Face gets the names of the family `bert`.

    Raises:
        Damaged: `network.weights` if there is no such file, it holds something else, or two weights have
            one name without their prefixes; `torch.*` and `safetensors.*` if it is broken.
    """
    name = weights_file(files)
    if name is None:
        raise _damaged(WEIGHTS, "the weights of a network", "no such file")
    if name == SAFETENSORS:
        return classifier_weights(read_safetensors(files.read(name), where=name))
    stored = named_weights(read_torch(files.read(name), where=name), where=name)
    return stored if name == WEIGHTS else classifier_weights(stored)


def named_weights(stored: object, *, where: str) -> dict[str, NDArray[Any]]:
    """The weights of a state dict, or of a checkpoint that holds one under `state_dict`, by name.

    Prefixes of wrappers around a network (`model.`, `module.`, `_orig_mod.`) are dropped.

    Raises:
        Damaged: `network.weights` if it is none, holds something else, or two weights have one name then.
    """
    if not isinstance(stored, Mapping):
        raise _damaged(where, "weights by name", f"a value of type {type(stored).__name__}")
    inner = stored.get("state_dict", stored)
    if not isinstance(inner, Mapping):
        raise _damaged(where, "weights under `state_dict`", f"a value of type {type(inner).__name__}")
    found: dict[str, NDArray[Any]] = {}
    for stored_name, value in inner.items():
        name = _unwrapped(str(stored_name))
        if not isinstance(value, np.ndarray):
            raise _damaged(where, f"numbers under `{name}`", f"a value of type {type(value).__name__}")
        if name in found:
            raise _damaged(where, f"one weight `{name}`", f"a second one, {shown(stored_name)}")
        found[name] = value
    return found


def scoring_weights(weights: Weights) -> dict[str, NDArray[Any]]:
    """The weights without what scoring does not read: those of the loss, and counters of positions."""
    return {
        name: array
        for name, array in weights.items()
        if name not in _OF_TRAINING and not name.endswith(_BUFFERS)
    }


def shapes_of(weights: Weights) -> Shapes:
    """The shape of each weight."""
    return {name: array.shape for name, array in weights.items()}


def _unwrapped(name: str) -> str:
    while name.startswith(_WRAPPERS):
        name = name.partition(".")[2]
    return name


def _damaged(where: str, expected: str, found: str) -> Damaged:
    return Damaged(
        Problem(
            code="network.weights",
            where=where,
            expected=expected,
            found=found,
            fix="copy the file again from the training output",
        )
    )
