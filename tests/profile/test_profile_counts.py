"""Counts of one pass: exact while they can be, bounded always, and never a matter of order."""

from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from servable.artifact import MOST_NAME_CHARS
from servable.profile.categories import CategoryCounts
from servable.profile.numbers import NumberCounts

finite = st.floats(allow_nan=False, allow_infinity=False, width=64)
few = settings(max_examples=60, deadline=None)


def counted(numbers: list[float], *, most: int, size: int = 7) -> NumberCounts:
    counts = NumberCounts(most=most)
    for start in range(0, len(numbers), size):
        counts.add(np.array(numbers[start : start + size]))
    return counts


def as_dict(counts: NumberCounts) -> dict[float, int]:
    return dict(zip(counts.values.tolist(), counts.counts.tolist(), strict=True))


@few
@given(st.lists(finite, max_size=40))
def test_few_numbers_are_counted_exactly(numbers: list[float]) -> None:
    assert as_dict(counted(numbers, most=40)) == dict(Counter(number + 0.0 for number in numbers))


@few
@given(st.lists(finite, max_size=60), st.randoms(use_true_random=False))
def test_many_numbers_are_counted_in_a_few_bins_whatever_their_order(
    numbers: list[float], draws: Any
) -> None:
    mixed = draws.sample(numbers, len(numbers))

    one, other = counted(numbers, most=8), counted(mixed, most=8, size=3)

    assert as_dict(one) == as_dict(other)
    assert len(one.values) <= 8
    assert one.rows == len(numbers)


@few
@given(st.lists(finite, min_size=2, max_size=60))
def test_numbers_that_lost_digits_keep_their_order_and_come_no_further_from_zero(
    numbers: list[float],
) -> None:
    counts = counted(numbers, most=8)
    exact = np.sort(numbers)

    rounded = counts.rounded(exact)

    assert (np.diff(rounded) >= 0).all()
    assert (np.abs(rounded) <= np.abs(exact)).all()
    assert set(rounded.tolist()) == set(counts.values.tolist())


@few
@given(st.lists(finite, min_size=2, max_size=60))
def test_what_a_value_stands_for_lies_between_it_and_its_outermost_number(numbers: list[float]) -> None:
    counts = counted(numbers, most=8)
    exact = np.array(numbers)

    outermost = counts.outermost()[np.searchsorted(counts.values, counts.rounded(exact))]

    assert (np.abs(exact) <= np.abs(outermost)).all()


def test_a_million_numbers_take_the_room_of_a_few_thousand() -> None:
    counts = NumberCounts(most=2000)
    draws = np.random.default_rng(0)
    for _ in range(100):
        counts.add(draws.lognormal(size=10_000))

    assert counts.rows == 1_000_000
    assert len(counts.values) <= 2000
    exact, kept = np.exp(0.0), counts.values[np.searchsorted(counts.counts.cumsum(), 500_000)]
    assert kept == pytest.approx(exact, rel=0.01)


def categories(n: int, *, seed: int) -> NDArray[np.str_]:
    drawn = np.random.default_rng(seed).zipf(1.3, n)
    return np.array([f"c{number}" for number in drawn])


def counted_names(names: NDArray[np.str_], *, always: tuple[str, ...] = (), most: int = 50) -> CategoryCounts:
    counts = CategoryCounts(always, most=most)
    for start in range(0, len(names), 64):
        counts.add(Counter(names[start : start + 64].tolist()))
    return counts


def test_categories_are_counted_whatever_their_order_and_only_so_many_one_by_one() -> None:
    names = categories(3000, seed=1)
    mixed = np.random.default_rng(2).permutation(names)

    one, other = counted_names(names), counted_names(mixed)

    assert one.named() == other.named()
    assert (one.others, one.rows) == (other.others, 3000)
    assert one.distinct == 50
    assert all(rows == (names == name).sum() for name, rows in one.named().items())


def test_few_categories_are_all_counted() -> None:
    names = categories(3000, seed=1)

    counts = counted_names(names, most=3000)

    assert counts.named() == dict(Counter(names.tolist()))
    assert counts.others == 0


def test_a_category_that_must_be_counted_is_counted_among_any_number_of_others() -> None:
    names = categories(3000, seed=1)
    wanted = tuple(sorted(set(names.tolist())))[:20]

    counts = counted_names(names, always=wanted, most=5)

    assert {name: counts.named()[name] for name in wanted} == {
        name: int((names == name).sum()) for name in wanted
    }


def test_the_most_frequent_categories_come_first_and_rare_ones_not_at_all() -> None:
    counts = CategoryCounts()
    counts.add(Counter({"b": 7, "a": 7, "c": 9, "d": 5, "rare": 4}))

    assert counts.most_frequent(3, least_rows=5) == {"c": 9, "a": 7, "b": 7}
    assert list(counts.most_frequent(10, least_rows=5)) == ["c", "a", "b", "d"]


def test_a_category_as_long_as_a_text_is_counted_and_never_named() -> None:
    long = "my name is Ada and I live at " + 100 * "x"
    counts = CategoryCounts()

    counts.add(Counter({long: 90, "web": 10}))

    assert len(long) > MOST_NAME_CHARS
    assert counts.most_frequent(5, least_rows=5) == {"web": 10}
    assert (counts.rows, counts.distinct) == (100, 2)
