"""What chance comes to: PSI against its definition, its bound without drift, intervals of differences."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from servable.evaluate.drift.chance import LEVEL, chance_bounds, difference, psi

counts = st.lists(st.integers(0, 5000), min_size=2, max_size=14).filter(any)


def by_definition(before: list[int], after: list[int]) -> float:
    total = 0.0
    for one, other in zip(before, after, strict=True):
        a, b = max(one / sum(before), 1e-4), max(other / sum(after), 1e-4)
        total += (a - b) * math.log(a / b)
    return total


@settings(max_examples=60, deadline=None)
@given(counts, st.randoms(use_true_random=False))
def test_psi_is_its_definition_and_the_same_from_both_sides(before: list[int], draws: object) -> None:
    after = list(reversed(before))

    found = psi(np.array(before), np.array(after))

    assert float(found) == pytest.approx(by_definition(before, after), rel=1e-12, abs=1e-15)
    assert float(found) == pytest.approx(float(psi(np.array(after), np.array(before))), rel=1e-12)
    assert float(psi(np.array(before), np.array(before))) == 0.0


def test_psi_of_categories_without_a_common_one_is_large_and_finite() -> None:
    assert float(psi(np.array([1000, 0]), np.array([0, 1000]))) == pytest.approx(2 * math.log(1e4), rel=1e-3)


@pytest.mark.parametrize(
    ("baseline", "fresh", "expected"),
    [(5000, 200, 0.120), (5000, 500, 0.047), (5000, 1000, 0.025), (20_000, 5000, 0.006)],
)
def test_a_single_psi_is_bounded_near_its_99th_percentile_without_drift(
    baseline: int, fresh: int, expected: float
) -> None:
    tenths = [np.full(10, rows // 10) for rows in (baseline, fresh)]

    (bound,) = chance_bounds([(tenths[0], tenths[1])], seed=0)

    # of one figure the bound is its 97.5th percentile
    assert bound == pytest.approx(0.88 * expected, rel=0.2)


def test_of_hundreds_of_tables_without_drift_few_pass_any_bound() -> None:
    shares = [np.full(12, 1 / 12), np.r_[0.9, np.full(10, 0.01)], np.array([0.5, 0.3, 0.2])]
    draws = np.random.default_rng(0)
    beyond = 0
    for table in range(120):
        pairs = [(draws.multinomial(800, p), draws.multinomial(600, p)) for p in shares for _ in range(4)]
        bounds = chance_bounds(pairs, seed=table, draws=400)
        beyond += any(float(psi(*pair)) > bound for pair, bound in zip(pairs, bounds, strict=True))

    assert beyond <= 120 * LEVEL  # half the level is expected, 2.5 of 100


def test_bounds_follow_from_the_seed() -> None:
    pairs = [(np.array([90, 10]), np.array([180, 20])), (np.array([50, 50]), np.array([100, 100]))]

    assert chance_bounds(pairs, seed=1) == chance_bounds(pairs, seed=1)
    assert chance_bounds(pairs, seed=1) != chance_bounds(pairs, seed=2)


def test_more_figures_have_wider_bounds() -> None:
    pair = (np.full(10, 100), np.full(10, 100))

    (alone,) = chance_bounds([pair], seed=0)
    among_many = chance_bounds([pair] * 30, seed=0)

    assert min(among_many) > alone


def test_where_all_rows_are_in_one_bin_chance_comes_to_nothing() -> None:
    one_bin = (np.array([0, 500, 0]), np.array([0, 700, 0]))

    assert chance_bounds([one_bin], seed=0) == (0.0,)
    assert chance_bounds([one_bin, (np.full(3, 100), np.full(3, 100))], seed=0)[0] == 0.0


def test_an_interval_is_the_one_of_the_paper_at_its_level() -> None:
    # Newcombe 1998, table II, (a): 95 % of the difference of 56 of 70 and 48 of 80
    alone = LEVEL / 4 / 0.025  # of one comparison, the level at each end is half of this

    found = difference(48, 80, 56, 70, comparisons=alone)  # type: ignore[arg-type]

    assert found.value == pytest.approx(0.2)
    assert [found.low, found.high] == pytest.approx([0.0524, 0.3339], abs=1e-4)


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 3000), st.integers(1, 3000), st.floats(0, 1), st.floats(0, 1), st.integers(1, 200))
def test_an_interval_holds_its_difference_and_stays_within_what_is_possible(
    rows: int, fresh_rows: int, share: float, fresh_share: float, comparisons: int
) -> None:
    ones, fresh_ones = int(share * rows), int(fresh_share * fresh_rows)

    found = difference(ones, rows, fresh_ones, fresh_rows, comparisons=comparisons)

    assert found.low <= found.value <= found.high
    assert found.low >= -1 - 1e-12
    assert found.high <= 1 + 1e-12
    wider = difference(ones, rows, fresh_ones, fresh_rows, comparisons=comparisons + 1)
    assert wider.low <= found.low
    assert wider.high >= found.high
