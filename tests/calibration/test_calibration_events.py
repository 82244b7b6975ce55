"""A calibrator that fails costs a record its calibration, never its score, and is counted."""

import threading
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from servable.calibration import (
    Calibrated,
    CalibrationCounts,
    CalibrationEvents,
    Calibrator,
    CalibratorKind,
    LookupTable,
    calibrate_or_keep,
)
from servable.records import FloatArray

RAW = np.array([[0.7, 0.3], [0.5, 0.5], [0.2, 0.8]])
NOTHING = LookupTable(np.array([0.0, 1.0]), np.array([0.0, 0.0]))


@dataclass
class _Failing:
    """Halves the scores, and fails where one is above a limit."""

    error: Exception
    limit: float = 0.6

    def calibrate(self, raw: FloatArray) -> Calibrated:
        if (raw[:, 1] > self.limit).any():
            raise self.error
        return Calibrated(raw / 2)


@pytest.mark.parametrize(
    "error", [ValueError("x"), RuntimeError("x"), IndexError("x"), ZeroDivisionError("x"), MemoryError("x")]
)
def test_a_row_on_which_the_calibrator_fails_keeps_its_raw_scores_and_its_neighbours_theirs(
    error: Exception,
) -> None:
    calibrator: Any = _Failing(error)

    found = calibrate_or_keep(calibrator, RAW)

    assert found.scores.tolist() == [[0.35, 0.15], [0.25, 0.25], [0.2, 0.8]]
    assert (found.failed, found.kept_raw) == (1, 0)
    assert found.failure is error


def test_rows_that_every_table_answers_by_zero_are_counted_apart() -> None:
    calibrator = Calibrator(kind=CalibratorKind.MULTICLASS, tables={0: NOTHING, 1: NOTHING})

    found = calibrate_or_keep(calibrator, RAW)

    assert (found.failed, found.kept_raw) == (0, 3)
    assert found.failure is None


def test_counts_from_several_threads_are_all_counted() -> None:
    events = CalibrationEvents()

    def count() -> None:
        for _ in range(500):
            events.add(Calibrated(RAW, failed=1, kept_raw=2))

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert events.counts == CalibrationCounts(failed=2000, kept_raw=4000)


def test_nothing_is_counted_where_nothing_happened() -> None:
    events = CalibrationEvents()
    before = events.counts

    events.add(Calibrated(RAW))

    assert events.counts is before
