"""One text and a table, mixed component by component: a gate says how much of each."""

import torch
from torch import Tensor, nn

from servable.engines.networks.bert import EncoderConfig
from servable.engines.networks.branches import BranchedNetwork, Sizes
from servable.engines.networks.gates import gate


class BimodalGateFusion(BranchedNetwork):
    """A network of the family `bimodal_gate_fusion`."""

    def __init__(self, encoder: EncoderConfig, sizes: Sizes) -> None:
        super().__init__(encoder, sizes)
        self.gate_fusion = _GateFusion(sizes.hidden)
        self.final_merge_network = nn.Sequential(nn.ReLU(), nn.Linear(sizes.hidden, sizes.classes))

    def merge(self, *branches: Tensor) -> Tensor:
        """`[n, classes]` logits of the mixture of text and table."""
        logits: Tensor = self.final_merge_network(self.gate_fusion(*branches))
        return logits


class _GateFusion(nn.Module):
    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.text_proj = nn.Linear(hidden, hidden)
        self.tab_proj = nn.Linear(hidden, hidden)
        self.gate_net = gate(2 * hidden, hidden)

    def forward(self, text: Tensor, table: Tensor) -> Tensor:
        text, table = self.text_proj(text), self.tab_proj(table)
        share: Tensor = self.gate_net(torch.cat([text, table], dim=1))
        return share * text + (1 - share) * table
