"""Batches of rows of similar length."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from servable.train.batches import WINDOW_BATCHES, LengthBatches

Lengths = NDArray[np.int64]
some_lengths = st.lists(st.integers(1, 500), min_size=1, max_size=300).map(
    lambda lengths: np.array(lengths, dtype=np.int64)
)
sizes, seeds, epochs = st.integers(1, 12), st.integers(0, 2**31 - 1), st.integers(0, 20)


def _batches(lengths: Lengths, *, epoch: int = 0, seed: int = 0, size: int = 8) -> list[list[int]]:
    batches = LengthBatches(lengths, batch_size=size, seed=seed)
    batches.set_epoch(epoch)
    return list(batches)


def _shares(
    lengths: Lengths, world: int, *, size: int, seed: int = 0, epoch: int = 0
) -> list[list[list[int]]]:
    shares = []
    for rank in range(world):
        batches = LengthBatches(lengths, batch_size=size, seed=seed, rank=rank, world=world)
        batches.set_epoch(epoch)
        shares.append(list(batches))
    return shares


@given(some_lengths, sizes, seeds, epochs)
def test_every_row_is_in_an_epoch_exactly_once(lengths: Lengths, size: int, seed: int, epoch: int) -> None:
    batches = _batches(lengths, epoch=epoch, seed=seed, size=size)

    assert sorted(row for batch in batches for row in batch) == list(range(len(lengths)))


@given(some_lengths, sizes, seeds, epochs)
def test_every_batch_but_one_is_full(lengths: Lengths, size: int, seed: int, epoch: int) -> None:
    batches = _batches(lengths, epoch=epoch, seed=seed, size=size)

    rest = len(lengths) % size
    assert sorted(map(len, batches)) == [*([rest] if rest else []), *[size] * (len(lengths) // size)]
    assert len(LengthBatches(lengths, batch_size=size, seed=seed)) == len(batches)


@given(some_lengths, sizes, seeds, epochs)
def test_one_seed_gives_one_order(lengths: Lengths, size: int, seed: int, epoch: int) -> None:
    first = _batches(lengths, epoch=epoch, seed=seed, size=size)

    assert _batches(lengths, epoch=epoch, seed=seed, size=size) == first


def test_an_epoch_can_be_passed_over_twice() -> None:
    batches = LengthBatches(np.arange(1, 100), batch_size=8, seed=3)

    assert list(batches) == list(batches)


def test_another_epoch_has_other_batches_in_another_order() -> None:
    lengths = np.random.default_rng(1).integers(1, 200, WINDOW_BATCHES * 8 * 3)

    first, second = _batches(lengths, epoch=0), _batches(lengths, epoch=1)

    assert len({frozenset(batch) for batch in first} & {frozenset(batch) for batch in second}) < 10
    assert [len(batch) for batch in first] == [len(batch) for batch in second]


def test_another_seed_has_another_order() -> None:
    lengths = np.random.default_rng(1).integers(1, 200, 400)

    assert _batches(lengths, seed=0) != _batches(lengths, seed=1)


def test_rows_of_a_batch_are_of_similar_length() -> None:
    lengths = np.random.default_rng(1).integers(1, 200, 2000)

    batches = _batches(lengths, size=16)

    padded = sum(int(lengths[batch].max()) * len(batch) for batch in batches)
    assert padded < 1.1 * lengths.sum()
    at_random = sum(int(lengths[at : at + 16].max()) * 16 for at in range(0, 2000, 16))
    assert at_random > 1.6 * lengths.sum()


def test_batches_do_not_come_in_the_order_of_their_lengths() -> None:
    lengths = np.random.default_rng(1).integers(1, 200, 240)

    longest = [int(lengths[batch].max()) for batch in _batches(lengths)]

    assert longest != sorted(longest)
    assert longest != sorted(longest, reverse=True)


@given(some_lengths, sizes, seeds, epochs, st.integers(2, 5))
def test_shares_of_several_processes_are_disjoint_and_equally_many(
    lengths: Lengths, size: int, seed: int, epoch: int, world: int
) -> None:
    n_batches = -(-len(lengths) // size)
    shares = _shares(lengths, world, size=size, seed=seed, epoch=epoch)

    assert {len(share) for share in shares} == {max(1, n_batches // world)}
    if n_batches >= world:
        rows = [row for share in shares for batch in share for row in batch]
        assert len(set(rows)) == len(rows)
        assert len(lengths) - len(rows) < world * size


def test_the_shares_together_are_the_batches_of_one_process() -> None:
    lengths = np.random.default_rng(1).integers(1, 200, 8 * 12)

    shares = _shares(lengths, 3, size=8)

    together = [batch for round_of_all in zip(*shares, strict=True) for batch in round_of_all]
    assert together == _batches(lengths, size=8)


def test_with_fewer_batches_than_processes_each_has_one() -> None:
    shares = _shares(np.array([5, 7, 9]), 4, size=2)

    assert [len(share) for share in shares] == [1, 1, 1, 1]
    assert {row for share in shares for batch in share for row in batch} == {0, 1, 2}
