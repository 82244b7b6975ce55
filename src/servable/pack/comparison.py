"""Conversion parity: the packed engine against the reference, on golden records and on hard ones.

For trees these stand at every split: a feature that equals a threshold, or stands one float32 beside
it, is where two engines would part. For networks there is one of every length.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from servable.artifact import Conversion, Tolerances
from servable.engines import Engine
from servable.records import ModelInputs, TextInputs

DEFAULT_TOLERANCES = Tolerances(
    raw_p999=1e-5, raw_max=1e-4, reason="float32 sums of leaf weights in another order"
)
NETWORK_TOLERANCES = Tolerances(
    raw_p999=1e-5,
    raw_max=1e-4,
    reason="float32 matrix products sum in an order that depends on processor, threads and batch",
    is_bit_equal_on_wire=False,
)

_BLOCK = 8192
_SHORTEST = 3


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


def at_every_length(base: ModelInputs, *, max_tokens: int, seed: int) -> ModelInputs:
    """Records of one chunk of every length, made of the tokens and the tables of other records.

    Every graph is compared at every shape that it will meet: an exporter that keeps the shape of its
    example would be right at one length alone.

    Args:
        base: records to take tokens and tables from.
        max_tokens: tokens of the longest chunk, the special ones included.
        seed: of the draws.
    """
    draws = np.random.default_rng(seed)
    lengths = range(_SHORTEST, max_tokens + 1)
    rows = np.arange(len(lengths)) % len(base)
    return ModelInputs(
        tabular=np.ascontiguousarray(base.tabular[rows]),
        texts={name: _of_lengths(text, lengths, draws) for name, text in base.texts.items()},
    )


def _of_lengths(text: TextInputs, lengths: range, draws: np.random.Generator) -> TextInputs:
    first, last = text.token_ids[0][:1], text.token_ids[0][-1:]  # the special tokens of a chunk
    between = np.concatenate([chunk[1:-1] for chunk in text.token_ids] or [first])
    pool = between if len(between) else first
    chunks = [
        np.concatenate([first, draws.choice(pool, length - 2), last]).astype(np.int32) for length in lengths
    ]
    return TextInputs(token_ids=chunks, chunk_offsets=np.arange(len(chunks) + 1, dtype=np.int64))


def differences(packed: Engine, reference: Engine, inputs: Sequence[ModelInputs]) -> NDArray[np.float64]:
    """Largest difference of raw class probabilities of each record, over all these inputs."""
    return np.concatenate(
        [np.abs(packed.run(block).astype(np.float64) - reference.run(block)).max(axis=1) for block in inputs]
    )


def blocks(rows: NDArray[np.float32]) -> list[ModelInputs]:
    """Rows of features as inputs of a bounded size."""
    return [
        ModelInputs(tabular=np.ascontiguousarray(rows[start : start + _BLOCK]))
        for start in range(0, len(rows), _BLOCK)
    ]


def p999(found: NDArray[np.float64]) -> float:
    """The difference that one record in a thousand may exceed."""
    return float(np.quantile(found, 0.999, method="higher"))


def within(conversion: Conversion, tolerances: Tolerances) -> bool:
    """Whether the differences stay inside the tolerances."""
    return (
        conversion.max_difference <= tolerances.raw_max and conversion.p999_difference <= tolerances.raw_p999
    )
