"""Interpolation and calibration functions of an implementation that is not ours, table by table.

Tables that ours refuses, with the reason, stand in `REFUSED`. A NaN, which the other implementation
answers with the last value of the table, stays NaN here, so that it fails its request (decision 0004).
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from servable.calibration import Calibrator, CalibratorKind, LookupTable
from servable.errors import Damaged

pytestmark = pytest.mark.conformance

ACCEPTED = (
    "two_points",
    "flat",
    "duplicate_x",
    "decreasing",
    "starts_above_zero",
    "numpy_scalars",
    "lists_not_tuples",
)
REFUSED = {
    "one_point": "t: expected at least two pairs of numbers, found something else; "
    "fit the calibrator again or repair the table",
    "empty": "t: expected at least two pairs of numbers, found something else; "
    "fit the calibrator again or repair the table",
    "json_dict": "t: expected at least two pairs of numbers, found something else; "
    "fit the calibrator again or repair the table",
    "unsorted": "t, knot 2: expected raw scores in rising order, found a lower one; "
    "fit the calibrator again or repair the table",
}


@pytest.fixture(scope="module")
def vectors(shared_dir: Path) -> dict[str, Any]:
    path = shared_dir / "conformance" / "calibration_functions.json"
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def _binary(vectors: dict[str, Any], name: str) -> dict[str, Any]:
    return next(entry for entry in vectors["binary"] if entry["table"] == name)


def test_every_recorded_table_is_looked_at(vectors: dict[str, Any]) -> None:
    assert {entry["table"] for entry in vectors["binary"]} == {*ACCEPTED, *REFUSED}


@pytest.mark.parametrize("name", ACCEPTED)
def test_a_recorded_table_answers_within_one_unit_in_the_last_place(
    name: str, vectors: dict[str, Any]
) -> None:
    entry = _binary(vectors, name)
    inputs = np.array(vectors["inputs"], dtype=np.float64)

    found = LookupTable.of_pairs(entry["points"], where="t").apply(inputs)

    number = ~np.isnan(inputs)
    np.testing.assert_array_max_ulp(found[number], np.array(entry["scalar"])[number], maxulp=1)
    assert np.isnan(found[~number]).all()


@pytest.mark.parametrize("name", ACCEPTED)
def test_a_recorded_table_calibrates_two_classes_in_single_precision(
    name: str, vectors: dict[str, Any]
) -> None:
    entry = _binary(vectors, name)
    table = LookupTable.of_pairs(entry["points"], where="t")
    # The other implementation compares a single-precision score with a plain float knot in single
    # precision, so that at a step it takes the score for the knot; artifacts hold double knots.
    steps = table.x[1:][np.diff(table.x) == 0].astype(np.float32)
    scores = np.array(vectors["inputs"], dtype=np.float32)
    compared = ~np.isnan(scores) & ~np.isin(scores, steps)
    positive, right = scores[compared], np.array(entry["binary_float32"]["values"])[compared]

    found = Calibrator(kind=CalibratorKind.BINARY, tables={1: table}).apply(
        np.column_stack([1 - positive, positive])
    )

    assert found.dtype == np.float32
    np.testing.assert_allclose(found, right, atol=1e-7, rtol=0)


@pytest.mark.parametrize("name", REFUSED)
def test_a_recorded_table_that_says_nothing_certain_is_refused(name: str, vectors: dict[str, Any]) -> None:
    with pytest.raises(Damaged) as caught:
        LookupTable.of_pairs(_binary(vectors, name)["points"], where="t")

    assert str(caught.value) == REFUSED[name]


def test_recorded_per_class_tables_calibrate_more_classes(vectors: dict[str, Any]) -> None:
    for entry in vectors["multiclass"]:
        names = entry["name"] if isinstance(entry["name"], list) else sorted(entry["tables"])
        if not set(names) <= {"0", "1", "2"}:
            continue  # tables under category names are matched when the artifact is read, not here
        tables = {
            int(name): LookupTable.of_pairs(pairs, where="t") for name, pairs in entry["tables"].items()
        }
        raw = np.array(entry["raw"]["values"], dtype=np.float32)
        right = np.array(entry["calibrated"]["values"])

        found = Calibrator(kind=CalibratorKind.MULTICLASS, tables=tables).apply(raw)

        # a row whose calibrated scores are all zero keeps its raw scores instead of becoming NaN
        right = np.where(np.isnan(right), raw, right)
        np.testing.assert_allclose(found, right, atol=1e-6, rtol=0)


def test_a_table_for_two_classes_leaves_more_classes_raw(vectors: dict[str, Any]) -> None:
    raw = np.array(vectors["mixed"]["percentile_on_multiclass"]["values"], dtype=np.float32)
    table = LookupTable.of_pairs([[0, 0], [1, 0.5]], where="t")

    for kind in (CalibratorKind.PERCENTILE, CalibratorKind.BINARY):
        assert Calibrator(kind=kind, tables={1: table}).apply(raw).tolist() == raw.tolist()
