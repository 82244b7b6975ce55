"""Whether calibration rows can be used at all: one sentence for each way in which they cannot."""

import numpy as np
from numpy.typing import NDArray

from servable.calibration.method import MIN_ROWS, Method
from servable.errors import BadInput, Problem, shown
from servable.records import FloatArray


def require_usable(raw: FloatArray, labels: NDArray[np.int64], *, method: Method, where: str) -> None:
    """Refuses rows on which a method cannot be fitted.

    Args:
        raw: `[n, classes]`.
        labels: `[n]`.
        method: which.
        where: what the rows are.

    Raises:
        BadInput: `calibration.scores` for scores that are no probabilities, `calibration.labels` for labels
            that are no class, each naming the first row; `calibration.method` for percentiles of more than
            two classes; `calibration.rows` for fewer rows than the method needs; `calibration.classes` for
            rows that lack a class.
    """
    classes = raw.shape[1]
    _require_scores(raw, where=where)
    _require_labels(labels, classes=classes, where=where)
    require_two_classes(method, classes=classes, where=where)
    require_enough(len(labels), method, where=where)
    if method not in (Method.NONE, Method.PERCENTILE):  # which do not look at labels
        _require_each_class(labels, classes=classes, where=where)


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


def flat_problem(flat: tuple[int, ...], method: Method, *, where: str) -> Problem:
    """That a method answers all scores of these classes alike."""
    classes = " and ".join(f"class {index}" for index in flat)
    return Problem(
        code="calibration.flat",
        where=where,
        expected=f"scores from which the method {method} can tell rows apart",
        found=f"scores of {classes} that are all equal or rank the wrong way: a flat table",
        fix="mend the model, or use the method none",
    )


def _require_scores(raw: FloatArray, *, where: str) -> None:
    wrong = ~((raw >= 0) & (raw <= 1))  # true for NaN
    if wrong.any():
        row, index = (int(place) for place in np.argwhere(wrong)[0])
        raise BadInput(
            Problem(
                code="calibration.scores",
                where=f"{where}, row {row}, class {index}",
                expected="a raw score that is a probability, between 0 and 1",
                found=f"{shown(float(raw[row, index]))} ({_rows(int(wrong.any(axis=1).sum()))} like it)",
                fix="leave such rows out, or mend what scored them",
            )
        )


def _require_labels(labels: NDArray[np.int64], *, classes: int, where: str) -> None:
    wrong = (labels < 0) | (labels >= classes)
    if wrong.any():
        row = int(wrong.argmax())
        raise BadInput(
            Problem(
                code="calibration.labels",
                where=f"{where}, row {row}",
                expected=f"a class from 0 to {classes - 1} as label",
                found=shown(int(labels[row])),
                fix="give the labels that the model was trained on",
            )
        )


def _require_each_class(labels: NDArray[np.int64], *, classes: int, where: str) -> None:
    missing = np.flatnonzero(np.bincount(labels, minlength=classes) == 0).tolist()
    if missing:
        named = " and ".join(map(str, missing[:3]))
        raise BadInput(
            Problem(
                code="calibration.classes",
                where=where,
                expected="rows of both classes" if classes == 2 else f"rows of each of the {classes} classes",
                found=f"none of class {named}{' and others' if len(missing) > 3 else ''}",
                fix="use a table that has them",
            )
        )


def _rows(number: int) -> str:
    return f"{number} row{'' if number == 1 else 's'}"
