"""What a fitted calibrator promises: open, rising, small, and honest about its error."""

from collections.abc import Callable

import numpy as np
import pytest
from calibration_rows import Rows, assert_promises, more_classes, of_scores, two_classes
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from servable.calibration import (
    MIN_ROWS,
    CalibratorKind,
    Method,
    Temperature,
    default_method,
    fit_calibrator,
    fit_default,
)
from servable.calibration.fit import fit_of
from servable.calibration.ranks import Blocks
from servable.errors import BadInput
from servable.records import FloatArray

TABLES = [Method.TEMPERATURE, Method.PLATT, Method.BETA, Method.ISOTONIC]
PER_CLASS = [Method.PLATT, Method.BETA, Method.ISOTONIC]


@st.composite
def rows_of_any_kind(draw: st.DrawFn) -> Rows:
    """Scores of any size, many of them equal, beside one another or at the ends, with both labels."""
    beside = st.integers(0, 40).map(lambda steps: 0.25 + steps * 3e-13)
    score = st.floats(0, 1) | st.sampled_from([0.0, 1.0, 1e-300, 1e-13, 1 - 1e-13, 0.5]) | beside
    pool = draw(st.lists(score, min_size=1, max_size=12))
    n = draw(st.integers(4, 40))
    scores = np.array(draw(st.lists(st.sampled_from(pool), min_size=n, max_size=n)))
    labels = draw(arrays(np.int64, n, elements=st.integers(0, 1)))
    labels[:2] = [0, 1]
    return of_scores(scores, labels)


@pytest.mark.parametrize("method", [*TABLES, Method.PERCENTILE])
@settings(max_examples=40, deadline=None)
@given(rows=rows_of_any_kind())
def test_every_fitted_table_is_open_rises_and_has_at_most_101_knots(method: Method, rows: Rows) -> None:
    calibrator = fit_of(rows.raw, rows.labels, method=method).calibrator

    assert calibrator is not None
    assert_promises(calibrator.tables[1], rows.scores, is_open=method is not Method.PERCENTILE)


@pytest.mark.parametrize("method", TABLES)
@settings(max_examples=8, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.sampled_from([100, 499, 900]),
    slope=st.sampled_from([0.3, 1.0, 4.0]),
)
def test_a_table_is_no_further_than_a_thousandth_from_what_was_fitted(
    method: Method, seed: int, n: int, slope: float
) -> None:
    rows = two_classes(seed, n, slope=slope)

    fitted = fit_calibrator(rows.raw, rows.labels, method=method)

    assert_promises(fitted.tables[1], rows.scores)
    assert fitted.rows == n
    assert fitted.knots == len(fitted.tables[1].x)
    assert fitted.knot_error <= 0.001


@pytest.mark.parametrize("method", PER_CLASS)
@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), slope=st.sampled_from([0.3, 3.0]))
def test_more_classes_have_a_table_each_and_rows_that_sum_to_1(
    method: Method, seed: int, slope: float
) -> None:
    rows = more_classes(seed, 300, classes=4, slope=slope)

    fitted = fit_calibrator(rows.raw, rows.labels, method=method)

    assert fitted.calibrator is not None
    assert fitted.calibrator.kind is CalibratorKind.MULTICLASS
    assert list(fitted.tables) == [0, 1, 2, 3]
    for index, table in fitted.tables.items():
        assert_promises(table, rows.raw[:, index])
    found = fitted.calibrator.calibrate(rows.raw)
    assert found.kept_raw == 0
    np.testing.assert_allclose(found.scores.sum(axis=1), 1)


@pytest.mark.parametrize("method", PER_CLASS)
def test_a_table_of_many_classes_is_that_of_one_class_against_the_rest(method: Method) -> None:
    rows = more_classes(3, 400)

    fitted = fit_calibrator(rows.raw, rows.labels, method=method)

    one = of_scores(rows.raw[:, 2], (rows.labels == 2).astype(np.int64))
    alone = fit_calibrator(one.raw, one.labels, method=method)
    assert fitted.tables[2].pairs() == alone.tables[1].pairs()


def test_temperature_of_two_classes_is_a_table_and_of_more_its_one_parameter() -> None:
    two, three = two_classes(1, 300, slope=3.0), more_classes(1, 2000, slope=3.0)

    of_two = fit_calibrator(two.raw, two.labels, method=Method.TEMPERATURE)
    of_three = fit_calibrator(three.raw, three.labels, method=Method.TEMPERATURE)

    assert of_two.calibrator is not None
    assert of_two.calibrator.kind is CalibratorKind.BINARY
    assert of_three.calibrator is not None
    assert (of_three.calibrator.kind, of_three.knots) == (CalibratorKind.TEMPERATURE, 0)
    assert isinstance(of_three.calibrator.curve, Temperature)
    assert of_three.calibrator.curve.temperature == pytest.approx(3, rel=0.1)


