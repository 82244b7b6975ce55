"""A profile on its way: written by training, packed, made anew of a table, read back, refused when broken."""

import csv
import json
import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import servable
from servable.artifact import (
    Profile,
    ProfileSource,
    pretty_json,
    read_archive,
    read_artifact,
    write_tar_gz,
)
from servable.errors import Damaged
from servable.evaluate import profile_to_compare
from servable.pack import DerivedRecords, GoldenChoice, KeptRecords, NoRecords, RecordsOfTable, pack
from servable.pack.held_out import marked_rows
from servable.profile import read_rows
from servable.train.split import Part, positions, split
from servable.training_rows import read_training_rows


def profile_in(path: Path) -> Profile:
    found = read_artifact(path).profile
    assert found is not None
    return found


def cells(table: Path) -> list[dict[str, str]]:
    with table.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def others(table: Path, path: Path, n: int) -> Path:
    """Rows like those of training, none of which is one of them."""
    rows = cells(table)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows[at % len(rows)] | {"age": f"{20 + at / 16}"} for at in range(n))
    return path


@pytest.fixture(scope="module")
def table(training_output: Path) -> Path:
    return training_output.parent / "loans.csv"


def test_training_writes_the_profile_of_its_table_with_the_answers_to_held_out_rows(
    training_output: Path, table: Path
) -> None:
    rows = cells(table)
    parts = split(positions(row["id"] for row in rows))
    held_out = len(parts[Part.CALIB]) + len(parts[Part.TEST])

    found = profile_in(training_output)

    regions = Counter(row["region"] for row in rows if row["region"])
    assert (found.source, found.rows, found.held_out, found.scored) == ("train", 400, held_out, held_out)
    assert [part.field for part in found.numbers] == ["age", "income"]
    assert found.numbers[0].missing == sum(not row["age"] for row in rows)
    assert found.categories[0].categories == regions
    assert found.labels == tuple(sum(row["y"] == label for row in rows) for label in "01")
    assert found.scores[0] is not None
    assert found.scores[0].rows == held_out


@pytest.mark.parametrize(
    "golden", [KeptRecords(), DerivedRecords(), NoRecords()], ids=["kept", "derived", "none"]
)
def test_a_pack_keeps_the_profile_of_training(
    golden: GoldenChoice, training_output: Path, tmp_path: Path
) -> None:
    packed = pack(training_output, tmp_path / "model.tar.gz", golden=golden)

    assert profile_in(packed.output) == profile_in(training_output)


def test_a_pack_with_golden_records_of_a_table_has_the_profile_of_all_its_rows(
    training_output: Path, tmp_path: Path
) -> None:
    table = others(training_output.parent / "loans.csv", tmp_path / "others.csv", 600)

    packed = pack(training_output, tmp_path / "model.tar.gz", golden=RecordsOfTable(table))

    found = profile_in(packed.output)
    assert (found.source, found.rows, found.scored) == (ProfileSource.TABLE, 600, 600)
    assert found.labels is not None
    assert sum(found.labels) == 600


def test_packing_twice_gives_the_same_bytes_with_a_profile_of_a_table(
    training_output: Path, table: Path, tmp_path: Path
) -> None:
    first, second = (
        pack(training_output, tmp_path / name, golden=RecordsOfTable(table)).output.read_bytes()
        for name in ("a.tar.gz", "b.tar.gz")
    )

    assert first == second


def test_a_pack_of_before_there_were_profiles_is_read(training_output: Path, tmp_path: Path) -> None:
    members = dict(read_archive(pack(training_output, tmp_path / "model.tar.gz").output))
    manifest = json.loads(members["manifest.json"])
    del manifest["profile"]
    write_tar_gz(tmp_path / "old.tar.gz", members | {"manifest.json": pretty_json(manifest)})

    assert servable.load(tmp_path / "old.tar.gz").artifact.profile is None


def test_a_profile_of_other_fields_in_a_manifest_is_left_out_and_told(
    training_output: Path, tmp_path: Path
) -> None:
    members = dict(read_archive(pack(training_output, tmp_path / "model.tar.gz").output))
    manifest = json.loads(members["manifest.json"])
    manifest["profile"]["numbers"][0]["field"] = "price"
    write_tar_gz(tmp_path / "odd.tar.gz", members | {"manifest.json": pretty_json(manifest)})

    found = read_artifact(tmp_path / "odd.tar.gz")

    assert found.profile is None
    assert found.remarks[-1].startswith("manifest.json: $.profile: expected the numeric fields age, income")
    assert found.manifest is not None
    assert json.loads(pretty_json(found.manifest.to_plain())) == manifest


