"""Attention to a single place."""

import torch
from torch import Tensor, nn
from torch.nn.functional import linear


class AttentionOfOne(nn.Module):
    """Multi-head attention to one vector, with the weights of `torch.nn.MultiheadAttention`.

    A softmax over one place is 1, so that queries, keys and the number of heads change nothing: what is
    left is the map of the values and that of the output.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.in_proj_weight = nn.Parameter(torch.empty(3 * width, width))
        self.in_proj_bias = nn.Parameter(torch.empty(3 * width))
        self.out_proj = nn.Linear(width, width)
        self._values = slice(2 * width, None)  # behind the rows of queries and keys

    def forward(self, attended: Tensor) -> Tensor:
        """`[n, width]` of the vectors that are attended to."""
        values = linear(attended, self.in_proj_weight[self._values], self.in_proj_bias[self._values])
        result: Tensor = self.out_proj(values)
        return result
