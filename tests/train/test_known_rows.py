"""What a training output remembers of its rows: digests, by which they are known and from which none is."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from fixtures_models import Model
from servable.artifact import MemoryFiles, read_artifact
from servable.errors import Damaged
from servable.records import Records, Table
from servable.schema import Field, Kind, Schema
from servable.training_rows import TRAINING_ROWS, TrainingRows, read_training_rows

SCHEMA = Schema(
    fields=(Field("age", Kind.NUMERIC), Field("region", Kind.CATEGORICAL), Field("note", Kind.TEXT)),
    classes=("0", "1"),
)
Cells = tuple[object, object, object]
NOBODY: list[Cells] = []


def _rows(cells: list[Cells], names: tuple[str, ...] = ("age", "region", "note")) -> Records:
    if not cells:
        return SCHEMA.bind(Table(names=names, rows=[(1, "x", "y")])).take(np.array([], dtype=np.int64))
    return SCHEMA.bind(Table(names=names, rows=cells))


def _labels(n: int, label: int = 0) -> NDArray[np.int64]:
    return np.full(n, label, dtype=np.int64)


def _known(used: list[Cells], held_out: list[Cells] = NOBODY, **settings: int) -> TrainingRows:
    return TrainingRows.of(
        (_rows(used), _labels(len(used))), (_rows(held_out), _labels(len(held_out))), **settings
    )


def _numbered(first: int, last: int) -> list[Cells]:
    return [(number, "north", f"note {number}") for number in range(first, last)]


def test_a_row_is_known_again_by_its_fields_and_its_label() -> None:
    known = _known([(1, "north", "a note"), (2, None, None)])

    asked = _rows(
        [(1, "north", "a note"), (2, None, None), (1, "south", "a note"), (None, "north", "a note")]
    )

    assert known.seen(asked, _labels(4)).tolist() == [True, True, False, False]
    assert known.seen(asked, _labels(4, label=1)).tolist() == [False] * 4


def test_how_a_table_spells_a_row_makes_no_difference() -> None:
    known = _known([(0, "north", "a"), (1000, "7", None)])

    spelt = SCHEMA.bind(
        Table(names=("note", "age", "region"), rows=[("a", "-0.0", "north"), (None, "1e3", 7)])
    )

    assert known.seen(spelt, _labels(2)).tolist() == [True, True]


def test_missing_is_not_the_word_and_a_cell_is_not_its_neighbour() -> None:
    known = _known([(None, "null", None), (1, "a", "b")])

    asked = _rows([(None, None, "null"), (1, "b", "a"), (1, "ab", None)])

    assert known.seen(asked, _labels(3)).tolist() == [False] * 3


@given(st.lists(st.integers(0, 30), max_size=40), st.lists(st.integers(0, 30), max_size=40))
def test_up_to_the_most_digests_every_row_can_be_told(used: list[int], held_out: list[int]) -> None:
    cells = [[(number, "x", None) for number in numbers] for numbers in (used, held_out)]

    known = _known(cells[0], cells[1])

    assert known.rows == len(used)
    assert known.held_out == (len(held_out), sum(number in used for number in held_out))


def test_beyond_the_most_digests_a_share_of_the_rows_can_be_told_and_of_these_all() -> None:
    known = _known(_numbered(0, 3000), _numbered(2500, 3500), most=600)

    assert len(known.digests) == 600
    used = known.counts(_rows(_numbered(0, 3000)), _labels(3000))
    other = known.counts(_rows(_numbered(5000, 8000)), _labels(3000))
    assert used == (600, 600)
    assert 450 < other.told < 750  # a fifth of 3,000, whose standard deviation is 22
    assert other.seen == 0
    assert known.held_out.share == pytest.approx(0.5, abs=0.2)


def test_what_is_remembered_is_read_back() -> None:
    known = _known(_numbered(0, 50), _numbered(40, 60), most=20)

    found = read_training_rows(MemoryFiles(known.to_files()))

    assert found is not None
    assert (found.rows, found.limit, found.held_out) == (known.rows, known.limit, known.held_out)
    assert found.digests.tolist() == known.digests.tolist()
    assert read_training_rows(MemoryFiles({})) is None


def test_no_row_can_be_read_from_what_is_remembered() -> None:
    written = _known([(1, "north", "a secret note")]).to_files()[TRAINING_ROWS]

    assert b"secret" not in written
    assert b"north" not in written
    assert all(len(digest) == 12 for digest in json.loads(written)["digests"])


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"digests": ["0123456789AB"]}, "Expected `str` matching regex"),
        ({"digests": 3}, "Expected `array`, got `int`"),
        ({"rows": -1}, "Expected `int` >= 0"),
        ({"held_out": None}, "Expected `object`, got `null`"),
        ({"digest": "md5"}, "digests of another form"),
    ],
)
def test_what_is_remembered_is_refused_where_it_is_broken(change: dict[str, object], found: str) -> None:
    plain = json.loads(_known(_numbered(0, 3)).to_files()[TRAINING_ROWS])
    broken = MemoryFiles({TRAINING_ROWS: json.dumps(plain | change).encode()})

    with pytest.raises(Damaged) as caught:
        read_training_rows(broken)

    expected = "training_rows.json: expected what training writes about the rows that it used, found "
    assert str(caught.value).startswith(expected + found)


def test_a_training_output_remembers_what_its_training_used_and_its_pack_does_not(model: Model) -> None:
    artifact = read_artifact(model.trained)

    found = read_training_rows(artifact.files)

    assert found is not None
    rows = json.loads(artifact.files.read("training.json"))["split"]["rows"]
    assert found.rows == rows["train"] + rows["valid"]
    assert found.held_out.told == rows["calib"] + rows["test"]
    assert TRAINING_ROWS not in read_artifact(model.archive).files
