"""The split rule: a row's part follows from its key alone."""

import csv
import gzip
import hashlib
import io
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from servable.train.split import Part, positions, split


def _exact(key: object) -> Decimal:
    """The position by exact arithmetic."""
    digest = hashlib.sha256(b"servable-split-v1:" + str(key).encode("utf-8")).digest()
    return Decimal(int.from_bytes(digest[:7], "big") >> 4) / Decimal(2**52)


def _part(place: Decimal) -> Part:
    if place < Decimal("0.7"):
        return Part.TRAIN
    if place < Decimal("0.8"):
        return Part.VALID
    return Part.CALIB if place < Decimal("0.9") else Part.TEST


@given(keys=st.lists(st.text() | st.integers(), max_size=30))
def test_a_row_goes_where_its_key_says(keys: list[object]) -> None:
    parts = split(positions(keys))

    found = {int(row): part for part, rows in parts.items() for row in rows}
    assert found == {row: _part(_exact(key)) for row, key in enumerate(keys)}


@given(keys=st.lists(st.text(), min_size=1, max_size=20), more=st.lists(st.text(), max_size=20))
def test_rows_that_are_added_move_no_other_row(keys: list[str], more: list[str]) -> None:
    assert positions([*keys, *more])[: len(keys)].tolist() == positions(keys).tolist()


def test_positions_lie_from_zero_to_below_one_and_bounds_belong_to_the_next_part() -> None:
    places = np.array([0.0, np.nextafter(0.7, 0), 0.7, 0.8, 0.9, 1 - 2**-52])

    parts = split(places)

    assert {part.value: rows.tolist() for part, rows in parts.items()} == {
        "train": [0, 1],
        "valid": [2],
        "calib": [3],
        "test": [4, 5],
    }


@pytest.mark.parametrize(
    ("file", "sizes"),
    [
        ("women_reviews.csv.gz", {"train": 16308, "valid": 2441, "calib": 2391, "test": 2346}),
        ("women_reviews_tiny.csv", {"train": 271, "valid": 52, "calib": 38, "test": 39}),
    ],
)
def test_the_reviews_are_split_as_everybody_splits_them(
    file: str, sizes: dict[str, int], shared_dir: Path
) -> None:
    data = (shared_dir / "data" / "women_reviews" / file).read_bytes()
    text = (gzip.decompress(data) if file.endswith(".gz") else data).decode("utf-8-sig")
    ids = [row[0] for row in csv.reader(io.StringIO(text, newline=""))][1:]

    parts = split(positions(ids))

    assert {part.value: len(rows) for part, rows in parts.items()} == sizes
