"""What fitting and choosing a calibrator give: the calibrator, and how good it is."""

from collections.abc import Mapping
from dataclasses import dataclass

from servable.calibration.calibrator import Calibrator
from servable.calibration.lookup import LookupTable
from servable.calibration.method import Method


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedCalibrator:
    """A calibrator with how it was made.

    Attributes:
        method: what was fitted.
        calibrator: None for the method `none`.
        rows: calibration rows used.
        knots: of its tables, of the largest one; 0 without a table.
        knot_error: largest difference between a table and the fitted curve at the calibration scores; 0
            without a table.
        warnings: what a user should know, one sentence each.
    """

    method: Method
    calibrator: Calibrator | None
    rows: int
    knots: int = 0
    knot_error: float = 0.0
    warnings: tuple[str, ...] = ()

    @property
    def tables(self) -> Mapping[int, LookupTable]:
        """By class index; of two classes only that of class 1, of methods without tables none."""
        return {} if self.calibrator is None else self.calibrator.tables


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One method as the cross-validation saw it.

    Attributes:
        method: which.
        log_loss: mean in nats of rows on which it was not fitted.
        against: the method that stood as the choice when this one was looked at; itself for the first.
        gain: mean log-loss of `against` minus its own, per row.
        standard_error: of that mean, of the paired gains of the rows.
    """

    method: Method
    log_loss: float
    against: Method
    gain: float
    standard_error: float

    @property
    def is_better(self) -> bool:
        """Whether the gain is more than one standard error, so that this method replaced the other."""
        return self.gain > self.standard_error


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenCalibrator:
    """The calibrator that cross-validation chose.

    Attributes:
        fitted: the choice, fitted on all rows.
        candidates: what was compared, in the order in which it was.
        notes: a sentence for each method that was left out.
        sentence: what was chosen and why.
    """

    fitted: FittedCalibrator
    candidates: tuple[Candidate, ...]
    notes: tuple[str, ...]
    sentence: str
