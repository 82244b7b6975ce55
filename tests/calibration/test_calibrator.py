"""Calibrators of two and more classes."""

from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from servable.artifact import StoredCalibration
from servable.calibration import Beta, Calibrator, CalibratorKind, LookupTable, Temperature, chosen
from servable.errors import Damaged
from servable.records import FloatArray
from strategies import lookup_tables

HALF = LookupTable(np.array([0.0, 1.0]), np.array([0.0, 0.5]))
NOTHING = LookupTable(np.array([0.0, 1.0]), np.array([0.0, 0.0]))
scores = arrays(np.float32, (3, 3), elements=st.floats(0, 1, width=32))


def test_class_0_is_the_complement_of_class_1() -> None:
    raw = np.array([[0.4, 0.6], [1.0, 0.0]])

    found = Calibrator(kind=CalibratorKind.BINARY, tables={1: HALF}).apply(raw)

    assert found.tolist() == [[0.7, 0.3], [1.0, 0.0]]


KINDS = [
    Calibrator(kind=CalibratorKind.PERCENTILE, tables={1: HALF}),
    Calibrator(kind=CalibratorKind.BINARY, tables={1: HALF}),
    Calibrator(kind=CalibratorKind.MULTICLASS, tables={1: HALF}),
    Calibrator(kind=CalibratorKind.TEMPERATURE, curve=Temperature(2.0)),
    Calibrator(kind=CalibratorKind.BETA, curve=Beta(0.7, 1.3, 0.2)),
]


@pytest.mark.parametrize("calibrator", KINDS, ids=lambda calibrator: calibrator.kind)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_scores_keep_their_precision(calibrator: Calibrator, dtype: type[np.floating[Any]]) -> None:
    raw = np.array([[0.4, 0.6]], dtype)

    found = calibrator.calibrate(raw)

    assert found.scores.dtype == dtype
    assert found.kept_raw == 0
    assert found.scores.sum() == pytest.approx(1)
    assert raw.tolist() == np.array([[0.4, 0.6]], dtype).tolist()


@pytest.mark.parametrize("calibrator", KINDS, ids=lambda calibrator: calibrator.kind)
@pytest.mark.parametrize("order", ["C", "F"])
def test_a_record_has_the_same_scores_alone_and_among_others(
    calibrator: Calibrator, order: Literal["C", "F"]
) -> None:
    positive = np.random.default_rng(2).random(300).astype(np.float32)
    raw = np.array(np.column_stack([1 - positive, positive]), order=order)

    together = calibrator.apply(raw)

    alone = np.concatenate([calibrator.apply(raw[index : index + 1]) for index in range(len(raw))])
    assert alone.tobytes() == np.ascontiguousarray(together).tobytes()


@pytest.mark.parametrize("classes", [3, 9, 130])
@pytest.mark.parametrize("order", ["C", "F"])
def test_sums_over_many_classes_do_not_depend_on_the_neighbours(
    classes: int, order: Literal["C", "F"]
) -> None:
    raw = np.random.default_rng(3).dirichlet(np.ones(classes), 40).astype(np.float32)
    raw = np.array(raw, order=order)
    for calibrator in (
        Calibrator(kind=CalibratorKind.MULTICLASS, tables={0: HALF, 2: HALF}),
        Calibrator(kind=CalibratorKind.TEMPERATURE, curve=Temperature(0.3)),
    ):
        together = calibrator.apply(raw)

        alone = np.concatenate([calibrator.apply(raw[index : index + 1]) for index in range(len(raw))])
        assert alone.tobytes() == np.ascontiguousarray(together).tobytes()


@pytest.mark.parametrize("calibrator", [KINDS[0], KINDS[1], KINDS[4]], ids=lambda calibrator: calibrator.kind)
def test_a_kind_for_two_classes_leaves_more_of_them_raw(calibrator: Calibrator) -> None:
    raw = np.array([[0.5, 0.25, 0.25]])

    found = calibrator.apply(raw)

    assert found.tolist() == raw.tolist()
    assert found is not raw


