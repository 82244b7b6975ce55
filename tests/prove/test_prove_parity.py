"""Wire parity: what counts as the same score and the same label."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from servable.codecs import Answer
from servable.prove.parity import Comparison, Expected, Mode, ParityRule, Replayed, compare, parity_line
from servable.records import Predictions

RAW = np.array([[0.75, 0.25], [0.2, 0.8], [0.5000001, 0.4999999]], dtype=np.float32)
GOLDEN = Expected.of_predictions(Predictions(raw=RAW, calibrated=RAW))


def served(raw: np.ndarray, *, calibrated: np.ndarray | None = None, labels: str = "010") -> Answer:
    return Answer(
        raw=raw.astype(np.float64),
        calibrated=(raw if calibrated is None else calibrated).astype(np.float64),
        labels=tuple(f"class-{label}" for label in labels),
    )


def compared(answer: Answer, rule: ParityRule = ParityRule.SAME_BUILD) -> Comparison:
    found = compare(GOLDEN, answer, rule)
    assert found is not None
    return found


def moved(by: float, *, ulps: int = 0) -> np.ndarray:
    raw = RAW.astype(np.float64) + by
    for _ in range(ulps):
        raw = np.nextafter(raw.astype(np.float32), np.float32(1)).astype(np.float64)
    return raw


def test_the_same_decimals_are_bit_equal_also_where_float64_reads_them_differently() -> None:
    decimals = np.array([[float(str(score)) for score in row] for row in RAW])

    found = compared(served(decimals))

    assert bool((decimals != RAW).any())
    assert found.bit_equal.all()
    assert found.raw_difference.max() == 0.0


def test_on_one_build_two_ulps_are_accepted_and_three_are_not() -> None:
    assert compared(served(moved(0, ulps=2))).acceptable.all()
    assert not compared(served(moved(0, ulps=2))).bit_equal.any()
    assert not compared(served(moved(0, ulps=3))).acceptable.any()


def test_on_another_machine_a_difference_of_1e_5_is_accepted() -> None:
    assert compared(served(moved(9e-6)), ParityRule.OTHER_MACHINE).acceptable.all()
    assert not compared(served(moved(1.2e-5)), ParityRule.OTHER_MACHINE).acceptable.any()


def test_a_calibrated_score_is_compared_as_well_as_a_raw_one() -> None:
    found = compared(served(RAW, calibrated=moved(0.01)))

    assert not found.acceptable.any()
    assert found.raw_difference.max() == 0.0
    assert found.calibrated_difference.max() == pytest.approx(0.01, rel=1e-4)


def test_another_label_is_a_flip_that_one_build_never_excuses() -> None:
    found = compared(served(RAW, labels="011"))

    assert found.flipped.tolist() == [False, False, True]
    assert found.acceptable.tolist() == [True, True, False]


def test_on_another_machine_a_label_may_differ_where_the_classes_are_nearly_tied() -> None:
    tied = compared(served(RAW, labels="011"), ParityRule.OTHER_MACHINE)
    clear = compared(served(RAW, labels="110"), ParityRule.OTHER_MACHINE)

    assert tied.acceptable.all()
    assert not clear.acceptable[0]


@pytest.mark.parametrize(
    ("label", "is_right"), [("class-0", True), ("class-1", True), ("class-2", False), ("banana", False)]
)
def test_of_three_classes_only_those_that_are_nearly_tied_may_be_the_label(
    label: str, is_right: bool
) -> None:
    raw = np.array([[0.4000001, 0.4, 0.1999999]])
    expected = Expected(raw=raw, calibrated=raw, labels=("class-0",))

    found = compare(expected, Answer(raw=raw, calibrated=raw, labels=(label,)), ParityRule.OTHER_MACHINE)

    assert found is not None
    assert found.acceptable.tolist() == [is_right]


@pytest.mark.parametrize(("label", "is_right"), [("class-0", True), ("class-2", False), ("", False)])
def test_of_a_lone_score_near_one_half_both_classes_may_be_the_label_and_no_third(
    label: str, is_right: bool
) -> None:
    raw = np.array([[0.500001]])
    expected = Expected(raw=raw, calibrated=raw, labels=("class-1",))

    found = compare(expected, Answer(raw=raw, calibrated=raw, labels=(label,)), ParityRule.OTHER_MACHINE)

    assert found is not None
    assert found.acceptable.tolist() == [is_right]


def test_a_json_answer_of_two_classes_holds_class_1_alone() -> None:
    assert compared(served(RAW[:, 1:2])).bit_equal.all()


@pytest.mark.parametrize("shape", [(3, 3), (2, 2)])
def test_an_answer_of_other_classes_or_rows_cannot_be_compared(shape: tuple[int, int]) -> None:
    answer = Answer(raw=np.zeros(shape), calibrated=np.zeros(shape), labels=("class-0",) * shape[0])

    assert compare(GOLDEN, answer, ParityRule.SAME_BUILD) is None


@pytest.mark.parametrize("score", [np.nan, np.inf, 1e300])
@pytest.mark.parametrize("rule", list(ParityRule))
def test_a_score_that_is_no_probability_is_never_accepted(score: float, rule: ParityRule) -> None:
    raw = RAW.astype(np.float64)
    raw[1, 1] = score

    assert compared(served(raw), rule).acceptable.tolist() == [True, False, True]


@given(st.floats(0, 1, width=32), st.sampled_from(list(ParityRule)))
def test_every_score_equals_itself(score: float, rule: ParityRule) -> None:
    scores = np.array([[1 - score, score]], dtype=np.float32)
    expected = Expected(raw=scores, calibrated=scores, labels=("class-0",))

    found = compare(
        expected, Answer(raw=scores.astype(float), calibrated=scores.astype(float), labels=("class-0",)), rule
    )

    assert found is not None
    assert found.bit_equal.all()
    assert found.acceptable.all()


def test_a_line_counts_rows_flips_failures_and_decades() -> None:
    wrong = RAW.astype(np.float64)[[0]] + 3e-4

    line = parity_line(
        [
            Replayed(rows=(0,), answer=served(wrong, labels="1")),
            Replayed(rows=(2, 1), answer=served(RAW[[2, 1]], labels="01")),
            Replayed(rows=(0, 1), answer=None, failure="status 500"),
        ],
        expected=GOLDEN,
        content_type="text/csv",
        accept="text/csv",
        mode=Mode.SHUFFLED,
        rule=ParityRule.SAME_BUILD,
        left_out=4,
    )

    assert (line.records, line.answered, line.bit_equal, line.acceptable) == (5, 3, 2, 2)
    assert (line.flips, line.left_out, line.first_failure) == (1, 4, "status 500")
    assert line.decades == (2, 0, 0, 0, 1, 0, 0)
    assert line.max_abs_raw == pytest.approx(3e-4, rel=1e-3)
    assert [(row.record, row.label, row.expected_label) for row in line.worst] == [(0, "class-1", "class-0")]
