"""Stored weights: what they are called, and into which network they fit."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from servable.artifact import current_name, named_weights, scoring_weights, under_names
from servable.errors import Damaged, Problem, shown

Shapes = Mapping[str, tuple[int, ...]]
"""The shape of each stored weight."""

_CHECKPOINTS: Final = ("bert.", "roberta.")


def weights_of(stored: Mapping[str, object], *, where: str) -> dict[str, NDArray[Any]]:
    """The weights by the names that a network gives them, without what scoring does not read.

    Raises:
        Damaged: `network.weights` if something there is not an array of numbers with a fraction, or two
            have one name.
    """
    weights = scoring_weights(named_weights(stored, where=where))
    for name, array in weights.items():
        if array.dtype.kind != "f":
            raise _wrong(where, f"numbers under `{name}` with a fraction", f"an array of {array.dtype}")
    return weights


def encoder_weights_of(stored: Mapping[str, object], *, where: str) -> dict[str, NDArray[Any]]:
    """The weights of an encoder of its published checkpoint, without those of heads beside it.

    Raises:
        Damaged: `network.weights`.
    """
    weights = weights_of(stored, where=where)
    for prefix in _CHECKPOINTS:
        inner = {name.removeprefix(prefix): w for name, w in weights.items() if name.startswith(prefix)}
        weights = inner or weights
    return under_names(weights, current_name, where=where)


def size_of(shapes: Shapes, name: str) -> int:
    """The length of a stored weight's first axis.

    Raises:
        Damaged: `network.weights` if there is no such weight.
    """
    shape = shapes.get(name)
    if not shape:
        raise _wrong("model weights", f"the weight `{name}`", "none of that name")
    return shape[0]


def load_weights(network: nn.Module, weights: Mapping[str, NDArray[Any]], *, where: str) -> None:
    """Put weights into a network; the network may have been made without memory for them.

    Raises:
        Damaged: `network.weights`, naming every one that is missing, unknown or of another shape.
    """
    expected = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    mismatches = [
        (f"the weight `{name}` of shape {list(shape)}", _found(weights.get(name)))
        for name, shape in expected.items()
        if name not in weights or weights[name].shape != shape
    ] + [
        ("weights of this network alone", f"another one, {shown(name)}")
        for name in weights
        if name not in expected
    ]
    if mismatches:
        raise _wrong(where, *_in_one(mismatches))
    # a copy, because torch would write into an array that may be shared or read-only
    copies = {name: torch.from_numpy(np.array(array, dtype=np.float32)) for name, array in weights.items()}
    network.load_state_dict(copies, assign=True)


def drawn_weights(network: nn.Module, *, seed: int, outside: tuple[str, ...]) -> dict[str, NDArray[Any]]:
    """First weights of the linear and normalising layers of a network, but of those below `outside`.

    Those of a linear layer are uniform within 1 / sqrt(inputs), torch's own rule, and drawn in the order
    in which the network defines its layers.
    """
    generator = torch.Generator().manual_seed(seed)
    weights: dict[str, NDArray[Any]] = {}
    for name, layer in network.named_modules():
        if f"{name}.".startswith(outside):
            continue
        if isinstance(layer, nn.Linear):
            bound = layer.in_features**-0.5
            for part, tensor in layer.named_parameters():
                drawn = torch.rand(tensor.shape, generator=generator)
                weights[f"{name}.{part}"] = (drawn * (2 * bound) - bound).numpy()
        elif isinstance(layer, nn.LayerNorm):
            width = layer.normalized_shape
            weights[f"{name}.weight"] = np.ones(width, dtype=np.float32)
            weights[f"{name}.bias"] = np.zeros(width, dtype=np.float32)
    return weights


def _found(array: NDArray[Any] | None) -> str:
    return "none of that name" if array is None else f"one of shape {list(array.shape)}"


def _in_one(mismatches: Sequence[tuple[str, str]]) -> tuple[str, str]:
    """What was expected and what was found, of all mismatches: they are read together or not at all."""
    if len(mismatches) == 1:
        return mismatches[0]
    listed = "; ".join(f"for {expected} {found}" for expected, found in mismatches)
    return "weights that fit this network", f"{len(mismatches)} that do not: {listed}"


def _wrong(where: str, expected: str, found: str) -> Damaged:
    return Damaged(_problem(where, expected, found))


def _problem(where: str, expected: str, found: str) -> Problem:
    return Problem(
        code="network.weights",
        where=where,
        expected=expected,
        found=found,
        fix="use the weights, the encoder and the model_class of one and the same training",
    )
