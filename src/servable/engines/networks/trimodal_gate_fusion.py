"""Two texts and a table, mixed component by component; the shares of the three add up to one."""

from collections.abc import Sequence
from typing import Final

import torch
from torch import Tensor, nn

from servable.engines.networks.bert import EncoderConfig
from servable.engines.networks.branches import BranchedNetwork, Sizes
from servable.engines.networks.gates import gate

_SMALLEST: Final = 1e-8


class TrimodalGateFusion(BranchedNetwork):
    """A network of the family `trimodal_gate_fusion`; without a table a gate mixes the two texts."""

    TEXTS = ("primary_text_subnetwork", "secondary_text_subnetwork")
    LAST = "final_merge_network.2.weight"
    NEEDS_TABLE = False

    def __init__(self, encoder: EncoderConfig, sizes: Sizes) -> None:
        super().__init__(encoder, sizes)
        hidden = sizes.hidden
        self.gate_fusion = _ThreeGates(hidden) if sizes.features else _OneGate(hidden)
        self.final_merge_network = nn.Sequential(
            nn.ReLU(), nn.Dropout(sizes.dropout), nn.Linear(hidden, sizes.classes)
        )

    @property
    def unused(self) -> tuple[str, ...]:
        """Gates that training makes for the other case."""
        others = ("gate_primary_secondary.",) if self.features else ("trimodal_gate.", "tab_proj.")
        return tuple(f"gate_fusion.{name}" for name in ("gate_text_tab.", *others))

    def merge(self, *branches: Tensor) -> Tensor:
        """`[n, classes]` logits of the mixture."""
        logits: Tensor = self.final_merge_network(self.gate_fusion(branches))
        return logits


class _ThreeGates(nn.Module):
    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.primary_proj = nn.Linear(hidden, hidden)
        self.secondary_proj = nn.Linear(hidden, hidden)
        self.tab_proj = nn.Linear(hidden, hidden)
        self.trimodal_gate = gate(3 * hidden, 3 * hidden)

    def forward(self, branches: Sequence[Tensor]) -> Tensor:
        projections = (self.primary_proj, self.secondary_proj, self.tab_proj)
        vectors = [project(vector) for project, vector in zip(projections, branches, strict=True)]
        shares: Sequence[Tensor] = self.trimodal_gate(torch.cat(vectors, dim=1)).chunk(3, dim=1)
        total = shares[0] + shares[1] + shares[2] + _SMALLEST
        first, second, third = (share / total * vector for share, vector in zip(shares, vectors, strict=True))
        mixed: Tensor = first + second + third
        return mixed


class _OneGate(nn.Module):
    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.primary_proj = nn.Linear(hidden, hidden)
        self.secondary_proj = nn.Linear(hidden, hidden)
        self.gate_primary_secondary = gate(2 * hidden, hidden)

    def forward(self, branches: Sequence[Tensor]) -> Tensor:
        first, second = self.primary_proj(branches[0]), self.secondary_proj(branches[1])
        share: Tensor = self.gate_primary_secondary(torch.cat([first, second], dim=1))
        mixed: Tensor = share * first + (1 - share) * second
        return mixed
