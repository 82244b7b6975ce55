"""Which calibrator is chosen: the one whose gain on other rows is clear, or none."""

from itertools import pairwise

import numpy as np
import pytest
from calibration_rows import Rows, more_classes, of_scores, two_classes
from hypothesis import given, settings
from hypothesis import strategies as st

from servable.calibration import CalibratorKind, ChosenCalibrator, Method, choose_calibrator, fit_calibrator
from servable.errors import BadInput
from servable.metrics import log_loss, log_loss_of_classes


def _chosen(rows: Rows, seed: int = 0) -> ChosenCalibrator:
    return choose_calibrator(rows.raw, rows.labels, seed=seed)


def _methods(chosen: ChosenCalibrator) -> list[Method]:
    return [candidate.method for candidate in chosen.candidates]


def test_a_calibrated_model_keeps_its_raw_scores() -> None:
    chosen = _chosen(two_classes(3, 2000))

    assert (chosen.fitted.method, chosen.fitted.calibrator) == (Method.NONE, None)
    assert _methods(chosen) == [Method.NONE, Method.PLATT, Method.BETA, Method.ISOTONIC]
    best = min(chosen.candidates[1:], key=lambda candidate: candidate.log_loss)
    assert best.gain <= best.standard_error
    assert chosen.sentence.startswith(
        "the raw scores are kept: in 5-fold cross-validation on 2,000 rows no method "
    )


def test_an_over_confident_model_is_calibrated_by_the_smallest_method_that_mends_it() -> None:
    rows = two_classes(1, 2000, slope=3.0)

    chosen = _chosen(rows)

    none, platt, beta, isotonic = chosen.candidates
    assert chosen.fitted.method is Method.PLATT
    assert platt.gain > 10 * platt.standard_error
    assert (platt.against, beta.against, isotonic.against) == (Method.NONE, Method.PLATT, Method.PLATT)
    named = fit_calibrator(rows.raw, rows.labels, method=Method.PLATT)
    assert chosen.fitted.tables[1].pairs() == named.tables[1].pairs()
    assert chosen.sentence == (
        "platt is chosen: in 5-fold cross-validation on 2,000 rows its log-loss is "
        f"{platt.log_loss:.4f}, against {none.log_loss:.4f} of the raw scores; it is lower by "
        f"{platt.gain:.4f} per row, with a standard error of {platt.standard_error:.4f}"
    )


def test_scores_that_rise_in_steps_are_calibrated_by_isotonic_regression() -> None:
    rows = _in_steps(slope=3.0)

    chosen = _chosen(rows)

    last = chosen.candidates[-1]
    assert chosen.fitted.method is Method.ISOTONIC
    assert last.against is not Method.NONE
    assert f"lower than {last.against}, the choice before it, by {last.gain:.4f} per row" in chosen.sentence


def _in_steps(*, slope: float) -> Rows:
    odds = np.random.default_rng(1).normal(0, 2, 3000)
    shares = np.select([odds < -1, odds < 1], [0.05, 0.5], 0.95)
    labels = (np.random.default_rng(2).random(3000) < shares).astype(np.int64)
    return of_scores(1 / (1 + np.exp(-odds * slope)), labels)


def test_logits_that_are_all_too_large_by_one_factor_are_calibrated_by_a_temperature() -> None:
    rows = more_classes(1, 1500, slope=2.5)

    chosen = _chosen(rows)

    assert _methods(chosen)[:2] == [Method.NONE, Method.TEMPERATURE]
    assert chosen.fitted.method is Method.TEMPERATURE
    assert chosen.fitted.calibrator is not None
    assert chosen.fitted.calibrator.kind is CalibratorKind.TEMPERATURE


def test_classes_that_are_each_wrong_in_their_own_way_are_calibrated_by_a_table_each() -> None:
    rows = more_classes(1, 1500)
    shifted = rows.raw * np.array([4.0, 1.0, 0.25])

    chosen = _chosen(Rows(shifted / shifted.sum(axis=1, keepdims=True), rows.labels))

    assert chosen.fitted.method in (Method.PLATT, Method.BETA)
    assert list(chosen.fitted.tables) == [0, 1, 2]


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.sampled_from([20, 60, 600, 1200]),
    slope=st.sampled_from([0.7, 1.0, 1.3, 3.0]),
)
def test_a_method_replaces_the_one_before_only_by_more_than_one_standard_error(
    seed: int, n: int, slope: float
) -> None:
    rows = two_classes(seed, n, slope=slope)

    chosen = _chosen(rows, seed=seed)

    losses = {candidate.method: candidate.log_loss for candidate in chosen.candidates}
    assert losses[Method.NONE] == pytest.approx(log_loss(rows.scores, rows.labels))
    for before, candidate in pairwise(chosen.candidates):
        assert candidate.against is (before.method if before.is_better else before.against)
        assert candidate.gain == pytest.approx(losses[candidate.against] - candidate.log_loss)
        assert candidate.is_better is (candidate.gain > candidate.standard_error)
    last = chosen.candidates[-1]
    assert chosen.fitted.method is (last.method if last.is_better else last.against)


