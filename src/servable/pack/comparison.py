"""Conversion parity: the packed engine against the reference, on golden records and on hard ones.

For trees these stand at every split: a feature that equals a threshold, or stands one float32 beside
it, is where two engines would part. For networks they are texts of many lengths and numbers of chunks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count, product

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
_EACH_UP_TO = 64
_MOST_CHUNKS = 4


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


@dataclass(frozen=True, slots=True)
class TextLimits:
    """How long a text may become: tokens of a chunk, the special ones included, and chunks."""

    max_tokens: int
    max_chunks: int | None


Shape = tuple[int, ...]
"""Tokens of each chunk of one text."""


def lengths_of(max_tokens: int) -> list[int]:
    """Lengths of a chunk: each up to 64 tokens, then each an eighth longer than the last, and the longest.

    Every length up to 512 would cost a network of six layers a minute and find no more: an exporter
    that keeps the shape of its example is wrong at all lengths but one.
    """
    found = list(range(_SHORTEST, min(max_tokens, _EACH_UP_TO) + 1))
    while found[-1] < max_tokens:
        found.append(min(found[-1] * 9 // 8, max_tokens))
    return found


def text_shapes(limits: Sequence[TextLimits]) -> list[tuple[Shape, ...]]:
    """The shapes of records that are hard for a network: for each record the chunks of each of its texts.

    First one chunk of every length of `lengths_of`, short texts beside long ones where there are several;
    then shortest, middle and longest in every combination; then every combination of up to four chunks.
    """
    lengths = [lengths_of(limit.max_tokens) for limit in limits]
    shapes: list[tuple[Shape, ...]] = [
        tuple(
            (of[index % len(of)] if place % 2 == 0 else of[-1 - index % len(of)],)
            for place, of in enumerate(lengths)
        )
        for index in range(max(map(len, lengths)))
    ]
    if len(limits) > 1:
        ends = [sorted({of[0], of[len(of) // 2], of[-1]}) for of in lengths]
        shapes += [tuple((length,) for length in chosen) for chosen in product(*ends)]
    counts = [range(1, min(limit.max_chunks or _MOST_CHUNKS, _MOST_CHUNKS) + 1) for limit in limits]
    steps = count(7, 11)  # chunks of one record differ in length
    for chosen in product(*counts):
        if max(chosen) > 1:
            shapes.append(
                tuple(
                    tuple(of[next(steps) % min(len(of), _EACH_UP_TO)] for _ in range(chunks))
                    for of, chunks in zip(lengths, chosen, strict=True)
                )
            )
    return shapes


def at_hard_lengths(base: ModelInputs, limits: Mapping[str, TextLimits], *, seed: int) -> ModelInputs:
    """Records of the shapes of `text_shapes`, made of the tokens and the tables of other records.

    Args:
        base: records to take tokens and tables from.
        limits: by text field.
        seed: of the draws.
    """
    draws = np.random.default_rng(seed)
    shapes = text_shapes([limits[name] for name in base.texts])
    rows = np.arange(len(shapes)) % len(base)
    return ModelInputs(
        tabular=np.ascontiguousarray(base.tabular[rows]),
        texts={
            name: _of_shapes(text, [shape[place] for shape in shapes], draws)
            for place, (name, text) in enumerate(base.texts.items())
        },
    )


def _of_shapes(text: TextInputs, shapes: Sequence[Shape], draws: np.random.Generator) -> TextInputs:
    first, last = text.token_ids[0][:1], text.token_ids[0][-1:]  # the special tokens of a chunk
    between = np.concatenate([chunk[1:-1] for chunk in text.token_ids])
    pool = between if len(between) else first
    chunks = [
        np.concatenate([first, draws.choice(pool, length - 2), last]).astype(np.int32)
        for shape in shapes
        for length in shape
    ]
    return TextInputs(
        token_ids=chunks,
        chunk_offsets=np.cumsum([0, *(len(shape) for shape in shapes)], dtype=np.int64),
    )


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
