"""Exact one-sided confidence bounds on a share: Clopper-Pearson, from an incomplete beta of our own.

With k events among n independent trials, the upper bound U at level alpha solves
P(Bin(n, U) <= k) = alpha and the lower bound L solves P(Bin(n, L) >= k) = alpha. Both counts may be
fractions, which a correction for clustered requests needs. SciPy is the oracle in the tests, not a
dependency; law: relative difference at most 1e-9 for n up to 1e6.

Source: C. J. Clopper and E. S. Pearson, Biometrika 26 (1934) 404; NIST DLMF 8.17.22 (continued
fraction); C. Loader, "Fast and accurate computation of binomial probabilities" (2000), for the
prefactor without cancellation.
"""

import math
from collections.abc import Callable

_MAX_TERMS = 200_000
_TINY = 1e-300
_HALF_LOG_TWO_PI = 0.5 * math.log(2.0 * math.pi)


def upper_bound(k: float, n: float, alpha: float) -> float:
    """The largest share that k events in n trials leave plausible at one-sided level alpha.

    Args:
        k: events, 0 <= k <= n, not necessarily whole.
        n: trials, >= 0; without trials every share is plausible.
        alpha: chance that the true share lies above the bound, in (0, 1).

    Returns:
        A share in (0, 1]; 1 when every trial is an event.
    """
    _check(k, n, alpha)
    if k >= n:
        return 1.0
    if k == 0:
        return -math.expm1(math.log(alpha) / n)

    def at_most_k(share: float) -> tuple[float, float]:
        value = regularised_beta(n - k, k + 1.0, 1.0 - share, share)
        return value, _density(k + 1.0, n - k, share, 1.0 - share)

    return _root(at_most_k, start=(k + 1.0) / (n + 1.0), target=alpha, direction=-1.0)


def lower_bound(k: float, n: float, alpha: float) -> float:
    """The smallest share that k events in n trials leave plausible at one-sided level alpha.

    Args:
        k: events, 0 <= k <= n, not necessarily whole.
        n: trials, >= 0.
        alpha: chance that the true share lies below the bound, in (0, 1).

    Returns:
        A share in [0, 1); 0 without events.
    """
    _check(k, n, alpha)
    if k <= 0:
        return 0.0
    if k >= n:
        return math.exp(math.log(alpha) / n)

    def at_least_k(share: float) -> tuple[float, float]:
        value = regularised_beta(k, n - k + 1.0, share, 1.0 - share)
        return value, _density(k, n - k + 1.0, share, 1.0 - share)

    return _root(at_least_k, start=k / (n + 1.0), target=alpha, direction=1.0)


def allowed_events(n: int, limit: float, alpha: float) -> int:
    """The most events in n trials whose upper bound still meets the limit; -1 where none does."""
    return _first(0, n, lambda k: upper_bound(k, n, alpha) > limit) - 1


def rejecting_events(n: int, limit: float, alpha: float) -> int:
    """The fewest events in n trials whose lower bound exceeds the limit; n + 1 where none does."""
    return _first(0, n, lambda k: lower_bound(k, n, alpha) > limit)


def deciding_trials(k: float, n: float, *, limit: float, alpha: float, fail_alpha: float) -> float | None:
    """Trials after which the share k / n, if it held, would be decided either way.

    Args:
        k: events seen.
        n: trials made, > 0.
        limit: the share that must not be exceeded.
        alpha: level of the upper bound that passes.
        fail_alpha: level of the lower bound that fails.

    Returns:
        A number of trials >= n, exact to one per cent, or None when the share equals the limit so
        nearly that a million times as many would not decide.
    """
    share = k / n

    def decides(trials: float) -> bool:
        events = share * trials
        return upper_bound(events, trials, alpha) <= limit or lower_bound(events, trials, fail_alpha) > limit

    low = high = float(n)
    while not decides(high):
        low, high = high, high * 2.0
        if high > n * 1e6 or high > 1e9:
            return None
    while high > low * 1.01:
        middle = math.sqrt(low * high)
        low, high = (low, middle) if decides(middle) else (middle, high)
    return high


