"""One text and a table: both as vectors of the same width, side by side into the last layer.

A text alone, without a table, is the same network without its table branch.
"""

import torch
from torch import Tensor, nn

from servable.engines.networks.bert import EncoderConfig
from servable.engines.networks.branches import BranchedNetwork, Sizes


class BimodalBert(BranchedNetwork):
    """A network of the family `bimodal_bert`."""

    NEEDS_TABLE = False

    def __init__(self, encoder: EncoderConfig, sizes: Sizes) -> None:
        super().__init__(encoder, sizes)
        width = 2 * sizes.hidden if sizes.features else sizes.hidden
        self.final_merge_network = nn.Sequential(nn.ReLU(), nn.Linear(width, sizes.classes))

    def merge(self, *branches: Tensor) -> Tensor:
        """`[n, classes]` logits of the vectors of text and table, side by side."""
        logits: Tensor = self.final_merge_network(torch.cat(branches, dim=1))
        return logits