def test_a_training_output_without_a_profile_is_read(training_output: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(training_output, tmp_path / "trained")
    (copy / "profile.json").unlink()

    assert read_artifact(copy).profile is None


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{"format": 1}', "Object missing required field `source`"),
        ('{"format": 2, "new": 1}', "version 2, written by a newer servable"),
        ("{", ""),
        ("[" * 100_000, ""),
        ("[1]", "Expected `object`, got `array`"),
    ],
    ids=["broken", "newer", "no-json", "deep", "list"],
)
def test_a_profile_that_cannot_be_read_stands_in_the_way_of_drift_alone(
    text: str, found: str, training_output: Path, tmp_path: Path
) -> None:
    copy = shutil.copytree(training_output, tmp_path / "trained")
    (copy / "profile.json").write_text(text)

    scorer = servable.load(copy)

    assert scorer.artifact.profile is None
    assert scorer.degradations == ()
    assert any(remark.startswith("profile.json") and found in remark for remark in scorer.artifact.remarks)
    with pytest.raises(Damaged) as caught:
        profile_to_compare(scorer)
    assert str(caught.value).startswith("profile.json")


def test_a_pack_does_without_a_newer_profile_and_remarks_it_until_another_takes_its_place(
    training_output: Path, table: Path, tmp_path: Path
) -> None:
    copy = shutil.copytree(training_output, tmp_path / "trained")
    (copy / "profile.json").write_text('{"format": 2}')

    without = pack(copy, tmp_path / "without.tar.gz")
    anew = pack(copy, tmp_path / "anew.tar.gz", golden=RecordsOfTable(table))

    assert (without.profile, [remark[:12] for remark in without.manifest.remarks]) == (None, ["profile.json"])
    assert "profile for drift: none" in without.summary_lines()
    assert (anew.profile, profile_in(anew.output)) == (profile_in(anew.output), anew.profile)
    assert anew.manifest.remarks == ()


@pytest.mark.parametrize(("rows", "source"), [(499, "train"), (500, "table")])
def test_a_small_table_of_golden_records_leaves_the_profile_of_training(
    rows: int, source: str, training_output: Path, table: Path, tmp_path: Path
) -> None:
    golden = RecordsOfTable(others(table, tmp_path / "golden.csv", rows))

    packed = pack(training_output, tmp_path / "model.tar.gz", golden=golden)

    assert profile_in(packed.output).source == source


def test_rows_that_training_used_are_not_held_out_of_a_profile(
    training_output: Path, table: Path, tmp_path: Path
) -> None:
    rows = cells(table)
    known = read_training_rows(read_artifact(training_output).files)
    assert known is not None
    fresh = others(table, tmp_path / "both.csv", 600)
    with fresh.open("a", newline="", encoding="utf-8") as file:
        csv.DictWriter(file, rows[0]).writerows(rows)

    found = profile_in(pack(training_output, tmp_path / "model.tar.gz", golden=RecordsOfTable(fresh)).output)

    used = known.rows + known.held_out.seen
    assert (found.source, found.rows, found.held_out) == (ProfileSource.TABLE, 1000, 1000 - used)


@pytest.mark.parametrize("has_labels", [True, False])
def test_a_table_of_rows_that_training_used_has_none_held_out(
    has_labels: bool, training_output: Path, table: Path
) -> None:
    artifact = read_artifact(training_output)
    known = read_training_rows(artifact.files)
    assert known is not None
    (rows,) = read_rows(table, artifact)
    labels = rows.labels
    assert labels is not None
    seen = rows.take(np.flatnonzero(known.seen(rows.records, labels)))

    marked = [*marked_rows([seen if has_labels else replace(seen, labels=None)], known, classes=2)]

    assert [part.is_fitted for part in marked] == [True]


def test_a_table_that_training_used_leaves_the_profile_of_training(
    training_output: Path, table: Path, tmp_path: Path
) -> None:
    artifact = read_artifact(training_output)
    known = read_training_rows(artifact.files)
    (rows,) = read_rows(table, artifact)
    assert known is not None
    assert rows.labels is not None
    head, *lines = table.read_text().splitlines(keepends=True)
    seen = known.seen(rows.records, rows.labels)
    path = tmp_path / "used.csv"
    path.write_text(head + "".join(line for line, is_used in zip(lines, seen, strict=True) if is_used) * 3)

    packed = pack(training_output, tmp_path / "model.tar.gz", golden=RecordsOfTable(path))

    assert profile_in(packed.output).source == "train"
