"""Texts to vectors: chunks of all records through one encoder, few at a time, averaged by record.

Law: a record's vector does not depend on its neighbours. The length to which a chunk is padded follows from
the chunk alone, because a softmax over 8 places rounds otherwise than one over 7; how many chunks share a
call moved no bit of a vector where it was measured (ONNX Runtime 1.31, AVX-512, 1 and 2 threads).
"""

from collections.abc import Callable, Hashable, Sequence
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from servable.records import TextInputs

Encode = Callable[[NDArray[np.int64], NDArray[np.int64]], NDArray[np.float32]]
"""`[b, T]` token ids and their mask, 1 for a token and 0 for padding, to `[b, d]` vectors."""

Shape = TypeVar("Shape", bound=Hashable)

MAX_BATCH_TOKENS: Final = 256
"""Tokens of one call of an encoder, padding included.

Reading the weights costs a call as much as some 20 tokens do, so that short chunks gain by company; from
about this many on, a call takes as long as its parts (6 layers of width 384, one thread).
"""
_STEP: Final = 8
_UNPADDED_FROM: Final = 64


def padded_length(tokens: int) -> int:
    """The length at which a chunk is computed, so that short ones of about the same length share a call.

    The next multiple of 8; from 64 tokens on the length itself, where company gains nothing.
    """
    return tokens if tokens >= _UNPADDED_FROM else -(-tokens // _STEP) * _STEP


def batches(shapes: Sequence[Shape], tokens: Callable[[Shape], int]) -> list[tuple[Shape, list[int]]]:
    """Indices of things of the same shape, in calls of at most `MAX_BATCH_TOKENS` or of one thing.

    Args:
        shapes: of each thing.
        tokens: how many a thing of a shape has, padding included.
    """
    alike: dict[Shape, list[int]] = {}
    for index, shape in enumerate(shapes):
        alike.setdefault(shape, []).append(index)
    return [
        (shape, indices[start : start + rows])
        for shape, indices in alike.items()
        for rows in (max(1, MAX_BATCH_TOKENS // tokens(shape)),)
        for start in range(0, len(indices), rows)
    ]


def padded(
    chunks: Sequence[NDArray[np.int32]], *, length: int, pad_token_id: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """`[b, length]` token ids and mask of chunks of at most that length."""
    ids = np.full((len(chunks), length), pad_token_id, dtype=np.int64)
    mask = np.zeros((len(chunks), length), dtype=np.int64)
    for row, chunk in enumerate(chunks):
        ids[row, : len(chunk)] = chunk
        mask[row, : len(chunk)] = 1
    return ids, mask


def encode_texts(texts: TextInputs, encode: Encode, *, pad_token_id: int) -> NDArray[np.float32]:
    """`[n, d]` float32: for each of n texts, at least one, the mean of the vectors of its own chunks.

    Chunks of the same tokens are encoded once: a text without a chunker has one for each character.
    """
    distinct: dict[bytes, int] = {}
    of_chunks = [distinct.setdefault(chunk.tobytes(), len(distinct)) for chunk in texts.token_ids]
    chunks = dict(zip(of_chunks, texts.token_ids, strict=True))
    calls = batches([padded_length(len(chunks[i])) for i in range(len(chunks))], lambda length: length)
    vectors = np.concatenate(
        [
            encode(*padded([chunks[i] for i in rows], length=length, pad_token_id=pad_token_id))
            for length, rows in calls
        ]
    )
    ordered = np.empty_like(vectors)
    ordered[[index for _, rows in calls for index in rows]] = vectors
    ordered = ordered[of_chunks]
    sums: NDArray[np.float32] = np.add.reduceat(ordered, texts.chunk_offsets[:-1])
    return np.divide(sums, np.diff(texts.chunk_offsets)[:, None], dtype=np.float32)
