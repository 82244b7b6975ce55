"""Which rows of a table training used: by its recorded split, by digests, and when that is not known."""

import hashlib
import json
import shutil
from collections.abc import Sequence
from operator import add
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fixtures_models import COLUMNS, Model, Row, rows_of_table, write_table
from servable.artifact import Artifact, OnDamage, read_artifact
from servable.calibration import Method
from servable.datasets import read_labelled_blocks
from servable.errors import BadInput, Damaged
from servable.records import Table
from servable.train import (
    Evidence,
    Part,
    RowsOfTable,
    TrainingRows,
    UsedInTraining,
    calibrate,
    fitted_its_calibrator,
    parts_of,
    rows_of_part,
    used_in_training,
)
from servable.train.split import positions, split
from servable.training_rows import Counts

ROWS = rows_of_table(1200, seed=7)
"""Those of the model's own table."""

OTHERWISE = "leave `--part` out, or cut the table by yourself"


def _parts(keys: Sequence[object]) -> list[str]:
    found = split(positions(keys))
    parts = np.empty(len(keys), dtype=object)
    for part, rows in found.items():
        parts[rows] = part.value
    return list(parts)


def _saying(folder: Path, model: Model, **split_facts: object) -> Artifact:
    """The model as if its training had split its rows in another way."""
    copy = shutil.copytree(model.trained, folder / "copy")
    facts = json.loads((copy / "training.json").read_bytes())
    facts["split"] |= split_facts
    (copy / "training.json").write_text(json.dumps(facts))
    return read_artifact(copy)


def _used(table: Path, artifact: Artifact, part: Part | None = None) -> UsedInTraining:
    blocks: Any = read_labelled_blocks(table, artifact)
    if part is not None:
        blocks = rows_of_part(table, artifact, blocks, part=part)
    return used_in_training(table, artifact, blocks, part=part)


@pytest.mark.parametrize("kind", ["trained", "archive"])
def test_the_table_of_the_training_falls_into_the_parts_of_the_training(kind: str, model: Model) -> None:
    artifact = read_artifact(getattr(model, kind))

    (found,) = parts_of(model.table, artifact, read_labelled_blocks(model.table, artifact))

    assert found[1].tolist() == _parts([row[0] for row in ROWS])


def test_rows_of_other_tables_fall_into_parts_by_their_key(model: Model, tmp_path: Path) -> None:
    artifact = read_artifact(model.trained)
    table = write_table(tmp_path / "later.csv", [("n1", *ROWS[0][1:]), ("n2", *ROWS[1][1:]), ROWS[2]])

    (found,) = parts_of(table, artifact, read_labelled_blocks(table, artifact))

    assert found[1].tolist() == _parts(["n1", "n2", "c2"])


def test_rows_are_split_by_any_column_that_was_the_key(model: Model, tmp_path: Path) -> None:
    rows = [row for row in ROWS if row[3] is not None]
    table = write_table(tmp_path / "regions.csv", rows)
    artifact = _saying(tmp_path, model, key="region")

    (found,) = parts_of(table, artifact, read_labelled_blocks(table, artifact))

    assert found[1].tolist() == _parts([row[3] for row in rows])


def test_rows_without_a_label_have_no_number_in_the_split(model: Model, tmp_path: Path) -> None:
    rows = [(*row[:-1], None) if number % 3 == 0 else row for number, row in enumerate(ROWS)]
    table = write_table(tmp_path / "customers.csv", rows)
    artifact = _saying(tmp_path, model, key="row number")
    facts = json.loads((tmp_path / "copy/training.json").read_bytes())
    facts["data"]["sha256"] = _sha256(table)
    (tmp_path / "copy/training.json").write_text(json.dumps(facts))
    artifact = read_artifact(tmp_path / "copy")

    (found,) = parts_of(table, artifact, read_labelled_blocks(table, artifact))

    assert found[1].tolist() == _parts(range(800))


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


OTHER = "renewed"
"""Another column of labels of the same table."""


