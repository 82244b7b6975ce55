"""Whether a model is better than its baseline."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from servable.metrics import (
    FEWEST_OF_CLASS,
    Comparison,
    Estimate,
    Standing,
    auc,
    compare,
    log_loss,
    report,
)

Scores = NDArray[np.float64]
ZERO = Estimate(value=0.0, low=0.0, high=0.0)
rows = st.builds(
    lambda *parts: [(score, label) for part, label in zip(parts, (0, 1), strict=True) for score in part],
    *[st.lists(st.floats(0.01, 0.99), min_size=FEWEST_OF_CLASS, max_size=12)] * 2,
)


def _world(n: int, *, noise: float) -> tuple[Scores, Scores, NDArray[np.int64]]:
    """Scores that labels are drawn from, the same scores blurred, and the labels."""
    rng = np.random.default_rng(1)
    logits = rng.normal(size=n) * 2
    labels = (rng.random(n) < 1 / (1 + np.exp(-logits))).astype(np.int64)
    blurred = logits + rng.normal(size=n) * noise
    return 1 / (1 + np.exp(-logits)), 1 / (1 + np.exp(-blurred)), labels


@settings(deadline=None, max_examples=20)
@given(drawn=rows, seed=st.integers(0, 2**32))
def test_a_model_compared_with_itself_differs_by_exactly_nothing(
    drawn: list[tuple[float, int]], seed: int
) -> None:
    scores, labels = np.array([score for score, _ in drawn]), np.array([label for _, label in drawn])

    found = compare(scores, scores, labels, seed=seed)

    assert found == Comparison(auc_difference=ZERO, log_loss_difference=ZERO)
    assert found.standing is Standing.NO_BETTER


@settings(deadline=None, max_examples=10)
@given(drawn=rows, seed=st.integers(0, 2**32))
def test_the_other_way_round_the_differences_change_their_sign(
    drawn: list[tuple[float, int]], seed: int
) -> None:
    scores, labels = np.array([score for score, _ in drawn]), np.array([label for _, label in drawn])
    other = scores[::-1]

    there, back = compare(scores, other, labels, seed=seed), compare(other, scores, labels, seed=seed)

    for one, two in (
        (there.auc_difference, back.auc_difference),
        (there.log_loss_difference, back.log_loss_difference),
    ):
        assert [one.value, one.low, one.high] == pytest.approx([-two.value, -two.high, -two.low], abs=1e-12)


def test_a_difference_is_that_of_the_figures_and_lies_in_its_interval() -> None:
    truth, blurred, labels = _world(1000, noise=1.0)

    found = compare(truth, blurred, labels, seed=0)

    assert found.auc_difference.value == auc(truth, labels) - auc(blurred, labels)
    assert found.log_loss_difference.value == log_loss(truth, labels) - log_loss(blurred, labels)
    for estimate in (found.auc_difference, found.log_loss_difference):
        assert estimate.low < estimate.value < estimate.high


def test_the_interval_is_that_of_a_mean_of_paired_rows() -> None:
    truth, blurred, labels = _world(2000, noise=1.0)
    losses = [-np.log(np.where(labels == 1, scores, 1 - scores)) for scores in (truth, blurred)]
    reach = 1.96 * float(np.std(losses[0] - losses[1], ddof=1)) / np.sqrt(2000)

    found = compare(truth, blurred, labels, seed=0).log_loss_difference

    assert (found.high - found.low) / 2 == pytest.approx(reach, rel=0.15)


def test_a_model_that_sees_more_is_better_though_the_figures_of_both_overlap() -> None:
    truth, blurred, labels = _world(2000, noise=0.5)
    own = [report(scores, labels, seed=0).log_loss for scores in (truth, blurred)]

    found = compare(truth, blurred, labels, seed=0)

    assert own[0].high > own[1].low
    assert found.standing is Standing.BETTER
    assert found.sentence().startswith("the model is better than the baseline: log-loss -0.0")


def test_a_model_that_sees_less_is_worse() -> None:
    truth, blurred, labels = _world(2000, noise=1.0)

    found = compare(blurred, truth, labels, seed=0)

    assert found.standing is Standing.WORSE
    assert found.sentence().startswith("the model is worse than the baseline: log-loss +0.0")


def test_models_that_differ_by_chance_alone_are_no_better_than_one_another() -> None:
    rng = np.random.default_rng(3)
    truth, _, labels = _world(2000, noise=0.0)
    logits = np.log(truth / (1 - truth))
    one, two = (1 / (1 + np.exp(-(logits + rng.normal(size=2000)))) for _ in range(2))

    assert compare(one, two, labels, seed=0).standing is Standing.NO_BETTER


def test_the_same_seed_draws_the_same_rows() -> None:
    truth, blurred, labels = _world(300, noise=1.0)

    assert compare(truth, blurred, labels, seed=5) == compare(truth, blurred, labels, seed=5)
    assert compare(truth, blurred, labels, seed=5) != compare(truth, blurred, labels, seed=6)


@pytest.mark.parametrize(
    ("low", "high", "standing"),
    [
        (-0.03, -0.01, Standing.BETTER),
        (-0.02, 0.0, Standing.NO_BETTER),
        (-0.02, 0.01, Standing.NO_BETTER),
        (0.0, 0.02, Standing.NO_BETTER),
        (0.01, 0.03, Standing.WORSE),
        (None, None, Standing.NO_BETTER),
    ],
)
def test_the_interval_of_the_log_loss_decides(
    low: float | None, high: float | None, standing: Standing
) -> None:
    difference = Estimate(value=((low or 0) + (high or 0)) / 2, low=low, high=high)

    assert Comparison(auc_difference=ZERO, log_loss_difference=difference).standing is standing


def test_the_sentence_says_the_standing_and_both_differences() -> None:
    found = Comparison(
        auc_difference=Estimate(value=-0.00001, low=-0.00003, high=0.00002),
        log_loss_difference=Estimate(value=-0.0152, low=-0.0321, high=0.0012),
    )

    assert found.sentence() == (
        "the model is no better than the baseline: log-loss -0.0152 [-0.0321, +0.0012], "
        "AUC +0.0000 [+0.0000, +0.0000] (model minus baseline on the same rows; a lower log-loss is better)"
    )


def test_scores_in_single_precision_are_compared_in_double() -> None:
    truth, blurred, labels = _world(300, noise=1.0)
    single = truth.astype(np.float32)

    assert compare(single, blurred, labels, seed=0) == compare(single.astype(float), blurred, labels, seed=0)


def test_draws_that_lack_a_class_are_left_out_and_an_auc_of_one_row_has_no_interval() -> None:
    labels = np.array([1, 0, 0, 0])

    found = compare(np.array([0.9, 0.1, 0.2, 0.3]), np.array([0.5, 0.6, 0.2, 0.1]), labels, seed=0)

    assert np.isfinite([found.log_loss_difference.low, found.log_loss_difference.high]).all()
    assert (found.auc_difference.low, found.auc_difference.high) == (None, None)
    assert "AUC +0.3333 (too few rows for an interval) (model minus" in found.sentence()
