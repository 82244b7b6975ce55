"""What a fitted calibration table promises: open, rising, small, and honest about its error."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from servable.calibration import FittedTable, fit_lookup_table
from servable.errors import BadInput
from servable.records import FloatArray


def _rows(seed: int, n: int, slope: float = 2.0) -> tuple[FloatArray, FloatArray]:
    """Scores that are over- or under-confident by `slope`, with their labels."""
    rng = np.random.default_rng(seed)
    odds = rng.normal(0.5, 1.5, n)
    labels = (rng.random(n) < 1 / (1 + np.exp(-odds))).astype(np.float64)
    labels[:2] = [0, 1]
    return 1 / (1 + np.exp(-odds * slope)), labels


def _assert_promises(fitted: FittedTable, scores: FloatArray) -> None:
    x, y = fitted.table.x, fitted.table.y
    assert 2 <= len(x) <= 101
    assert (x[0], x[-1]) == (0.0, 1.0)
    assert (np.diff(x) > 0).all()
    assert (np.diff(y) >= 0).all()
    asked = np.concatenate([np.linspace(0, 1, 1001), scores, [1e-300, 1 - 1e-16]])
    answers = fitted.table.apply(np.sort(asked))
    assert (np.diff(answers) >= 0).all()
    assert 0 < answers.min() <= answers.max() < 1
    # also in the precision in which tree scores are stored
    assert answers.max().astype(np.float32) < 1


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.sampled_from([20, 57, 499, 500, 900]),
    slope=st.sampled_from([0.3, 1.0, 4.0, 30.0]),
)
def test_a_fitted_table_is_open_rises_and_has_at_most_101_knots(seed: int, n: int, slope: float) -> None:
    scores, labels = _rows(seed, n, slope)

    fitted = fit_lookup_table(scores, labels)

    _assert_promises(fitted, scores)
    assert fitted.rows == n
    assert fitted.knot_error <= 0.001


@pytest.mark.parametrize("n", [40, 1000])
@pytest.mark.parametrize(
    "shape", ["all equal", "separable", "only 0 and 1", "wrong way", "one row of class 1", "single precision"]
)
def test_scores_of_any_shape_give_a_table_that_holds_its_promises(shape: str, n: int) -> None:
    scores, labels = _rows(3, n)
    if shape == "all equal":
        scores = np.full(n, 0.5)
    elif shape == "separable":
        labels = (scores > 0.5).astype(np.float64)
    elif shape == "only 0 and 1":
        scores = (scores > 0.5).astype(np.float64)
    elif shape == "wrong way":
        scores = 1 - scores
    elif shape == "one row of class 1":
        labels = np.eye(1, n)[0]
    else:
        scores = scores.astype(np.float32)

    fitted = fit_lookup_table(scores, labels)

    _assert_promises(fitted, scores)


@pytest.mark.parametrize("n", [40, 1000])
def test_scores_that_rank_the_wrong_way_are_answered_by_the_share_of_class_1(n: int) -> None:
    scores, labels = _rows(3, n)

    fitted = fit_lookup_table(1 - scores, labels)

    assert abs(fitted.table.apply(1 - scores).mean() - labels.mean()) < 0.05


@pytest.mark.parametrize("n", [400, 2000])
def test_the_mean_calibrated_score_is_the_share_of_class_1(n: int) -> None:
    scores, labels = _rows(5, n, slope=4.0)

    fitted = fit_lookup_table(scores, labels)

    assert abs(fitted.table.apply(scores).mean() - labels.mean()) < 0.005


def test_many_rows_are_fitted_by_beta_calibration_and_few_by_platt_scaling() -> None:
    assert fit_lookup_table(*_rows(1, 2000)).method == "beta"
    assert fit_lookup_table(*_rows(1, 499)).method == "platt"
    scores, _ = _rows(1, 2000)
    rare = np.zeros(2000)
    rare[:99] = 1
    assert fit_lookup_table(scores, rare).method == "platt"


def test_platt_scaling_agrees_with_a_general_optimiser() -> None:
    optimize = pytest.importorskip("scipy.optimize")
    scores, labels = _rows(11, 200)
    positives = labels.sum()
    targets = np.where(labels == 1, (positives + 1) / (positives + 2), 1 / (200 - positives + 2))
    odds = np.log(scores / (1 - scores))

    def loss(weights: FloatArray) -> float:
        z = weights[0] + weights[1] * odds
        return float(np.sum(np.logaddexp(0, z) - targets * z))

    best = optimize.minimize(loss, np.zeros(2), method="BFGS", options={"gtol": 1e-9}).x

    found = fit_lookup_table(scores, labels).table.apply(scores)

    np.testing.assert_allclose(found, 1 / (1 + np.exp(-(best[0] + best[1] * odds))), atol=1.5e-3)


@pytest.mark.parametrize(("n", "rare"), [(19, 5), (0, 0), (50, 0)])
def test_too_few_rows_or_one_class_are_refused(n: int, rare: int) -> None:
    labels = np.zeros(n)
    labels[:rare] = 1

    with pytest.raises(BadInput) as caught:
        fit_lookup_table(np.linspace(0, 1, n), labels)

    assert caught.value.code == "calibration.rows"
    assert str(caught.value) == (
        "calibration split: expected at least 20 rows with both classes, "
        f"found {n} rows, {rare} of the rarer class; use a larger table"
    )