def _with_another_label(folder: Path, model: Model, *, key: object) -> tuple[Path, Artifact, list[int]]:
    """The table of a training that split by row numbers, in which not all rows have one label or the other.

    Returns:
        The table, the model, and the places of the rows that have the training's label.
    """
    rows = [
        (*row[:-1], None if number % 3 == 0 else row[-1], None if number % 4 == 0 else number % 2)
        for number, row in enumerate(ROWS)
    ]
    table = write_table(folder / "customers.csv", rows, columns=(*COLUMNS, OTHER))
    _saying(folder, model, key=key)
    facts = json.loads((folder / "copy/training.json").read_bytes())
    facts["data"]["sha256"] = _sha256(table)
    (folder / "copy/training.json").write_text(json.dumps(facts))
    return table, read_artifact(folder / "copy"), [number for number in range(1200) if number % 3]


@pytest.mark.parametrize("key", [None, "row number"])
def test_row_numbers_are_those_of_the_training_whatever_label_is_asked_for(
    key: object, model: Model, tmp_path: Path
) -> None:
    table, artifact, trained_on = _with_another_label(tmp_path, model, key=key)
    part_of = dict(zip(trained_on, _parts(range(800)), strict=True))

    ((block, parts),) = parts_of(table, artifact, read_labelled_blocks(table, artifact, label=OTHER))

    assert block.rows.tolist() == [number for number in range(1200) if number % 4]
    assert parts.tolist() == [part_of.get(number, "") for number in block.rows.tolist()]
    blocks = read_labelled_blocks(table, artifact, label=OTHER)
    (tested,) = rows_of_part(table, artifact, blocks, part=Part.TEST)
    assert tested.rows.tolist() == [
        number for number in range(1200) if number % 4 and part_of.get(number) == "test"
    ]
    used = used_in_training(table, artifact, read_labelled_blocks(table, artifact, label=OTHER))
    assert used.counts == (900, sum(part in ("train", "valid") for part in parts))


@pytest.mark.parametrize("key", [None, "row number"])
def test_a_column_may_be_called_row_number(key: object, model: Model, tmp_path: Path) -> None:
    is_column = key is not None
    table = write_table(
        tmp_path / "rows.csv", [(*row, row[0]) for row in ROWS], columns=(*COLUMNS, "row number")
    )
    artifact = _saying(tmp_path, model, key=key)

    def found() -> list[str]:
        ((_, parts),) = parts_of(table, artifact, read_labelled_blocks(table, artifact))
        return [str(part) for part in parts]

    if is_column:  # as a training wrote it that kept rows of one value there in one part
        assert found() == _parts([row[0] for row in ROWS])
    else:
        with pytest.raises(BadInput, match="since its rows were split by their number"):
            found()


def test_notes_that_are_no_facts_leave_the_others(model: Model, tmp_path: Path) -> None:
    copy = shutil.copytree(model.trained, tmp_path / "copy")
    facts = json.loads((copy / "training.json").read_bytes()) | {"calibration": "by hand"}
    (copy / "training.json").write_text(json.dumps(facts))
    (copy / "training_rows.json").unlink()

    found = _used(model.table, read_artifact(copy))

    assert (found.evidence, found.counts) == (Evidence.SPLIT, (1200, 974))
    assert not fitted_its_calibrator(model.table, read_artifact(copy))


@pytest.mark.parametrize(("part", "seen"), [(Part.TRAIN, 0.7), (Part.VALID, 0.1), (Part.CALIB, 0), (None, 0)])
def test_rows_of_another_file_that_the_key_gives_to_the_training_are_taken_for_its_own(
    part: Part | None, seen: float, model: Model, tmp_path: Path
) -> None:
    table = write_table(tmp_path / "fresh.csv", rows_of_table(1000, seed=99))

    found = _used(table, read_artifact(model.archive), part)

    assert found.evidence is (Evidence.SPLIT if seen else Evidence.NOTHING)
    assert found.counts.seen == (found.rows if seen else 0)
    assert found.is_beyond_chance is bool(seen)


def test_broken_notes_of_the_rows_are_passed_over_where_damage_is(model: Model, tmp_path: Path) -> None:
    copy = shutil.copytree(model.trained, tmp_path / "copy")
    (copy / "training_rows.json").write_text("[]")
    artifact, table = read_artifact(copy), write_table(tmp_path / "fresh.csv", rows_of_table(50, seed=99))

    def used(table: Path, **settings: Any) -> UsedInTraining:
        return used_in_training(table, artifact, read_labelled_blocks(table, artifact), **settings)

    with pytest.raises(Damaged, match=r"training_rows\.json: expected what training writes about the rows"):
        used(table)
    found = used(table, on_damage=OnDamage.WARN)
    assert (found.evidence, found.rows, found.is_beyond_chance) == (Evidence.NOTHING, 50, False)
    assert found.sentence().startswith(
        "whether training used rows of fresh.csv could not be checked: training_rows.json: expected "
    )
    assert found.to_plain()["damage"] == found.damage
    assert used(model.table).evidence is Evidence.SPLIT  # which needs no notes of the rows


