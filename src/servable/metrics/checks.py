"""What figures are made of, checked once before anything is computed: scores, labels, their rows."""

from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from servable.errors import BadInput, Problem, shown
from servable.records import FloatArray

ROUNDING: Final = 1e-6
"""How far a probability of single precision may lie outside 0 and 1, or a sum of them from 1."""

_NUMBERS: Final = "biuf"
"""Kinds of arrays of numpy whose values are numbers, true and false among them."""


def checked_scores(scores: FloatArray, labels: NDArray[np.int64]) -> tuple[FloatArray, NDArray[np.int64]]:
    """`[n]` scores in binary64 and `[n]` labels 0 or 1, at least one row, every score a number.

    Raises:
        BadInput: `metrics.shape`, `metrics.no-rows`, `metrics.row-counts`, `metrics.nan-score` or
            `metrics.labels`.
    """
    scores = np.asarray(scores, dtype=np.float64)
    _require_shape(scores, axes=1, where="the scores", expected="one score for each row")
    found = _labels(labels)
    _require_rows(scores, found)
    _require_numbers(scores)
    return scores, _indices(found, classes=2)


def checked_pair(scores: FloatArray, labels: NDArray[np.int64]) -> tuple[FloatArray, NDArray[np.int64]]:
    """The same with scores that are probabilities; those beyond 0 or 1 by rounding alone are moved there.

    Raises:
        BadInput: also `metrics.range`.
    """
    scores, labels = checked_scores(scores, labels)
    return _probabilities(scores), labels


def checked_classes(
    probabilities: FloatArray, labels: NDArray[np.int64]
) -> tuple[FloatArray, NDArray[np.int64]]:
    """`[n, K]` probabilities in binary64 and `[n]` labels 0 to K - 1, checked like a pair.

    Raises:
        BadInput: as `checked_pair`.
    """
    probabilities = np.asarray(probabilities, dtype=np.float64)
    _require_shape(
        probabilities, axes=2, where="the scores", expected="a probability of each class for each row"
    )
    found = _labels(labels)
    _require_rows(probabilities, found)
    _require_numbers(probabilities)
    indices = _indices(found, classes=probabilities.shape[1])
    return _probabilities(probabilities), indices


def require_both_classes(labels: NDArray[np.int64], figure: str) -> None:
    """Refuses labels of one class only for a figure that tells two apart.

    Raises:
        BadInput: `metrics.one-class`.
    """
    present = np.unique(labels)
    if len(present) > 1:
        return
    raise BadInput(
        Problem(
            code="metrics.one-class",
            where="the labels",
            expected=f"rows of at least two classes, which {figure} needs",
            found=f"class {present[0]} alone in all {len(labels):,} rows",
            fix="add rows of the other class",
        )
    )


def require_labels(labels: NDArray[np.int64], *, classes: int) -> NDArray[np.int64]:
    """`[n]` class indices below a number of classes, at least one row.

    Raises:
        BadInput: `metrics.shape`, `metrics.no-rows` or `metrics.labels`.
    """
    found = _labels(labels)
    _require_rows(found, found)
    return _indices(found, classes=classes)


def require_same_rows(answered: NDArray[np.int64], labels: NDArray[np.int64]) -> None:
    """Nothing, if there are as many answers as labels: numpy would repeat a single one for all.

    Raises:
        BadInput: `metrics.row-counts`.
    """
    _require_rows(np.asarray(answered), np.asarray(labels))


def require_weights(weights: NDArray[np.float64], rows: int) -> None:
    """Nothing, if there is one weight for each row.

    Raises:
        BadInput: `metrics.weights`.
    """
    if weights.shape == (rows,):
        return
    raise BadInput(
        Problem(
            code="metrics.weights",
            where="the weights",
            expected=f"one for each of {rows:,} rows",
            found=f"an array of shape {weights.shape}",
            fix="give weights of the same rows",
        )
    )


def _labels(labels: ArrayLike) -> NDArray[np.generic]:
    """Labels as they are, one for each row."""
    found = np.asarray(labels)
    _require_shape(found, axes=1, where="the labels", expected="one label for each row")
    return found


def _require_shape(values: NDArray[np.generic], *, axes: int, where: str, expected: str) -> None:
    if values.ndim != axes:
        raise BadInput(
            Problem(
                code="metrics.shape",
                where=where,
                expected=expected,
                found=f"an array of shape {values.shape}",
                fix="give one figure one column of scores"
                if axes == 1
                else "give a column for each class, or take the figure of two classes",
            )
        )


def _require_rows(scores: NDArray[np.generic], labels: NDArray[np.generic]) -> None:
    if not len(labels) and not len(scores):
        raise BadInput(
            Problem(
                code="metrics.no-rows",
                where="the scores",
                expected="at least one row with a score and a label",
                found="none",
                fix="give rows that have both",
            )
        )
    if len(scores) != len(labels):
        raise BadInput(
            Problem(
                code="metrics.row-counts",
                where="the scores",
                expected=f"one label for each of {len(scores):,} rows",
                found=f"{len(labels):,} labels",
                fix="give scores and labels of the same rows",
            )
        )


def _require_numbers(scores: FloatArray) -> None:
    at = _first(np.isnan(scores))
    if at is not None:
        raise BadInput(
            Problem(
                code="metrics.nan-score",
                where=f"record {at}",
                expected="a score that is a number",
                found="NaN",
                fix="score the record again, or leave it out",
            )
        )


def first_stranger(labels: NDArray[np.generic], *, classes: int) -> int | None:
    """The place of the first of `[n]` labels that is no class index; true and false are 1 and 0."""
    if labels.dtype.kind not in _NUMBERS:
        return 0 if len(labels) else None
    numbers = labels.astype(np.float64)
    return _first(~((numbers >= 0) & (numbers < classes) & (numbers == np.floor(numbers))))


def _indices(labels: NDArray[np.generic], *, classes: int) -> NDArray[np.int64]:
    at = first_stranger(labels, classes=classes)
    if at is not None:
        raise BadInput(
            Problem(
                code="metrics.labels",
                where=f"record {at}",
                expected="a label that is " + ("0 or 1" if classes == 2 else f"a class, 0 to {classes - 1}"),
                found=shown(labels.tolist()[at]),
                fix="map the labels to the model's classes, or leave the record out",
            )
        )
    return labels.astype(np.int64)


def _probabilities(scores: FloatArray) -> FloatArray:
    at = _first((scores < -ROUNDING) | (scores > 1 + ROUNDING))
    if at is not None:
        worst = scores[at] if scores.ndim == 1 else max(scores[at], key=lambda score: abs(score - 0.5))
        raise BadInput(
            Problem(
                code="metrics.range",
                where=f"record {at}",
                expected="a probability between 0 and 1",
                found=shown(float(worst)),
                fix="give probabilities, not logits or ranks",
            )
        )
    return np.clip(scores, 0.0, 1.0)


def _first(is_wrong: NDArray[np.bool_]) -> int | None:
    """Number of the first row with something wrong, counted from 0."""
    rows = is_wrong if is_wrong.ndim == 1 else is_wrong.any(axis=1)
    return int(rows.argmax()) if rows.any() else None
