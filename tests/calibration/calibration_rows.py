"""Calibration rows whose true probabilities are known, and what each fitted table promises."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from servable.calibration import LookupTable
from servable.records import FloatArray


class Rows(NamedTuple):
    """Raw probabilities with the labels of the same rows."""

    raw: FloatArray
    labels: NDArray[np.int64]

    @property
    def scores(self) -> FloatArray:
        """`[n]` of class 1."""
        return self.raw[:, 1]


def two_classes(seed: int, n: int, *, slope: float = 1.0, shift: float = 0.0) -> Rows:
    """Rows of a model whose log odds are `slope` times the true ones, plus `shift`."""
    rng = np.random.default_rng(seed)
    odds = rng.normal(0.5, 1.5, n)
    labels = (rng.random(n) < 1 / (1 + np.exp(-odds))).astype(np.int64)
    labels[:2] = [0, 1][: len(labels)]
    return of_scores(1 / (1 + np.exp(-(odds * slope + shift))), labels)


def of_scores(scores: FloatArray, labels: NDArray[np.int64]) -> Rows:
    """Rows of class-1 scores."""
    return Rows(np.column_stack([1 - scores, scores]), labels)


def more_classes(seed: int, n: int, *, classes: int = 3, slope: float = 1.0) -> Rows:
    """Rows of a model whose logits are `slope` times the true ones."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 1.5, (n, classes))
    labels = np.array([rng.choice(classes, p=p) for p in _softmax(logits)])
    labels[:classes] = range(classes)
    return Rows(_softmax(logits * slope), labels)


def _softmax(logits: FloatArray) -> FloatArray:
    powers: FloatArray = np.exp(logits)
    return powers / powers.sum(axis=1, keepdims=True)


def assert_promises(table: LookupTable, scores: FloatArray, *, is_open: bool = True) -> None:
    """That a table is one which every reader of the layout may use, and holds what fitting promises."""
    scores = scores.astype(np.float64)
    assert (
        LookupTable.of_pairs([list(pair) for pair in table.pairs()], where="fitted").pairs() == table.pairs()
    )
    assert 2 <= len(table.x) <= 101
    assert (table.x[0], table.x[-1]) == (0.0, 1.0)
    assert np.diff(table.x).min() >= 1e-12
    for end in (scores.min(), scores.max()):
        assert np.abs(table.x - end).min() < 1e-12
    asked = np.concatenate([np.linspace(0, 1, 1001), scores, [1e-300, 1 - 1e-16]])
    answers = table.apply(np.sort(asked))
    assert (np.diff(answers) >= 0).all()
    if is_open:
        assert 0 < answers.min() <= answers.max() < 1
        # also in the precision in which tree scores are stored
        assert answers.max().astype(np.float32) < 1
