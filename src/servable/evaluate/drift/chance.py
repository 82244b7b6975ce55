"""How far two samples of one population differ by chance, over many figures at once.

The figures of a table are looked at together, so the bounds here hold for all of them together: of 100
tables without drift at most 5 pass any bound, half of them by a PSI and half by a share. They suppose rows
that are independent of each other; those of one customer are not, and vary more.

Sources: B. Yurdakul and J. Naranjo, Statistical properties of the population stability index, Journal of
Risk Model Validation 14 (2020), on what PSI is without drift; P. Westfall and S. Young, Resampling-based
multiple testing (1993), on the largest of many statistics; R. Newcombe, Interval estimation for the
difference between independent proportions, Statistics in Medicine 17 (1998), method 10.
"""

from collections.abc import Sequence
from statistics import NormalDist
from typing import Final

import numpy as np
from numpy.typing import NDArray

from servable.metrics import Estimate, wilson_interval
from servable.records import FloatArray

LEVEL: Final = 0.05
"""The share of tables without drift of which at least one figure passes its bound, at most."""

FLOOR: Final = 1e-4
"""The smallest share that PSI takes a bin to have, so that an empty one does not make it infinite."""

DRAWS: Final = 2_000
_NEAR_TOP: Final = 0.99

Counts = NDArray[np.int64]


def psi(baseline: Counts, fresh: Counts) -> FloatArray:
    """The population stability index of counts in the same bins: sum of (a - b) ln(a / b) of their shares.

    Args:
        baseline: `[..., bins]`, the last axis of a sum above 0.
        fresh: the same shape.

    Returns:
        `[...]`.
    """
    value: FloatArray = parts_of_psi(baseline, fresh).sum(axis=-1)
    return value


def parts_of_psi(baseline: Counts, fresh: Counts) -> FloatArray:
    """What each bin adds to PSI, `[..., bins]`, none of it negative; see `psi`."""
    before, after = (_shares(counts) for counts in (baseline, fresh))
    parts: FloatArray = (before - after) * np.log(before / after)
    return parts


def chance_bounds(
    pairs: Sequence[tuple[Counts, Counts]], *, seed: int, draws: int = DRAWS
) -> tuple[float, ...]:
    """By pair of counts, a PSI that without drift no pair passes in at least 97.5 of 100 tables.

    Both samples of a pair are drawn anew many times from their pooled shares, each of its own size. The
    pairs are scaled to be alike, and the bound is that of the largest of them.

    Args:
        pairs: counts of baseline and fresh rows in the same bins.
        seed: of the draws.
        draws: of each sample.
    """
    drawn = [_without_drift(*pair, seed=[seed, place], draws=draws) for place, pair in enumerate(pairs)]
    scales = [float(np.quantile(values, _NEAR_TOP)) for values in drawn]
    scaled = [values / scale for values, scale in zip(drawn, scales, strict=True) if scale > 0]
    if not scaled:  # each pair has all its rows in one bin
        return (0.0,) * len(scales)
    largest = np.quantile(np.max(scaled, axis=0), 1 - LEVEL / 2)
    return tuple(float(largest * scale) for scale in scales)


def difference(ones: int, rows: int, fresh_ones: int, fresh_rows: int, *, comparisons: int) -> Estimate:
    """Fresh share minus baseline share, with an interval that is one of many.

    Without drift all intervals hold 0 in at least 97.5 of 100 tables.

    Args:
        ones: rows of the kind in the baseline.
        rows: all rows of the baseline.
        fresh_ones: rows of the kind in the fresh table.
        fresh_rows: all rows of the fresh table.
        comparisons: how many intervals there are.
    """
    z = NormalDist().inv_cdf(1 - LEVEL / 4 / comparisons)  # half the level, at two ends
    before, after = ones / rows, fresh_ones / fresh_rows
    low, high = wilson_interval(ones, rows, z=z)
    fresh_low, fresh_high = wilson_interval(fresh_ones, fresh_rows, z=z)
    value = after - before
    return Estimate(
        value=value,
        low=value - float(np.hypot(after - fresh_low, high - before)),
        high=value + float(np.hypot(fresh_high - after, before - low)),
    )


def _without_drift(baseline: Counts, fresh: Counts, *, seed: list[int], draws: int) -> FloatArray:
    """`[draws]` of PSI."""
    rng = np.random.default_rng(seed)
    pooled = baseline + fresh
    shares = pooled / pooled.sum()
    before, after = (rng.multinomial(counts.sum(), shares, size=draws) for counts in (baseline, fresh))
    return psi(before, after)


def _shares(counts: Counts) -> FloatArray:
    shares: FloatArray = np.maximum(counts / counts.sum(axis=-1, keepdims=True), FLOOR)
    return shares