def test_cross_validated_losses_are_of_rows_on_which_nothing_was_fitted() -> None:
    rows = two_classes(1, 1000)

    chosen = _chosen(rows)

    (found,) = (one for one in chosen.candidates if one.method is Method.ISOTONIC)
    itself = fit_calibrator(rows.raw, rows.labels, method=Method.ISOTONIC).tables[1].apply(rows.scores)
    # on the rows of the fit themselves it seems to gain
    assert log_loss(itself, rows.labels) < log_loss(rows.scores, rows.labels) < found.log_loss


def test_the_same_seed_gives_the_same_folds_and_another_one_others() -> None:
    rows = two_classes(1, 300, slope=3.0)

    first, again, other = _chosen(rows, 0), _chosen(rows, 0), _chosen(rows, 1)

    assert first.candidates == again.candidates
    assert first.sentence == again.sentence
    assert first.candidates[1].log_loss != other.candidates[1].log_loss


@pytest.mark.parametrize(
    ("n", "rare", "left_out"),
    [
        (499, 200, [Method.BETA, Method.ISOTONIC]),
        (500, 99, [Method.BETA, Method.ISOTONIC]),
        (500, 100, [Method.ISOTONIC]),
        (1000, 99, [Method.BETA, Method.ISOTONIC]),
        (1000, 100, []),
    ],
)
def test_larger_methods_are_left_out_where_rows_are_few(n: int, rare: int, left_out: list[Method]) -> None:
    scores = np.random.default_rng(1).random(n)
    labels = np.zeros(n, dtype=np.int64)
    labels[np.argsort(scores + np.random.default_rng(2).normal(0, 0.2, n))[-rare:]] = 1

    chosen = _chosen(of_scores(scores, labels))

    least = {Method.BETA: "500", Method.ISOTONIC: "1,000"}
    assert list(chosen.notes) == [
        f"{method} was left out: it is worth trying from {least[method]} rows with 100 of the rarest class, "
        f"and there are {n:,} with {rare}"
        for method in left_out
    ]
    assert set(_methods(chosen)).isdisjoint(left_out)


@pytest.mark.parametrize("shape", ["all equal", "wrong way"])
def test_methods_whose_table_would_be_flat_are_left_out_and_named(shape: str) -> None:
    rows = two_classes(1, 1200, slope=-2.0) if shape == "wrong way" else two_classes(1, 1200, slope=0.0)

    chosen = _chosen(rows)

    assert chosen.fitted.method is Method.NONE
    assert chosen.notes == tuple(
        f"{method} was left out: it would answer all scores of class 1 alike, for they are all equal or "
        "rank the wrong way"
        for method in (Method.PLATT, Method.BETA, Method.ISOTONIC)
    )
    assert chosen.sentence == "the raw scores are kept: no method could be tried"


def test_notes_name_classes_as_the_model_does() -> None:
    rows = more_classes(1, 1200)
    rows.raw[:, 1] = 0.25

    chosen = choose_calibrator(rows.raw, rows.labels, seed=0, names=["low", "middle", "high"])

    assert [note.partition(" alike")[0] for note in chosen.notes] == [
        f'{method} was left out: it would answer all scores of class "middle"'
        for method in (Method.PLATT, Method.BETA, Method.ISOTONIC)
    ]


@pytest.mark.parametrize("folds", [-1, 0, 1])
def test_a_choice_needs_two_folds(folds: int) -> None:
    rows = two_classes(1, 100)

    with pytest.raises(BadInput, match=f"expected at least two folds, .*, found {folds}; "):
        choose_calibrator(rows.raw, rows.labels, seed=0, folds=folds)


@pytest.mark.parametrize("n", [1, 2])
def test_a_class_of_one_or_two_rows_may_be_missing_where_a_method_is_fitted(n: int) -> None:
    raw, labels = more_classes(1, 200)
    labels[labels == 2] = 0
    labels[np.argsort(-raw[:, 2])[:n]] = 2

    chosen = _chosen(Rows(raw, labels))

    assert _methods(chosen) == [Method.NONE, Method.TEMPERATURE, Method.PLATT]
    assert all(np.isfinite(candidate.log_loss) for candidate in chosen.candidates)


def test_the_losses_of_more_classes_are_those_of_the_class_that_is_right() -> None:
    rows = more_classes(2, 400)

    chosen = _chosen(rows)

    assert chosen.candidates[0].log_loss == pytest.approx(log_loss_of_classes(rows.raw, rows.labels))


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        (
            two_classes(1, 19),
            "calibration rows: expected at least 20 rows for the method platt, found 19 rows; "
            "use a larger table",
        ),
        (
            two_classes(1, 100)._replace(labels=np.ones(100, dtype=np.int64)),
            "calibration rows: expected rows of both classes, found none of class 0; "
            "use a table that has them",
        ),
        (
            two_classes(1, 100)._replace(labels=np.full(100, 2)),
            "calibration rows, row 0: expected a class from 0 to 1 as label, found 2; "
            "give the labels that the model was trained on",
        ),
    ],
    ids=["few rows", "one class", "label"],
)
def test_rows_on_which_nothing_can_be_chosen_are_refused(rows: Rows, sentence: str) -> None:
    with pytest.raises(BadInput) as caught:
        _chosen(rows)

    assert str(caught.value) == sentence
