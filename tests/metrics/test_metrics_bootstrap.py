"""Draws of rows that all figures share, and the intervals that come of them."""

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
from numpy.typing import NDArray

from servable.metrics import (
    Comparison,
    Estimate,
    Resampler,
    ScoreReport,
    Weights,
    compare,
    estimate,
    figures_of,
    mean_figure,
    precision_recall_band,
    report,
    resample,
    roc_band,
)

Scores = NDArray[np.float64]
Labels = NDArray[np.int64]


def _world(n: int, *, seed: int = 11) -> tuple[Scores, Scores, Labels]:
    """Scores that are too sure, the right ones blurred, and labels drawn from neither of them."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=n) * 2
    labels = (rng.random(n) < 1 / (1 + np.exp(-logits))).astype(np.int64)
    blurred = logits + rng.normal(size=n)
    return 1 / (1 + np.exp(-1.5 * logits)), 1 / (1 + np.exp(-blurred)), labels


def test_a_report_and_a_comparison_keep_the_numbers_that_stored_ones_have() -> None:
    sure, blurred, labels = _world(500)
    near = partial(pytest.approx, rel=1e-12)

    found = report(sure, labels, seed=7)

    assert (found.rows, found.positives) == (500, 263)
    assert _ends(found.auc) == near((0.85962041359837, 0.8293173742807283, 0.8899234529160118))
    assert _ends(found.log_loss) == near((0.4856520983937058, 0.4227772279617631, 0.5485269688256486))
    assert _ends(found.calibration_error) == near(
        (0.0694128246167897, 0.043234112268084816, 0.09559153696549458)
    )
    assert found.calibration_error_null == near(0.06400393968259395)
    compared = compare(sure, blurred, labels, seed=7)
    assert _ends(compared.auc_difference) == near(
        (0.045274422037188566, 0.024131686589499355, 0.06641715748487778)
    )
    assert _ends(compared.log_loss_difference) == near(
        (-0.0589712613210539, -0.09678438963660126, -0.02115813300550655)
    )


def test_draws_that_lack_a_class_count_for_no_figure_of_a_report() -> None:
    labels, scores = np.array([1, 0, 0, 0, 1, 0]), np.array([0.9, 0.1, 0.2, 0.3, 0.4, 0.8])
    other = np.array([0.5, 0.6, 0.2, 0.1, 0.1, 0.7])

    found, compared = report(scores, labels, seed=7), compare(scores, other, labels, seed=7)

    assert isinstance(found, ScoreReport)
    assert isinstance(compared, Comparison)
    assert _ends(found.auc) == pytest.approx((0.875, 0.49702880522324044, 1.0))
    assert _ends(found.log_loss) == pytest.approx(
        (0.5527113618128084, 0.11653765825758305, 0.9888850653680339)
    )
    assert _ends(compared.log_loss_difference) == pytest.approx(
        (-0.35470528430821124, -0.8447283266641612, 0.13531775804773877)
    )


def test_every_pass_over_a_resampler_sees_the_same_draws_of_as_many_rows() -> None:
    resampler = Resampler(n=40, draws=5, seed=3)

    first, second = list(resampler), list(resampler)

    np.testing.assert_array_equal(first, second)
    assert [weights.sum() for weights in first] == [40.0] * 5
    assert not np.array_equal(first, list(Resampler(n=40, draws=5, seed=4)))


def test_one_draw_is_made_when_it_is_asked_for() -> None:
    draws = iter(Resampler(n=3, draws=10**9, seed=0))

    assert len(next(draws)) == 3


@pytest.mark.parametrize("make", [list, np.array, partial(np.array, dtype=object)])
def test_rows_of_one_group_are_drawn_together(make: Callable[[list[str]], list[str]]) -> None:
    groups = ["a", "b", "a", "c", "b", "a", "d"]

    draws = list(Resampler(n=7, draws=50, seed=0, groups=make(groups)))

    for name in "abcd":
        of_group = [[weights[row] for row in range(7) if groups[row] == name] for weights in draws]
        assert all(len(set(counts)) == 1 for counts in of_group)
    # as many groups as there are, whatever their sizes
    assert {sum(weights[[0, 1, 3, 6]]) for weights in draws} == {4.0}
    assert len({weights.sum() for weights in draws}) > 1


def test_groups_of_one_row_each_are_no_groups() -> None:
    grouped = Resampler(n=30, draws=4, seed=0, groups=list(range(30)))

    np.testing.assert_array_equal(list(grouped), list(Resampler(n=30, draws=4, seed=0)))


def test_rows_that_repeat_others_widen_the_interval_only_as_a_group() -> None:
    values = np.random.default_rng(0).normal(size=300)
    alone = _reach(estimate(mean_figure(values, lowest=-9), Resampler(n=300, draws=400, seed=0)))
    five_times, groups = mean_figure(np.repeat(values, 5), lowest=-9), np.repeat(np.arange(300), 5)

    grouped = _reach(estimate(five_times, Resampler(n=1500, draws=400, seed=0, groups=groups)))
    as_rows = _reach(estimate(five_times, Resampler(n=1500, draws=400, seed=0)))

    assert grouped == pytest.approx(alone)
    assert as_rows == pytest.approx(alone / np.sqrt(5), rel=0.15)


def test_the_interval_of_a_mean_is_that_of_its_standard_error() -> None:
    values = np.random.default_rng(0).random(2000)

    found = estimate(mean_figure(values), Resampler(n=2000, draws=1000, seed=0))

    assert _reach(found) == pytest.approx(1.96 * np.std(values, ddof=1) / np.sqrt(2000), rel=0.1)
    assert found.value == pytest.approx((found.low + found.high) / 2)


def test_the_interval_of_an_auc_is_that_of_its_standard_error_by_the_ranks() -> None:
    sure, _, labels = _world(1500)
    ones, zeros = sure[labels == 1], sure[labels == 0]
    # the variance of a Mann-Whitney statistic, by how many of the others each row beats (DeLong)
    above = (ones[:, np.newaxis] > zeros).mean(axis=1)
    below = (ones[:, np.newaxis] > zeros).mean(axis=0)
    variance = np.var(above, ddof=1) / len(ones) + np.var(below, ddof=1) / len(zeros)

    found = estimate(figures_of(sure, labels)["auc"], Resampler(n=1500, draws=600, seed=0))

    assert _reach(found) == pytest.approx(1.96 * np.sqrt(variance), rel=0.12)


def test_the_difference_of_two_models_that_err_on_the_same_rows_is_known_better_than_either() -> None:
    sure, _, labels = _world(1000)
    shy = sure**0.95
    first, second = figures_of(sure, labels), figures_of(shy, labels)
    one_of_each = {f"sure {name}": figure for name, figure in first.items()}
    one_of_each |= {f"shy {name}": figure for name, figure in second.items()}

    paired = resample(one_of_each, Resampler(n=1000, draws=200, seed=0))
    own = resample(second, Resampler(n=1000, draws=200, seed=1))

    for name in ("log_loss", "brier"):
        together = paired.difference(f"sure {name}", f"shy {name}")
        apart = np.hypot(_reach(paired.estimate(f"sure {name}")), _reach(own.estimate(name)))
        assert together.value == pytest.approx(first[name]() - second[name]())
        assert _reach(together) < apart / 5
    # the ranks are the same, and so is the AUC of every draw
    same = paired.difference("sure auc", "shy auc")
    assert _ends(same) == (0.0, 0.0, 0.0)


def test_an_interval_does_not_leave_the_range_of_its_figure() -> None:
    scores, labels = np.array([0.9, 0.8, 0.3, 0.85, 0.2]), np.array([1, 1, 0, 0, 0])

    resampled = resample(figures_of(scores, labels), Resampler(n=5, draws=200, seed=0))

    found = {name: resampled.estimate(name) for name in resampled.figures}
    assert found["auc"].high == 1.0
    assert found["brier"].low == 0.0
    assert found["log_loss"].high > found["log_loss"].value > found["log_loss"].low >= 0.0
    assert found["log_loss_skill"].low < 0 < found["log_loss_skill"].high < 1 + 1e-12


def test_a_figure_of_some_rows_sees_their_weights_in_a_draw_of_all() -> None:
    sure, _, labels = _world(200)
    rows = np.flatnonzero(sure > 0.3)
    weights = next(iter(Resampler(n=200, draws=2, seed=0)))

    for name, figure in figures_of(sure[rows], labels[rows]).items():
        assert figure.at(rows)(weights) == figure(weights[rows]), name
        assert figure.at(rows)() == figure(), name
        assert (figure.at(rows).lowest, figure.at(rows).highest) == (figure.lowest, figure.highest)


def test_draws_that_leave_a_class_out_define_no_ranking() -> None:
    sure, _, labels = _world(50)
    ones_alone, nothing = (labels == 1).astype(np.float64), np.zeros(50)

    figures = figures_of(sure, labels)

    assert [name for name, figure in figures.items() if np.isnan(figure(ones_alone))] == [
        "auc",
        "log_loss_skill",
        "brier_skill",
    ]
    assert figures["average_precision"](ones_alone) == pytest.approx(1.0)
    assert all(np.isnan(figure(nothing)) for figure in figures.values())


def test_a_band_lies_around_its_curve_and_narrows_with_the_rows() -> None:
    widths = []
    for n in (800, 12800):
        sure, _, labels = _world(n)
        draws: list[Weights] = list(Resampler(n=n, draws=80, seed=0))
        for band in (roc_band(sure, labels, draws), precision_recall_band(sure, labels, draws)):
            assert (band.low <= band.value).all()
            assert (band.value <= band.high).all()
            assert band.low.min() >= 0
            assert band.high.max() <= 1
            np.testing.assert_allclose(band.at, np.linspace(0, 1, 101))
            widths.append(float((band.high - band.low)[20:60].mean()))

    # sixteen times the rows, a quarter of the width
    assert widths[2] == pytest.approx(widths[0] / 4, rel=0.3)
    assert widths[3] == pytest.approx(widths[1] / 4, rel=0.3)


def test_a_band_stands_on_the_points_of_its_curve() -> None:
    scores, labels = np.array([0.9, 0.8, 0.7, 0.6, 0.5]), np.array([1, 0, 1, 1, 0])
    draws = list(Resampler(n=5, draws=20, seed=1))

    roc, answered = roc_band(scores, labels, draws), precision_recall_band(scores, labels, draws)

    # one of two rows of class 0 is reached after one, and answered up to three, of three of class 1
    assert roc.value[[0, 50, 100]] == pytest.approx([1 / 3, 1.0, 1.0])
    # a third of the ones by the first score, two thirds only by the third, all by the fourth
    assert answered.value[[0, 33, 34, 66, 67, 100]] == pytest.approx([1, 1, 2 / 3, 2 / 3, 3 / 4, 3 / 4])


def _ends(estimate: Estimate) -> tuple[float, float, float]:
    return estimate.value, estimate.low, estimate.high


def _reach(estimate: Estimate) -> float:
    return (estimate.high - estimate.low) / 2
