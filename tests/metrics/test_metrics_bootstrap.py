"""Draws of rows that all figures share, and the intervals that come of them."""

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
from numpy.typing import NDArray

from servable.metrics import (
    FEWEST_OF_CLASS,
    Comparison,
    Estimate,
    Resampler,
    ScoreReport,
    Weights,
    auc,
    auc_of_classes,
    compare,
    estimate,
    figures_of,
    figures_of_classes,
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
    assert _ends(found.auc) == (0.875, None, None)
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
    scores, labels = np.array([*[0.99] * 6, *[0.01] * 5]), np.array([*[1] * 5, *[0] * 6])

    resampled = resample(figures_of(scores, labels), Resampler(n=11, draws=200, seed=0))

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
    scores = np.repeat([0.9, 0.8, 0.7, 0.6, 0.5], 3)
    labels = np.repeat([1, 0, 1, 1, 0], 3)
    draws = list(Resampler(n=15, draws=20, seed=1))

    roc, answered = roc_band(scores, labels, draws), precision_recall_band(scores, labels, draws)

    assert roc is not None
    assert answered is not None
    # one of two rows of class 0 is reached after one, and answered up to three, of three of class 1
    assert roc.value[[0, 50, 100]] == pytest.approx([1 / 3, 1.0, 1.0])
    # a third of the ones by the first score, two thirds only by the third, all by the fourth
    assert answered.value[[0, 33, 34, 66, 67, 100]] == pytest.approx([1, 1, 2 / 3, 2 / 3, 3 / 4, 3 / 4])


def test_a_recall_that_rows_reach_is_reached_by_them_and_not_by_one_more() -> None:
    # a hundred rows of class 1 at falling scores, a row of class 0 behind each
    scores, labels = np.linspace(1, 0, 200), np.tile([1, 0], 100)
    draws = list(Resampler(n=200, draws=2, seed=1))

    band = precision_recall_band(scores, labels, draws)

    assert band is not None
    reached = np.maximum(np.arange(101), 1)
    np.testing.assert_allclose(band.value, reached / (2 * reached - 1))


def _few_of_class_1(ones: int, *, seed: int = 3) -> tuple[Scores, Labels]:
    labels = np.r_[np.ones(ones, dtype=np.int64), np.zeros(400, dtype=np.int64)]
    return np.clip(np.random.default_rng(seed).normal(0.4 + 0.2 * labels, 0.1), 0, 1), labels


@pytest.mark.parametrize(
    ("ones", "is_told"), [(1, False), (FEWEST_OF_CLASS - 1, False), (FEWEST_OF_CLASS, True)]
)
@pytest.mark.parametrize("turned", [False, True])
def test_a_ranking_of_a_class_with_hardly_any_row_has_no_interval(
    ones: int, is_told: bool, turned: bool
) -> None:
    scores, labels = _few_of_class_1(ones)
    if turned:  # then it is class 0 that is rare
        scores, labels = 1 - scores, 1 - labels
    draws = list(Resampler(n=len(labels), draws=200, seed=0))
    figures = figures_of(scores, labels)

    resampled = resample(figures | {"once": figures["auc"].once(), "same": figures["auc"]}, draws)

    for name in ("auc", "average_precision", "once"):
        found = resampled.estimate(name)
        assert found.value == figures[name if name != "once" else "auc"]()
        assert [end is not None for end in (found.low, found.high)] == [is_told] * 2
    assert (resampled.difference("auc", "same").low is not None) is is_told
    assert resampled.estimate("log_loss").low is not None
    assert (roc_band(scores, labels, draws) is not None) is is_told
    assert (precision_recall_band(scores, labels, draws) is not None) is is_told


def test_a_class_of_a_few_groups_that_many_draws_lack_has_no_interval() -> None:
    scores, labels = _few_of_class_1(40)
    groups = [0] * 20 + [1] * 20 + list(range(2, 402))  # all rows of class 1 are of two customers
    draws = list(Resampler(n=440, draws=200, seed=0, groups=groups))

    resampled = resample(figures_of(scores, labels), draws)

    assert 0.5 < np.isfinite(resampled.drawn["auc"]).mean() < 0.9
    assert _ends(resampled.estimate("auc")) == (auc(scores, labels), None, None)
    assert roc_band(scores, labels, draws) is None
    assert resampled.estimate("brier").low is not None


def test_an_estimate_without_an_interval_is_neither_above_nor_below_anything() -> None:
    told, untold = Estimate(value=0.2, low=0.1, high=0.3), Estimate(value=0.2, low=None, high=None)

    assert (told.is_above(0), told.is_below(0.4), told.is_above(0.1), told.is_below(0.3)) == (
        True,
        True,
        False,
        False,
    )
    assert (untold.is_above(0), untold.is_below(1)) == (False, False)
    assert (told.text(), untold.text("+.1f")) == (
        "0.2000 [0.1000, 0.3000]",
        "+0.2 (too few rows for an interval)",
    )


def _classes(rows: list[int], *, seed: int = 5) -> tuple[Scores, Labels]:
    """Probabilities of as many classes, and labels of which each has so many rows."""
    labels = np.repeat(np.arange(len(rows)), rows)
    odds = np.random.default_rng(seed).normal(size=(len(labels), len(rows))) + np.eye(len(rows))[labels]
    return np.exp(odds) / np.exp(odds).sum(axis=1, keepdims=True), labels.astype(np.int64)


def test_the_mean_auc_of_many_classes_is_told_by_all_draws_though_each_lacks_a_class() -> None:
    probabilities, labels = _classes([40, *[FEWEST_OF_CLASS] * 29])

    resampled = resample(
        figures_of_classes(probabilities, labels), Resampler(n=len(labels), draws=100, seed=0)
    )

    lacking = [np.isnan(resampled.drawn[f"auc_{number}"]) for number in range(30)]
    assert np.any(lacking, axis=0).mean() > 0.1
    assert np.isfinite(resampled.drawn["auc"]).all()
    found = resampled.estimate("auc")
    assert found.low is not None
    assert found.high is not None
    assert found.low < found.value < found.high < found.low + 0.2


def test_the_mean_auc_of_a_draw_is_that_of_the_classes_which_it_has() -> None:
    probabilities, labels = _classes([10, 10, 10])
    without_the_last = (labels < 2).astype(np.float64)

    figures = figures_of_classes(probabilities, labels)

    two = [figures[f"auc_{number}"](without_the_last) for number in (0, 1)]
    assert figures["auc"](without_the_last) == pytest.approx(np.mean(two))
    assert auc_of_classes(probabilities, labels, without_the_last).macro == pytest.approx(np.mean(two))
    assert auc_of_classes(probabilities, labels, without_the_last).of_class[2] is None
    assert np.isnan(figures["auc"](np.zeros(30)))
    assert np.isnan(figures["auc"]((labels == 1).astype(np.float64)))


def test_the_mean_auc_has_no_interval_where_a_class_has_hardly_any_row() -> None:
    probabilities, labels = _classes([50, 50, 1])

    resampled = resample(figures_of_classes(probabilities, labels), Resampler(n=101, draws=100, seed=0))

    without = {name for name in resampled.figures if resampled.estimate(name).low is None}
    assert without == {"auc", "auc_2"}


def _ends(estimate: Estimate) -> tuple[float, float | None, float | None]:
    return estimate.value, estimate.low, estimate.high


def _reach(estimate: Estimate) -> float:
    assert estimate.low is not None
    assert estimate.high is not None
    return (estimate.high - estimate.low) / 2
