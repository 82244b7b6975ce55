"""Gates: numbers between 0 and 1 by which vectors are mixed, component by component."""

from torch import nn


def gate(inputs: int, outputs: int) -> nn.Sequential:
    """`[n, inputs]` to `[n, outputs]` shares: the sigmoid of a normalised linear map."""
    return nn.Sequential(nn.Linear(inputs, outputs), nn.LayerNorm(outputs), nn.Sigmoid())
