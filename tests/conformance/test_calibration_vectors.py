"""Recorded calibration tables as an artifact's file would hold them: which are read, which are refused, why.

What the handler's functions answer with them is compared with the other recorded functions.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from servable.calibration import LookupTable
from servable.errors import Damaged

pytestmark = pytest.mark.conformance

ACCEPTED = (
    "two_points",
    "flat",
    "duplicate_x",
    "starts_above_zero",
    "numpy_scalars",
    "lists_not_tuples",
)
_LIST = "t: expected a list of at least two pairs of numbers, found"
_FIX = "fit the calibrator again or repair the table"
REFUSED = {
    "one_point": f"{_LIST} 1; {_FIX}",
    "empty": f"{_LIST} 0; {_FIX}",
    "json_dict": f"{_LIST} something else; {_FIX}",
    "unsorted": f"t, knot 2: expected raw scores in rising order, found [0.3, 0.2] after [0.8, 0.9]; {_FIX}",
    "decreasing": "t, knot 1: expected calibrated scores that do not fall, found [1.0, 0.0] after "
    f"[0.0, 1.0]; {_FIX}",
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
def test_a_recorded_table_that_is_sound_is_read(name: str, vectors: dict[str, Any]) -> None:
    points = _binary(vectors, name)["points"]

    assert LookupTable.of_pairs(points, where="t").pairs() == [(x, y) for x, y in points]


@pytest.mark.parametrize("name", REFUSED)
def test_a_recorded_table_that_says_nothing_certain_is_refused(name: str, vectors: dict[str, Any]) -> None:
    with pytest.raises(Damaged) as caught:
        LookupTable.of_pairs(_binary(vectors, name)["points"], where="t")

    assert str(caught.value) == REFUSED[name]
