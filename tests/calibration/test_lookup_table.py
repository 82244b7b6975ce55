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


@given(table=lookup_tables(), scores=st.lists(unit_scores | st.floats(-1e300, 1e300), max_size=8))
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


LIST = "t: expected a list of at least two pairs of numbers, found"


@pytest.mark.parametrize(
    ("pairs", "sentence"),
    [
        (None, f"{LIST} something else"),
        ([], f"{LIST} 0"),
        ([[0, 0]], f"{LIST} 1"),
        ({"0": 0}, f"{LIST} something else"),
        ([[0, 0]] * 10_001, "t: expected at most 10,000 pairs, found 10,001"),
        ([[0, 0], [1]], "t, knot 1: expected a pair of finite numbers, found [1]"),
        ([[0, 0], "ab"], "t, knot 1: expected a pair of finite numbers, found 'ab'"),
        ([[0, 0], [1, True]], "t, knot 1: expected a pair of finite numbers, found [1, True]"),
        ([[0, math.nan], [1, 1]], "t, knot 0: expected a pair of finite numbers, found [0, nan]"),
        ([[0, 0], [math.inf, 1]], "t, knot 1: expected a pair of finite numbers, found [inf, 1]"),
        ([[0, 0], ["1", 1]], "t, knot 1: expected a pair of finite numbers, found ['1', 1]"),
        (
            [[0, 0], [0.8, 0.9], [0.3, 1]],
            "t, knot 2: expected raw scores in rising order, found [0.3, 1] after [0.8, 0.9]",
        ),
        (
            [[0, 0], [1, 1.5]],
            "t, knot 1: expected a calibrated score between 0 and 1, found [1, 1.5] after [0, 0]",
        ),
        ([[0, -1e-9], [1, 1]], "t, knot 0: expected a calibrated score between 0 and 1, found [0, -1e-09]"),
        (
            [[0, 0], [0.5, 0.5], [0.7, 0.5 - 2e-9], [1, 1]],
            "t, knot 2: expected calibrated scores that do not fall, found [0.7, 0.499999998] after "
            "[0.5, 0.5]",
        ),
    ],
)
def test_a_stored_table_that_breaks_a_rule_is_refused_by_its_knot(pairs: object, sentence: str) -> None:
    with pytest.raises(Damaged) as caught:
        LookupTable.of_pairs(pairs, where="t")

    assert caught.value.code == "calibration.table"
    assert str(caught.value) == f"{sentence}; fit the calibrator again or repair the table"


def test_an_integer_that_no_float_can_hold_is_no_number_of_a_table() -> None:
    with pytest.raises(Damaged, match="t, knot 1: expected a pair of finite numbers"):
        LookupTable.of_pairs([[0, 0], [10**400, 1]], where="t")


def test_ten_thousand_pairs_are_a_table() -> None:
    pairs = [[index / 9_999, index / 9_999] for index in range(10_000)]

    table = LookupTable.of_pairs(pairs, where="t")

    np.testing.assert_allclose(table.apply(np.array([0.0, 0.123, 1.0])), [0.0, 0.123, 1.0], atol=1e-15)


def test_a_fall_by_rounding_is_raised_to_what_came_before_it() -> None:
    pairs = [[0, 0.1], [0.2, 0.5], [0.4, 0.5 - 1e-9], [0.6, 0.5 - 5e-10], [1, 0.5]]

    table = LookupTable.of_pairs(pairs, where="t")

    assert table.y.tolist() == [0.1, 0.5, 0.5, 0.5, 0.5]
    assert (np.diff(table.apply(np.linspace(0, 1, 101))) >= 0).all()


def test_many_falls_by_rounding_are_no_more_than_one() -> None:
    pairs = [[index / 10, 0.5 - index * 0.9e-9] for index in range(11)]

    with pytest.raises(Damaged, match="t, knot 2: expected calibrated scores that do not fall"):
        LookupTable.of_pairs(pairs, where="t")


def test_of_a_run_of_equal_raw_scores_the_first_and_the_last_are_kept_as_a_step() -> None:
    pairs = [[0, 0], [0, 0.1], [0, 0.2], [0.5, 0.3], [0.5, 0.4], [0.5, 0.6], [1, 0.8], [1, 0.9], [1, 1]]

    table = LookupTable.of_pairs(pairs, where="t")

    assert table.pairs() == [(0, 0), (0, 0.2), (0.5, 0.3), (0.5, 0.6), (1, 0.8), (1, 1)]
    assert table.apply(np.array([0, 5e-324, 0.5, np.nextafter(0.5, 1), np.nextafter(1, 0), 1])).tolist() == (
        pytest.approx([0, 0.2, 0.3, 0.6, 0.8, 1])
    )


@given(table=lookup_tables(), scores=st.lists(unit_scores, max_size=8))
def test_dropping_what_cannot_be_reached_changes_no_answer(table: LookupTable, scores: list[float]) -> None:
    pairs = list(zip(table.x.tolist(), sorted(table.y.tolist()), strict=True))
    asked = np.array([*scores, *table.x, *np.nextafter(table.x, -1), *np.nextafter(table.x, 2)])

    kept = LookupTable.of_pairs([list(pair) for pair in pairs], where="t")

    assert _bits(kept.apply(asked)) == _bits(LookupTable(table.x, np.sort(table.y)).apply(asked))


@given(table=lookup_tables(), scores=st.lists(unit_scores | st.just(math.nan), min_size=1, max_size=40))
def test_a_score_has_one_answer_alone_and_among_others(table: LookupTable, scores: list[float]) -> None:
    together = table.apply(np.array(scores))

    alone = [table.apply(np.array([score])) for score in scores]

    assert _bits(np.concatenate(alone)) == _bits(together)


def test_a_stored_table_never_answers_a_finite_score_with_a_nan() -> None:
    try:
        table = LookupTable.of_pairs([[-1.7e308, 0.0], [1.7e308, 1.0]], where="t")
    except Damaged:
        return
    assert np.isfinite(table.apply(np.array([0.0, 0.5, 1.0]))).all()
