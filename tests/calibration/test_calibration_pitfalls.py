"""Each way in which a calibrator is known to go wrong: what goes wrong, and what is fitted here instead."""

import numpy as np
import pytest
from calibration_rows import Rows, assert_promises, more_classes, of_scores, two_classes
from numpy.typing import NDArray

from servable.calibration import (
    Calibrator,
    CalibratorKind,
    LookupTable,
    Method,
    choose_calibrator,
    fit_calibrator,
)
from servable.calibration.ranks import Blocks
from servable.errors import BadInput
from servable.metrics import auc, calibration_error, log_loss, log_loss_of_classes
from servable.records import FloatArray

FITTED = [Method.PLATT, Method.BETA, Method.ISOTONIC]


def _table(rows: Rows, method: Method) -> LookupTable:
    return fit_calibrator(rows.raw, rows.labels, method=method).tables[1]


def _library(rows: Rows, asked: FloatArray, **options: object) -> FloatArray:
    """Isotonic regression as scikit-learn gives it."""
    isotonic = pytest.importorskip("sklearn.isotonic")
    found: FloatArray = isotonic.IsotonicRegression(**options).fit(rows.scores, rows.labels).predict(asked)
    return found


def _library_table(rows: Rows) -> LookupTable:
    """The table that its thresholds are."""
    isotonic = pytest.importorskip("sklearn.isotonic")
    fitted = isotonic.IsotonicRegression().fit(rows.scores, rows.labels)
    return LookupTable.of_pairs(
        np.column_stack([fitted.X_thresholds_, fitted.y_thresholds_]).tolist(), where="thresholds"
    )


def _uniform(table: LookupTable, knots: int) -> LookupTable:
    x = np.linspace(0, 1, knots)
    return LookupTable(x, table.apply(x))


def test_raw_isotonic_regression_answers_0_and_1_and_one_wrong_row_costs_34_nats() -> None:
    rows, others = two_classes(1, 1000, slope=2.0), two_classes(2, 4000, slope=2.0)
    raw = _library(rows, others.scores, out_of_bounds="clip")

    fitted = _table(rows, Method.ISOTONIC).apply(others.scores)

    assert (raw.min(), raw.max()) == (0, 1)
    wrong = ((raw == 0) & (others.labels == 1)) | ((raw == 1) & (others.labels == 0))
    assert wrong.any()
    costs = -np.log(np.where(others.labels == 1, fitted, 1 - fitted))
    assert costs[wrong].max() < 8
    worse = log_loss(raw, others.labels) - log_loss(fitted, others.labels)
    assert worse == pytest.approx(wrong.mean() * 34.5, rel=0.3)


def test_a_library_s_isotonic_regression_answers_nan_outside_its_scores_and_a_table_its_end() -> None:
    rows = of_scores(0.2 + two_classes(1, 300).scores * 0.6, two_classes(1, 300).labels)
    outside = np.array([0.1, 0.9])

    table = _table(rows, Method.ISOTONIC)

    assert np.isnan(_library(rows, outside)).all()
    assert table.apply(outside).tolist() == table.apply(np.array([0.0, 1.0])).tolist()


def test_a_nan_score_is_refused_and_never_answered_by_the_highest_probability() -> None:
    rows = two_classes(1, 300)
    table = _table(rows, Method.PLATT)
    rows.raw[7] = np.nan

    with pytest.raises(BadInput, match=r"row 7, class 0: expected a raw score that is a probability"):
        choose_calibrator(rows.raw, rows.labels, seed=0)

    assert np.isnan(table.apply(np.array([np.nan]))).all()


@pytest.mark.parametrize("method", [*FITTED, Method.PERCENTILE])
def test_scores_that_are_equal_in_many_rows_repeat_no_knot(method: Method) -> None:
    scores, labels = two_classes(1, 600).scores, two_classes(1, 600).labels
    rows = of_scores(np.round(scores, 1), labels)

    table = _table(rows, method)

    assert len(np.unique(table.x)) == len(table.x)
    assert_promises(table, rows.scores, is_open=method is not Method.PERCENTILE)


