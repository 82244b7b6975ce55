"""Raw class probabilities to calibrated ones, by lookup tables or by a curve of few parameters.

Source: calibration functions in the documentation of the inference handler, and `curves`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, NamedTuple, Self

import numpy as np

from servable.artifact import StoredCalibration
from servable.calibration.curves import Beta, Temperature
from servable.calibration.lookup import LookupTable
from servable.errors import Damaged, Problem
from servable.records import FloatArray

_SMALLEST_SUM = 1e-12


class CalibratorKind(StrEnum):
    """The kinds that an artifact may hold, in the order of preference; three have the handler's names."""

    PERCENTILE = "percentile"
    BINARY = "regular"
    MULTICLASS = "regular_multiclass"
    TEMPERATURE = "temperature"
    BETA = "beta"

    @property
    def is_of_two_classes(self) -> bool:
        """Whether it leaves the scores of more than two classes as they are."""
        return self in (CalibratorKind.PERCENTILE, CalibratorKind.BINARY, CalibratorKind.BETA)


_ONE_TABLE: Final = (CalibratorKind.PERCENTILE, CalibratorKind.BINARY)
_CURVES: Final[Mapping[CalibratorKind, type[Temperature | Beta]]] = {
    CalibratorKind.TEMPERATURE: Temperature,
    CalibratorKind.BETA: Beta,
}


class Calibrated(NamedTuple):
    """Calibrated probabilities, and for how many records raw ones stand among them.

    Attributes:
        scores: `[n, classes]` in the dtype of the raw ones.
        kept_raw: records that every table answered by zero, or on which a curve is no number.
        failed: records on which the calibrator failed.
        failure: what it raised last, or None.
    """

    scores: FloatArray
    kept_raw: int = 0
    failed: int = 0
    failure: Exception | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibrator:
    """One kind of calibration, with what it needs.

    Attributes:
        kind: which.
        tables: lookup tables by class index; the two-class kinds have one, of class 1.
        curve: of the kinds that have no table.
    """

    kind: CalibratorKind
    tables: Mapping[int, LookupTable] = field(default_factory=dict)
    curve: Temperature | Beta | None = None

    @classmethod
    def of_stored(cls, stored: StoredCalibration, *, classes: int) -> Self:
        """The checked calibrator of what an artifact holds, for a model of so many classes.

        Raises:
            Damaged: `calibration.table` or `calibration.parameters`, naming file and knot or parameter;
                `calibration.classes` for beta calibration of more than two classes.
        """
        kind = CalibratorKind(stored.kind)
        if kind is CalibratorKind.BETA and classes != 2:
            raise Damaged(
                Problem(
                    code="calibration.classes",
                    where=stored.where,
                    expected="a model of two classes, for which alone beta calibration is",
                    found=f"{classes} classes",
                    fix="remove the file, or use temperature scaling",
                )
            )
        if kind in _CURVES:
            curve = _CURVES[kind].of_parameters(stored.parameters, where=stored.where)
            return cls(kind=kind, curve=curve)
        one = kind in _ONE_TABLE
        tables = {
            index: LookupTable.of_pairs(
                pairs, where=stored.where if one else f"{stored.where}, class {index}"
            )
            for index, pairs in sorted(stored.tables.items())
        }
        return cls(kind=kind, tables=tables)

    def parameters(self) -> dict[str, float]:
        """Of a curve, as they are stored; nothing of tables."""
        return {} if self.curve is None else self.curve.parameters()

    def apply(self, raw: FloatArray) -> FloatArray:
        """`[n, classes]` calibrated probabilities in the dtype of `raw`; see `calibrate`."""
        return self.calibrate(raw).scores

    def calibrate(self, raw: FloatArray) -> Calibrated:
        """Calibrated probabilities of `[n, classes]` raw ones.

        Two classes: class 1 through its table, class 0 its complement. More: each class through its
        table (a class without one passes), then divided by the row's sum; a row whose sum is zero
        keeps its raw scores. A kind for two classes leaves more of them as they are.
        """
        raw = np.ascontiguousarray(raw)  # in another order, a row's sum would depend on its neighbours
        if self.kind.is_of_two_classes and raw.shape[1] != 2:
            return Calibrated(raw.copy())
        if self.curve is not None:
            return _kept_where_undefined(self.curve.apply(raw), raw)
        if self.kind in _ONE_TABLE:
            return Calibrated(_by_table(self.tables[1], raw))
        return _divided(self._by_class(raw), raw)

    def _by_class(self, raw: FloatArray) -> FloatArray:
        calibrated = raw.copy()
        for index, table in self.tables.items():
            calibrated[:, index] = table.apply(raw[:, index])
        return calibrated


def stored_calibration(calibrator: Calibrator | None) -> StoredCalibration | None:
    """A calibrator in the form in which an artifact holds it; None where there is none."""
    if calibrator is None:
        return None
    tables = {index: table.pairs() for index, table in calibrator.tables.items()}
    return StoredCalibration(
        kind=calibrator.kind.value, tables=tables, parameters=calibrator.parameters(), where="calibrator"
    )


class Choice(NamedTuple):
    """Which calibrator of a model is used, and why it is not an earlier one.

    Attributes:
        calibrator: the first that has an effect; else the first; None where there is none.
        without_effect: a sentence for each that would have gone before it.
    """

    calibrator: Calibrator | None
    without_effect: tuple[str, ...] = ()


def chosen(calibrators: Sequence[Calibrator], *, classes: int) -> Choice:
    """The choice among calibrators in the order of preference, for a model of so many classes.

    One for two classes gives way to a later one that is for more; alone, it is kept and changes nothing.
    """
    without: list[str] = []
    for calibrator in calibrators:
        if classes <= 2 or not calibrator.kind.is_of_two_classes:
            return Choice(calibrator, tuple(without))
        without.append(
            f"the calibrator of kind {calibrator.kind} is one for two classes and has no effect on {classes}"
        )
    return Choice(calibrators[0] if calibrators else None, tuple(without))


def _by_table(table: LookupTable, raw: FloatArray) -> FloatArray:
    positive = table.apply(raw[:, 1])
    calibrated = np.empty_like(raw)
    calibrated[:, 1] = positive
    calibrated[:, 0] = 1 - positive  # of the unrounded score
    return calibrated


def _divided(calibrated: FloatArray, raw: FloatArray) -> Calibrated:
    """Rows divided by their sums; the raw row where the sum is zero."""
    sums = calibrated.sum(axis=1, keepdims=True)
    usable = sums >= _SMALLEST_SUM
    divided = np.divide(calibrated, sums, out=raw.copy(), where=usable)
    return Calibrated(divided, kept_raw=len(raw) - int(np.count_nonzero(usable)))


def _kept_where_undefined(calibrated: FloatArray, raw: FloatArray) -> Calibrated:
    """Calibrated rows in the dtype of the raw ones; a raw row where a curve has no answer."""
    usable = np.isfinite(calibrated).all(axis=1, keepdims=True)
    kept: FloatArray = np.where(usable, calibrated, raw).astype(raw.dtype)
    return Calibrated(kept, kept_raw=len(raw) - int(np.count_nonzero(usable)))
