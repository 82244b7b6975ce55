"""Batches of rows of similar length: padding every row to the longest would cost two thirds more tokens."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

WINDOW_BATCHES = 32
"""Rows are sorted by length inside windows of so many batches, so that batches still are random ones."""


class LengthBatches:
    """Row numbers of each batch, another order in every epoch; of several processes each takes its share.

    Args:
        lengths: `[n]` tokens of each row.
        batch_size: rows of a batch.
        seed: of the order.
        rank: number of this process.
        world: number of processes.
    """

    def __init__(
        self, lengths: NDArray[np.int64], *, batch_size: int, seed: int, rank: int = 0, world: int = 1
    ) -> None:
        self._lengths = lengths
        self._batch_size = batch_size
        self._seed = seed
        self._rank = rank
        self._world = world
        self._epoch = 0

    @property
    def sampler(self) -> "LengthBatches":
        """Itself: Lightning tells the epoch to what a batch sampler calls its sampler."""
        return self

    def set_epoch(self, epoch: int) -> None:
        """Choose the order; called at the start of each epoch."""
        self._epoch = epoch

    def __len__(self) -> int:
        n_batches = -(-len(self._lengths) // self._batch_size)
        return n_batches // self._world if n_batches >= self._world else 1

    def __iter__(self) -> Iterator[list[int]]:
        batches = self._all()
        for number in range(len(self)):
            yield batches[(number * self._world + self._rank) % len(batches)]

    def _all(self) -> list[list[int]]:
        draws = np.random.default_rng([self._seed, self._epoch])
        order = draws.permutation(len(self._lengths))
        window = WINDOW_BATCHES * self._batch_size
        batches: list[list[int]] = []
        for start in range(0, len(order), window):
            rows = order[start : start + window]
            rows = rows[np.argsort(self._lengths[rows], kind="stable")]
            batches += [
                rows[at : at + self._batch_size].tolist() for at in range(0, len(rows), self._batch_size)
            ]
        return [batches[index] for index in draws.permutation(len(batches)).tolist()]