@pytest.mark.parametrize("method", [*FITTED, Method.PERCENTILE])
@pytest.mark.parametrize("place", [0.0, 0.5, 1.0])
def test_scores_closer_than_1e_12_are_not_knots_beside_one_another(method: Method, place: float) -> None:
    steps = np.arange(400) * 2.5e-14 * (-1 if place == 1 else 1)
    scores = np.concatenate([place + steps, np.linspace(0.1, 0.9, 200)])
    rng = np.random.default_rng(0)
    rows = of_scores(scores, (rng.random(600) < 0.2 + 0.6 * scores).astype(np.int64))

    table = _table(rows, method)

    assert np.diff(np.sort(scores)).min() < 1e-13
    assert_promises(table, scores, is_open=method is not Method.PERCENTILE)


@pytest.mark.parametrize("method", FITTED)
def test_a_uniform_grid_fails_where_scores_pile_up_above_0_999_and_greedy_knots_do_not(
    method: Method,
) -> None:
    rows = two_classes(1, 3000, slope=3.0, shift=5.0)
    assert (rows.scores > 0.999).mean() > 0.4

    fitted = fit_calibrator(rows.raw, rows.labels, method=method)

    table = fitted.tables[1]
    error = np.abs(_uniform(table, 1001).apply(rows.scores) - table.apply(rows.scores)).max()
    assert error > 0.05
    assert fitted.knot_error <= 0.001


def test_isotonic_regression_loses_auc_by_its_ties_and_centred_knots_do_not() -> None:
    rows, others = two_classes(1, 300, slope=2.0), two_classes(2, 4000, slope=2.0)
    before = auc(others.scores, others.labels)

    raw = auc(_library(rows, others.scores, out_of_bounds="clip"), others.labels)
    fitted = auc(_table(rows, Method.ISOTONIC).apply(others.scores), others.labels)

    assert raw < before - 0.004
    assert fitted > before - 0.001


def test_temperature_has_no_intercept_for_a_class_weighted_model_and_platt_and_beta_have() -> None:
    rows, others = two_classes(1, 2000, shift=-1.5), two_classes(2, 4000, shift=-1.5)

    loss = {method: _loss(rows, others, method) for method in (Method.TEMPERATURE, Method.PLATT, Method.BETA)}

    before = log_loss(others.scores, others.labels)
    best = log_loss(two_classes(2, 4000).scores, others.labels)
    assert before - loss[Method.TEMPERATURE] < 0.5 * (before - best)
    for method in (Method.PLATT, Method.BETA):
        assert before - loss[method] > 0.95 * (before - best)


def _loss(rows: Rows, others: Rows, method: Method) -> float:
    return log_loss(_table(rows, method).apply(others.scores), others.labels)


def test_calibration_error_alone_would_choose_raw_isotonic_and_log_loss_does_not() -> None:
    # over-confident, and more so for class 1: no curve of two parameters
    rows, others = (_bent(two_classes(seed, n)) for seed, n in ((1, 1000), (2, 10_000)))

    raw = _library(rows, others.scores, out_of_bounds="clip")
    platt = _table(rows, Method.PLATT).apply(others.scores)
    chosen = choose_calibrator(rows.raw, rows.labels, seed=0).fitted

    assert calibration_error(raw, others.labels) < calibration_error(platt, others.labels)
    assert log_loss(raw, others.labels) > log_loss(platt, others.labels)
    assert chosen.calibrator is not None
    assert log_loss(chosen.tables[1].apply(others.scores), others.labels) < log_loss(platt, others.labels)


def _bent(rows: Rows) -> Rows:
    odds = np.log(rows.scores / (1 - rows.scores))
    return of_scores(1 / (1 + np.exp(-np.where(odds > 0, 3, 1) * odds)), rows.labels)


def test_a_small_block_that_is_drawn_beyond_its_neighbour_is_joined_with_it() -> None:
    # one row of class 1 above two hundred, nearly all of class 1: drawn to the half, it would fall below
    labels = np.array([0] * 199 + [1] * 198 + [0] + [1])
    rows = of_scores(np.concatenate([np.full(199, 0.3), np.full(199, 0.6), [0.9]]), labels)
    blocks = Blocks.of_rows(rows.scores, labels).pooled()
    assert np.diff(blocks.means(pseudo_rows=2, of_mean=0.5)).min() < 0

    table = _table(rows, Method.ISOTONIC)

    assert_promises(table, rows.scores)
    centre = (199 * 0.6 + 0.9) / 200
    assert table.apply(np.array([centre, 0.9])).tolist() == pytest.approx([200 / 202] * 2, abs=1e-4)


