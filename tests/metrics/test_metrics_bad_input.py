"""What no figure can be made of is refused, in one sentence."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from servable.errors import BadInput
from servable.metrics import (
    Resampler,
    accuracy_figure,
    auc,
    auc_of_classes,
    average_precision,
    base_rate,
    brier,
    brier_decomposition,
    brier_of_classes,
    calibration_error,
    calibration_errors,
    calibration_null,
    compare,
    confusion_at,
    confusion_matrix,
    estimate,
    figures_of,
    figures_of_classes,
    log_loss,
    log_loss_of_classes,
    mean_figure,
    precision_recall_curve,
    reliability_bins,
    report,
    roc_curve,
)

SCORES, LABELS = np.array([0.2, 0.7, 0.6]), np.array([0, 1, 1])
NONE = np.array([])
BOTH_CLASSES: list[Callable[..., object]] = [
    auc,
    average_precision,
    roc_curve,
    precision_recall_curve,
    figures_of,
    lambda scores, labels: report(scores, labels, seed=0),
    lambda scores, labels: compare(scores, scores, labels, seed=0),
]
PROBABILITIES: list[Callable[..., object]] = [
    log_loss,
    brier,
    calibration_error,
    brier_decomposition,
    reliability_bins,
    lambda scores, labels: calibration_errors(scores, labels, seed=0),
]
ANY_SCORES: list[Callable[..., object]] = [*BOTH_CLASSES, *PROBABILITIES]
OF_TWO = [*ANY_SCORES, lambda scores, labels: confusion_at(scores, labels, [0.5])]


def _refusal(figure: Callable[..., object], *arguments: object) -> str:
    with pytest.raises(BadInput) as refused:
        figure(*arguments)
    text = str(refused.value)
    assert refused.value.code.startswith("metrics.")
    assert "\n" not in text
    return text


@pytest.mark.parametrize("number", range(len(OF_TWO)))
def test_a_score_that_is_no_number_is_refused(number: int) -> None:
    text = _refusal(OF_TWO[number], np.array([0.2, np.nan, 0.6]), LABELS)

    assert (
        text
        == "record 1: expected a score that is a number, found NaN; score the record again, or leave it out"
    )


@pytest.mark.parametrize("number", range(len(OF_TWO)))
def test_no_rows_are_refused(number: int) -> None:
    text = _refusal(OF_TWO[number], NONE, NONE.astype(np.int64))

    assert text.startswith("the scores: expected at least one row with a score and a label, found none")


@pytest.mark.parametrize("number", range(len(BOTH_CLASSES)))
@pytest.mark.parametrize("label", [0, 1])
def test_one_class_only_is_refused_where_two_are_told_apart(number: int, label: int) -> None:
    text = _refusal(BOTH_CLASSES[number], SCORES, np.full(3, label))

    assert text.startswith("the labels: expected rows of at least two classes, which a")
    assert f"found class {label} alone in all 3 rows; add rows of the other class" in text


@pytest.mark.parametrize("number", range(len(PROBABILITIES)))
@pytest.mark.parametrize("score", [1.01, -0.5, np.inf])
def test_a_score_that_is_no_probability_is_refused(number: int, score: float) -> None:
    text = _refusal(PROBABILITIES[number], np.array([0.2, 0.7, score]), LABELS)

    assert text.startswith("record 2: expected a probability between 0 and 1, found ")


def test_a_score_of_any_scale_has_a_ranking() -> None:
    scores = np.array([-np.inf, 1e9, 3.0])

    assert auc(scores, LABELS) == 1.0
    assert average_precision(scores, LABELS) == 1.0
    assert confusion_at(scores, LABELS, [2.0])[0].counts.recall == 1.0


def test_a_probability_beyond_one_by_rounding_alone_is_one() -> None:
    single = np.array([0.2, 0.7, np.nextafter(np.float32(1), np.float32(2))], dtype=np.float32)

    assert log_loss(single, LABELS) == log_loss(np.minimum(single, 1), LABELS)
    assert calibration_error(single, LABELS) < 1


@pytest.mark.parametrize("number", range(len(OF_TWO)))
@pytest.mark.parametrize("label", [2, -1])
def test_a_label_outside_the_classes_is_refused(number: int, label: int) -> None:
    text = _refusal(OF_TWO[number], SCORES, np.array([0, 1, label]))

    assert text.startswith(f"record 2: expected a label that is 0 or 1, found {label}; map the labels")


@pytest.mark.parametrize("number", range(len(OF_TWO)))
def test_scores_and_labels_of_different_rows_are_refused(number: int) -> None:
    text = _refusal(OF_TWO[number], SCORES, LABELS[:2])

    assert text.startswith("the scores: expected one label for each of 3 rows, found 2 labels")


@pytest.mark.parametrize("number", range(3))
def test_the_same_is_refused_of_several_classes(number: int) -> None:
    figure = (log_loss_of_classes, auc_of_classes, figures_of_classes)[number]
    thirds = np.full((3, 3), 1 / 3)
    holed, loud = thirds.copy(), thirds.copy()
    holed[1, 2], loud[2, 0] = np.nan, -7.0

    assert _refusal(figure, holed, LABELS).startswith("record 1: expected a score that is a number")
    assert _refusal(figure, loud, LABELS).startswith(
        "record 2: expected a probability between 0 and 1, found -7.0"
    )
    assert "a label that is a class, 0 to 2, found 3" in _refusal(figure, thirds, np.array([0, 1, 3]))
    assert "found none" in _refusal(figure, np.empty((0, 3)), np.empty(0, dtype=np.int64))
    if figure is not log_loss_of_classes:
        assert "found class 2 alone" in _refusal(figure, thirds, np.full(3, 2))


def test_a_class_without_rows_has_no_auc_and_leaves_the_others_theirs() -> None:
    probabilities = np.array([[0.6, 0.3, 0.1], [0.2, 0.7, 0.1], [0.3, 0.3, 0.4]])

    found = auc_of_classes(probabilities, np.array([0, 1, 1]))

    assert found.of_class == (1.0, 0.75, None)
    assert found.macro == 0.875
    assert "auc_2" not in figures_of_classes(probabilities, np.array([0, 1, 1]))


def test_labels_alone_are_checked_too() -> None:
    assert "found none" in _refusal(base_rate, np.empty(0, dtype=np.int64))
    assert "found 2" in _refusal(base_rate, np.array([0, 2]))
    with pytest.raises(BadInput, match="a class, 0 to 2, found 3"):
        confusion_matrix(np.array([3]), np.array([0]), classes=3)
    with pytest.raises(BadInput, match="found NaN"):
        calibration_null(np.array([np.nan]), seed=0)


def test_shares_of_no_rows_are_none() -> None:
    (found,) = confusion_at(np.array([0.2, 0.3]), np.array([0, 0]), [0.9])

    assert (found.counts.precision, found.counts.recall, found.counts.f1) == (None, None, None)
    assert found.counts.specificity == 1.0


@pytest.mark.parametrize(
    ("n", "draws", "groups", "said"),
    [
        (1, 10, None, "at least two rows and two draws, found 1 and 10"),
        (5, 1, None, "at least two rows and two draws, found 5 and 1"),
        (5, 10, ["one"] * 5, "at least two groups and two draws, found 1 and 10"),
        (5, 10, ["one", "two"], "one for each of 5 rows, found 2"),
    ],
)
def test_a_bootstrap_needs_rows_groups_and_draws(
    n: int, draws: int, groups: list[str] | None, said: str
) -> None:
    with pytest.raises(BadInput, match=said):
        Resampler(n=n, draws=draws, seed=0, groups=groups)


@pytest.mark.parametrize("draws", [[], [(1.0, 1.0)], [(0.0, 2.0), (1.0, 1.0)], [(0.0, 2.0)] * 2])
def test_a_figure_that_hardly_any_draw_defines_has_no_interval(draws: list[tuple[float, float]]) -> None:
    figure = mean_figure(np.array([0.5])).at(np.array([0]))

    found = estimate(figure, [np.array(weights) for weights in draws])

    assert (found.value, found.low, found.high) == (0.5, None, None)


@pytest.mark.parametrize("number", range(len(OF_TWO)))
def test_scores_of_two_columns_are_none_of_class_1(number: int) -> None:
    text = _refusal(OF_TWO[number], np.column_stack([1 - SCORES, SCORES]), LABELS)

    assert text.startswith("the scores: expected one score for each row, found an array of shape (3, 2); ")


@pytest.mark.parametrize("number", range(len(OF_TWO)))
def test_labels_of_two_columns_are_refused(number: int) -> None:
    text = _refusal(OF_TWO[number], SCORES, np.column_stack([1 - LABELS, LABELS]))

    assert text.startswith("the labels: expected one label for each row, found an array of shape (3, 2); ")


@pytest.mark.parametrize("number", range(len(OF_TWO)))
@pytest.mark.parametrize("labels", [np.array(["no", "yes", "yes"]), np.array([None, 1, 1], dtype=object)])
def test_labels_that_are_no_numbers_are_refused(number: int, labels: object) -> None:
    text = _refusal(OF_TWO[number], SCORES, labels)

    assert text.startswith("record 0: expected a label that is 0 or 1, found ")


@pytest.mark.parametrize("number", range(len(PROBABILITIES)))
def test_true_and_false_are_labels_as_are_whole_floats(number: int) -> None:
    figure = PROBABILITIES[number]

    assert figure(SCORES, LABELS == 1) == figure(SCORES, LABELS) == figure(SCORES, LABELS.astype(float))
    assert "found 0.5" in _refusal(figure, SCORES, LABELS / 2)
    assert "found nan" in _refusal(figure, SCORES, np.array([np.nan, 1, 1]))


@pytest.mark.parametrize("number", range(8))
@pytest.mark.parametrize("weights", [np.ones(1), np.ones(4), np.ones((3, 1))], ids=["one", "four", "column"])
def test_weights_of_other_rows_are_refused(number: int, weights: NDArray[np.float64]) -> None:
    of_two = (auc, average_precision, log_loss, brier, calibration_error)
    of_several = (auc_of_classes, log_loss_of_classes, brier_of_classes)
    scores = SCORES if number < len(of_two) else np.column_stack([1 - SCORES, SCORES])

    text = _refusal((*of_two, *of_several)[number], scores, LABELS, weights)

    assert text == (
        f"the weights: expected one for each of 3 rows, found an array of shape {weights.shape}; "
        "give weights of the same rows"
    )


def test_draws_of_other_rows_are_refused_by_every_figure() -> None:
    for name, figure in figures_of(SCORES, LABELS).items():
        assert "one for each of 3 rows" in _refusal(figure, np.ones(5)), name


def test_probabilities_of_several_classes_have_a_column_for_each() -> None:
    for figure in (log_loss_of_classes, auc_of_classes, figures_of_classes):
        text = _refusal(figure, SCORES, LABELS)
        assert text.startswith(
            "the scores: expected a probability of each class for each row, found an array"
        )


def test_answers_and_labels_of_other_rows_are_refused() -> None:
    one = np.array([1])

    assert "one label for each of 1 rows" in _refusal(accuracy_figure, one, LABELS)
    with pytest.raises(BadInput, match="one label for each of 1 rows"):
        confusion_matrix(one, LABELS, classes=2)
