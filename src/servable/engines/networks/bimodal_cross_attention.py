"""One text and a table that attend to each other: the text first, then the table to what became of it."""

import torch
from torch import Tensor, nn

from servable.engines.networks.attention_of_one import AttentionOfOne
from servable.engines.networks.bert import EncoderConfig
from servable.engines.networks.branches import BranchedNetwork, Sizes


class BimodalCrossAttention(BranchedNetwork):
    """A network of the family `bimodal_cross_attn`."""

    LAST = "final_merge_network.2.weight"

    def __init__(self, encoder: EncoderConfig, sizes: Sizes) -> None:
        super().__init__(encoder, sizes)
        hidden = sizes.hidden
        self.cross_att = _CrossAttention(hidden)
        self.final_merge_network = nn.Sequential(
            nn.Linear(2 * hidden, hidden), nn.ReLU(), nn.Linear(hidden, sizes.classes)
        )

    def merge(self, *branches: Tensor) -> Tensor:
        """`[n, classes]` logits of text and table, side by side after their attention."""
        logits: Tensor = self.final_merge_network(torch.cat(self.cross_att(*branches), dim=1))
        return logits


class _CrossAttention(nn.Module):
    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.text2tab = AttentionOfOne(hidden)
        self.tab2text = AttentionOfOne(hidden)
        self.text_norm = nn.LayerNorm(hidden)
        self.tab_norm = nn.LayerNorm(hidden)

    def forward(self, text: Tensor, table: Tensor) -> tuple[Tensor, Tensor]:
        text = self.text_norm(text + self.text2tab(table))
        return text, self.tab_norm(table + self.tab2text(text))