def test_the_method_none_gives_no_calibrator() -> None:
    rows = two_classes(1, 3)

    fitted = fit_calibrator(rows.raw, rows.labels, method=Method.NONE)

    assert (fitted.calibrator, fitted.tables, fitted.rows, fitted.warnings) == (None, {}, 3, ())


@pytest.mark.parametrize("method", TABLES)
def test_scores_in_single_precision_are_fitted_in_double(method: Method) -> None:
    rows = two_classes(3, 200)
    single = rows.raw.astype(np.float32)

    fitted = fit_calibrator(single, rows.labels, method=method)

    same = fit_calibrator(single.astype(np.float64), rows.labels, method=method)
    assert fitted.tables[1].pairs() == same.tables[1].pairs()


@pytest.mark.parametrize("n", [40, 1000])
@pytest.mark.parametrize(
    "shape", ["all equal", "separable", "only 0 and 1", "wrong way", "one row of class 1", "single precision"]
)
def test_scores_of_any_shape_have_a_default_table_that_holds_its_promises(shape: str, n: int) -> None:
    raw, labels = two_classes(3, n, slope=2.0)
    scores = raw[:, 1]
    if shape == "all equal":
        scores = np.full(n, 0.5)
    elif shape == "separable":
        labels = (scores > 0.5).astype(np.int64)
    elif shape == "only 0 and 1":
        scores = (scores > 0.5).astype(np.float64)
    elif shape == "wrong way":
        scores = 1 - scores
    elif shape == "one row of class 1":
        labels = np.eye(1, n, dtype=np.int64)[0]
    else:
        scores = scores.astype(np.float32)

    fitted = fit_default(np.column_stack([1 - scores, scores]), labels)

    assert_promises(fitted.tables[1], scores)
    is_flat = shape in ("all equal", "wrong way")
    assert bool(fitted.warnings) is is_flat


@pytest.mark.parametrize("n", [40, 1000])
def test_scores_that_rank_the_wrong_way_are_by_default_answered_by_the_share_of_class_1(n: int) -> None:
    rows = two_classes(3, n, slope=-2.0)

    fitted = fit_default(rows.raw, rows.labels)

    assert abs(fitted.tables[1].apply(rows.scores).mean() - rows.labels.mean()) < 0.05
    assert fitted.warnings == (
        "all scores of class 1 are answered alike: they are all equal or rank the wrong way, so that they "
        "tell nothing",
    )


@pytest.mark.parametrize("method", PER_CLASS)
def test_the_mean_calibrated_score_is_the_share_of_class_1(method: Method) -> None:
    rows = two_classes(5, 2000, slope=4.0, shift=1.0)

    fitted = fit_calibrator(rows.raw, rows.labels, method=method)

    assert abs(fitted.tables[1].apply(rows.scores).mean() - rows.labels.mean()) < 0.005


def test_many_rows_are_by_default_fitted_by_beta_calibration_and_few_by_platt_scaling() -> None:
    half = np.arange(2000) % 2
    rare = (np.arange(2000) < 99).astype(np.int64)

    assert default_method(half) is Method.BETA
    assert default_method(half[:500]) is Method.BETA
    assert default_method(half[:499]) is Method.PLATT
    assert default_method(rare) is Method.PLATT
    assert default_method(1 - rare) is Method.PLATT
    rows = two_classes(1, 499)
    assert fit_default(rows.raw, rows.labels).method is Method.PLATT


# Second implementations


def _best(loss: Callable[[FloatArray], float], start: list[float], **options: object) -> FloatArray:
    optimize = pytest.importorskip("scipy.optimize")
    found: FloatArray = optimize.minimize(loss, np.array(start), **options).x
    return found


def _cross_entropy(odds: FloatArray, targets: FloatArray) -> float:
    return float(np.sum(np.logaddexp(0, odds) - targets * odds))


def test_platt_scaling_agrees_with_a_general_optimiser() -> None:
    rows = two_classes(11, 200, slope=2.0)
    positives = rows.labels.sum()
    targets = np.where(rows.labels == 1, (positives + 1) / (positives + 2), 1 / (200 - positives + 2))
    odds = np.log(rows.scores / (1 - rows.scores))
    best = _best(lambda w: _cross_entropy(w[0] + w[1] * odds, targets), [0, 0], method="BFGS", tol=1e-9)

    found = fit_calibrator(rows.raw, rows.labels, method=Method.PLATT)

    expected = 1 / (1 + np.exp(-(best[0] + best[1] * odds)))
    np.testing.assert_allclose(found.tables[1].apply(rows.scores), expected, atol=1e-3)


