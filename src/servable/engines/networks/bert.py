"""BERT and RoBERTa encoders: the tokens of a chunk to one vector.

Modules and parameters have the names of the published checkpoints, so that their weights load as they
are. Only what reaches the pooled vector is computed: the last layer runs at the first token alone, which
saves most of that layer and moves the vector by rounding only.

Source: Devlin et al., "BERT: Pre-training of Deep Bidirectional Transformers", 2019; Liu et al.,
"RoBERTa: A Robustly Optimized BERT Pretraining Approach", 2019.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

import msgspec
import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

from servable.engines.chunks import padded_length
from servable.errors import Damaged, Problem

# bounds keep the configuration of a stranger from asking for more than time or numbers allow
_Count = Annotated[int, msgspec.Meta(ge=1, le=1 << 24)]
_Depth = Annotated[int, msgspec.Meta(ge=1, le=128)]
_Share = Annotated[float, msgspec.Meta(ge=0, lt=1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderConfig:
    """The shape of an encoder, under the names of its `config.json`; the defaults are that format's.

    Attributes:
        pad_token_id: the token of padding; positions of a `roberta` are counted from behind it.
    """

    model_type: Literal["bert", "roberta"]
    vocab_size: _Count
    hidden_size: _Count
    num_hidden_layers: _Depth
    num_attention_heads: _Count
    intermediate_size: _Count
    max_position_embeddings: _Count
    type_vocab_size: _Count
    hidden_act: Literal["gelu", "gelu_new", "relu"] = "gelu"
    layer_norm_eps: Annotated[float, msgspec.Meta(gt=0)] = 1e-12
    pad_token_id: Annotated[int, msgspec.Meta(ge=0)] = 0
    hidden_dropout_prob: _Share = 0.1
    attention_probs_dropout_prob: _Share = 0.1
    position_embedding_type: Literal["absolute"] = "absolute"

    def __post_init__(self) -> None:
        if self.hidden_size % self.num_attention_heads:
            raise ValueError(f"hidden_size {self.hidden_size} for {self.num_attention_heads} heads")

    @classmethod
    def of(cls, config: Mapping[str, object]) -> "EncoderConfig":
        """The configuration that a `config.json` holds; keys that do not shape the encoder are passed over.

        Raises:
            Damaged: `network.encoder` for an encoder of another kind.
        """
        given = {name: value for name, value in config.items() if value is not None}
        if given.get("model_type") == "roberta":
            given.setdefault("pad_token_id", 1)
        try:
            if given.get("is_decoder"):
                raise msgspec.ValidationError("a decoder")
            return msgspec.convert(given, cls)
        except msgspec.ValidationError as error:
            raise Damaged(
                Problem(
                    code="network.encoder",
                    where="encoder, config.json",
                    expected="an encoder of type bert or roberta with absolute positions",
                    found=str(error),
                    fix="use such an encoder with its own config.json",
                )
            ) from error

    @property
    def max_tokens(self) -> int:
        """Tokens of one chunk at most, the special ones included."""
        reserved = self.pad_token_id + 1 if self.model_type == "roberta" else 0
        return self.max_position_embeddings - reserved


class Encoder(nn.Module):
    """The pooled vector of each chunk; dropout as configured, in training mode.

    Attributes:
        width: of a vector.
    """

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.width = config.hidden_size
        self.embeddings = _Embeddings(config)
        self.encoder = _Layers(config)
        self.pooler = _Pooler(config)

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        """`[b, d]` vectors of `[b, T]` int64 token ids; the mask is 1 for a token and 0 for padding."""
        tokens: Tensor = self.embeddings(ids)
        hidden = (1 - mask)[:, None, None, :].to(tokens.dtype) * torch.finfo(tokens.dtype).min
        vectors: Tensor = self.pooler(self.encoder(tokens, hidden))
        return vectors


class _Embeddings(nn.Module):
    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        width = config.hidden_size
        self.word_embeddings = nn.Embedding(config.vocab_size, width)
        self.position_embeddings = nn.Embedding(config.max_position_embeddings, width)
        self.token_type_embeddings = nn.Embedding(config.type_vocab_size, width)
        self.LayerNorm = nn.LayerNorm(width, eps=config.layer_norm_eps)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)
        self._padding = config.pad_token_id if config.model_type == "roberta" else None
        # padding may reach beyond the last position; what stands there reaches no vector
        self._spare = padded_length(config.max_position_embeddings) - config.max_position_embeddings

    def forward(self, ids: Tensor) -> Tensor:
        places = self._positions(ids) + self.token_type_embeddings.weight[0]
        tokens: Tensor = self.dropout(self.LayerNorm(self.word_embeddings(ids) + places))
        return tokens

    def _positions(self, ids: Tensor) -> Tensor:
        if self._padding is None:
            places = self.position_embeddings.weight
            if self._spare:
                places = torch.cat([places, places.new_zeros(self._spare, places.shape[1])])
            return places[: ids.shape[1]]
        counted = (ids != self._padding).long()
        positions: Tensor = self.position_embeddings(counted.cumsum(1) * counted + self._padding)
        return positions


class _Layers(nn.ModuleDict):
    def __init__(self, config: EncoderConfig) -> None:
        super().__init__({"layer": nn.ModuleList(_Layer(config) for _ in range(config.num_hidden_layers))})

    def forward(self, tokens: Tensor, hidden: Tensor) -> Tensor:
        """`[b, d]`: what the last layer makes of the first token."""
        *inner, last = self["layer"].children()
        for layer in inner:
            tokens = layer(tokens, tokens, hidden)
        first: Tensor = last(tokens[:, :1], tokens, hidden)
        return first[:, 0]


class _Layer(nn.Module):
    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.attention = _Attention(config)
        self.intermediate = _Intermediate(config)
        self.output = _Added(config.intermediate_size, config)

    def forward(self, queries: Tensor, tokens: Tensor, hidden: Tensor) -> Tensor:
        attended = self.attention(queries, tokens, hidden)
        result: Tensor = self.output(self.intermediate(attended), attended)
        return result


class _Attention(nn.Module):
    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.self = _SelfAttention(config)
        self.output = _Added(config.hidden_size, config)

    def forward(self, queries: Tensor, tokens: Tensor, hidden: Tensor) -> Tensor:
        result: Tensor = self.output(self.self(queries, tokens, hidden), queries)
        return result


class _SelfAttention(nn.Module):
    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        width = config.hidden_size
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, width)
        self._shape = (config.num_attention_heads, width // config.num_attention_heads)
        self._dropout = config.attention_probs_dropout_prob

    def forward(self, queries: Tensor, tokens: Tensor, hidden: Tensor) -> Tensor:
        # sizes taken from one and the same tensor, and a scale that is a constant, leave an exported
        # graph a tenth faster on short texts
        rows, (heads, size) = hidden.shape[0], self._shape

        def by_head(projected: Tensor) -> Tensor:
            return projected.view(rows, -1, heads, size).transpose(1, 2)

        mixed = scaled_dot_product_attention(
            by_head(self.query(queries)),
            by_head(self.key(tokens)),
            by_head(self.value(tokens)),
            attn_mask=hidden,
            dropout_p=self._dropout if self.training else 0.0,
            scale=size**-0.5,
        )
        return mixed.transpose(1, 2).reshape(rows, -1, heads * size)


class _Intermediate(nn.Module):
    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.dense = nn.Linear(config.hidden_size, config.intermediate_size)
        self.activation = _activation(config)

    def forward(self, tokens: Tensor) -> Tensor:
        result: Tensor = self.activation(self.dense(tokens))
        return result


def _activation(config: EncoderConfig) -> nn.Module:
    if config.hidden_act == "relu":
        return nn.ReLU()
    return nn.GELU(approximate="tanh" if config.hidden_act == "gelu_new" else "none")


class _Added(nn.Module):
    """A linear map, added to what it belongs to, and normalised."""

    def __init__(self, inputs: int, config: EncoderConfig) -> None:
        super().__init__()
        self.dense = nn.Linear(inputs, config.hidden_size)
        self.LayerNorm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)

    def forward(self, inputs: Tensor, residual: Tensor) -> Tensor:
        result: Tensor = self.LayerNorm(self.dropout(self.dense(inputs)) + residual)
        return result


class _Pooler(nn.Module):
    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.dense = nn.Linear(config.hidden_size, config.hidden_size)

    def forward(self, first: Tensor) -> Tensor:
        vectors: Tensor = self.dense(first)
        return vectors.tanh()
