"""Calibrators of two and more classes."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from servable.calibration import Calibrator, CalibratorKind, LookupTable
from servable.records import FloatArray
from strategies import lookup_tables

HALF = LookupTable(np.array([0.0, 1.0]), np.array([0.0, 0.5]))
NOTHING = LookupTable(np.array([0.0, 1.0]), np.array([0.0, 0.0]))
scores = arrays(np.float32, (3, 3), elements=st.floats(0, 1, width=32))


def test_class_0_is_the_complement_of_class_1() -> None:
    raw = np.array([[0.4, 0.6], [1.0, 0.0]])

    found = Calibrator(kind=CalibratorKind.BINARY, tables={1: HALF}).apply(raw)

    assert found.tolist() == [[0.7, 0.3], [1.0, 0.0]]


def test_scores_keep_their_precision() -> None:
    for raw in (np.array([[0.4, 0.6]], np.float32), np.array([[0.4, 0.6]], np.float64)):
        for kind in CalibratorKind:
            assert Calibrator(kind=kind, tables={1: HALF}).apply(raw).dtype == raw.dtype


def test_each_class_goes_through_its_table_and_the_row_is_divided_by_its_sum() -> None:
    raw = np.array([[0.5, 0.25, 0.25]])

    found = Calibrator(kind=CalibratorKind.MULTICLASS, tables={0: HALF}).apply(raw)

    assert found.tolist() == [[1 / 3, 1 / 3, 1 / 3]]


def test_a_row_whose_calibrated_scores_are_all_zero_keeps_its_raw_scores() -> None:
    raw = np.array([[0.5, 0.25, 0.25], [1.0, 0.0, 0.0]])
    tables = {0: HALF, 1: NOTHING, 2: NOTHING}

    found = Calibrator(kind=CalibratorKind.MULTICLASS, tables=tables).apply(raw)

    assert found.tolist() == [[1.0, 0.0, 0.0], [1.0, 0.0, 0.0]]
    assert (
        Calibrator(kind=CalibratorKind.MULTICLASS, tables=dict.fromkeys(range(3), NOTHING))
        .apply(raw)
        .tolist()
        == raw.tolist()
    )


@given(raw=scores, tables=st.lists(lookup_tables(), min_size=3, max_size=3))
def test_calibrated_rows_sum_to_one_or_are_raw_and_do_not_depend_on_their_neighbours(
    raw: FloatArray, tables: list[LookupTable]
) -> None:
    calibrator = Calibrator(kind=CalibratorKind.MULTICLASS, tables=dict(enumerate(tables)))

    found = calibrator.apply(raw)

    assert np.isfinite(found).all()
    is_raw = (found == raw).all(axis=1)
    assert (is_raw | (np.abs(found.sum(axis=1) - 1) < 1e-5)).all()
    alone = np.concatenate([calibrator.apply(raw[i : i + 1]) for i in range(len(raw))])
    assert alone.tobytes() == found.tobytes()