def test_beta_calibration_whose_best_curve_would_fall_is_held_rising() -> None:
    # more of class 1 in the middle than at the upper end
    scores = np.repeat([0.05, 0.5, 0.95], 400)
    shares = np.repeat([0.1, 0.9, 0.6], 400)
    labels = (np.tile(np.arange(400) / 400, 3) < shares).astype(np.int64)

    table = _table(of_scores(scores, labels), Method.BETA)

    assert_promises(table, scores)
    # the best rising curve, rather than the falling one raised where it falls
    assert table.apply(scores).mean() == pytest.approx(labels.mean(), abs=0.005)


def test_a_non_monotone_table_is_not_read() -> None:
    with pytest.raises(Exception, match="calibrated scores that do not fall"):
        LookupTable.of_pairs([[0.0, 0.1], [0.5, 0.9], [1.0, 0.6]], where="table")


def test_a_row_whose_sum_is_zero_keeps_its_raw_scores_and_fitted_tables_have_no_such_row() -> None:
    rows = more_classes(1, 600, slope=2.0)
    shifted = np.array([[1e-4, 1e-4, 1e-4]])
    one = [of_scores(rows.raw[:, index], (rows.labels == index).astype(np.int64)) for index in range(3)]
    raw = Calibrator(
        kind=CalibratorKind.MULTICLASS,
        tables={index: _library_table(alone) for index, alone in enumerate(one)},
    )

    fitted = fit_calibrator(rows.raw, rows.labels, method=Method.ISOTONIC).calibrator

    assert fitted is not None
    assert raw.calibrate(shifted).kept_raw == 1
    assert raw.apply(shifted).tolist() == shifted.tolist()
    assert fitted.calibrate(shifted).kept_raw == 0
    assert fitted.apply(shifted).sum() == pytest.approx(1)


def test_a_percentile_table_counts_equal_scores_half_and_has_its_ends_at_0_and_1() -> None:
    scores = np.repeat([0.2, 0.4, 0.9], [50, 30, 20])

    table = _table(of_scores(scores, np.arange(100) % 2), Method.PERCENTILE)

    assert table.pairs() == [(0.0, 0.0), (0.2, 0.25), (0.4, 0.65), (0.9, 0.9), (1.0, 1.0)]


@pytest.mark.parametrize("end", [0.0, 1.0])
def test_scores_of_0_or_1_keep_their_share_in_a_percentile_table(end: float) -> None:
    scores = np.repeat([end, 0.5], [40, 60])

    table = _table(of_scores(scores, np.arange(100) % 2), Method.PERCENTILE)

    assert table.apply(np.array([end])).tolist() == [0.2 if end == 0 else 0.8]


def test_a_percentile_table_does_not_look_at_labels() -> None:
    rows = two_classes(1, 300)

    table = _table(rows, Method.PERCENTILE)

    assert _table(Rows(rows.raw, np.zeros(300, dtype=np.int64)), Method.PERCENTILE).pairs() == table.pairs()


def test_temperature_of_more_classes_never_changes_the_most_probable_one_and_tables_may() -> None:
    rows = more_classes(1, 800, slope=0.5)

    winners: dict[Method, NDArray[np.int64]] = {}
    for method in (Method.TEMPERATURE, Method.ISOTONIC):
        calibrator = fit_calibrator(rows.raw, rows.labels, method=method).calibrator
        assert calibrator is not None
        winners[method] = calibrator.apply(rows.raw).argmax(axis=1)

    before = rows.raw.argmax(axis=1)
    assert (winners[Method.TEMPERATURE] == before).all()
    assert 0 < (winners[Method.ISOTONIC] != before).mean() < 0.2


def test_a_score_of_exactly_0_is_calibrated_away_from_it_by_tables_but_not_by_a_temperature() -> None:
    rows = more_classes(1, 2000, slope=2.0)
    rows.raw[:5] = [[0.0, 0.5, 0.5]] * 5
    rows.labels[:5] = 0

    tables, curve = (
        fit_calibrator(rows.raw, rows.labels, method=method).calibrator
        for method in (Method.PLATT, Method.TEMPERATURE)
    )

    assert tables is not None
    assert curve is not None
    assert (tables.apply(rows.raw) > 0).all()
    assert (curve.apply(rows.raw)[:5, 0] == 0).all()
    assert log_loss_of_classes(tables.apply(rows.raw), rows.labels) < log_loss_of_classes(
        curve.apply(rows.raw), rows.labels
    )