@pytest.mark.parametrize(("slope", "shift"), [(2.0, 0.0), (0.5, 1.0), (1.0, -2.0)])
def test_beta_calibration_agrees_with_a_general_optimiser(slope: float, shift: float) -> None:
    rows = two_classes(12, 600, slope=slope, shift=shift)
    low, high = np.log(rows.scores), -np.log1p(-rows.scores)
    best = _best(
        lambda w: _cross_entropy(w[0] + w[1] * low + w[2] * high, rows.labels),
        [0, 1, 1],
        method="L-BFGS-B",
        bounds=[(None, None), (0, None), (0, None)],
        tol=1e-12,
    )

    found = fit_calibrator(rows.raw, rows.labels, method=Method.BETA)

    expected = 1 / (1 + np.exp(-(best[0] + best[1] * low + best[2] * high)))
    np.testing.assert_allclose(found.tables[1].apply(rows.scores), expected, atol=1e-3)


@pytest.mark.parametrize("slope", [0.4, 1.0, 5.0])
def test_temperature_scaling_agrees_with_a_general_optimiser(slope: float) -> None:
    rows = more_classes(13, 500, slope=slope)
    logarithms = np.log(np.maximum(rows.raw, 1e-12))  # below it, few rows would decide

    def loss(inverse: FloatArray) -> float:
        powers = logarithms * inverse[0]
        own = powers[np.arange(500), rows.labels]
        return float((np.log(np.exp(powers).sum(axis=1)) - own).mean())

    best = _best(loss, [1.0], method="L-BFGS-B", bounds=[(1e-3, None)], tol=1e-14)

    fitted = fit_calibrator(rows.raw, rows.labels, method=Method.TEMPERATURE)

    assert fitted.calibrator is not None
    assert isinstance(fitted.calibrator.curve, Temperature)
    assert fitted.calibrator.curve.temperature == pytest.approx(1 / best[0], rel=1e-4)


@settings(max_examples=40, deadline=None)
@given(rows=rows_of_any_kind())
def test_pooled_blocks_are_those_of_an_isotonic_regression(rows: Rows) -> None:
    isotonic = pytest.importorskip("sklearn.isotonic")
    distinct, rank = np.unique(rows.scores, return_inverse=True)
    counts = np.bincount(rank)
    shares = np.bincount(rank, weights=rows.labels) / counts
    # by rank, since scikit-learn takes scores that differ by an epsilon for one
    expected = isotonic.IsotonicRegression().fit(np.arange(len(distinct)), shares, counts)
    expected = expected.predict(np.arange(len(distinct)))

    blocks = Blocks.of_rows(rows.scores, rows.labels).pooled()

    found = np.repeat(blocks.means(), blocks.rows.astype(int))
    np.testing.assert_allclose(found, np.sort(expected[rank]), atol=1e-12)


def test_isotonic_knots_stand_at_the_middle_of_blocks_drawn_to_the_base_rate_by_two_rows() -> None:
    # 15 scores of 20 rows: six scores of class 0, then one and none in turn, then five of class 1
    scores = np.repeat(np.linspace(0.1, 0.9, 15), 20)
    labels = np.repeat([0] * 6 + [1, 0, 1, 0] + [1] * 5, 20)
    base = 140 / 300

    fitted = fit_calibrator(*of_scores(scores, labels), method=Method.ISOTONIC)

    low, middle, high = (0 + 2 * base) / 122, (40 + 2 * base) / 82, (100 + 2 * base) / 102
    centres = [scores[:120].mean(), scores[120:200].mean(), scores[200:].mean()]
    found = fitted.tables[1].apply(np.array([0.0, *centres, 1.0]))
    assert found.tolist() == pytest.approx([low, low, middle, high, high])
    between = fitted.tables[1].apply(np.array([(centres[0] + centres[1]) / 2]))
    assert between.tolist() == pytest.approx([(low + middle) / 2])


# What cannot be fitted


def _refused(rows: Rows, method: Method) -> str:
    with pytest.raises(BadInput) as caught:
        fit_calibrator(rows.raw, rows.labels, method=method)
    assert str(caught.value).startswith("calibration rows")
    return f"{caught.value.code}: {caught.value}".replace("calibration rows", "ROWS")


