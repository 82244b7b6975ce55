"""One text alone: an encoder under one linear map, as published sequence classifiers are built.

The mean of the logits of a text's chunks is the logits of their mean vector, so that a text of several
chunks is averaged before the last layer.
"""

from collections.abc import Mapping, Sequence
from typing import ClassVar, Final, Self

from torch import Tensor, nn

from servable.engines.networks.bert import Encoder, EncoderConfig
from servable.engines.networks.branches import require_texts
from servable.engines.networks.weights import Shapes, size_of

_LAST: Final = "bert.classifier.weight"


class TextClassifier(nn.Module):
    """A network of the family `bert`."""

    ENCODERS: ClassVar[tuple[str, ...]] = ("bert.bert.",)

    def __init__(self, encoder: EncoderConfig, *, text_field: str, classes: int) -> None:
        super().__init__()
        self.text_fields = (text_field,)
        self.features = 0
        self.classes = classes
        self.max_tokens = encoder.max_tokens
        self.bert = _Classifier(encoder, classes)

    @classmethod
    def of_shapes(cls, shapes: Shapes, encoder: EncoderConfig, *, text_fields: Sequence[str]) -> Self:
        """A network as wide as stored weights of these shapes.

        Raises:
            Damaged: `network.texts` unless there is one text field, `network.weights` without a last layer.
        """
        require_texts(text_fields, 1)
        return cls(encoder, text_field=text_fields[0], classes=size_of(shapes, _LAST))

    @property
    def unused(self) -> tuple[str, ...]:
        """Nothing."""
        return ()

    @property
    def encoders(self) -> Mapping[str, Encoder]:
        """The encoder of the text."""
        return {self.text_fields[0]: self.bert.bert}

    def encode(self, field: str, ids: Tensor, mask: Tensor) -> Tensor:
        """`[b, d]` vectors of chunks."""
        vectors: Tensor = self.encoders[field](ids, mask)
        return vectors

    def head(self, texts: Mapping[str, Tensor], tabular: Tensor) -> Tensor:
        """`[n, classes]` logits of mean vectors."""
        logits: Tensor = self.bert.classifier(texts[self.text_fields[0]])
        return logits


class _Classifier(nn.Module):
    def __init__(self, encoder: EncoderConfig, classes: int) -> None:
        super().__init__()
        self.bert = Encoder(encoder)
        self.classifier = nn.Linear(encoder.hidden_size, classes)
