"""Confidence bounds on a share, with SciPy as the second implementation."""

import math

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.stats import beta, binom

from servable.prove.bounds import (
    allowed_events,
    deciding_trials,
    lower_bound,
    regularised_beta,
    rejecting_events,
    upper_bound,
)

ALPHA = 0.05
FAIL_ALPHA = ALPHA / 3

counts = st.integers(1, 1_000_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
fractions = st.floats(1.0, 1e6).flatmap(lambda n: st.tuples(st.floats(0.001, n * 0.999), st.just(n)))
alphas = st.floats(1e-6, 0.5)


def close(ours: float, theirs: float) -> bool:
    return math.isclose(ours, theirs, rel_tol=1e-9, abs_tol=1e-300)


@settings(deadline=None)
@given(counts, alphas)
def test_the_upper_bound_of_whole_counts_is_that_of_scipy(kn: tuple[int, int], alpha: float) -> None:
    k, n = kn

    expected = 1.0 if k == n else float(beta.isf(alpha, k + 1, n - k))

    assert close(upper_bound(k, n, alpha), expected)


@settings(deadline=None)
@given(counts, alphas)
def test_the_lower_bound_of_whole_counts_is_that_of_scipy(kn: tuple[int, int], alpha: float) -> None:
    k, n = kn

    expected = 0.0 if k == 0 else float(beta.ppf(alpha, k, n - k + 1))

    assert close(lower_bound(k, n, alpha), expected)


@settings(deadline=None)
@given(fractions, alphas)
def test_bounds_of_fractional_counts_are_those_of_scipy(kn: tuple[float, float], alpha: float) -> None:
    k, n = kn

    assert close(upper_bound(k, n, alpha), float(beta.isf(alpha, k + 1, n - k)))
    below = float(beta.ppf(alpha, k, n - k + 1))
    # SciPy itself gives up where the quantile leaves the range of float64
    assert below < 1e-50 or close(lower_bound(k, n, alpha), below)


@settings(deadline=None)
@given(counts.filter(lambda kn: kn[0] < kn[1]), alphas)
@example((5752, 5753), 1.0000000000000002e-06)
def test_at_the_upper_bound_so_few_events_have_probability_alpha(kn: tuple[int, int], alpha: float) -> None:
    k, n = kn

    bound, apart = upper_bound(k, n, alpha), 1e-12  # a share next to 1 has no more digits than that
    most, least = (float(binom.cdf(k, n, min(share, 1.0))) for share in (bound - apart, bound + apart))

    assert least - 1e-9 - 1e-6 * alpha <= alpha <= most + 1e-9 + 1e-6 * alpha


@settings(deadline=None)
@given(st.floats(0.5, 1e6), st.floats(0.5, 1e6), st.floats(0.0, 1.0))
def test_the_incomplete_beta_and_its_mirror_add_up_to_one(a: float, b: float, x: float) -> None:
    both = regularised_beta(a, b, x, 1.0 - x) + regularised_beta(b, a, 1.0 - x, x)

    assert math.isclose(both, 1.0, rel_tol=1e-9)


@pytest.mark.parametrize(
    ("k", "n", "bound"),
    [(0, 299, 0.00997), (1, 473, 0.00999), (4, 1000, 0.00913), (5, 1000, 0.01048), (60, 750, 0.0982)],
)
def test_upper_bounds_match_the_published_vectors(k: int, n: int, bound: float) -> None:
    assert upper_bound(k, n, ALPHA) == pytest.approx(bound, rel=2e-3)


@pytest.mark.parametrize(("k", "n", "bound"), [(16, 1000, 0.01006), (10, 473, 0.01151)])
def test_lower_bounds_match_the_published_vectors(k: int, n: int, bound: float) -> None:
    assert lower_bound(k, n, ALPHA) == pytest.approx(bound, rel=1e-3)


@pytest.mark.parametrize(
    ("n", "allowed", "rejecting"),
    [
        (299, 0, 8),
        (473, 1, 11),
        (1_000, 4, 18),
        (2_000, 12, 31),
        (3_000, 20, 43),
        (5_000, 38, 67),
        (10_000, 83, 123),
    ],
)
def test_a_p99_passes_and_fails_at_the_tabulated_counts(n: int, allowed: int, rejecting: int) -> None:
    assert allowed_events(n, 0.01, ALPHA) == allowed
    assert rejecting_events(n, 0.01, FAIL_ALPHA) == rejecting


@pytest.mark.parametrize(("n", "allowed"), [(20_000, 176), (100_000, 948)])
def test_large_runs_allow_the_tabulated_counts(n: int, allowed: int) -> None:
    assert allowed_events(n, 0.01, ALPHA) == allowed


@pytest.mark.parametrize(
    ("share", "smallest"), [(0.2, 14), (0.1, 29), (0.05, 59), (0.01, 299), (0.001, 2995)]
)
def test_one_request_fewer_than_the_smallest_run_cannot_pass(share: float, smallest: int) -> None:
    assert allowed_events(smallest, share, ALPHA) == 0
    assert allowed_events(smallest - 1, share, ALPHA) == -1


@pytest.mark.parametrize("k", [0, 3, 473])
def test_without_trials_or_with_all_events_a_bound_says_nothing(k: int) -> None:
    assert upper_bound(k, k, ALPHA) == 1.0
    assert lower_bound(0, max(k, 1), ALPHA) == 0.0


@pytest.mark.parametrize(("k", "n", "alpha"), [(2, 1, 0.05), (-1, 5, 0.05), (1, 5, 0.0), (1, 5, 1.0)])
def test_impossible_counts_are_refused(k: int, n: int, alpha: float) -> None:
    with pytest.raises(ValueError, match="expected 0 <= k <= n"):
        upper_bound(k, n, alpha)


def test_the_deciding_number_of_trials_decides_and_a_few_per_cent_less_do_not() -> None:
    n = deciding_trials(3, 473, limit=0.01, alpha=ALPHA, fail_alpha=FAIL_ALPHA)

    assert n is not None
    share = 3 / 473
    assert upper_bound(share * n, n, ALPHA) <= 0.01
    assert upper_bound(share * n * 0.97, n * 0.97, ALPHA) > 0.01


def test_a_share_at_the_limit_is_never_decided() -> None:
    assert deciding_trials(10, 1000, limit=0.01, alpha=ALPHA, fail_alpha=FAIL_ALPHA) is None
