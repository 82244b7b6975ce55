"""A training output's own `model.onnx`: texts and table to probabilities in one graph.

It averages over all chunks that it is given, padding ones included, so that only records with equal
numbers of chunks may share a call, and here only those whose longest chunks are equally long too: the
lengths that a record is computed at do not depend on its neighbours (law 2).
"""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from servable.engines.chunks import batches, padded
from servable.engines.devices import Device
from servable.engines.onnx_session import GraphFile, open_text_graph
from servable.errors import Damaged, Problem
from servable.records import FloatArray, ModelInputs, TextInputs

OUTPUT: Final = "probs"

_WHERE: Final = "model.onnx"
_FIX: Final = "export the network again, or take the file away to score with the weights"

_TYPES: Final[Mapping[str, type[np.generic]]] = {
    "tensor(int64)": np.int64,
    "tensor(int32)": np.int32,
    "tensor(float)": np.float32,
    "tensor(double)": np.float64,
}

Extent = tuple[int, int]
"""How many chunks a text has, and how many tokens its longest one."""


class OnnxWhole:
    """One graph; each input gets the type that the graph declares, whatever the input is called."""

    def __init__(
        self,
        model: bytes,
        *,
        features: tuple[str, ...],
        text_fields: tuple[str, ...],
        ids_suffix: str,
        mask_suffix: str,
        pad_token_id: int,
        intra_op_threads: int,
        device: Device = Device.CPU,
    ) -> None:
        file = GraphFile(model=model, where=_WHERE, fix=_FIX)
        graph = open_text_graph(file, intra_op_threads=intra_op_threads, device=device)
        self._text_inputs = {
            field: (f"{field}_{ids_suffix}", f"{field}_{mask_suffix}") for field in text_fields
        }
        graph.require_inputs([*(name for pair in self._text_inputs.values() for name in pair), *features])
        self._types = {name: _type(name, tensor.type) for name, tensor in graph.inputs.items()}
        self._run = graph.run
        self._features = features
        self._classes = graph.output_width(OUTPUT)
        self._pad_token_id = pad_token_id

    @property
    def features(self) -> int:
        """How many columns `tabular` must have; 0 where texts alone are read."""
        return len(self._features)

    @property
    def classes(self) -> int:
        """How many columns the scores have."""
        return self._classes

    def run(self, inputs: ModelInputs) -> FloatArray:
        """`[n, classes]` float32 class probabilities of n records, at least one."""
        extents = {field: _extents(inputs.texts[field]) for field in self._text_inputs}
        shapes = list(zip(*extents.values(), strict=True))
        scores = np.full((len(inputs), self._classes), np.nan, dtype=np.float32)
        for shape, rows in batches(shapes, lambda shape: sum(chunks * tokens for chunks, tokens in shape)):
            feeds = {name: inputs.tabular[rows, at, None] for at, name in enumerate(self._features)}
            for field, extent in zip(self._text_inputs, shape, strict=True):
                feeds |= self._text_feeds(field, inputs.texts[field], rows, extent)
            typed = {name: array.astype(self._types[name], copy=False) for name, array in feeds.items()}
            scores[rows] = self._run([OUTPUT], typed)[0]
        return scores

    def _text_feeds(
        self, field: str, texts: TextInputs, rows: list[int], extent: Extent
    ) -> dict[str, NDArray[Any]]:
        """Ids and mask `[b, chunks, tokens]` of these records, which all have this extent."""
        offsets = texts.chunk_offsets
        own = [chunk for row in rows for chunk in texts.token_ids[offsets[row] : offsets[row + 1]]]
        chunks, tokens = extent
        arrays = padded(own, length=tokens, pad_token_id=self._pad_token_id)
        return {
            name: array.reshape(len(rows), chunks, tokens)
            for name, array in zip(self._text_inputs[field], arrays, strict=True)
        }


def _extents(texts: TextInputs) -> list[Extent]:
    lengths = np.array([len(chunk) for chunk in texts.token_ids])
    longest = np.maximum.reduceat(lengths, texts.chunk_offsets[:-1])
    return list(zip(np.diff(texts.chunk_offsets).tolist(), longest.tolist(), strict=True))


def _type(name: str, declared: str) -> type[np.generic]:
    if declared not in _TYPES:
        raise Damaged(
            Problem(
                code="engine.model",
                where=_WHERE,
                expected=f"the input `{name}` of type {', '.join(_TYPES)}",
                found=declared,
                fix=_FIX,
            )
        )
    return _TYPES[declared]
