"""The texts on which a packed network is compared with its reference: many lengths, several chunks."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from servable.artifact import EngineEntry, EngineKind, StoredText, Tolerances, read_artifact
from servable.pack.comparison import TextLimits, at_hard_lengths, differences, lengths_of, text_shapes
from servable.pack.entries import Entries
from servable.records import FloatArray, ModelInputs, TextInputs

CLS, SEP = 101, 102


def _base() -> ModelInputs:
    """Two records with two texts of one chunk each, and two numbers."""
    chunks = [np.array([CLS, *words, SEP], dtype=np.int32) for words in ([7, 8], [9])]
    text = TextInputs(token_ids=chunks, chunk_offsets=np.array([0, 1, 2]))
    table = np.array([[1, 2], [3, 4]], dtype=np.float32)
    return ModelInputs(tabular=table, texts={"first": text, "second": text})


LIMITS = {"first": TextLimits(70, 3), "second": TextLimits(20, None)}


def _lengths(text: TextInputs) -> list[list[int]]:
    """Tokens of each chunk, by record."""
    sizes = [len(chunk) for chunk in text.token_ids]
    return [sizes[start:end] for start, end in pairwise(text.chunk_offsets.tolist())]


@pytest.mark.parametrize("max_tokens", [3, 4, 48, 64])
def test_up_to_64_tokens_every_length_is_compared(max_tokens: int) -> None:
    assert lengths_of(max_tokens) == list(range(3, max_tokens + 1))


@pytest.mark.parametrize("max_tokens", [65, 72, 128, 512, 8192])
def test_beyond_64_tokens_a_length_is_at_most_an_eighth_longer_than_the_last_up_to_the_longest(
    max_tokens: int,
) -> None:
    lengths = lengths_of(max_tokens)

    assert lengths[:62] == list(range(3, 65))
    assert lengths[-1] == max_tokens
    assert all(1 < longer / shorter <= 9 / 8 for shorter, longer in pairwise(lengths[61:]))
    assert sum(lengths) < 10 * max_tokens + 2048


def test_one_text_is_compared_at_each_length_and_with_up_to_four_chunks() -> None:
    shapes = [shape for (shape,) in text_shapes([TextLimits(20, 9)])]

    assert shapes[:18] == [(length,) for length in range(3, 21)]
    assert [len(shape) for shape in shapes[18:]] == [2, 3, 4]


def test_a_text_of_one_chunk_at_most_is_compared_at_one_chunk_alone() -> None:
    assert {len(shape) for (shape,) in text_shapes([TextLimits(20, 1)])} == {1}


def test_of_two_texts_short_ones_are_compared_beside_long_ones_and_every_number_of_chunks() -> None:
    shapes = text_shapes([TextLimits(70, 3), TextLimits(20, None)])

    single = {(first[0], second[0]) for first, second in shapes if len(first) == len(second) == 1}
    assert {first for first, _ in single} == set(lengths_of(70))
    assert {second for _, second in single} == set(lengths_of(20))
    assert {(3, 3), (3, 20), (70, 3), (70, 20)} <= single
    assert {(len(first), len(second)) for first, second in shapes} == {
        (first, second) for first in (1, 2, 3) for second in (1, 2, 3, 4)
    }


def test_the_records_have_these_shapes_and_the_tokens_and_tables_of_others() -> None:
    inputs = at_hard_lengths(_base(), LIMITS, seed=0)

    shapes = text_shapes([LIMITS["first"], LIMITS["second"]])
    assert len(inputs) == len(shapes)
    for place, text in enumerate(inputs.texts.values()):
        assert _lengths(text) == [list(shape[place]) for shape in shapes]
        assert {(chunk[0], chunk[-1]) for chunk in text.token_ids} == {(CLS, SEP)}
        assert {token for chunk in text.token_ids for token in chunk[1:-1].tolist()} == {7, 8, 9}
        assert {chunk.dtype for chunk in text.token_ids} == {np.dtype(np.int32)}
    assert {tuple(row) for row in inputs.tabular.tolist()} == {(1, 2), (3, 4)}


def test_the_same_seed_draws_the_same_records() -> None:
    first, second = (at_hard_lengths(_base(), LIMITS, seed=3) for _ in range(2))

    for name, text in first.texts.items():
        assert np.concatenate(text.token_ids).tobytes() == (
            np.concatenate(second.texts[name].token_ids).tobytes()
        )


class _Counter:
    """An engine whose score is the share of a number in the texts' tokens."""

    features = classes = 2

    def __init__(self, *, most_chunks: int = 99, fixed: int | None = None) -> None:
        self._most_chunks, self._fixed = most_chunks, fixed

    def run(self, inputs: ModelInputs) -> FloatArray:
        scores = []
        for record in range(len(inputs)):
            sizes = [
                len(chunk) if self._fixed is None else self._fixed
                for text in inputs.texts.values()
                for chunk in text.token_ids[text.chunk_offsets[record] : text.chunk_offsets[record + 1]][
                    : self._most_chunks
                ]
            ]
            scores.append([sum(sizes), len(sizes)])
        return np.array(scores, dtype=np.float32)


@pytest.mark.parametrize(
    "wrong",
    [_Counter(most_chunks=1), _Counter(most_chunks=3), _Counter(fixed=70)],
    ids=["reads the first chunk alone", "reads three chunks at most", "keeps the length of its example"],
)
def test_an_engine_that_is_wrong_about_lengths_or_chunks_is_found(wrong: _Counter) -> None:
    inputs = at_hard_lengths(_base(), LIMITS, seed=0)

    assert differences(wrong, _Counter(), [inputs]).max() > 0
    assert differences(_Counter(), _Counter(), [inputs]).max() == 0


@pytest.mark.parametrize(
    ("contents", "files"),
    [
        ((b"one", b"one"), {"tokenizer/tokenizer.json": b"one"}),
        ((b"one", b"two"), {"tokenizer/tokenizer.json": b"one", "tokenizer/1/tokenizer.json": b"two"}),
    ],
    ids=["one tokenizer", "two"],
)
def test_each_text_keeps_its_own_tokenizer(
    contents: tuple[bytes, bytes], files: dict[str, bytes], training_output: Path
) -> None:
    texts = tuple(
        StoredText(
            field=field, steps=("tokenizer",), max_tokens=8, max_chunks=1, tokenizer=tokenizer, where=""
        )
        for field, tokenizer in zip("ab", contents, strict=True)
    )
    entries = Entries(
        artifact=replace(read_artifact(training_output), texts=texts),
        calibrator=None,
        name="",
        tolerances=Tolerances(raw_p999=0, raw_max=0, reason=""),
        degradations=(),
    )

    members = entries.members()
    engine = EngineEntry(
        kind=EngineKind.ONNX_NETWORK, file="head.onnx", intra_op_threads=1, score_dtype="float32"
    )
    manifest = entries.manifest(members, engine)

    assert {name: data for name, data in members.items() if name.startswith("tokenizer/")} == files
    assert [members[text.tokenizer] for text in manifest.texts] == list(contents)
