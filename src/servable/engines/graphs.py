"""Names of the inputs and outputs of the graphs that packing writes and the engines read."""

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
