"""How often raw scores stood in for calibrated ones since a model was loaded."""

import threading
from dataclasses import dataclass, field

import numpy as np

from servable.calibration.calibrator import Calibrated, Calibrator
from servable.records import FloatArray


def calibrate_or_keep(calibrator: Calibrator, raw: FloatArray) -> Calibrated:
    """Calibrated scores of `[n, classes]` raw ones; raw where the calibrator fails (decision 0011).

    Records that fail together are tried one by one, so that none depends on its neighbours.
    """
    try:
        return calibrator.calibrate(raw)
    except Exception as error:  # whatever it is, a raw score is worth more than none
        if len(raw) == 1:
            return Calibrated(raw, failed=1, failure=error)
        rows = [calibrate_or_keep(calibrator, raw[index : index + 1]) for index in range(len(raw))]
        return Calibrated(
            np.concatenate([row.scores for row in rows]),
            kept_raw=sum(row.kept_raw for row in rows),
            failed=sum(row.failed for row in rows),
            failure=next((row.failure for row in reversed(rows) if row.failure), None),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationCounts:
    """Records that were answered by their raw scores although there is a calibrator.

    Attributes:
        failed: the calibrator failed on them.
        kept_raw: every table answered them by zero, or a curve is no number there.
    """

    failed: int = 0
    kept_raw: int = 0


@dataclass(slots=True)
class CalibrationEvents:
    """Counts for the life of a loaded model; may be counted and read in several threads."""

    _counts: CalibrationCounts = field(default_factory=CalibrationCounts)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def counts(self) -> CalibrationCounts:
        """What has been counted so far."""
        return self._counts

    def add(self, found: Calibrated) -> None:
        """Count the records that kept their raw scores here."""
        if not (found.failed or found.kept_raw):
            return
        with self._lock:
            self._counts = CalibrationCounts(
                failed=self._counts.failed + found.failed, kept_raw=self._counts.kept_raw + found.kept_raw
            )