def test_counts_are_added_to_counts_alone() -> None:
    assert Counts(2, 1) + Counts(3, 0) == (5, 1)
    with pytest.raises(TypeError):
        add(Counts(2, 1), (3, 0))


def test_rows_of_one_part_keep_their_numbers_cells_and_labels(model: Model) -> None:
    artifact = read_artifact(model.trained)

    (block,) = rows_of_part(
        model.table, artifact, read_labelled_blocks(model.table, artifact), part=Part.CALIB
    )

    expected = [number for number, part in enumerate(_parts([row[0] for row in ROWS])) if part == "calib"]
    assert block.rows.tolist() == expected
    assert block.table.column("customer") == [ROWS[number][0] for number in expected]
    assert block.labels.tolist() == [ROWS[number][-1] for number in expected]
    assert block.records.ids == tuple(ROWS[number][0] for number in expected)
    assert len(block.records) == len(expected)


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        (
            {"rule": "another"},
            "--part: expected a model whose training wrote down how it split its rows, found nothing about "
            "it",
        ),
        (
            {"key": "row number"},
            "--part: expected the file that the model was trained on, since its rows were split by their "
            "number, found another one, later.csv",
        ),
        (
            {"key": "household"},
            'later.csv: expected the column "household", by which training split its rows, found the columns '
            f"{', '.join(COLUMNS)}",
        ),
        (
            {"key": "customer"},
            'later.csv, record 1, column "customer": expected a value by which to decide what the row is '
            "for, found none",
        ),
    ],
)
def test_parts_that_cannot_be_told_are_refused(
    said: dict[str, object], sentence: str, model: Model, tmp_path: Path
) -> None:
    artifact = _saying(tmp_path, model, **said)
    rows: list[Row] = [ROWS[0], (None, *ROWS[1][1:])]
    table = write_table(tmp_path / "later.csv", rows)

    with pytest.raises(BadInput) as caught:
        list(parts_of(table, artifact, read_labelled_blocks(table, artifact)))

    assert str(caught.value).startswith(f"{sentence}; ")
    assert str(caught.value).endswith(OTHERWISE)


@pytest.mark.parametrize("kind", ["trained", "archive"])
@pytest.mark.parametrize(
    ("part", "told", "seen"),
    [
        (None, 1200, 974),
        (Part.TRAIN, 867, 867),
        (Part.VALID, 107, 107),
        (Part.CALIB, 113, 0),
        (Part.TEST, 113, 0),
    ],
)
def test_of_the_table_of_the_training_it_is_known_by_the_split(
    part: Part | None, told: int, seen: int, kind: str, model: Model
) -> None:
    found = _used(model.table, read_artifact(getattr(model, kind)), part)

    assert (found.evidence, found.rows, found.counts) == (Evidence.SPLIT, told, (told, seen))
    assert found.is_beyond_chance is (seen > 0)
    assert found.sentence() == (
        f"{seen:,} of {told:,} rows of customers.csv were used in training, by its recorded split"
    )


def test_rows_of_the_training_are_found_in_another_file_by_their_digests(
    model: Model, tmp_path: Path
) -> None:
    used = [row for row, part in zip(ROWS, _parts([row[0] for row in ROWS]), strict=True) if part == "train"]
    fresh = rows_of_table(300, seed=99)
    shuffled = [(f"other {number}", *row[1:]) for number, row in enumerate([*fresh, *used[:100]])]
    columns = ("customer", *reversed(COLUMNS[1:]))
    table = write_table(
        tmp_path / "mixed.csv", [(row[0], *reversed(row[1:])) for row in shuffled], columns=columns
    )

    found = _used(table, read_artifact(model.trained))

    assert (found.evidence, found.rows, found.counts.told) == (Evidence.DIGESTS, 400, 400)
    assert 100 <= found.counts.seen <= 102
    assert found.is_beyond_chance
    assert found.sentence() == (
        f"{found.counts.seen} of 400 rows of mixed.csv equal one that training used; of the rows that it "
        "held out, 0.0 % do by chance"
    )


