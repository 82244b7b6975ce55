"""Figures of a model's worth, by their definition."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from servable.metrics import auc, calibration_error, log_loss, report

coarse = st.integers(0, 4).map(lambda quarter: quarter / 4)
rows = st.lists(st.tuples(coarse | st.floats(0, 1), st.integers(0, 1)), min_size=2, max_size=40).filter(
    lambda drawn: len({label for _, label in drawn}) == 2
)


def test_a_certain_mistake_costs_a_finite_log_loss() -> None:
    assert log_loss(np.array([0.0, 1.0]), np.array([1, 1])) == pytest.approx(-np.log(1e-15) / 2)


def test_equal_scores_have_an_auc_of_one_half() -> None:
    assert auc(np.full(5, 0.3), np.array([0, 1, 1, 0, 1])) == 0.5


@settings(deadline=None)
@given(drawn=rows)
def test_the_calibration_error_is_the_mean_gap_of_fifteen_bins(drawn: list[tuple[float, int]]) -> None:
    scores, labels = np.array([score for score, _ in drawn]), np.array([label for _, label in drawn])
    bins = [min(int(score * 15), 14) for score in scores.tolist()]
    gaps = [
        abs(sum(score - label for score, label, at in zip(scores, labels, bins, strict=True) if at == index))
        for index in range(15)
    ]

    assert calibration_error(scores, labels) == pytest.approx(sum(gaps) / len(drawn), abs=1e-12)


def test_a_report_is_the_same_for_the_same_seed_and_its_intervals_hold_the_figures() -> None:
    rng = np.random.default_rng(1)
    scores = rng.random(500)
    labels = (rng.random(500) < scores).astype(np.int64)

    first = report(scores, labels, seed=7)

    assert first == report(scores, labels, seed=7)
    assert (first.rows, first.positives) == (500, int(labels.sum()))
    for estimate in (first.auc, first.log_loss):
        assert estimate.low < estimate.value < estimate.high
    assert first.auc.value == auc(scores, labels)
    # labels drawn from the scores themselves: calibrated but for chance, and one run in twenty exceeds it
    assert first.calibration_error.value < 1.3 * first.calibration_error_null


def test_the_null_of_the_calibration_error_tells_a_model_that_is_too_sure() -> None:
    rng = np.random.default_rng(1)
    truth = rng.random(2000)
    labels = (rng.random(2000) < truth).astype(np.int64)
    odds = 3 * np.log(truth / (1 - truth))

    found = report(1 / (1 + np.exp(-odds)), labels, seed=0)

    assert found.calibration_error.value > 2 * found.calibration_error_null
