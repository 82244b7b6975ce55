"""One text and a table as two experts; a router says how much of each, for the whole vector.

Source: Shazeer et al., "Outrageously Large Neural Networks: The Sparsely-Gated Mixture-of-Experts Layer",
2017; here without sparsity.
"""

import torch
from torch import Tensor, nn

from servable.engines.networks.bert import EncoderConfig
from servable.engines.networks.branches import BranchedNetwork, Sizes


class BimodalMixture(BranchedNetwork):
    """A network of the family `bimodal_moe`."""

    LAST = "classifier.1.weight"

    def __init__(self, encoder: EncoderConfig, sizes: Sizes) -> None:
        super().__init__(encoder, sizes)
        self.moe_fusion = _Mixture(sizes.hidden)
        self.classifier = nn.Sequential(nn.ReLU(), nn.Linear(sizes.hidden, sizes.classes))

    def merge(self, *branches: Tensor) -> Tensor:
        """`[n, classes]` logits of the mixture of text and table."""
        logits: Tensor = self.classifier(self.moe_fusion(*branches))
        return logits


class _Mixture(nn.Module):
    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.router = nn.Sequential(nn.Linear(2 * hidden, 2), nn.Softmax(dim=1))

    def forward(self, text: Tensor, table: Tensor) -> Tensor:
        shares: Tensor = self.router(torch.cat([text, table], dim=1))
        return shares[:, :1] * text + shares[:, 1:] * table
