"""Bins of about a tenth each, that survive ties and are nobody's own number."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from servable.artifact import Histogram
from servable.profile.bins import LEAST_NUMBERS, counts_in, histogram_of
from servable.profile.numbers import NumberCounts


def counts_of(numbers: object, *, most: int = 20_000) -> NumberCounts:
    counts = NumberCounts(most=most)
    counts.add(np.asarray(numbers, dtype=np.float64))
    return counts


def made(numbers: object, **options: float) -> Histogram:
    histogram = histogram_of(counts_of(numbers), **options)
    assert histogram is not None
    return histogram


def by_hand(histogram: Histogram, numbers: np.ndarray) -> list[int]:
    """The same counts, once more and one number at a time."""
    found = [0] * len(histogram.counts)
    for number in numbers.tolist():
        if number < histogram.low:
            found[0] += 1
        elif number > histogram.high:
            found[-1] += 1
        else:
            found[1 + sum(number > edge for edge in histogram.edges)] += 1
    return found


def test_numbers_that_all_differ_come_in_ten_equal_bins() -> None:
    histogram = made(np.random.default_rng(0).normal(size=5000))

    assert len(histogram.edges) == 9
    assert (np.abs(np.array(histogram.counts[1:-1]) - 500) <= 5).all()
    assert max(histogram.counts[0], histogram.counts[-1]) <= 4


def test_a_number_that_most_rows_have_is_one_bin() -> None:
    numbers = np.r_[np.zeros(900), np.arange(1, 101)]

    histogram = made(numbers)

    assert histogram.edges == (0.5,)
    assert histogram.counts == (0, 900, 96, 4)


def test_a_number_that_all_rows_have_is_a_bin_between_two_empty_ones() -> None:
    histogram = made(np.full(100, 7.0))

    assert (histogram.low, histogram.high, histogram.edges) == (7.0, 7.0, ())
    assert histogram.counts == (0, 100, 0)
    assert counts_in(histogram, counts_of([5.0, 7.0, 7.0, 9.0])).tolist() == [1, 2, 1]


def test_the_range_is_that_of_no_single_row() -> None:
    numbers = np.r_[np.linspace(1000, 2000, 995), [0.1234, 0.5, 0.7, 3e6, 4_123_456.78]]

    histogram = made(numbers)

    assert (histogram.low, histogram.high) == (1000.0, 2000.0)
    assert (histogram.counts[0], histogram.counts[-1]) == (3, 2)
    assert not {0.1234, 4_123_456.78} & {histogram.low, histogram.high, *histogram.edges}


def test_an_edge_is_a_short_decimal_between_two_numbers() -> None:
    numbers = np.repeat([1.23456789, 2.3456789, 9.87654321], 100)

    assert made(numbers).edges == (2.0, 6.0)


def test_slack_widens_the_range_and_no_more() -> None:
    numbers = np.full(100, 0.5)

    histogram = made(numbers, slack=1e-4)

    assert histogram.low < 0.5 < histogram.high
    assert counts_in(histogram, counts_of([0.49999997, 0.5000001])).tolist() == [0, 2, 0]


def test_fewer_numbers_than_bins_need_make_none() -> None:
    assert histogram_of(counts_of(np.arange(LEAST_NUMBERS - 1))) is None
    assert histogram_of(counts_of([])) is None
    assert made(np.arange(LEAST_NUMBERS)).rows == LEAST_NUMBERS


values = st.one_of(st.integers(-20, 20).map(float), st.floats(-1e9, 1e9, allow_subnormal=False))


@settings(max_examples=40, deadline=None)
@given(st.lists(values, min_size=50, max_size=300), st.lists(values, max_size=60))
def test_every_number_is_in_one_bin_that_of_other_data_too(numbers: list[float], fresh: list[float]) -> None:
    histogram = made(numbers)

    assert list(histogram.counts) == by_hand(histogram, np.array(numbers))
    assert counts_in(histogram, counts_of(fresh)).tolist() == by_hand(histogram, np.array(fresh))
    assert max(histogram.counts[0], histogram.counts[-1]) <= 4


@pytest.mark.parametrize("sign", [1, -1])
def test_a_frequent_number_at_the_end_of_the_range_stays_in_it_after_digits_were_lost(sign: int) -> None:
    draws = np.random.default_rng(3)
    baseline = sign * np.r_[np.full(300, 0.1), draws.uniform(0.1, 1, 700)]
    fresh = sign * np.r_[np.full(3000, 0.1), draws.uniform(0.1, 1, 7000)]

    histogram = made(baseline)
    exact = counts_in(histogram, counts_of(fresh))
    rounded = counts_in(histogram, counts_of(fresh, most=500))

    assert abs(exact - rounded).max() <= 60  # of 10,000, those that share a value with an edge
    outside = [0, -1]
    assert (rounded[outside] <= exact[outside]).all()
