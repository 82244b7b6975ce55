"""What every family of text networks can do."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from servable.engines.networks.bert import Encoder


class Network(Protocol):
    """A classifier of texts and a table, in two parts; each is a `torch.nn.Module`.

    Attributes:
        training: whether dropout is active.
    """

    training: bool

    @property
    def text_fields(self) -> tuple[str, ...]:
        """The texts that it reads."""
        ...

    @property
    def features(self) -> int:
        """How many numbers it reads beside the texts; 0 if none."""
        ...

    @property
    def classes(self) -> int:
        """How many logits it gives."""
        ...

    @property
    def max_tokens(self) -> int:
        """Tokens of one chunk at most, the special ones included."""
        ...

    @property
    def encoders(self) -> Mapping[str, Encoder]:
        """By text field the module that `encode` runs."""
        ...

    def encode(self, field: str, ids: Tensor, mask: Tensor) -> Tensor:
        """`[b, d]` vectors of b chunks of a text field: int64 `[b, T]` token ids, mask 0 for padding."""
        ...

    def head(self, texts: Mapping[str, Tensor], tabular: Tensor) -> Tensor:
        """`[n, classes]` logits of n records.

        Args:
            texts: by text field `[n, d]`, the mean of the vectors of each record's own chunks.
            tabular: `[n, features]` float32.
        """
        ...

    def to(self, device: torch.device) -> Any:
        """The same network with its weights on a device."""
        ...

    def train(self, mode: bool = ...) -> Any:
        """Switch dropout on or off."""
        ...

    @property
    def ENCODERS(self) -> tuple[str, ...]:  # noqa: N802  # a constant of the class
        """What the names of an encoder's weights begin with."""
        ...

    @property
    def unused(self) -> tuple[str, ...]:
        """What the names of weights begin with that training stores and no score depends on."""
        ...

    def named_parameters(self) -> Iterator[tuple[str, nn.Parameter]]:
        """All weights with their names."""
        ...

    def modules(self) -> Iterator[nn.Module]:
        """The network and everything that it is made of."""
        ...

    def parameters(self) -> Iterator[nn.Parameter]:
        """All weights."""
        ...

    def state_dict(self) -> dict[str, Any]:
        """The weights by their stored names."""
        ...

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> Any:
        """Put weights in."""
        ...


@contextmanager
def evaluation(network: Network) -> Iterator[None]:
    """A network without dropout and without gradients; afterwards each of its parts is as it was."""
    active = [module for module in network.modules() if module.training]
    for module in active:
        module.training = False
    try:
        with torch.no_grad():
            yield
    finally:
        for module in active:
            module.training = True