def test_of_a_packed_artifact_and_another_file_nothing_is_known(model: Model, tmp_path: Path) -> None:
    table = write_table(tmp_path / "fresh.csv", rows_of_table(50, seed=99))

    found = _used(table, read_artifact(model.archive))

    assert (found.evidence, found.rows, found.counts) == (Evidence.NOTHING, 50, (0, 0))
    assert not found.is_beyond_chance
    assert found.sentence() == (
        "nothing could be checked: the model does not say which rows its training used, so whether those of "
        "fresh.csv are among them is not known"
    )


def test_of_a_sampled_training_it_is_known_by_the_digests_which_rows_were_drawn(
    model: Model, tmp_path: Path
) -> None:
    artifact = _saying(tmp_path, model, sample=700)

    found = _used(model.table, artifact)

    assert (found.evidence, found.counts) == (Evidence.DIGESTS, (1200, 974))
    assert found.is_beyond_chance


def _found(seen: int, told: int, *, held_out: tuple[int, int]) -> UsedInTraining:
    return UsedInTraining(
        table="t.csv",
        rows=told,
        evidence=Evidence.DIGESTS,
        counts=Counts(told, seen),
        by_chance=Counts(*held_out),
    )


@pytest.mark.parametrize(
    ("seen", "told", "held_out", "is_beyond"),
    [
        (0, 1000, (1000, 0), False),
        (5, 1000, (1000, 0), False),  # half of one row in a hundred
        (9, 1000, (100_000, 0), False),  # still not one in a hundred
        (20, 1000, (1000, 0), True),
        (900, 1000, (1000, 900), False),  # rows of few different values
        (930, 1000, (1000, 900), False),  # within three standard errors
        (945, 1000, (1000, 900), True),
        (100, 1000, (1000, 300), False),  # fewer than by chance
        (1, 20, (1000, 10), False),  # one row of a few may be chance
        (20, 20, (1000, 10), True),
        (0, 0, (1000, 10), False),  # none can be told
        (500, 1000, (0, 0), True),
    ],
)
def test_rows_are_beyond_chance_by_three_standard_errors_and_one_in_a_hundred(
    seen: int, told: int, held_out: tuple[int, int], is_beyond: bool
) -> None:
    assert _found(seen, told, held_out=held_out).is_beyond_chance is is_beyond


def test_held_out_rows_with_many_duplicates_are_no_training_rows(model: Model, tmp_path: Path) -> None:
    artifact = read_artifact(model.trained)
    draws = np.random.default_rng(5)

    def few(n: int) -> Any:
        cells = [(int(age), 1, "north", "basic") for age in draws.integers(20, 60, n)]
        records = artifact.schema.bind(Table(names=("age", "income", "region", "plan"), rows=cells))
        return records, np.zeros(n, dtype=np.int64)

    known = TrainingRows.of(few(60), few(400))

    found = UsedInTraining(
        table="t",
        rows=300,
        evidence=Evidence.DIGESTS,
        counts=known.counts(*few(300)),
        by_chance=known.held_out,
    )
    assert found.counts.share > 0.5
    assert not found.is_beyond_chance


def test_what_fitted_the_calibrator_is_known_of_training_and_of_a_copy(model: Model, tmp_path: Path) -> None:
    trained = read_artifact(model.trained)
    table = write_table(tmp_path / "fresh.csv", rows_of_table(100, seed=99))
    calibrate(model.archive, tmp_path / "copy", rows=RowsOfTable(path=table), method=Method.PLATT)
    copy = read_artifact(tmp_path / "copy")

    assert fitted_its_calibrator(model.table, trained)
    assert fitted_its_calibrator(model.table, trained, part=Part.CALIB)
    assert not fitted_its_calibrator(model.table, trained, part=Part.TEST)
    assert not fitted_its_calibrator(table, trained)
    assert fitted_its_calibrator(table, copy)
    assert fitted_its_calibrator(table, copy, part=Part.TEST)
    assert not fitted_its_calibrator(model.table, copy)
