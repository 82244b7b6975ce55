"""Functions of an implementation that is not ours: steps, tokenizers, calibration, fits, answer formats."""

import pytest
from departures import DEPARTURES
from function_entries import departure_of, same
from recorded_functions import entries_of, function_files, replay_file
from recorded_suite import Suite, at_collection

pytestmark = pytest.mark.conformance


@pytest.mark.parametrize("file", at_collection(function_files))
def test_every_recorded_call_gives_its_right_value(file: str, suite: Suite) -> None:
    tally = replay_file(suite, file)

    assert tally.disagreements == []
    assert tally.stored + tally.expected == tally.requests > 0


@pytest.mark.parametrize("file", sorted({departure.file for departure in DEPARTURES}))
def test_every_departure_is_one(file: str, suite: Suite) -> None:
    entries = [
        (entry, departure)
        for entry in entries_of(suite, file)
        if (departure := departure_of(file, entry, DEPARTURES))
    ]

    needed = {
        departure.entries
        for entry, departure in entries
        if not same(departure.right_of(entry), entry.stored, entry.tolerance)
    }

    assert needed == {departure.entries for departure in DEPARTURES if departure.file == file}