@pytest.mark.parametrize("method", [*TABLES, Method.PERCENTILE])
def test_fewer_rows_than_a_method_needs_are_refused_naming_both(method: Method) -> None:
    least = MIN_ROWS[method]

    sentence = _refused(two_classes(1, least - 1), method)

    assert sentence == (
        f"calibration.rows: ROWS: expected at least {least} rows for the method {method}, "
        f"found {least - 1} rows; use a larger table"
    )
    assert fit_calibrator(*two_classes(1, least), method=method).rows == least


@pytest.mark.parametrize("method", TABLES)
@pytest.mark.parametrize("label", [0, 1])
def test_rows_of_one_class_only_are_refused(method: Method, label: int) -> None:
    rows = two_classes(1, 120)._replace(labels=np.full(120, label))

    sentence = _refused(rows, method)

    assert sentence == (
        f"calibration.classes: ROWS: expected rows of both classes, found none of class {1 - label}; "
        "use a table that has them"
    )


@pytest.mark.parametrize("method", TABLES)
def test_a_class_of_many_without_rows_is_refused(method: Method) -> None:
    raw, labels = more_classes(1, 120, classes=6)

    sentence = _refused(Rows(raw, labels % 2), method)

    assert sentence == (
        "calibration.classes: ROWS: expected rows of each of the 6 classes, found none of class 2 and "
        "class 3 and class 4 and 1 more; use a table that has them"
    )


@pytest.mark.parametrize("method", Method)
@pytest.mark.parametrize(("score", "shown"), [(np.nan, "nan"), (np.inf, "inf"), (1.5, "1.5"), (-0.1, "-0.1")])
def test_scores_that_are_no_probabilities_are_refused(method: Method, score: float, shown: str) -> None:
    rows = two_classes(1, 120)
    rows.raw[[17, 30], 1] = score

    sentence = _refused(rows, method)

    assert sentence == (
        "calibration.scores: ROWS, row 17, class 1: expected a raw score that is a probability, between 0 "
        f"and 1, found {shown} (2 rows like it); leave such rows out, or mend what scored them"
    )


@pytest.mark.parametrize("label", [-1, 2])
def test_labels_that_are_no_class_are_refused(label: int) -> None:
    rows = two_classes(1, 120)
    rows.labels[5] = label

    sentence = _refused(rows, Method.PLATT)

    assert sentence == (
        f"calibration.labels: ROWS, row 5: expected a class from 0 to 1 as label, found {label}; "
        "give the labels that the model was trained on"
    )


@pytest.mark.parametrize("method", TABLES)
@pytest.mark.parametrize("shape", ["all equal", "wrong way"])
def test_a_table_that_would_be_flat_is_refused(method: Method, shape: str) -> None:
    rows = two_classes(1, 400, slope=-2.0) if shape == "wrong way" else two_classes(1, 400, slope=0.0)

    sentence = _refused(rows, method)

    assert sentence == (
        f"calibration.flat: ROWS: expected scores from which the method {method} can tell rows apart, "
        "found scores of class 1 that are all equal or rank the wrong way: a flat table; "
        "mend the model, or use the method none"
    )


@pytest.mark.parametrize("method", PER_CLASS)
def test_a_flat_table_of_one_class_of_many_is_refused_and_named(method: Method) -> None:
    rows = more_classes(1, 400)
    rows.raw[:, 1] = 0.25

    sentence = _refused(rows, method)

    assert sentence.startswith("calibration.flat")
    assert "found scores of class 1 that are all equal" in sentence


def test_a_table_whose_knots_cannot_tell_the_scores_apart_is_flat_though_its_curve_is_not() -> None:
    rows = of_scores(0.25 + np.arange(120) * 1e-15, np.arange(120) % 2)

    sentence = _refused(rows, Method.PERCENTILE)

    assert "found scores of class 1 that are all equal" in sentence


def test_errors_name_classes_as_the_model_does() -> None:
    names = ["never", "now and then", "2"]
    raw, labels = more_classes(1, 120)

    def refused(raw: FloatArray, labels: object) -> str:
        with pytest.raises(BadInput) as caught:
            fit_calibrator(raw, labels, method=Method.PLATT, names=names)  # type: ignore[arg-type]
        return str(caught.value)

    assert 'found none of class "never" and class 2; ' in refused(raw, np.ones(120, dtype=np.int64))
    flat, wrong = raw.copy(), raw.copy()
    flat[:, [0, 2]], wrong[7, 1] = 0.25, 2.0
    assert 'found scores of class "never" and class 2 that are all equal' in refused(flat, labels)
    assert refused(wrong, labels).startswith('calibration rows, row 7, class "now and then": expected ')