def test_each_class_goes_through_its_table_and_the_row_is_divided_by_its_sum() -> None:
    raw = np.array([[0.5, 0.25, 0.25]])

    found = Calibrator(kind=CalibratorKind.MULTICLASS, tables={0: HALF}).apply(raw)

    assert found.tolist() == [[1 / 3, 1 / 3, 1 / 3]]


def test_a_row_whose_calibrated_scores_are_all_zero_keeps_its_raw_scores_and_is_counted() -> None:
    raw = np.array([[0.5, 0.25, 0.25], [0.0, 0.5, 0.5], [1.0, 0.0, 0.0]])
    tables = {0: HALF, 1: NOTHING, 2: NOTHING}

    found = Calibrator(kind=CalibratorKind.MULTICLASS, tables=tables).calibrate(raw)

    assert found.scores.tolist() == [[1.0, 0.0, 0.0], [0.0, 0.5, 0.5], [1.0, 0.0, 0.0]]
    assert found.kept_raw == 1
    everywhere = dict.fromkeys(range(3), NOTHING)
    nothing = Calibrator(kind=CalibratorKind.MULTICLASS, tables=everywhere).calibrate(raw)
    assert nothing.scores.tolist() == raw.tolist()
    assert nothing.kept_raw == 3


def test_a_stored_calibrator_names_file_class_and_knot_of_a_broken_table() -> None:
    tables = {0: [[0, 0], [1, 1]], 2: [[0, 0], [1, 2]]}
    stored = StoredCalibration(kind="regular_multiclass", tables=tables, where="calibration_models")

    with pytest.raises(Damaged, match=r"^calibration_models, class 2, knot 1: expected a calibrated score"):
        Calibrator.of_stored(stored, classes=3)


ONE_TABLE = {1: HALF}
RANKS = Calibrator(kind=CalibratorKind.PERCENTILE, tables=ONE_TABLE)
LINE_OF_TWO = Calibrator(kind=CalibratorKind.BINARY, tables=ONE_TABLE)
BY_CLASS = Calibrator(kind=CalibratorKind.MULTICLASS, tables=ONE_TABLE)


@pytest.mark.parametrize(
    ("calibrators", "classes", "right", "without_effect"),
    [
        ([], 3, None, []),
        ([RANKS, BY_CLASS], 2, RANKS, []),
        ([RANKS, LINE_OF_TWO, BY_CLASS], 3, BY_CLASS, ["percentile", "regular"]),
        ([RANKS, LINE_OF_TWO], 3, RANKS, ["percentile", "regular"]),
        ([BY_CLASS, RANKS], 3, BY_CLASS, []),
    ],
)
def test_a_calibrator_for_two_classes_gives_way_to_one_that_has_an_effect_on_more(
    calibrators: list[Calibrator], classes: int, right: Calibrator | None, without_effect: list[str]
) -> None:
    found = chosen(calibrators, classes=classes)

    assert found.calibrator is right
    assert list(found.without_effect) == [
        f"the calibrator of kind {kind} is one for two classes and has no effect on 3"
        for kind in without_effect
    ]


def test_kinds_for_two_classes_are_those_that_leave_more_as_they_are() -> None:
    assert [kind for kind in CalibratorKind if kind.is_of_two_classes] == ["percentile", "regular", "beta"]


def test_beta_calibration_of_more_than_two_classes_is_refused() -> None:
    stored = StoredCalibration(kind="beta", tables={}, parameters={"a": 1, "b": 1, "c": 0}, where="b.json")

    with pytest.raises(Damaged) as caught:
        Calibrator.of_stored(stored, classes=3)

    assert str(caught.value) == (
        "b.json: expected a model of two classes, for which alone beta calibration is, found 3 classes; "
        "remove the file, or use temperature scaling"
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
