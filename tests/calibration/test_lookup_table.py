"""The lookup table's interpolation against the rule of the handler's documentation, score by score."""

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from servable.calibration import LookupTable
from servable.errors import Damaged
from servable.records import FloatArray
from strategies import lookup_tables, unit_scores


def _documented_rule(
    raw_score: float, lookup_table: Sequence[tuple[float, float]]
) -> tuple[float, float, float]:
    """The rule's answer, and the calibrated scores at the ends of the segment that it chose."""
    first, last = lookup_table[0], lookup_table[-1]
    if raw_score <= first[0]:
        return first[1], first[1], first[1]
    if raw_score >= last[0]:
        return last[1], last[1], last[1]
    for (x1, y1), (x2, y2) in pairwise(lookup_table):
        if x1 <= raw_score <= x2:
            answer = y1 if x2 == x1 else y1 + (y2 - y1) * (raw_score - x1) / (x2 - x1)
            return answer, y1, y2
    raise AssertionError("a score between the first and the last knot lies in a segment")


def _bits(values: Sequence[float] | FloatArray) -> bytes:
    return np.array(values, dtype=np.float64).tobytes()


@given(table=lookup_tables(), scores=st.lists(unit_scores | st.floats(allow_nan=False), max_size=8))
@example(table=LookupTable(np.array([0.0, 0.0]), np.array([0.0, 1.0])), scores=[0.0])
@example(table=LookupTable(np.array([0.0, 0.4, 0.4, 1.0]), np.array([0.0, 0.2, 0.6, 1.0])), scores=[0.4])
@example(table=LookupTable(np.array([0.0, 0.75]), np.array([0.0, 1.0])), scores=[0.625])
def test_a_score_is_answered_by_the_documented_rule_within_its_segment_bit_for_bit(
    table: LookupTable, scores: list[float]
) -> None:
    beside = [math.nextafter(knot, towards) for knot in table.x.tolist() for towards in (-math.inf, math.inf)]
    asked = np.array([*scores, *table.x, *beside, 0.0, 1.0])
    rule = [_documented_rule(score, table.pairs()) for score in asked.tolist()]

    found = table.apply(asked)

    assert _bits(found) == _bits([min(max(y, min(y1, y2)), max(y1, y2)) for y, y1, y2 in rule])


@given(table=lookup_tables(), scores=st.lists(unit_scores, max_size=8))
def test_the_clamp_moves_the_documented_rule_by_two_units_in_the_last_place_at_most(
    table: LookupTable, scores: list[float]
) -> None:
    gaps = np.diff(table.x)
    assume(((gaps == 0) | (gaps >= 1e-12)).all())  # over a smaller gap the rule's own slope overflows
    asked = np.array([*scores, *table.x])
    rule = np.array([_documented_rule(score, table.pairs())[0] for score in asked.tolist()])

    # measured in units of the largest calibrated score of the table: near 0 a unit is far smaller
    assert (np.abs(table.apply(asked) - rule) <= 2 * np.spacing(table.y.max() or 1.0)).all()


@given(table=lookup_tables(), scores=st.lists(st.floats(0, 1, width=32), min_size=1, max_size=8))
def test_a_single_precision_score_is_looked_up_at_its_exact_value(
    table: LookupTable, scores: list[float]
) -> None:
    single = np.array(scores, dtype=np.float32)

    assert _bits(table.apply(single)) == _bits(table.apply(single.astype(np.float64)))


@given(table=lookup_tables(), scores=st.lists(unit_scores, min_size=1, max_size=8))
def test_every_answer_lies_between_the_lowest_and_the_highest_knot(
    table: LookupTable, scores: list[float]
) -> None:
    found = table.apply(np.array(scores))

    assert table.y.min() <= found.min() <= found.max() <= table.y.max()


def test_a_nan_is_answered_by_a_nan_whatever_the_table() -> None:
    for x in ([0.0, 1.0], [0.5, 0.5]):
        table = LookupTable(np.array(x), np.array([0.2, 0.1]))

        assert np.isnan(table.apply(np.array([math.nan]))).all()


def test_a_table_survives_its_stored_form() -> None:
    table = LookupTable(np.array([0.0, 0.1, 1.0]), np.array([0.0, 1 / 3, 1.0]))

    again = LookupTable.of_pairs(table.pairs(), where="t")

    assert (again.x.tolist(), again.y.tolist()) == (table.x.tolist(), table.y.tolist())


@pytest.mark.parametrize(
    ("pairs", "sentence"),
    [
        (None, "t: expected at least two pairs of numbers, found something else"),
        ([[0, 0]], "t: expected at least two pairs of numbers, found something else"),
        ({"0": 0}, "t: expected at least two pairs of numbers, found something else"),
        ([[0, 0], [1]], "t, knot 1: expected a pair of finite numbers, found something else"),
        ([[0, 0], "ab"], "t, knot 1: expected a pair of finite numbers, found something else"),
        ([[0, 0], [1, True]], "t, knot 1: expected a pair of finite numbers, found something else"),
        ([[0, math.nan], [1, 1]], "t, knot 0: expected a pair of finite numbers, found something else"),
        ([[0, 0], [math.inf, 1]], "t, knot 1: expected a pair of finite numbers, found something else"),
        ([[0, 0], [10**400, 1]], "t, knot 1: expected a pair of finite numbers, found something else"),
        ([[0, 0], ["1", 1]], "t, knot 1: expected a pair of finite numbers, found something else"),
        ([[0, 0], [0.8, 0.9], [0.3, 1]], "t, knot 2: expected raw scores in rising order, found a lower one"),
        ([[0, 0], [1, 1.5]], "t, knot 1: expected calibrated scores between 0 and 1, found 1.5"),
        ([[0, -1e-9], [1, 1]], "t, knot 0: expected calibrated scores between 0 and 1, found -1e-09"),
    ],
)
def test_a_stored_table_that_breaks_a_rule_is_refused_by_its_knot(pairs: object, sentence: str) -> None:
    with pytest.raises(Damaged) as caught:
        LookupTable.of_pairs(pairs, where="t")

    assert caught.value.code == "calibration.table"
    assert str(caught.value) == f"{sentence}; fit the calibrator again or repair the table"


def test_a_stored_table_never_answers_a_finite_score_with_a_nan() -> None:
    try:
        table = LookupTable.of_pairs([[-1.7e308, 0.0], [1.7e308, 1.0]], where="t")
    except Damaged:
        return
    assert np.isfinite(table.apply(np.array([0.0, 0.5, 1.0]))).all()
