"""A text network as graphs: one for the encoder of each text, and one for the head.

The bytes depend on the weights and on the version of torch alone.
"""

import io
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from servable.engines import (
    ENCODER_INPUTS,
    ENCODER_OUTPUT,
    HEAD_OUTPUT,
    HEAD_TABLE,
    EncoderGraph,
    head_text,
    weights_of,
)
from servable.errors import Problem, Unavailable

try:
    import onnx
    import onnx.external_data_helper
    import torch
    from torch import Tensor, nn

    from servable.engines.networks import Network, evaluation
except ImportError as error:
    raise Unavailable(
        Problem(
            code="pack.extra",
            where="text network",
            expected="the packages torch and onnx",
            found="that one of them is not installed",
            fix="install servable[train]",
        )
    ) from error

HEAD: Final = "head.onnx"

OPSET: Final = 17
"""The first with LayerNormalization as one operator."""

_PAGE_BYTES, _SMALLEST_OUTSIDE_BYTES = 4096, 1024
_ROWS, _TOKENS = 2, 3  # of the example that the exporter follows through the network; no size is kept of it


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkGraphs:
    """A network in two parts, as ONNX files.

    Attributes:
        files: by text field, the name of its encoder's file.
        encoders: by text field, int64 `[batch, tokens]` token ids and mask to `[batch, d]` vectors, the
            weights in a file of their own.
        head: mean vectors `[records, d]` and numbers `[records, features]` to `[records, classes]` logits.
    """

    files: Mapping[str, str]
    encoders: Mapping[str, EncoderGraph]
    head: bytes

    def members(self) -> dict[str, bytes]:
        """All files by name."""
        found = {HEAD: self.head}
        for field, graph in self.encoders.items():
            weights = graph.weights if isinstance(graph.weights, bytes) else graph.weights.read_bytes()
            found |= {self.files[field]: graph.model, graph.weights_file: weights}
        return found


def to_onnx(network: Network) -> NetworkGraphs:
    """The graphs of a network, without dropout whatever mode it is in.

    Only standard operators are written. ONNX Runtime fuses what its processor is good at when it opens
    them; graphs with attention and normalisation fused beforehand took up to a tenth longer (6 layers of
    width 384, 16 to 128 tokens).
    """
    with evaluation(network):
        widths = {field: encoder.width for field, encoder in network.encoders.items()}
        files = {
            field: "encoder.onnx" if len(widths) == 1 else f"encoder_{number}.onnx"
            for number, field in enumerate(widths)
        }
        return NetworkGraphs(
            files=files,
            encoders={
                field: _encoder(network, field, width, file=files[field]) for field, width in widths.items()
            },
            head=_head(network, widths).SerializeToString(deterministic=True),
        )


class _EncoderPart(nn.Module):
    def __init__(self, network: Network, field: str) -> None:
        super().__init__()
        self.network = network
        self._field = field

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        return self.network.encode(self._field, ids, mask)


class _HeadPart(nn.Module):
    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, *inputs: Tensor) -> Tensor:
        fields = self.network.text_fields
        texts = dict(zip(fields, inputs, strict=False))
        tabular = inputs[-1] if self.network.features else inputs[0][:, :0]
        return self.network.head(texts, tabular)


def _encoder(network: Network, field: str, width: int, *, file: str) -> EncoderGraph:
    example = torch.ones(_ROWS, _TOKENS, dtype=torch.int64)
    model = _graph(
        _EncoderPart(network, field),
        {name: example for name in ENCODER_INPUTS},
        axes=("batch", "tokens"),
        output=ENCODER_OUTPUT,
        columns=width,
    )
    weights = _taken_out(model, weights_of(file))
    return EncoderGraph(
        model=model.SerializeToString(deterministic=True), weights_file=weights_of(file), weights=weights
    )


def _taken_out(model: Any, file: str) -> bytes:
    """The weights of a graph, which from now on refers to them by the name of their file.

    Each begins at a multiple of a memory page, so that it can be mapped.
    """
    data = bytearray()
    for tensor in model.graph.initializer:
        if len(tensor.raw_data) < _SMALLEST_OUTSIDE_BYTES:
            continue
        data += bytes(-len(data) % _PAGE_BYTES)
        onnx.external_data_helper.set_external_data(
            tensor, location=file, offset=len(data), length=len(tensor.raw_data)
        )
        data += tensor.raw_data
        tensor.ClearField("raw_data")
    return bytes(data)


def _head(network: Network, widths: Mapping[str, int]) -> Any:
    inputs = {head_text(field): torch.ones(_ROWS, width) for field, width in widths.items()}
    if network.features:
        inputs[HEAD_TABLE] = torch.ones(_ROWS, network.features)
    return _graph(_HeadPart(network), inputs, axes=("records",), output=HEAD_OUTPUT, columns=network.classes)


def _graph(
    part: nn.Module, inputs: Mapping[str, Tensor], *, axes: Sequence[str], output: str, columns: int
) -> Any:
    """The graph of a part.

    Args:
        part: what is computed.
        inputs: by name; examples.
        axes: names of the first sizes of each input, which may change; the first is the output's too.
        output: its name.
        columns: its width.
    """
    file = io.BytesIO()
    sizes = dict(enumerate(axes))
    with warnings.catch_warnings():
        # torch calls this exporter deprecated; its successor needs a further package
        warnings.simplefilter("ignore")
        torch.onnx.export(
            part.eval(),
            tuple(inputs.values()),
            file,  # type: ignore[arg-type]  # it writes to a file in memory as well
            input_names=list(inputs),
            output_names=[output],
            dynamic_axes={name: sizes for name in inputs} | {output: {0: axes[0]}},
            opset_version=OPSET,
            dynamo=False,
        )
    return _plain(file.getvalue(), rows=axes[0], columns=columns)


def _plain(graph: bytes, *, rows: str, columns: int) -> Any:
    """The same graph with the shape of its output in words, and without notes of where it was made."""
    model = onnx.load_from_string(graph)
    del model.metadata_props[:], model.graph.value_info[:]
    model.doc_string = model.graph.doc_string = ""
    for node in model.graph.node:
        node.doc_string = ""
        del node.metadata_props[:]
    first, second = _dimensions(model.graph.output[0])
    first.Clear()
    first.dim_param = rows
    second.Clear()
    second.dim_value = columns
    return model


def _dimensions(tensor: Any) -> tuple[Any, Any]:
    first, second = tensor.type.tensor_type.shape.dim
    return first, second
