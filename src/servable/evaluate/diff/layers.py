"""Where in a network a tensor is, by its name: so that a person can read many of them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

_IN_LAYER: Final = re.compile(r"(.*?)\.?\bencoder\.layer\.([0-9]+)\.")
_IN_PART: Final = re.compile(r"(.*?)\.?\b(embeddings|pooler)\.")
_TAIL: Final = re.compile(r"(\.[0-9]+)*\.[^.]+$")
_ORDER: Final = {"embeddings": 0, "pooler": 2}
_LAYERS, _HEAD = 1, 3


@dataclass(frozen=True, slots=True, order=True)
class Layer:
    """A part of a network; parts are ordered as a record passes them.

    Attributes:
        rank: embeddings, layers, pooler, head.
        number: of a layer of an encoder.
        encoder: which encoder it belongs to, where there are several.
        name: for people.
    """

    rank: int
    number: int
    encoder: str
    name: str

    def __str__(self) -> str:
        return f"{self.encoder}: {self.name}" if self.encoder else self.name


def layers_of(names: Iterable[str]) -> dict[str, Layer]:
    """The layer of each tensor."""
    found = {name: _layer(name) for name in names}
    encoders = {layer.encoder for name, layer in found.items() if layer.rank != _HEAD and "/" not in name}
    if len(encoders) > 1:
        return found
    return {name: Layer(layer.rank, layer.number, "", layer.name) for name, layer in found.items()}


def _layer(name: str) -> Layer:
    path = name.replace("/", ".")
    if match := _IN_LAYER.match(path):
        return Layer(_LAYERS, int(match[2]), _plain(match[1]), f"layer {int(match[2])}")
    if match := _IN_PART.match(path):
        return Layer(_ORDER[match[2]], 0, _plain(match[1]), match[2])
    return Layer(_HEAD, 0, "", f"head: {_plain(_TAIL.sub('', path))}")


def _plain(path: str) -> str:
    """A path without the dots that a node's name begins with."""
    return path.replace(": .", ": ").strip(".")
