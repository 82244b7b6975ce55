"""Figures of two and of several classes against scikit-learn's, on drawn rows and on real scores."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from real_scores import SOURCES, RealScores, real_scores

from servable.metrics import (
    auc,
    auc_of_classes,
    average_precision,
    base_rate,
    brier,
    brier_of_classes,
    confusion_at,
    confusion_by_class,
    confusion_matrix,
    figures_of,
    figures_of_classes,
    log_loss,
    log_loss_of_classes,
    precision_recall_curve,
    roc_curve,
    skill,
)

metrics = pytest.importorskip("sklearn.metrics")

Scores = NDArray[np.float64]
Labels = NDArray[np.int64]
Rows = tuple[Scores, Labels, Scores]

coarse = st.integers(1, 9).map(lambda tenth: tenth / 10)
inside = st.floats(1e-6, 1 - 1e-6)


@st.composite
def two_classes(draw: st.DrawFn) -> Rows:
    """Scores with ties, labels of both classes, and how often each row counts, one of each class at least."""
    n = draw(st.integers(2, 30))
    scores = draw(st.lists(coarse | inside, min_size=n, max_size=n))
    labels = [0, 1, *draw(st.lists(st.integers(0, 1), min_size=n - 2, max_size=n - 2))]
    counts = [1, 1, *draw(st.lists(st.integers(0, 3), min_size=n - 2, max_size=n - 2))]
    return np.array(scores), np.array(labels), np.array(counts, dtype=np.float64)


@st.composite
def several_classes(draw: st.DrawFn) -> Rows:
    """The same of three to five classes, each of which has a row; probabilities of a row sum to 1."""
    classes = draw(st.integers(3, 5))
    n = draw(st.integers(classes, 25))
    parts = st.lists(st.integers(1, 20), min_size=classes, max_size=classes)
    scores = np.array(draw(st.lists(parts, min_size=n, max_size=n)), dtype=np.float64)
    labels = [*range(classes), *draw(st.lists(st.integers(0, classes - 1), min_size=n - classes, max_size=n))]
    labels = labels[:n]
    counts = [1] * classes + draw(st.lists(st.integers(0, 3), min_size=n - classes, max_size=n - classes))
    return (
        scores / scores.sum(axis=1, keepdims=True),
        np.array(labels),
        np.array(counts, dtype=np.float64),
    )


OF_TWO: dict[str, tuple[Callable[..., float], Callable[..., float]]] = {
    "auc": (auc, metrics.roc_auc_score),
    "average_precision": (average_precision, metrics.average_precision_score),
    "log_loss": (log_loss, metrics.log_loss),
    "brier": (brier, metrics.brier_score_loss),
}


def _near(expected: Any) -> Any:
    return pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("name", OF_TWO)
@settings(deadline=None, max_examples=25)
@given(rows=two_classes())
def test_a_figure_of_two_classes_is_that_of_scikit_learn(name: str, rows: Rows) -> None:
    scores, labels, counts = rows
    ours, theirs = OF_TWO[name]

    assert ours(scores, labels) == _near(theirs(labels, scores))
    assert ours(scores, labels, counts) == _near(theirs(labels, scores, sample_weight=counts))


@settings(deadline=None, max_examples=25)
@given(rows=two_classes())
def test_a_weight_stands_for_a_row_that_is_there_so_often(rows: Rows) -> None:
    scores, labels, counts = rows
    often = np.repeat(np.arange(len(labels)), counts.astype(int))

    repeated = figures_of(scores[often], labels[often])

    for name, figure in figures_of(scores, labels).items():
        assert figure(counts) == pytest.approx(repeated[name](), abs=1e-12), name


@settings(deadline=None, max_examples=20)
@given(rows=several_classes())
def test_a_weight_stands_for_a_row_of_several_classes_that_is_there_so_often(rows: Rows) -> None:
    scores, labels, counts = rows
    often = np.repeat(np.arange(len(labels)), counts.astype(int))

    repeated = figures_of_classes(scores[often], labels[often])

    for name, figure in figures_of_classes(scores, labels).items():
        assert figure(counts) == pytest.approx(repeated[name](), abs=1e-12), name


@settings(deadline=None, max_examples=25)
@given(rows=two_classes())
def test_every_row_counts_once_where_no_weights_are_given(rows: Rows) -> None:
    scores, labels, _ = rows

    for name, figure in figures_of(scores, labels).items():
        assert figure() == pytest.approx(figure(np.ones(len(labels))), abs=1e-12), name


@settings(deadline=None, max_examples=25)
@given(rows=two_classes())
def test_the_curves_are_those_of_scikit_learn(rows: Rows) -> None:
    scores, labels, _ = rows
    false_rate, true_rate, thresholds = metrics.roc_curve(labels, scores, drop_intermediate=False)
    precision, recall, cuts = metrics.precision_recall_curve(labels, scores)

    roc, answered = roc_curve(scores, labels), precision_recall_curve(scores, labels)

    np.testing.assert_array_equal(roc.thresholds, thresholds)
    np.testing.assert_allclose(roc.false_positive_rate, false_rate, atol=1e-12)
    np.testing.assert_allclose(roc.true_positive_rate, true_rate, atol=1e-12)
    # theirs rises with the threshold, and ends with a point that stands for no threshold
    np.testing.assert_array_equal(answered.thresholds, cuts[::-1])
    np.testing.assert_allclose(answered.precision, precision[-2::-1], atol=1e-12)
    np.testing.assert_allclose(answered.recall, recall[-2::-1], atol=1e-12)
    assert answered.base_rate == labels.mean()


@settings(deadline=None, max_examples=25)
@given(rows=two_classes(), threshold=coarse | st.just(0.0) | st.just(1.0))
def test_the_confusion_at_a_threshold_is_that_of_scikit_learn(rows: Rows, threshold: float) -> None:
    scores, labels, _ = rows
    answered = (scores >= threshold).astype(int)
    precision, recall, f1, _ = metrics.precision_recall_fscore_support(
        labels, answered, average="binary", zero_division=np.nan
    )

    (found,) = confusion_at(scores, labels, [threshold])

    counts = found.counts
    assert [
        [counts.true_negatives, counts.false_positives],
        [counts.false_negatives, counts.true_positives],
    ] == metrics.confusion_matrix(labels, answered, labels=[0, 1]).tolist()
    assert [counts.precision, counts.recall, counts.f1] == [
        None if np.isnan(share) else _near(share) for share in (precision, recall, f1)
    ]
    assert counts.specificity == _near(metrics.recall_score(labels, answered, pos_label=0))


@settings(deadline=None, max_examples=8)
@given(rows=several_classes())
def test_figures_of_several_classes_are_those_of_scikit_learn(rows: Rows) -> None:
    _assert_classes_equal_theirs(*rows)


@settings(deadline=None, max_examples=25)
@given(rows=two_classes())
def test_the_brier_score_over_classes_is_twice_that_of_class_one(rows: Rows) -> None:
    scores, labels, counts = rows

    both = brier_of_classes(np.column_stack([1 - scores, scores]), labels, counts)

    assert both == pytest.approx(2 * brier(scores, labels, counts), abs=1e-12)


@pytest.fixture(scope="module", params=sorted(set(SOURCES) - {"women_reviews"}))
def of_classes(request: pytest.FixtureRequest, shared_dir: Path) -> RealScores:
    return real_scores(shared_dir, request.param)


@pytest.mark.slow
def test_figures_of_real_reviews_are_those_of_scikit_learn(women_reviews: RealScores) -> None:
    scores, labels = women_reviews.probabilities[:, 1], women_reviews.labels
    counts = np.random.default_rng(0).integers(0, 3, len(labels)).astype(np.float64)

    for ours, theirs in OF_TWO.values():
        assert ours(scores, labels) == _near(theirs(labels, scores))
        assert ours(scores, labels, counts) == _near(theirs(labels, scores, sample_weight=counts))
    figures = figures_of(scores, labels)
    assert figures["log_loss_skill"](counts) == _near(
        metrics.d2_log_loss_score(labels, scores, sample_weight=counts)
    )
    if hasattr(metrics, "d2_brier_score"):  # from scikit-learn 1.8 on
        theirs = metrics.d2_brier_score(labels, scores, sample_weight=counts)
        assert figures["brier_skill"](counts) == _near(theirs)
    assert figures["auc"]() > 0.9


@pytest.mark.slow
def test_figures_of_real_tables_of_several_classes_are_those_of_scikit_learn(of_classes: RealScores) -> None:
    probabilities, labels = of_classes.probabilities, of_classes.labels
    counts = np.random.default_rng(0).integers(0, 3, len(labels)).astype(np.float64)

    _assert_classes_equal_theirs(probabilities, labels, counts)


def _assert_classes_equal_theirs(probabilities: Scores, labels: Labels, counts: Scores) -> None:
    classes = probabilities.shape[1]
    names = list(range(classes))
    figures = figures_of_classes(probabilities, labels)
    answered = probabilities.argmax(axis=1)

    for weights in (None, counts):
        theirs = {"sample_weight": weights}
        assert log_loss_of_classes(probabilities, labels, weights) == _near(
            metrics.log_loss(labels, probabilities, labels=names, **theirs)
        )
        assert brier_of_classes(probabilities, labels, weights) == _near(
            metrics.brier_score_loss(labels, probabilities, labels=names, **theirs)
        )
        areas = auc_of_classes(probabilities, labels, weights)
        each = [metrics.roc_auc_score(labels == name, probabilities[:, name], **theirs) for name in names]
        assert areas.of_class == _near(tuple(each))
        assert areas.macro == figures["auc"](weights) == _near(np.mean(each))
        assert figures["accuracy"](weights) == _near(metrics.accuracy_score(labels, answered, **theirs))
        assert figures["log_loss_skill"](weights) == _near(
            metrics.d2_log_loss_score(labels, probabilities, labels=names, **theirs)
        )
        if hasattr(metrics, "d2_brier_score"):  # from scikit-learn 1.8 on
            assert figures["brier_skill"](weights) == _near(
                metrics.d2_brier_score(labels, probabilities, labels=names, **theirs)
            )
    matrix = confusion_matrix(answered, labels, classes=classes)
    assert matrix.tolist() == metrics.confusion_matrix(labels, answered, labels=names).tolist()
    recalls = metrics.recall_score(labels, answered, labels=names, average=None, zero_division=0)
    found = [counts.recall for counts in confusion_by_class(matrix)]
    assert found == _near(recalls.tolist())


def test_the_skill_is_the_share_of_the_base_rates_loss_that_is_taken_off() -> None:
    labels = np.array([0, 1, 1, 1])

    base = base_rate(labels)

    assert base.shares == (0.25, 0.75)
    assert base.log_loss == pytest.approx(-0.25 * np.log(0.25) - 0.75 * np.log(0.75))
    assert base.brier == pytest.approx(0.25 * 0.75)
    assert skill(brier(np.full(4, 0.75), labels), base.brier) == pytest.approx(0.0)
    assert skill(0.0, base.brier) == 1.0
    assert np.isnan(skill(0.1, base_rate(np.ones(3, dtype=np.int64)).brier))
