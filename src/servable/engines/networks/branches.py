"""What the families share: a branch for each text, one for the table; the merge is the family's own."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final, Self

from torch import Tensor, nn

from servable.engines.networks.bert import Encoder, EncoderConfig
from servable.engines.networks.weights import Shapes, size_of
from servable.errors import Damaged, Problem

_TABLE: Final = "tab_subnetwork."


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """How large a network is beside its encoder.

    Attributes:
        text_fields: the texts in the order in which the network reads them.
        features: numbers that it reads beside the texts; 0 for none.
        hidden: width of each branch.
        classes: number of logits.
        dropout: share of a text's vector that is dropped while training.
    """

    text_fields: tuple[str, ...]
    features: int
    hidden: int
    classes: int
    dropout: float = 0.0


class BranchedNetwork(nn.Module):
    """Vectors of the same width, of each text and of the table, merged into logits.

    A family says how they are merged. Its modules have the names under which its weights are stored.
    """

    TEXTS: ClassVar[tuple[str, ...]] = ("text_subnetwork",)
    """The branches of texts, in the order in which the network reads these."""

    LAST: ClassVar[str] = "final_merge_network.1.weight"
    """The weight that has a row for each class."""

    NEEDS_TABLE: ClassVar[bool] = True
    """Whether the merge is defined with a table alone."""

    ENCODERS: ClassVar[tuple[str, ...]]
    """What the names of an encoder's weights begin with."""

    def __init_subclass__(cls) -> None:
        cls.ENCODERS = tuple(f"{branch}.bert." for branch in cls.TEXTS)

    def __init__(self, encoder: EncoderConfig, sizes: Sizes) -> None:
        super().__init__()
        self.text_fields = sizes.text_fields
        self.features = sizes.features
        self.classes = sizes.classes
        self.max_tokens = encoder.max_tokens
        for branch in self.TEXTS:
            self.add_module(branch, TextBranch(encoder, sizes.hidden, sizes.dropout))
        self.tab_subnetwork = TableBranch(sizes.features, sizes.hidden) if sizes.features else None

    @classmethod
    def of_shapes(cls, shapes: Shapes, encoder: EncoderConfig, *, text_fields: Sequence[str]) -> Self:
        """A network as wide as stored weights of these shapes.

        Raises:
            Damaged: `network.texts` for another number of text fields than the family reads,
                `network.weights` for a weight that is not there.
        """
        require_texts(text_fields, len(cls.TEXTS))
        has_table = cls.NEEDS_TABLE or any(name.startswith(_TABLE) for name in shapes)
        sizes = Sizes(
            text_fields=tuple(text_fields),
            features=size_of(shapes, f"{_TABLE}embedding_layer.0.weight") if has_table else 0,
            hidden=size_of(shapes, f"{cls.TEXTS[0]}.head_layer.1.weight"),
            classes=size_of(shapes, cls.LAST),
        )
        return cls(encoder, sizes)

    @property
    def unused(self) -> tuple[str, ...]:
        """What the names of weights begin with that training stores and no score depends on."""
        return ()

    @property
    def encoders(self) -> Mapping[str, Encoder]:
        """The encoder of each text."""
        return {
            field: self.get_submodule(f"{branch}.bert")  # type: ignore[misc]  # what a text branch holds
            for field, branch in zip(self.text_fields, self.TEXTS, strict=True)
        }

    def encode(self, field: str, ids: Tensor, mask: Tensor) -> Tensor:
        """`[b, d]` vectors of chunks."""
        vectors: Tensor = self.encoders[field](ids, mask)
        return vectors

    def head(self, texts: Mapping[str, Tensor], tabular: Tensor) -> Tensor:
        """`[n, classes]` logits of mean vectors and table."""
        vectors: list[Tensor] = [
            self.get_submodule(f"{branch}.head_layer")(texts[field])
            for field, branch in zip(self.text_fields, self.TEXTS, strict=True)
        ]
        if self.tab_subnetwork is not None:
            vectors.append(self.tab_subnetwork.embedding_layer(tabular))
        return self.merge(*vectors)

    @abstractmethod
    def merge(self, *branches: Tensor) -> Tensor:
        """`[n, classes]` logits of the vectors `[n, hidden]` of the texts and then of the table, if any."""


class TextBranch(nn.Module):
    """An encoder, and what brings its mean vectors to the width of the merge."""

    def __init__(self, encoder: EncoderConfig, hidden: int, dropout: float) -> None:
        super().__init__()
        self.bert = Encoder(encoder)
        self.head_layer = nn.Sequential(nn.Dropout(dropout), nn.Linear(encoder.hidden_size, hidden))


class TableBranch(nn.Module):
    """The table at the width of the merge."""

    def __init__(self, features: int, hidden: int) -> None:
        super().__init__()
        self.embedding_layer = nn.Sequential(nn.LayerNorm(features), nn.Linear(features, hidden), nn.ReLU())


def require_texts(text_fields: Sequence[str], wanted: int) -> None:
    """Nothing, if there are as many text fields as a family reads.

    Raises:
        Damaged: `network.texts`.
    """
    if len(text_fields) != wanted:
        numbers = {
            1: "the one that a network of one text reads",
            2: "the two that a network of two texts reads",
        }
        raise Damaged(
            Problem(
                code="network.texts",
                where="text fields",
                expected=numbers[wanted],
                found=", ".join(text_fields) or "none",
                fix="use the hyperparameters.json that was written with these weights",
            )
        )
