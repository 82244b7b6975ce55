"""Two texts that attend to each other, and a table beside them."""

from typing import Final

import torch
from torch import Tensor, nn

from servable.engines.networks.attention_of_one import AttentionOfOne
from servable.engines.networks.bert import EncoderConfig
from servable.engines.networks.branches import BranchedNetwork, Sizes
from servable.engines.networks.trimodal_bert import merge_network

_WIDER: Final = 4


class TrimodalCrossAttention(BranchedNetwork):
    """A network of the family `trimodal_cross_attn`."""

    TEXTS = ("primary_text_subnetwork", "secondary_text_subnetwork")
    LAST = "final_merge_network.5.weight"
    NEEDS_TABLE = False

    def __init__(self, encoder: EncoderConfig, sizes: Sizes) -> None:
        super().__init__(encoder, sizes)
        self.cross_attention = _CrossAttention(sizes)
        self.final_merge_network = merge_network(sizes, branches=3 if sizes.features else 2)

    def merge(self, *branches: Tensor) -> Tensor:
        """`[n, classes]` logits of both texts after their attention, and of the table."""
        primary, secondary, *table = branches
        texts = self.cross_attention(primary, secondary)
        logits: Tensor = self.final_merge_network(torch.cat([*texts, *table], dim=1))
        return logits


class _CrossAttention(nn.Module):
    """Both directions start from the vectors as they came."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        hidden = sizes.hidden
        self.attn_p2s = AttentionOfOne(hidden)
        self.attn_s2p = AttentionOfOne(hidden)
        self.norm_primary = nn.LayerNorm(hidden)
        self.norm_secondary = nn.LayerNorm(hidden)
        self.ffn_primary = _feed_forward(sizes)
        self.ffn_secondary = _feed_forward(sizes)
        self.norm_ffn_primary = nn.LayerNorm(hidden)
        self.norm_ffn_secondary = nn.LayerNorm(hidden)

    def forward(self, primary: Tensor, secondary: Tensor) -> tuple[Tensor, Tensor]:
        first = self.norm_primary(primary + self.attn_p2s(secondary))
        second = self.norm_secondary(secondary + self.attn_s2p(primary))
        return (
            self.norm_ffn_primary(first + self.ffn_primary(first)),
            self.norm_ffn_secondary(second + self.ffn_secondary(second)),
        )


def _feed_forward(sizes: Sizes) -> nn.Sequential:
    hidden = sizes.hidden
    return nn.Sequential(
        nn.Linear(hidden, _WIDER * hidden),
        nn.ReLU(),
        nn.Dropout(sizes.dropout),
        nn.Linear(_WIDER * hidden, hidden),
    )
