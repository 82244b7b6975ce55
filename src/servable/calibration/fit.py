"""Fitting a calibrator by a method that is named, and saying how good its tables are."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from servable.calibration.calibrator import Calibrator, CalibratorKind
from servable.calibration.fitted import FittedCalibrator
from servable.calibration.knots import KNOT_ERROR, MAX_KNOTS, table_of
from servable.calibration.method import ENOUGH_RARE, ENOUGH_ROWS, Method, default_method, is_enough, rarest
from servable.calibration.ranks import isotonic, percentile
from servable.calibration.regression import beta, platt
from servable.calibration.rising_curve import RisingCurve
from servable.calibration.rows import flat_problem, of_name, usable
from servable.calibration.scaling import curve_of, fit_temperature, is_hottest
from servable.errors import BadInput
from servable.records import FloatArray

WHERE: Final = "calibration rows"
_FLAT: Final = 1e-9
_CURVES: Final[Mapping[Method, Callable[[FloatArray, FloatArray], RisingCurve]]] = {
    Method.PLATT: platt,
    Method.BETA: beta,
    Method.ISOTONIC: isotonic,
}
_NOT_A_PROBABILITY: Final = (
    "a percentile is not a probability: it tells how many scores are lower, 0.5 is no threshold, "
    "and log-loss and calibration error mean nothing"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """What a method made of rows, before anyone asks whether it is of use.

    Attributes:
        calibrator: None for the method `none`.
        error: largest difference between a table and its curve at the calibration scores.
        flat: the classes all of whose scores are answered alike, by the table that is written.
    """

    calibrator: Calibrator | None
    error: float = 0.0
    flat: tuple[int, ...] = ()


def fit_calibrator(
    raw: FloatArray,
    labels: NDArray[np.int64],
    *,
    method: Method,
    where: str = WHERE,
    names: Sequence[str] = (),
) -> FittedCalibrator:
    """A calibrator fitted by one method.

    Two classes: a table of class 1 (kind `regular`, or `percentile`), temperature too, so that every reader
    of the layout can use it. More: one table for each class against the rest, whose answers are divided by
    their sum (kind `regular_multiclass`), or the one parameter of a temperature. A table has at most 101
    knots, which rise, are at least 1e-12 apart and hold 0, 1, the smallest and the largest score; no
    answer is exactly 0 or 1, but for the ends of a percentile table.

    Args:
        raw: `[n, classes]` raw probabilities.
        labels: `[n]` class indices; for `percentile` they say nothing.
        method: which.
        where: what the rows are, for errors.
        names: of the classes, for errors and warnings.  [default: their indices]

    Raises:
        BadInput: `calibration.scores` for scores that are no probabilities, `calibration.labels` for labels
            that are no class, `calibration.rows` for fewer rows than the method needs,
            `calibration.classes` for rows that lack a class, `calibration.method` for percentiles of more
            than two classes, `calibration.flat` where a table would answer all scores alike.
    """
    raw, labels = usable(raw, labels, method=method, where=where, names=names)
    fit = fit_of(raw, labels, method=method)
    if fit.flat:
        raise BadInput(flat_problem(fit.flat, method, where=where, names=names))
    return fitted_of(fit, labels, method=method, classes=raw.shape[1], names=names)


def fit_default(
    raw: FloatArray, labels: NDArray[np.int64], *, where: str = WHERE, names: Sequence[str] = ()
) -> FittedCalibrator:
    """The calibrator of two classes where no method is named: beta, or Platt's where rows are few.

    Scores that tell nothing are answered by the share of class 1 and a warning rather than refused:
    hours of training may have gone before.

    Args:
        raw: `[n, 2]` raw probabilities.
        labels: `[n]` 0 or 1.
        where: what the rows are, for errors.
        names: of the classes, for errors and warnings.  [default: their indices]

    Raises:
        BadInput: as `fit_calibrator`, but for `calibration.flat`.
    """
    raw, labels = usable(raw, labels, method=Method.PLATT, where=where, names=names)
    method = default_method(labels)
    return fitted_of(fit_of(raw, labels, method=method), labels, method=method, classes=2, names=names)


def fit_of(raw: FloatArray, labels: NDArray[np.int64], *, method: Method) -> Fit:
    """What a method makes of rows that have been checked."""
    raw = np.asarray(raw, dtype=np.float64)
    if method is Method.NONE:
        return Fit(calibrator=None)
    if method is Method.TEMPERATURE:
        return _temperature(raw, labels)
    if method is Method.PERCENTILE:
        return _tables({1: percentile(raw[:, 1])}, raw, kind=CalibratorKind.PERCENTILE)
    indices = [1] if raw.shape[1] == 2 else range(raw.shape[1])
    fit = _CURVES[method]
    curves = {index: fit(raw[:, index], (labels == index).astype(np.float64)) for index in indices}
    kind = CalibratorKind.BINARY if raw.shape[1] == 2 else CalibratorKind.MULTICLASS
    return _tables(curves, raw, kind=kind)


def fitted_of(
    fit: Fit, labels: NDArray[np.int64], *, method: Method, classes: int, names: Sequence[str] = ()
) -> FittedCalibrator:
    """The same with what a user should know about it."""
    tables = {} if fit.calibrator is None else fit.calibrator.tables
    return FittedCalibrator(
        method=method,
        calibrator=fit.calibrator,
        rows=len(labels),
        knots=max((len(table.x) for table in tables.values()), default=0),
        knot_error=fit.error,
        warnings=tuple(_warnings(fit, labels, method=method, classes=classes, names=names)),
    )


def _warnings(
    fit: Fit, labels: NDArray[np.int64], *, method: Method, classes: int, names: Sequence[str]
) -> Iterator[str]:
    if method is Method.PERCENTILE:
        yield _NOT_A_PROBABILITY
    rows, rare = len(labels), rarest(labels, classes=classes)
    if not is_enough(method, rows=rows, rare=rare):
        yield (
            f"{rows:,} calibration rows, {rare:,} of the rarest class, are few for the method {method}: "
            f"below {ENOUGH_ROWS[method]:,} rows or {ENOUGH_RARE} of the rarest class, platt is more stable"
        )
    if fit.error > KNOT_ERROR:
        yield (
            f"a table of at most {MAX_KNOTS} knots is up to {fit.error:.4f} off what was fitted, "
            f"more than {KNOT_ERROR}"
        )
    for index in fit.flat:
        yield (
            f"all scores of {of_name(index, names)} are answered alike: they are all equal or rank the wrong "
            "way, so that they tell nothing"
        )


def _temperature(raw: FloatArray, labels: NDArray[np.int64]) -> Fit:
    classes = raw.shape[1]
    if classes > 2:
        curve = fit_temperature(raw, labels)
        flat = tuple(range(classes)) if is_hottest(curve) else ()
        return Fit(calibrator=Calibrator(kind=CalibratorKind.TEMPERATURE, curve=curve), flat=flat)
    positive = raw[:, 1]  # class 1 alone, as its table will see it
    curve = fit_temperature(np.column_stack([1 - positive, positive]), labels)
    fit = _tables({1: curve_of(curve)}, raw, kind=CalibratorKind.BINARY)
    return replace(fit, flat=(1,)) if is_hottest(curve) else fit


def _tables(curves: Mapping[int, RisingCurve], raw: FloatArray, *, kind: CalibratorKind) -> Fit:
    tables = {index: table_of(curve, raw[:, index]) for index, curve in curves.items()}
    answers = {index: table.apply(raw[:, index]) for index, table in tables.items()}
    errors = (np.abs(answers[index] - curve.answers(raw[:, index])).max() for index, curve in curves.items())
    return Fit(
        calibrator=Calibrator(kind=kind, tables=tables),
        error=float(max(errors)),
        flat=tuple(index for index, answered in answers.items() if np.ptp(answered) < _FLAT),
    )
