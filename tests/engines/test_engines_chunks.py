"""Chunks of many texts through one encoder: which share a call, and that neighbours do not count."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from tiny_networks import text_rows

from servable.engines.chunks import MAX_BATCH_TOKENS, batches, encode_texts, padded, padded_length
from servable.records import TextInputs

PAD = 9

lengths_of_texts = st.lists(
    st.lists(st.integers(2, 90) | st.integers(2, 12), min_size=1, max_size=12), min_size=1, max_size=12
)


def _texts(lengths: list[list[int]]) -> TextInputs:
    draws = np.random.default_rng(1)
    chunks = [draws.integers(10, 1000, length).astype(np.int32) for of_text in lengths for length in of_text]
    return TextInputs(token_ids=chunks, chunk_offsets=np.cumsum([0, *map(len, lengths)], dtype=np.int64))


class Recorder:
    """An encoder whose vectors depend on tokens, places and length, and that keeps its calls."""

    def __init__(self) -> None:
        self.calls: list[tuple[NDArray[np.int64], NDArray[np.int64]]] = []

    def __call__(self, ids: NDArray[np.int64], mask: NDArray[np.int64]) -> NDArray[np.float32]:
        self.calls.append((ids, mask))
        places = np.arange(1, ids.shape[1] + 1)
        return np.stack(
            [
                np.sin((ids * mask * places).sum(axis=1)),
                np.cos(mask.sum(axis=1) / 3),
                mask.shape[1] * mask[:, 0],
            ],
            axis=1,
        ).astype(np.float32)


def _alone(texts: TextInputs) -> NDArray[np.float32]:
    vectors = [encode_texts(text_rows(texts, [i]), Recorder(), pad_token_id=PAD) for i in range(len(texts))]
    return np.concatenate(vectors)


@given(lengths_of_texts, st.randoms(use_true_random=False))
def test_a_text_has_the_same_vector_alone_and_among_any_others_in_any_order(
    lengths: list[list[int]], random: object
) -> None:
    texts = _texts(lengths)
    order = list(range(len(lengths)))
    random.shuffle(order)  # type: ignore[attr-defined]

    together = encode_texts(text_rows(texts, order), Recorder(), pad_token_id=PAD)

    assert _alone(texts)[order].tobytes() == together.tobytes()


@given(lengths_of_texts)
def test_a_vector_is_the_mean_over_the_own_chunks(lengths: list[list[int]]) -> None:
    texts = _texts(lengths)

    found = encode_texts(texts, Recorder(), pad_token_id=PAD)

    for row in range(len(texts)):
        chunks = text_rows(texts, [row]).token_ids
        own = [
            Recorder()(*padded([chunk], length=padded_length(len(chunk)), pad_token_id=PAD))[0]
            for chunk in chunks
        ]
        np.testing.assert_allclose(found[row], np.mean(own, axis=0, dtype=np.float64), atol=1e-5)
    assert found.dtype == np.float32


@given(lengths_of_texts)
def test_every_chunk_runs_once_behind_its_mask_within_the_bound_of_a_call(lengths: list[list[int]]) -> None:
    texts, recorder = _texts(lengths), Recorder()

    encode_texts(texts, recorder, pad_token_id=PAD)

    ran = [
        tuple(row[row_mask == 1].tolist())
        for ids, mask in recorder.calls
        for row, row_mask in zip(ids, mask, strict=True)
    ]
    assert sorted(tuple(chunk.tolist()) for chunk in texts.token_ids) == sorted(ran)
    for ids, mask in recorder.calls:
        assert ids.dtype == mask.dtype == np.int64
        assert (ids[mask == 0] == PAD).all()
        assert (mask[:, 0] == 1).all()
        assert ids.size <= MAX_BATCH_TOKENS or len(ids) == 1
        assert ids.shape[1] - mask.sum(axis=1).min() < 8


@pytest.mark.parametrize(
    ("tokens", "length"),
    [(1, 8), (2, 8), (8, 8), (9, 16), (57, 64), (63, 64), (64, 64), (65, 65), (500, 500)],
)
def test_a_short_chunk_is_padded_to_a_multiple_of_8_and_a_long_one_not_at_all(
    tokens: int, length: int
) -> None:
    assert length == padded_length(tokens)


def test_chunks_of_one_length_share_calls_and_long_ones_run_alone() -> None:
    calls = batches([16] * 20 + [300] * 2 + [16], lambda tokens: tokens)

    assert [(shape, len(rows)) for shape, rows in calls] == [(16, 16), (16, 5), (300, 1), (300, 1)]
    assert list(range(23)) == sorted(index for _, rows in calls for index in rows)
