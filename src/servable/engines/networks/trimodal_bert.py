"""Two texts and a table: three vectors side by side, through one layer more than `bimodal_bert`."""

import torch
from torch import Tensor, nn

from servable.engines.networks.bert import EncoderConfig
from servable.engines.networks.branches import BranchedNetwork, Sizes


class TrimodalBert(BranchedNetwork):
    """A network of the family `trimodal_bert`."""

    TEXTS = ("primary_text_subnetwork", "secondary_text_subnetwork")
    LAST = "final_merge_network.5.weight"
    NEEDS_TABLE = False

    def __init__(self, encoder: EncoderConfig, sizes: Sizes) -> None:
        super().__init__(encoder, sizes)
        self.final_merge_network = merge_network(sizes, branches=3 if sizes.features else 2)

    def merge(self, *branches: Tensor) -> Tensor:
        """`[n, classes]` logits of the vectors of both texts and the table, side by side."""
        logits: Tensor = self.final_merge_network(torch.cat(branches, dim=1))
        return logits


def merge_network(sizes: Sizes, *, branches: int) -> nn.Sequential:
    """Vectors side by side to logits, as both families of two texts without gates have it."""
    inner = max(128, sizes.hidden * 3 // 2)
    return nn.Sequential(
        nn.ReLU(),
        nn.Dropout(sizes.dropout),
        nn.Linear(branches * sizes.hidden, inner),
        nn.ReLU(),
        nn.Dropout(sizes.dropout),
        nn.Linear(inner, sizes.classes),
    )
