"""A packed text network on ONNX Runtime: one graph for each text field's encoder, and one for the head."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from servable.engines.chunks import Encode
from servable.engines.devices import Device
from servable.engines.graphs import (
    ENCODER_INPUTS,
    ENCODER_OUTPUT,
    HEAD_OUTPUT,
    HEAD_TABLE,
    EncoderGraph,
    head_text,
)
from servable.engines.onnx_session import PACK_AGAIN, Graph, GraphFile, open_text_graph
from servable.engines.two_parts import class_probabilities
from servable.errors import Damaged, Problem
from servable.records import FloatArray, ModelInputs


class OnnxNetwork:
    """Two graphs of a network, so that chunks of all records share calls of the encoder (decision 0008)."""

    def __init__(
        self,
        encoders: Mapping[str, EncoderGraph],
        head: bytes,
        *,
        intra_op_threads: int,
        pad_token_id: int,
        device: Device = Device.CPU,
    ) -> None:
        graphs = {
            field: open_text_graph(
                GraphFile(model=graph.model, weights=graph, where=_encoder_of(field)),
                intra_op_threads=intra_op_threads,
                device=device,
            )
            for field, graph in encoders.items()
        }
        self._head = open_text_graph(
            GraphFile(model=head, where="head"), intra_op_threads=intra_op_threads, device=device
        )
        self._features = self._head.input_width(HEAD_TABLE) if HEAD_TABLE in self._head.inputs else 0
        self._classes = self._head.output_width(HEAD_OUTPUT)
        self._head.require_inputs([*map(head_text, graphs), *([HEAD_TABLE] if self._features else [])])
        for field, graph in graphs.items():
            graph.require_inputs(ENCODER_INPUTS)
            _require_width(
                field, self._head.input_width(head_text(field)), graph.output_width(ENCODER_OUTPUT)
            )
        self._encoders = {field: _encode(graph) for field, graph in graphs.items()}
        self._pad_token_id = pad_token_id

    @property
    def features(self) -> int:
        """How many columns `tabular` must have; 0 where texts alone are read."""
        return self._features

    @property
    def classes(self) -> int:
        """How many columns the scores have."""
        return self._classes

    def run(self, inputs: ModelInputs) -> FloatArray:
        """`[n, classes]` float32 class probabilities of n records, at least one."""
        return class_probabilities(
            inputs, encoders=self._encoders, head=self._logits, pad_token_id=self._pad_token_id
        )

    def _logits(
        self, texts: Mapping[str, NDArray[np.float32]], tabular: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        feeds = {head_text(field): vectors for field, vectors in texts.items()}
        if self._features:
            feeds[HEAD_TABLE] = tabular
        logits: NDArray[np.float32] = self._head.run([HEAD_OUTPUT], feeds)[0]
        return logits


def _encoder_of(field: str) -> str:
    return f'encoder of the field "{field}"'


def _encode(graph: Graph) -> Encode:
    def encode(ids: NDArray[np.int64], mask: NDArray[np.int64]) -> NDArray[np.float32]:
        vectors: NDArray[np.float32] = graph.run(
            [ENCODER_OUTPUT], dict(zip(ENCODER_INPUTS, (ids, mask), strict=True))
        )[0]
        return vectors

    return encode


def _require_width(field: str, expected: int, found: int) -> None:
    if expected != found:
        raise Damaged(
            Problem(
                code="engine.model",
                where=_encoder_of(field),
                expected=f"vectors of width {expected}, which the head reads",
                found=f"width {found}",
                fix=PACK_AGAIN,
            )
        )
