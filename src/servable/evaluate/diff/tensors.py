"""The weights of a network under the names that training gave them, whichever file holds them.

An exporter renames what it transposes (the weights of linear maps), gives up the names of what it computes
beforehand, and stores equal tensors once. The first and the last are undone here by the nodes that read a
tensor; what was computed beforehand keeps the name of the node that reads it.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from numpy.typing import NDArray

from servable.artifact import (
    Artifact,
    EngineKind,
    OnnxContents,
    OnnxNode,
    canonical_json,
    named_weights,
    read_onnx,
    read_weights,
    scoring_weights,
)
from servable.engines import weights_of

_PACKED: Final = "network."
_UNNAMED: Final = "onnx::"
_BIAS, _WEIGHT = ".bias", ".weight"

Array = NDArray[Any]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tensors:
    """The stored numbers of a network.

    Attributes:
        named: by the name that training gave.
        nameless: of a graph, those that have none, by the node that reads them.
        unread: names of tensors that hold no plain numbers.
        kind: of the engine that reads them; a graph need not hold what it does not read.
        operators: sha256 of what a graph computes with them; empty for a network that is no graph.
    """

    named: Mapping[str, Array]
    nameless: Mapping[str, Array]
    unread: tuple[str, ...]
    kind: EngineKind
    operators: str = ""


def tensors_of(artifact: Artifact) -> Tensors:
    """The tensors of an artifact with a network: of its weights, or of its graphs.

    Raises:
        Damaged: as `read_weights` and `read_onnx`.
    """
    engine, files = artifact.engine, artifact.files
    if engine.kind is EngineKind.TORCH:
        weights = scoring_weights(read_weights(files))
        return Tensors(named=weights, nameless={}, unread=(), kind=engine.kind)
    named: dict[str, Array] = {}
    nameless: dict[str, Array] = {}
    unread: list[str] = []
    operators: list[str] = []
    for graph in (*engine.encoders.values(), engine.file):
        outside = weights_of(graph)
        contents = read_onnx(
            files.read(graph),
            where=graph,
            weights_file=outside.rpartition("/")[2],
            weights=files.read(outside) if outside in files else None,
        )
        found = _named(contents)
        named |= scoring_weights(named_weights(_with_names(found), where=graph))
        place = f"{graph}: " if engine.encoders else ""
        nameless |= {f"{place}{name}": found[name] for name in found if _is_nameless(name)}
        unread += contents.unread
        operators.append(operators_digest(contents))
    return Tensors(
        named=named,
        nameless=nameless,
        unread=tuple(unread),
        kind=engine.kind,
        operators=operators[0]
        if len(operators) == 1
        else hashlib.sha256(canonical_json(operators)).hexdigest(),
    )


def operators_digest(contents: OnnxContents) -> str:
    """sha256 of the operators of a graph, their attributes, and which reads what of which.

    What an exporter numbered goes by its place, and a stored tensor by its name, if it has one.
    """
    place: dict[str, int] = {}

    def known(name: str) -> str | int:
        is_named = name in contents.tensors and not name.startswith(_UNNAMED)
        return name if is_named else place.setdefault(name, len(place))

    nodes = [
        [node.operator, dict(node.attributes), [*map(known, node.inputs)], [*map(known, node.outputs)]]
        for node in contents.nodes
    ]
    return hashlib.sha256(canonical_json([nodes, [*map(known, contents.outputs)]])).hexdigest()


def _with_names(found: Mapping[str, Array]) -> dict[str, Array]:
    return {name.removeprefix(_PACKED): array for name, array in found.items() if not _is_nameless(name)}


def _is_nameless(name: str) -> bool:
    return name.startswith("/")


def _named(contents: OnnxContents) -> dict[str, Array]:
    """A graph's tensors: under their names, those without by the path of the node that reads them."""
    found = {name: array for name, array in contents.tensors.items() if not name.startswith(_UNNAMED)}
    found |= dict(_stored_once(contents))
    readers = _readers(contents)
    for name, array in contents.tensors.items():
        if name in found or not readers.get(name):
            continue
        node, place = readers[name][0]
        bias = _bias_behind(node, readers, found) if node.operator == "MatMul" and array.ndim == 2 else None
        if bias is not None:
            found[bias.removesuffix(_BIAS) + _WEIGHT] = array.T
        else:
            path = (node.name or " ".join(node.outputs)).removeprefix("/")
            found[f"/{path}[{place}]"] = array
    return found


def _stored_once(contents: OnnxContents) -> Iterator[tuple[str, Array]]:
    """Tensors that equal another one, which alone is stored."""
    for node in contents.nodes:
        if node.operator == "Identity":
            for source, name in zip(node.inputs, node.outputs, strict=False):
                if source in contents.tensors:
                    yield name, contents.tensors[source]


def _readers(contents: OnnxContents) -> dict[str, list[tuple[OnnxNode, int]]]:
    """The nodes that read a tensor, each with the place among its inputs."""
    found: dict[str, list[tuple[OnnxNode, int]]] = {}
    for node in contents.nodes:
        for place, name in enumerate(node.inputs):
            found.setdefault(name, []).append((node, place))
    return found


def _bias_behind(
    node: OnnxNode, readers: Mapping[str, list[tuple[OnnxNode, int]]], found: Mapping[str, Array]
) -> str | None:
    """The bias that is added to what a product gives: its linear map bears the same name."""
    added = [
        name
        for output in node.outputs
        for reader, _ in readers.get(output, [])
        if reader.operator == "Add"
        for name in reader.inputs
        if name in found and name.endswith(_BIAS)
    ]
    return added[0] if len(added) == 1 else None
