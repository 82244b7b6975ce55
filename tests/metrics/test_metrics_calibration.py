"""Whether probabilities are what they say: errors beside their null, parts of a Brier score, bins."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from real_scores import RealScores

from servable.metrics import (
    BinKind,
    CalibrationError,
    ErrorForm,
    ErrorTarget,
    Estimate,
    brier,
    brier_decomposition,
    calibration_error,
    calibration_errors,
    calibration_errors_of_classes,
    calibration_null,
    certain_rows,
    figures_of_classes,
    reliability_bins,
    skill_sentence,
    wilson_interval,
)

Scores = NDArray[np.float64]
Labels = NDArray[np.int64]

coarse = st.integers(0, 10).map(lambda tenth: tenth / 10)
rows = st.lists(st.tuples(coarse | st.floats(0, 1), st.integers(0, 1)), min_size=1, max_size=60)


def _calibrated(n: int, *, seed: int = 1) -> tuple[Scores, Labels]:
    """Scores crowded near 1, and labels that are drawn from them."""
    rng = np.random.default_rng(seed)
    scores = rng.beta(4, 0.7, n)
    return scores, (rng.random(n) < scores).astype(np.int64)


@settings(deadline=None)
@given(drawn=rows, kind=st.sampled_from(BinKind), bins=st.integers(1, 20))
def test_the_parts_of_a_brier_score_are_the_brier_score(
    drawn: list[tuple[float, int]], kind: BinKind, bins: int
) -> None:
    scores, labels = np.array([score for score, _ in drawn]), np.array([label for _, label in drawn])

    found = brier_decomposition(scores, labels, kind=kind, bins=bins)

    assert found.brier == pytest.approx(brier(scores, labels), abs=1e-15)
    parts = found.reliability - found.resolution + found.uncertainty + found.within_bins
    assert parts == pytest.approx(found.brier, abs=1e-12)
    assert min(found.reliability, found.resolution, found.uncertainty) >= 0
    assert found.bins <= bins


def test_bins_of_one_score_each_leave_nothing_within_them() -> None:
    rng = np.random.default_rng(0)
    scores = rng.integers(0, 5, 400) / 4
    labels = (rng.random(400) < scores).astype(np.int64)

    found = brier_decomposition(scores, labels, kind=BinKind.EQUAL_WIDTH)

    assert found.within_bins == pytest.approx(0.0, abs=1e-15)
    assert found.bins == 5


def test_a_score_that_tells_rows_of_one_bin_apart_has_less_than_its_bins_say() -> None:
    scores, labels = np.array([0.1, 0.2, 0.8, 0.9]), np.array([0, 0, 1, 1])

    found = brier_decomposition(scores, labels, bins=1)

    assert found.resolution == 0.0
    assert found.within_bins < 0


@settings(deadline=None)
@given(drawn=rows, bins=st.integers(1, 20))
def test_reliability_bins_hold_every_row_once_and_never_tear_equal_scores_apart(
    drawn: list[tuple[float, int]], bins: int
) -> None:
    scores, labels = np.array([score for score, _ in drawn]), np.array([label for _, label in drawn])

    found = reliability_bins(scores, labels, bins=bins)

    assert sum(one.rows for one in found) == len(drawn)
    assert sum(one.rows * one.share for one in found) == pytest.approx(labels.sum())
    assert sum(one.rows * one.mean_score for one in found) == pytest.approx(scores.sum())
    assert len(found) <= bins
    assert all(one.highest < other.lowest for one, other in pairwise(found))
    for one in found:
        assert one.lowest - 1e-12 <= one.mean_score <= one.highest + 1e-12
        assert 0 <= one.low <= one.share <= one.high <= 1


def test_bins_of_distinct_scores_hold_about_equally_many() -> None:
    scores, labels = _calibrated(1000)

    found = reliability_bins(scores, labels, bins=15)

    assert {one.rows for one in found} == {66, 67}


@pytest.mark.parametrize(("ones", "n"), [(0, 10), (10, 10), (3, 10), (822, 1000), (1, 1)])
def test_the_interval_of_a_share_is_the_one_by_wilson(ones: int, n: int) -> None:
    stats = pytest.importorskip("scipy.stats")
    expected = stats.binomtest(ones, n).proportion_ci(0.95, method="wilson")
    exact = wilson_interval(ones, n, z=stats.norm.ppf(0.975))

    assert exact == pytest.approx((expected.low, expected.high), abs=1e-12)
    assert wilson_interval(ones, n) == pytest.approx(exact, abs=1e-5)


@pytest.mark.parametrize("n", range(1, 40))
def test_the_interval_of_a_share_holds_it_to_the_last_digit(n: int) -> None:
    assert wilson_interval(n, n)[1] == 1.0
    assert wilson_interval(0, n)[0] == 0.0


def test_an_error_is_never_without_its_bins_rows_and_null() -> None:
    scores, labels = _calibrated(500)

    found = calibration_errors(scores, labels, seed=3)

    assert found == calibration_errors(scores, labels, seed=3)
    assert found.equal_width.value == calibration_error(scores, labels)
    assert found.equal_width.null == calibration_null(scores, seed=3)
    for error, kind, form in (
        (found.equal_width, BinKind.EQUAL_WIDTH, ErrorForm.MEAN_GAP),
        (found.equal_mass, BinKind.EQUAL_MASS, ErrorForm.MEAN_GAP),
        (found.debiased, BinKind.EQUAL_MASS, ErrorForm.DEBIASED),
    ):
        assert (error.rows, error.bins, error.kind, error.form) == (500, 15, kind, form)
        assert (error.target, error.null_draws) == (ErrorTarget.CLASS_ONE, 200)
        assert error.null_mean < error.null


def test_bins_of_equal_mass_are_counted_as_they_are_where_scores_repeat() -> None:
    labels = np.array([0, 1] * 100)

    found = calibration_errors(np.full(200, 0.5), labels, seed=0)

    assert found.equal_mass.bins == 1
    assert found.equal_mass.value == pytest.approx(0.0)


def test_the_debiased_error_by_its_definition() -> None:
    rng = np.random.default_rng(5)
    scores = np.sort(rng.random(150))
    labels = (rng.random(150) < scores**2).astype(np.int64)
    squared = 0.0
    for said, came in zip(np.split(scores, 15), np.split(labels, 15), strict=True):
        share = came.mean()
        squared += ((said.mean() - share) ** 2 - share * (1 - share) / 9) / 15

    assert calibration_errors(scores, labels, seed=0).debiased.value == pytest.approx(np.sqrt(squared))


def test_bins_of_a_single_row_add_nothing_to_the_debiased_error() -> None:
    found = calibration_errors(np.array([0.1, 0.6, 0.9]), np.array([1, 0, 1]), seed=0)

    assert found.debiased.value == 0.0
    assert found.equal_mass.value > 0.3


def test_a_calibrated_model_is_called_consistent_in_about_nineteen_samples_of_twenty() -> None:
    consistent = [
        calibration_errors(*_calibrated(400, seed=seed), seed=0).equal_width.is_consistent
        for seed in range(60)
    ]

    assert 51 <= sum(consistent) <= 60


def test_what_chance_adds_is_taken_off_the_debiased_error() -> None:
    found = calibration_errors(*_calibrated(2000), seed=0)

    assert found.debiased.null_mean < found.equal_mass.null_mean / 1.5


def test_a_model_that_is_too_sure_is_not_consistent_with_calibration() -> None:
    scores, labels = _calibrated(2000)
    sure = scores**2 / (scores**2 + (1 - scores) ** 2)

    found = calibration_errors(sure, labels, seed=0)

    for error in (found.equal_width, found.equal_mass, found.debiased):
        assert not error.is_consistent
        assert error.value > 1.5 * error.null


def test_an_error_says_what_it_is_in_one_sentence() -> None:
    error = CalibrationError(
        value=0.02131,
        null=0.01968,
        null_mean=0.0149,
        rows=2346,
        bins=15,
        kind=BinKind.EQUAL_WIDTH,
        form=ErrorForm.MEAN_GAP,
        target=ErrorTarget.CLASS_ONE,
    )

    assert error.sentence() == (
        "calibration error 0.0213 of P(class 1), mean gap over 15 bins of equal width, 2,346 rows: "
        "not consistent with calibration at 95 %, where chance alone gives up to 0.0197"
    )
    assert " rows: consistent with calibration at 95 %" in replace(error, value=0.0196).sentence()
    assert replace(error, value=error.null).is_consistent


@pytest.mark.slow
@pytest.mark.parametrize(
    ("n", "mean", "quantile", "mass_mean"),
    [(1000, 0.0230, 0.0290, 0.0175), (2346, 0.0149, 0.0197, 0.0108)],
)
def test_the_null_of_real_reviews_is_what_a_better_model_of_them_has(
    women_reviews: RealScores, n: int, mean: float, quantile: float, mass_mean: float
) -> None:
    """The figures are of a model of all rows and words, whose scores are nearer to 0 and 1."""
    scores, labels = women_reviews.probabilities[:n, 1], women_reviews.labels[:n]

    found = calibration_errors(scores, labels, seed=0)

    assert found.equal_width.null_mean == pytest.approx(mean, rel=0.2)
    assert found.equal_width.null == pytest.approx(quantile, rel=0.25)
    assert found.equal_mass.null_mean == pytest.approx(mass_mean, rel=0.4)
    assert found.debiased.null_mean < found.equal_mass.null_mean / 1.5


def test_both_errors_of_several_classes_by_their_definition() -> None:
    probabilities, labels = _classes(300)
    of_class = []
    for number in range(4):
        said, came = probabilities[:, number], labels == number
        of_class.append(calibration_error(said, came.astype(np.int64)))
    right = (probabilities.argmax(axis=1) == labels).astype(np.int64)

    found = calibration_errors_of_classes(probabilities, labels, seed=0)

    assert found.class_wise.value == pytest.approx(np.mean(of_class), abs=1e-12)
    assert found.top_label.value == pytest.approx(
        calibration_error(probabilities.max(axis=1), right), abs=1e-12
    )
    assert "class-wise" in found.class_wise.sentence()
    assert "top-label" in found.top_label.sentence()
    figures = figures_of_classes(probabilities, labels)
    assert figures["class_wise_calibration_error"]() == found.class_wise.value
    assert figures["top_label_calibration_error"]() == found.top_label.value


def test_labels_drawn_from_the_rows_of_several_classes_are_consistent_and_others_are_not() -> None:
    probabilities, labels = _classes(1500)
    sure = probabilities**3 / (probabilities**3).sum(axis=1, keepdims=True)

    calm, bold = (calibration_errors_of_classes(said, labels, seed=0) for said in (probabilities, sure))

    assert calm.class_wise.value < 1.2 * calm.class_wise.null
    assert calm.top_label.value < 1.2 * calm.top_label.null
    assert not bold.class_wise.is_consistent
    assert not bold.top_label.is_consistent


def test_rows_with_a_certain_probability_are_counted() -> None:
    assert certain_rows(np.array([0.0, 1e-300, 0.5, 1.0, 1 - 1e-17])) == 3
    assert certain_rows(np.array([[0.0, 1.0, 0.0], [0.2, 0.3, 0.5], [0.0, 0.5, 0.5]])) == 2


@pytest.mark.parametrize(
    ("value", "low", "high", "words"),
    [
        (0.56, 0.51, 0.60, "better than the base rate (log-loss skill 56.0 % [51.0 %, 60.0 %])"),
        (0.014, 0.001, 0.027, "barely better than the base rate (log-loss skill 1.4 % [0.1 %, 2.7 %])"),
        (
            0.014,
            -0.01,
            0.04,
            "barely better than the base rate, if at all (log-loss skill 1.4 % [-1.0 %, 4.0 %])",
        ),
        (0.2, -0.1, 0.5, "better than the base rate by too little for these rows to show"),
        (-0.01, -0.03, 0.01, "no better than the base rate"),
        (-0.3, -0.4, -0.2, "worse than the base rate"),
        (
            0.2,
            None,
            None,
            "better than the base rate by too little for these rows to show (log-loss skill 20.0 % (too few "
            "rows for an interval))",
        ),
        (np.nan, None, None, "not to be held against the base rate, which is right about every row"),
        (np.nan, np.nan, np.nan, "not to be held against the base rate, which is right about every row"),
    ],
)
def test_skill_is_said_in_words(value: float, low: float | None, high: float | None, words: str) -> None:
    assert skill_sentence(Estimate(value=value, low=low, high=high)).startswith(words)


def _classes(n: int) -> tuple[Scores, Labels]:
    """Probabilities of four classes, and labels drawn from them."""
    rng = np.random.default_rng(2)
    probabilities = rng.dirichlet(np.full(4, 0.8), n)
    labels = (rng.random(n)[:, np.newaxis] >= probabilities.cumsum(axis=1)[:, :-1]).sum(axis=1)
    return probabilities, labels.astype(np.int64)
