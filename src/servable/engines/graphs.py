"""Names of the inputs and outputs of the graphs that packing writes and the engines read."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

TREES_INPUT: Final = "features"
TREES_OUTPUT: Final = "probabilities"
"""Of a tree-ensemble graph: `[n, t]` float32 to `[n, classes]`."""

ENCODER_INPUTS: Final = ("input_ids", "attention_mask")
ENCODER_OUTPUT: Final = "vector"
"""Of an encoder: `[b, T]` int64 token ids and mask to `[b, d]` float32."""

HEAD_TABLE: Final = "tabular"
HEAD_OUTPUT: Final = "logits"
"""Of a head: `[n, t]` float32, absent where no numbers are read, to `[n, classes]`."""


def head_text(field: str) -> str:
    """The head's input `[n, d]` for the mean vectors of a text field."""
    return f"{field}_vector"


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderGraph:
    """An encoder in two files, as ONNX names them: the graph, and its weights beside it.

    Weights in a file of their own are mapped into memory instead of being read and copied twice.

    Attributes:
        model: the graph.
        weights_file: the name by which the graph refers to its weights.
        weights: their bytes, or the file on disk, which then has that name.
    """

    model: bytes = field(repr=False)
    weights_file: str
    weights: bytes | Path = field(repr=False)


def weights_of(graph_file: str) -> str:
    """The name of the file that holds a graph's weights."""
    return f"{graph_file}.data"
