"""A profile on its way: written by training, packed, made anew of a table, read back, refused when broken."""

import csv
import json
import shutil
from collections import Counter
from pathlib import Path

import pytest

import servable
from servable.artifact import (
    OnDamage,
    Profile,
    ProfileSource,
    pretty_json,
    read_archive,
    read_artifact,
    write_tar_gz,
)
from servable.errors import Damaged
from servable.pack import DerivedRecords, GoldenChoice, KeptRecords, NoRecords, RecordsOfTable, pack
from servable.train.split import Part, positions, split


def profile_in(path: Path) -> Profile:
    found = read_artifact(path).profile
    assert found is not None
    return found


def cells(table: Path) -> list[dict[str, str]]:
    with table.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


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
    table = tmp_path / "others.csv"
    with (training_output.parent / "loans.csv").open() as file:
        head, *lines = file.read().splitlines(keepends=True)
    table.write_text(head + "".join(lines[:300]) * 2)

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


def test_a_profile_of_other_fields_in_a_manifest_is_refused(training_output: Path, tmp_path: Path) -> None:
    members = dict(read_archive(pack(training_output, tmp_path / "model.tar.gz").output))
    manifest = json.loads(members["manifest.json"])
    manifest["profile"]["numbers"][0]["field"] = "price"
    write_tar_gz(tmp_path / "odd.tar.gz", members | {"manifest.json": pretty_json(manifest)})

    with pytest.raises(Damaged) as caught:
        read_artifact(tmp_path / "odd.tar.gz")

    assert "manifest.json: $.profile: expected the numeric fields age, income" in str(caught.value)


def test_a_training_output_without_a_profile_is_read(training_output: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(training_output, tmp_path / "trained")
    (copy / "profile.json").unlink()

    assert read_artifact(copy).profile is None


def test_a_broken_profile_is_refused_or_passed_over_and_told(training_output: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(training_output, tmp_path / "trained")
    (copy / "profile.json").write_text('{"format": 1}')

    with pytest.raises(Damaged):
        read_artifact(copy)
    tolerated = read_artifact(copy, on_damage=OnDamage.WARN)

    assert tolerated.profile is None
    assert [sentence.partition(":")[0] for sentence in tolerated.degradations] == ["profile.json"]
