"""Each oddity of a calibrator is found, in one sentence, and only where it is."""

import json
from dataclasses import replace

import numpy as np
import pytest
from inspected import golden, said, schema, table, trees

from servable.artifact import GoldenSet, MemoryFiles, StoredCalibration


def test_a_flat_calibrator_is_told() -> None:
    assert said(trees(calibrations=(table((0.0, 0.5), (1.0, 0.5)),))) == {
        "calibration.flat": "warning: calibrator: every raw score becomes 0.5, so a calibrated score tells "
        "no record from another"
    }


def test_a_flat_curve_is_told() -> None:
    flat = StoredCalibration(kind="beta", tables={}, parameters={"a": 0, "b": 0, "c": 0}, where="beta.json")

    assert said(trees(calibrations=(flat,))).keys() == {"calibration.flat"}
    assert said(trees(calibrations=(replace(flat, parameters={"a": 1, "b": 1, "c": 0}),))) == {}


@pytest.mark.parametrize(
    ("low", "high", "ends"), [(0.0, 0.9, "0"), (0.1, 1.0, "1"), (0.0, 1.0, "0 and 1"), (0.1, 0.9, "")]
)
def test_a_certain_calibrator_is_told(low: float, high: float, ends: str) -> None:
    found = said(trees(calibrations=(table((0.0, low), (1.0, high)),)))

    sentence = (
        f"warning: calibrator: it answers exactly {ends}, a certainty for which one wrong record costs an "
        "infinite log-loss"
    )
    assert found == ({"calibration.certainty": sentence} if ends else {})


def test_a_percentile_is_no_probability_and_no_certainty() -> None:
    assert said(trees(calibrations=(table((0.0, 0.0), (1.0, 1.0), kind="percentile"),))) == {
        "calibration.percentile": "note: calibrator: calibrated scores are ranks among the scores that it "
        "was fitted on, not probabilities"
    }


def test_knots_where_no_probability_is_are_told() -> None:
    assert said(trees(calibrations=(table((-3.0, 0.1), (0.5, 0.5), (3.5, 0.9)),))) == {
        "calibration.outside": "warning: calibrator: 2 of 3 knots lie outside of 0 to 1, from -3 to 3.5, "
        "where no probability is: it was perhaps fitted on other scores than the model gives"
    }


@pytest.mark.parametrize("gap", [0.0, 1e-14])
def test_a_jump_is_told(gap: float) -> None:
    assert said(trees(calibrations=(table((0.0, 0.1), (0.5, 0.2), (0.5 + gap, 0.8), (1.0, 0.9)),))) == {
        "calibration.step": "note: calibrator: at the raw score 0.5 the calibrated one jumps, because it is "
        "a knot more than once; the first of them answers"
    }


def test_a_calibrator_for_two_classes_on_more_is_told() -> None:
    of_three = trees(
        schema=schema(classes=("a", "b", "c")), risk_tables={}, features=("amount",), golden=None
    )

    found = said(replace(of_three, calibrations=(table((0.0, 0.0), (1.0, 1.0), kind="percentile"),)))

    assert found.keys() - said(of_three).keys() == {"calibration.without-effect"}
    assert found["calibration.without-effect"] == (
        "warning: calibrator: it is one for two classes (percentile) and has no effect on 3: calibrated "
        "scores are the raw ones"
    )


def test_a_class_without_a_table_is_told() -> None:
    of_three = trees(
        schema=schema(classes=("a", "b", "c")), risk_tables={}, features=("amount",), golden=None
    )
    pairs = [[0.0, 0.1], [1.0, 0.9]]
    stored = StoredCalibration(kind="regular_multiclass", tables={0: pairs, 2: pairs}, where="calibration")

    found = said(replace(of_three, calibrations=(stored,)))

    assert found.keys() - said(of_three).keys() == {"calibration.class-without-table"}
    assert found["calibration.class-without-table"] == (
        'warning: calibrator: there is no table of "b": the raw score passes, and is then divided by the sum '
        "over all classes like the calibrated ones"
    )


def test_a_table_of_one_class_is_named_by_its_class() -> None:
    of_three = trees(schema=schema(classes=("a", "b", "c")), risk_tables={}, golden=None)
    flat = {index: [[0.0, 0.4], [1.0, 0.4 if index == 1 else 0.9]] for index in range(3)}
    stored = StoredCalibration(kind="regular_multiclass", tables=flat, where="calibration")

    assert said(replace(of_three, calibrations=(stored,)))["calibration.flat"] == (
        'warning: calibrator of class "b": every raw score becomes 0.4, so a calibrated score tells no '
        "record from another"
    )


def test_a_calibrator_that_another_goes_before_is_told() -> None:
    both = (table((0.0, 0.1), (1.0, 0.9)), replace(table((0.0, 0.2), (1.0, 0.9)), kind="regular_multiclass"))
    second = replace(both[1], tables={0: both[1].tables[1], 1: both[1].tables[1]}, where="calibration/models")

    assert said(trees(calibrations=(both[0], second))) == {
        "calibration.unused": "note: calibration/models: it is there and not used, because the calibrator of "
        "kind regular goes before it"
    }


KNOTS = tuple((knot / 10, 0.1 + 0.08 * knot) for knot in range(11))
SPREAD = np.linspace(0.005, 0.995, 100).tolist()
GATHERED = [*SPREAD[:70], *np.linspace(0.91, 0.99, 30).tolist()]


def test_scores_that_gather_in_one_segment_are_told() -> None:
    gathered = trees(calibrations=(table(*KNOTS),), golden=golden(GATHERED))

    assert said(gathered) == {
        "calibration.one-segment": "warning: calibrator: 30 % of the real golden scores lie between two "
        "knots, 0.9 and 1, where it is one straight line: it is coarse where the scores are"
    }


def test_scores_that_gather_beyond_the_knots_are_told() -> None:
    gathered = trees(calibrations=(table(*KNOTS[:9]),), golden=golden(GATHERED))

    assert said(gathered)["calibration.one-segment"] == (
        "warning: calibrator: 30 % of the real golden scores lie above its last knot, where every score "
        "becomes the same: it is coarse where the scores are"
    )


@pytest.mark.parametrize(
    "scores",
    [
        golden(SPREAD),
        golden(GATHERED[-40:]),
        golden(GATHERED, source="schema"),
        golden(GATHERED, derived=60),
    ],
    ids=["they spread", "few", "not real", "few real ones"],
)
def test_where_scores_gather_is_asked_of_enough_real_records(scores: GoldenSet) -> None:
    found = said(trees(calibrations=(table(*KNOTS),), golden=scores))

    assert "calibration.one-segment" not in found


def test_a_table_whose_distance_from_its_curve_is_known_may_be_coarse() -> None:
    known = json.dumps({"calibration": {"knot_error": 0.0005}}).encode()
    plain = trees(calibrations=(table(*KNOTS),), golden=golden(GATHERED))

    assert said(replace(plain, files=MemoryFiles({"training.json": known}))) == {}