@pytest.mark.parametrize(
    ("labels", "found"),
    [
        (np.array(["no", "yes"] * 60), "row 0: expected a class from 0 to 1 as label, found 'no'"),
        (np.array([0, None] * 60, dtype=object), "row 0: expected a class from 0 to 1 as label, found 0"),
        (np.array([0.0, 0.5] * 60), "row 1: expected a class from 0 to 1 as label, found 0.5"),
        (np.array([0, np.nan] * 60), "row 1: expected a class from 0 to 1 as label, found nan"),
        (np.arange(119) % 2, "ROWS: expected one label for each of 120 rows, found an array of shape (119,)"),
        (np.ones(1, dtype=np.int64), "ROWS: expected one label for each of 120 rows, found an array of "),
        (np.eye(2, dtype=np.int64)[np.arange(120) % 2], "ROWS: expected one label for each of 120 rows, "),
    ],
    ids=["texts", "objects", "halves", "missing", "one fewer", "one", "two columns"],
)
def test_what_is_no_class_for_each_row_is_refused(labels: object, found: str) -> None:
    rows = two_classes(1, 120)._replace(labels=labels)  # type: ignore[arg-type]

    assert found in _refused(rows, Method.PLATT)
    with pytest.raises(BadInput, match="label"):
        fit_default(*rows)


def test_true_and_false_and_whole_floats_are_labels() -> None:
    raw, labels = two_classes(1, 120)

    tables = [
        fit_calibrator(raw, given, method=Method.PLATT).tables[1].pairs()
        for given in (labels, labels == 1, labels.astype(np.float64))  # type: ignore[arg-type]
    ]

    assert tables[0] == tables[1] == tables[2]


@pytest.mark.parametrize("columns", [0, 1])
def test_scores_of_one_class_alone_are_refused(columns: int) -> None:
    raw, labels = two_classes(1, 120)

    sentence = _refused(Rows(raw[:, 1:] if columns else raw[:, 1], labels), Method.PLATT)

    assert (
        "expected raw scores of at least two classes for each row, found an array of shape (120" in sentence
    )


def test_temperature_refuses_scores_that_are_no_better_than_chance() -> None:
    rows = more_classes(1, 400, slope=-1.0)

    sentence = _refused(rows, Method.TEMPERATURE)

    assert (
        "found scores of class 0 and class 1 and class 2 that are all equal or rank the wrong way" in sentence
    )


def test_percentiles_are_of_two_classes_only() -> None:
    sentence = _refused(more_classes(1, 120), Method.PERCENTILE)

    assert sentence == (
        "calibration.method: ROWS: expected a model of two classes for the method percentile, found 3 "
        "classes; use another method"
    )


# What a user is warned of


@pytest.mark.parametrize(("method", "least"), [(Method.BETA, "500"), (Method.ISOTONIC, "1,000")])
def test_a_method_named_for_few_rows_is_fitted_and_warned_of(method: Method, least: str) -> None:
    rows = two_classes(1, 300)
    rare = int(min(rows.labels.sum(), 300 - rows.labels.sum()))

    fitted = fit_calibrator(rows.raw, rows.labels, method=method)

    assert fitted.warnings == (
        f"300 calibration rows, {rare} of the rarest class, are few for the method {method}: below {least} "
        "rows or 100 of the rarest class, platt is more stable",
    )


def test_a_percentile_is_said_to_be_no_probability() -> None:
    fitted = fit_calibrator(*two_classes(1, 300), method=Method.PERCENTILE)

    assert fitted.calibrator is not None
    assert fitted.calibrator.kind is CalibratorKind.PERCENTILE
    assert fitted.warnings[0].startswith("a percentile is not a probability")


def test_a_table_that_misses_what_was_fitted_says_by_how_much() -> None:
    # steps of all sizes: more of them than a table has knots
    scores = np.random.default_rng(0).random(5000) ** 6

    fitted = fit_calibrator(*of_scores(scores, (scores > 0.5).astype(np.int64)), method=Method.PERCENTILE)

    exact = (np.argsort(np.argsort(scores)) + 0.5) / 5000
    assert fitted.knot_error == pytest.approx(np.abs(fitted.tables[1].apply(scores) - exact).max())
    assert fitted.knot_error > 0.001
    assert fitted.warnings[1] == (
        f"a table of at most 101 knots is up to {fitted.knot_error:.4f} off what was fitted, more than 0.001"
    )