def regularised_beta(a: float, b: float, x: float, complement: float) -> float:
    """The regularised incomplete beta I_x(a, b).

    Args:
        a: first parameter, > 0.
        b: second parameter, > 0.
        x: upper end of the integral, in [0, 1].
        complement: 1 - x, given apart because the difference loses digits near either end.

    Raises:
        ArithmeticError: the continued fraction did not converge (not seen for a + b <= 1e7).
    """
    if x <= 0.0:
        return 0.0
    if complement <= 0.0:
        return 1.0
    if x > (a + 1.0) / (a + b + 2.0):
        return 1.0 - regularised_beta(b, a, complement, x)
    return _density(a, b, x, complement) * x * complement / (a * _continued_fraction(a, b, x))


def _continued_fraction(a: float, b: float, x: float) -> float:
    """1 + d1 / (1 + d2 / (1 + ...)) of DLMF 8.17.22 by the modified Lentz recurrence."""
    value = numerator = 1.0
    denominator = 0.0
    for term in range(1, _MAX_TERMS):
        m, odd = divmod(term, 2)
        if odd:
            d = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        else:
            d = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        denominator = 1.0 / ((1.0 + d * denominator) or _TINY)
        numerator = (1.0 + d / numerator) or _TINY
        factor = numerator * denominator
        value *= factor
        if abs(factor - 1.0) < 1e-15:
            return value
    raise ArithmeticError(f"the incomplete beta at a={a}, b={b}, x={x} did not converge")


def _density(a: float, b: float, x: float, complement: float) -> float:
    """The density of Beta(a, b) at x, to full precision also where a + b is a million."""
    if x <= 0.0 or complement <= 0.0:
        return 0.0
    n = a + b
    offset = (x * b - complement * a) / n
    deviance = a * _log_ratio(offset * n / a, x * n / a) + b * _log_ratio(-offset * n / b, complement * n / b)
    scale = 0.5 * math.log(a * b / n) - _HALF_LOG_TWO_PI
    corrections = _stirling_error(n) - _stirling_error(a) - _stirling_error(b)
    return math.exp(deviance + scale + corrections) / (x * complement)


def _log_ratio(relative: float, ratio: float) -> float:
    """The logarithm of ratio = 1 + relative, by whichever of the two carries more digits."""
    return math.log1p(relative) if abs(relative) < 0.5 else math.log(ratio)


def _stirling_error(z: float) -> float:
    """What Stirling's formula (z - 1/2) log z - z + log(2 pi) / 2 lacks of the log gamma of z."""
    if z < 16.0:
        return math.lgamma(z) - ((z - 0.5) * math.log(z) - z + _HALF_LOG_TWO_PI)
    square = z * z
    return (1 / 12 - (1 / 360 - (1 / 1260 - (1 / 1680 - 1 / 1188 / square) / square) / square) / square) / z


def _root(
    tail: Callable[[float], tuple[float, float]], *, start: float, target: float, direction: float
) -> float:
    """Where a monotone tail probability equals target: Newton on its logarithm, kept in a bracket.

    The logarithm of a beta tail is concave, so after one step Newton approaches from one side.

    Args:
        tail: share -> probability and the size of its slope.
        start: first guess.
        target: the probability, in (0, 1).
        direction: 1 if the probability rises with the share, -1 if it falls.
    """
    low, high, share = 0.0, 1.0, min(max(start, 1e-12), 1.0 - 1e-12)
    for _ in range(200):
        value, slope = tail(share)
        if direction * (value - target) < 0.0:
            low = share
        else:
            high = share
        is_flat = value <= 0.0 or slope <= 0.0
        step = math.inf if is_flat else direction * value * math.log(value / target) / slope
        if abs(step) <= 1e-11 * share:  # the error that is left is about the square of it
            return share - step
        share = share - step if low < share - step < high else 0.5 * (low + high)
    return share


def _first(low: int, high: int, holds: Callable[[int], bool]) -> int:
    """The first whole number of [low, high] at which a monotone claim holds; high + 1 if none."""
    high += 1
    while low < high:
        middle = (low + high) // 2
        if holds(middle):
            high = middle
        else:
            low = middle + 1
    return low


def _check(k: float, n: float, alpha: float) -> None:
    if not (0.0 <= k <= n and 0.0 < alpha < 1.0):
        raise ValueError(f"expected 0 <= k <= n and 0 < alpha < 1, found k={k}, n={n}, alpha={alpha}")
