"""One text and a table: both as vectors of the same width, side by side into the last layer.

A text alone, without a table, is the same network without its table branch.
"""

from collections.abc import Mapping, Sequence
from typing import Final, Self

import torch
from torch import Tensor, nn

from servable.engines.networks.bert import Encoder, EncoderConfig
from servable.engines.networks.weights import Shapes, size_of
from servable.errors import Damaged, Problem

_TABLE: Final = "tab_subnetwork."


class BimodalBert(nn.Module):
    """A network of the family `bimodal_bert`; its weights have the names that its training output stores."""

    ENCODERS: Final = ("text_subnetwork.bert.",)
    """What the names of an encoder's weights begin with."""

    def __init__(
        self,
        encoder: EncoderConfig,
        *,
        text_field: str,
        features: int,
        hidden: int,
        classes: int,
        dropout: float,
    ) -> None:
        super().__init__()
        self.text_fields = (text_field,)
        self.features = features
        self.classes = classes
        self.max_tokens = encoder.max_tokens
        self.text_subnetwork = _TextBranch(encoder, hidden, dropout)
        self.tab_subnetwork = _TableBranch(features, hidden) if features else None
        self.final_merge_network = nn.Sequential(
            nn.ReLU(), nn.Linear(2 * hidden if features else hidden, classes)
        )

    @classmethod
    def of_shapes(cls, shapes: Shapes, encoder: EncoderConfig, *, text_fields: Sequence[str]) -> Self:
        """A network as wide as stored weights of these shapes.

        Raises:
            Damaged: `network.texts` unless there is one text field, `network.weights` for a weight that
                is not there.
        """
        if len(text_fields) != 1:
            raise Damaged(
                Problem(
                    code="network.texts",
                    where="text fields",
                    expected="the one that a network of one text reads",
                    found=", ".join(text_fields) or "none",
                    fix="use the hyperparameters.json that was written with these weights",
                )
            )
        has_table = any(name.startswith(_TABLE) for name in shapes)
        return cls(
            encoder,
            text_field=text_fields[0],
            features=size_of(shapes, f"{_TABLE}embedding_layer.0.weight") if has_table else 0,
            hidden=size_of(shapes, "text_subnetwork.head_layer.1.weight"),
            classes=size_of(shapes, "final_merge_network.1.weight"),
            dropout=0.0,
        )

    @property
    def encoders(self) -> Mapping[str, Encoder]:
        """The encoder of each text."""
        return {self.text_fields[0]: self.text_subnetwork.bert}

    def encode(self, field: str, ids: Tensor, mask: Tensor) -> Tensor:
        """`[b, d]` vectors of chunks."""
        vectors: Tensor = self.encoders[field](ids, mask)
        return vectors

    def head(self, texts: Mapping[str, Tensor], tabular: Tensor) -> Tensor:
        """`[n, classes]` logits of mean vectors and table."""
        branches = [self.text_subnetwork.head_layer(texts[self.text_fields[0]])]
        if self.tab_subnetwork is not None:
            branches.append(self.tab_subnetwork.embedding_layer(tabular))
        logits: Tensor = self.final_merge_network(torch.cat(branches, dim=1))
        return logits


class _TextBranch(nn.Module):
    def __init__(self, encoder: EncoderConfig, hidden: int, dropout: float) -> None:
        super().__init__()
        self.bert = Encoder(encoder)
        self.head_layer = nn.Sequential(nn.Dropout(dropout), nn.Linear(encoder.hidden_size, hidden))


class _TableBranch(nn.Module):
    def __init__(self, features: int, hidden: int) -> None:
        super().__init__()
        self.embedding_layer = nn.Sequential(nn.LayerNorm(features), nn.Linear(features, hidden), nn.ReLU())
