"""Conversion parity: the packed engine against the reference, on golden records and at every split.

A feature that equals a threshold, or stands one float32 beside it, is where two engines would part.
"""

import numpy as np
from numpy.typing import NDArray

from servable.artifact import Conversion, Tolerances
from servable.engines import Engine
from servable.records import ModelInputs

DEFAULT_TOLERANCES = Tolerances(
    raw_p999=1e-5, raw_max=1e-4, reason="float32 sums of leaf weights in another order"
)

_BLOCK = 8192


def at_every_split(
    base: NDArray[np.float32], features: NDArray[np.int64], thresholds: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Rows that hold each threshold and its two float32 neighbours, and each feature missing.

    Args:
        base: `[m, t]` rows that the others are made from, in turn.
        features: `[s]` feature index of each split.
        thresholds: `[s]` its threshold.

    Returns:
        `[3 s + t, t]` float32.
    """
    width = base.shape[1]
    index = np.concatenate([np.repeat(features, 3), np.arange(width)])
    beside = np.column_stack(
        [thresholds, np.nextafter(thresholds, -np.inf), np.nextafter(thresholds, np.inf)]
    )
    value = np.concatenate([beside.ravel(), np.full(width, np.nan, dtype=np.float32)])
    rows = base[np.arange(len(index)) % len(base)].copy()
    rows[np.arange(len(index)), index] = value
    return rows


def compare(
    packed: Engine, reference: Engine, *, golden: NDArray[np.float32], splits: NDArray[np.float32]
) -> Conversion:
    """Differences of raw class probabilities over golden rows and split rows."""
    rows = np.concatenate([golden, splits])
    differences = np.concatenate(
        [
            np.abs(packed.run(block).astype(np.float64) - reference.run(block)).max(axis=1)
            for block in (
                ModelInputs(tabular=np.ascontiguousarray(rows[start : start + _BLOCK]))
                for start in range(0, len(rows), _BLOCK)
            )
        ]
    )
    return Conversion(
        golden_records=len(golden),
        threshold_records=len(splits),
        max_difference=float(differences.max()),
        p999_difference=float(np.quantile(differences, 0.999, method="higher")),
    )


def within(conversion: Conversion, tolerances: Tolerances) -> bool:
    """Whether the differences stay inside the tolerances."""
    return (
        conversion.max_difference <= tolerances.raw_max and conversion.p999_difference <= tolerances.raw_p999
    )
