"""Whether calibration rows can be used at all: one sentence for each way in which they cannot."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from servable.calibration.method import MIN_ROWS, Method
from servable.errors import BadInput, Problem, shown
from servable.metrics import first_stranger
from servable.records import FloatArray
from servable.wording import cut, plain

_MOST_CHARS: Final = 60
_MOST_NAMED: Final = 3


def usable(
    raw: FloatArray, labels: NDArray[np.int64], *, method: Method, where: str, names: Sequence[str] = ()
) -> tuple[FloatArray, NDArray[np.int64]]:
    """Rows on which a method can be fitted: `[n, classes]` scores in binary64 and `[n]` class indices.

    Args:
        raw: `[n, classes]`.
        labels: `[n]`.
        method: which.
        where: what the rows are.
        names: of the classes, for errors; none where nobody knows them.

    Raises:
        BadInput: `calibration.scores` for scores that are no probabilities, `calibration.labels` for labels
            that are no class, each naming the first row, or not one for each row; `calibration.method` for
            percentiles of more than two classes; `calibration.rows` for fewer rows than the method needs;
            `calibration.classes` for rows that lack a class.
    """
    raw, found = np.asarray(raw, dtype=np.float64), np.asarray(labels)
    _require_shapes(raw, found, where=where)
    classes = raw.shape[1]
    _require_scores(raw, where=where, names=names)
    indices = _indices(found, classes=classes, where=where)
    require_two_classes(method, classes=classes, where=where)
    require_enough(len(indices), method, where=where)
    if method not in (Method.NONE, Method.PERCENTILE):  # which do not look at labels
        _require_each_class(indices, classes=classes, where=where, names=names)
    return raw, indices


def require_enough(rows: int, method: Method, *, where: str) -> None:
    """Refuses fewer rows than a method needs.

    Raises:
        BadInput: `calibration.rows`, naming the method and the number.
    """
    if rows < MIN_ROWS[method]:
        raise BadInput(
            Problem(
                code="calibration.rows",
                where=where,
                expected=f"at least {MIN_ROWS[method]} rows for the method {method}",
                found=_rows(rows),
                fix="use a larger table",
            )
        )


def require_two_classes(method: Method, *, classes: int, where: str) -> None:
    """Refuses more than two classes for the method that is for two.

    Raises:
        BadInput: `calibration.method`.
    """
    if method is Method.PERCENTILE and classes != 2:
        raise BadInput(
            Problem(
                code="calibration.method",
                where=where,
                expected="a model of two classes for the method percentile",
                found=f"{classes} classes",
                fix="use another method",
            )
        )


def flat_problem(flat: Sequence[int], method: Method, *, where: str, names: Sequence[str] = ()) -> Problem:
    """That a method answers all scores of these classes alike."""
    return Problem(
        code="calibration.flat",
        where=where,
        expected=f"scores from which the method {method} can tell rows apart",
        found=f"scores of {several(flat, names)} that are all equal or rank the wrong way: a flat table",
        fix="mend the model, or use the method none",
    )


def several(indices: Sequence[int], names: Sequence[str]) -> str:
    """Classes as a sentence names them, the first few of many."""
    said = " and ".join(of_name(index, names) for index in indices[:_MOST_NAMED])
    more = len(indices) - _MOST_NAMED
    return f"{said} and {more} more" if more > 0 else said


def of_name(index: int, names: Sequence[str]) -> str:
    """A class by its name, or by its index where that is its name or nobody knows another."""
    if not names or names[index] == str(index):
        return f"class {index}"
    return f'class "{cut(plain(names[index]), _MOST_CHARS)}"'


def _require_shapes(raw: FloatArray, labels: NDArray[np.generic], *, where: str) -> None:
    if raw.ndim != 2 or raw.shape[1] < 2:
        raise BadInput(
            Problem(
                code="calibration.scores",
                where=where,
                expected="raw scores of at least two classes for each row",
                found=f"an array of shape {raw.shape}",
                fix="give a column of scores for each class",
            )
        )
    if labels.shape != raw.shape[:1]:
        raise BadInput(
            Problem(
                code="calibration.labels",
                where=where,
                expected=f"one label for each of {_rows(len(raw))}",
                found=f"an array of shape {labels.shape}",
                fix="give scores and labels of the same rows",
            )
        )


def _require_scores(raw: FloatArray, *, where: str, names: Sequence[str]) -> None:
    wrong = ~((raw >= 0) & (raw <= 1))  # true for NaN
    if wrong.any():
        row, index = (int(place) for place in np.argwhere(wrong)[0])
        raise BadInput(
            Problem(
                code="calibration.scores",
                where=f"{where}, row {row}, {of_name(index, names)}",
                expected="a raw score that is a probability, between 0 and 1",
                found=f"{shown(float(raw[row, index]))} ({_rows(int(wrong.any(axis=1).sum()))} like it)",
                fix="leave such rows out, or mend what scored them",
            )
        )


def _indices(labels: NDArray[np.generic], *, classes: int, where: str) -> NDArray[np.int64]:
    row = first_stranger(labels, classes=classes)
    if row is not None:
        raise BadInput(
            Problem(
                code="calibration.labels",
                where=f"{where}, row {row}",
                expected=f"a class from 0 to {classes - 1} as label",
                found=shown(labels.tolist()[row]),
                fix="give the labels that the model was trained on",
            )
        )
    return labels.astype(np.int64)


def _require_each_class(labels: NDArray[np.int64], *, classes: int, where: str, names: Sequence[str]) -> None:
    missing = np.flatnonzero(np.bincount(labels, minlength=classes) == 0).tolist()
    if missing:
        raise BadInput(
            Problem(
                code="calibration.classes",
                where=where,
                expected="rows of both classes" if classes == 2 else f"rows of each of the {classes} classes",
                found=f"none of {several(missing, names)}",
                fix="use a table that has them",
            )
        )


def _rows(number: int) -> str:
    return f"{number} row{'' if number == 1 else 's'}"
