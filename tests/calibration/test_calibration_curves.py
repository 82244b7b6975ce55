"""Temperature scaling and beta calibration against their formulas, ends and stored forms."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from servable.calibration import Beta, Temperature
from servable.errors import Damaged
from servable.records import FloatArray

temperatures = st.floats(0.05, 20)
rows = arrays(np.float64, (4, 3), elements=st.floats(1e-6, 1)).map(lambda a: a / a.sum(axis=1, keepdims=True))
inner = st.floats(1e-9, 1 - 1e-9)


@given(raw=rows, temperature=temperatures)
def test_temperature_is_each_probability_to_the_power_of_its_inverse_renormalised(
    raw: FloatArray, temperature: float
) -> None:
    powers = raw ** (1 / temperature)

    found = Temperature(temperature).apply(raw)

    with np.errstate(invalid="ignore", divide="ignore"):
        right = powers / powers.sum(axis=1, keepdims=True)
    usable = powers.sum(axis=1) > 1e-200
    np.testing.assert_allclose(found[usable], right[usable], rtol=1e-9)
    assert (found.argmax(axis=1) == raw.argmax(axis=1)).all() or (np.diff(np.sort(raw)) < 1e-12).any()


@given(logits=arrays(np.float64, (3, 4), elements=st.floats(-20, 20)), temperature=temperatures)
def test_temperature_is_the_softmax_of_the_divided_logits(logits: FloatArray, temperature: float) -> None:
    def softmax(values: FloatArray) -> FloatArray:
        powers = np.exp(values - values.max(axis=1, keepdims=True))
        return powers / powers.sum(axis=1, keepdims=True)

    found = Temperature(temperature).apply(softmax(logits))

    np.testing.assert_allclose(found, softmax(logits / temperature), atol=1e-9)


def test_temperature_one_changes_nothing_and_extremes_stay_probabilities() -> None:
    raw = np.array([[0.2, 0.3, 0.5], [1.0, 0.0, 0.0], [1e-300, 1 - 1e-300, 0.0]])

    np.testing.assert_allclose(Temperature(1.0).apply(raw), raw, rtol=1e-12, atol=1e-299)
    assert Temperature(1e-6).apply(raw).tolist() == [[0, 0, 1], [1, 0, 0], [0, 1, 0]]
    np.testing.assert_allclose(Temperature(1e6).apply(raw)[0], 1 / 3, atol=1e-5)
    assert Temperature(1e6).apply(raw)[1].tolist() == [1, 0, 0]


def test_what_rounding_has_made_less_than_zero_is_zero() -> None:
    assert Temperature(2.0).apply(np.array([[-1e-9, 1.0]])).tolist() == [[0, 1]]


@given(score=inner, a=st.floats(0, 5), b=st.floats(0, 5), c=st.floats(-5, 5))
def test_beta_is_the_formula_of_its_paper(score: float, a: float, b: float, c: float) -> None:
    right = 1 / (1 + 1 / (math.exp(c) * score**a / (1 - score) ** b))

    found = Beta(a, b, c).apply(np.array([[1 - score, score]]))

    np.testing.assert_allclose(found, [[1 - right, right]], rtol=1e-7, atol=1e-12)


@pytest.mark.parametrize(
    ("beta", "at_zero", "at_one"),
    [
        (Beta(1.0, 1.0, 0.0), 0.0, 1.0),
        (Beta(1.0, 0.0, 0.0), 0.0, 0.5),
        (Beta(0.0, 1.0, 0.0), 0.5, 1.0),
        (Beta(0.0, 0.0, math.log(3)), 0.75, 0.75),
        (Beta(1e6, 1e6, 1e6), 0.0, 1.0),
    ],
)
def test_the_ends_of_a_beta_curve_are_what_it_tends_to(beta: Beta, at_zero: float, at_one: float) -> None:
    found = beta.apply(np.array([[1.0, 0.0], [0.0, 1.0]]))

    np.testing.assert_allclose(found[:, 1], [at_zero, at_one], rtol=1e-12)
    np.testing.assert_allclose(found.sum(axis=1), 1)


@given(a=st.floats(0, 1e3), b=st.floats(0, 1e3), c=st.floats(-1e3, 1e3))
def test_a_beta_curve_never_falls_and_stays_between_zero_and_one(a: float, b: float, c: float) -> None:
    scores = np.linspace(0, 1, 101)

    found = Beta(a, b, c).apply(np.column_stack([1 - scores, scores]))[:, 1]

    assert (np.diff(found) >= -1e-12).all()
    assert 0 <= found.min() <= found.max() <= 1


def test_curves_survive_their_stored_form() -> None:
    for curve in (Temperature(1.37), Beta(0.5, 0.0, -2.25)):
        assert type(curve).of_parameters(curve.parameters(), where="c.json") == curve


@pytest.mark.parametrize(
    ("curve", "parameters", "sentence"),
    [
        (Temperature, {}, "c.json: expected the key temperature and no other, found []"),
        (
            Temperature,
            {"temperature": 1, "bias": 2},
            "c.json: expected the key temperature and no other, found ['bias', 'temperature']",
        ),
        (
            Temperature,
            {"temperature": 0},
            'c.json: expected "temperature", a number of at least 1e-06, found 0.0',
        ),
        (
            Temperature,
            {"temperature": -2},
            'c.json: expected "temperature", a number of at least 1e-06, found -2.0',
        ),
        (
            Temperature,
            {"temperature": "2"},
            "c.json: expected \"temperature\", a number of at most 1e+06, found '2'",
        ),
        (
            Temperature,
            {"temperature": math.inf},
            'c.json: expected "temperature", a number of at most 1e+06, found inf',
        ),
        (
            Temperature,
            {"temperature": True},
            'c.json: expected "temperature", a number of at most 1e+06, found True',
        ),
        (Beta, {"a": 1, "b": 1}, "c.json: expected the keys a, b, c and no other, found ['a', 'b']"),
        (
            Beta,
            {"a": -0.1, "b": 1, "c": 0},
            'c.json: expected "a", a number that is not negative, found -0.1',
        ),
        (
            Beta,
            {"a": 1, "b": math.nan, "c": 0},
            'c.json: expected "b", a number of at most 1e+06, found nan',
        ),
        (Beta, {"a": 1, "b": 1, "c": None}, 'c.json: expected "c", a number of at most 1e+06, found None'),
    ],
)
def test_parameters_that_make_no_curve_are_refused(
    curve: type[Temperature | Beta], parameters: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(Damaged) as caught:
        curve.of_parameters(parameters, where="c.json")

    assert caught.value.code == "calibration.parameters"
    assert str(caught.value) == f"{sentence}; fit the calibrator again"
