"""Stored tables and the folders they lie in: what is refused before anything is made of it."""

import pickle
from pathlib import Path

import pytest

from servable.artifact import MemoryFiles, calibrated_classes, read_calibrations, read_files
from servable.artifact.files import FolderFiles
from servable.artifact.tables import imputation_values, read_twin, risk_tables
from servable.errors import BadInput, Damaged
from tiny_outputs import as_json, network_output

_CLASSES = "calibration/calibration_models"
_PAIRS = as_json([[0.0, 0.0], [1.0, 1.0]])


# --- a table in two forms


@pytest.mark.parametrize(
    ("name", "data"), [("impute_dict.json", b"null"), ("impute_dict.pkl", pickle.dumps(None))]
)
def test_a_file_that_holds_nothing_is_damage_and_not_a_missing_file(name: str, data: bytes) -> None:
    with pytest.raises(Damaged, match="expected a table, found nothing in the file") as caught:
        read_twin(MemoryFiles({name: data}), "impute_dict")

    assert str(caught.value).startswith(name)
    assert read_twin(MemoryFiles({}), "impute_dict") is None


@pytest.mark.parametrize("number", [3.5e38, -1e300, 10**400], ids=["close", "far", "beyond a double"])
def test_numbers_that_float32_does_not_hold_are_damage(number: float) -> None:
    for tables in ({"bins": {"a": number}, "default_bin": 0}, {"bins": {}, "default_bin": number}):
        with pytest.raises(Damaged, match="numbers that float32 holds"):
            risk_tables({"region": tables}, where="risk_table_map")
    with pytest.raises(Damaged, match="numbers that float32 holds"):
        imputation_values({"age": number}, where="impute_dict")


# --- tables by class


@pytest.mark.parametrize("index", ["1000", "999999999", "9" * 5_000], ids=["next", "far", "unreadable"])
def test_a_table_of_a_class_beyond_the_limit_is_refused_and_makes_no_classes(index: str) -> None:
    names = ("0", index)
    files = MemoryFiles({f"{_CLASSES}/calibration_model_class_{name}.json": _PAIRS for name in names})

    assert calibrated_classes(files) == ("0",)
    found, broken = read_calibrations(files, ("0", "1"))
    assert found == []
    assert "expected tables of at most 1000 classes, found one of the class 9" in str(broken[0]) or (
        index == "1000" and "found one of the class 1000;" in str(broken[0])
    )


def test_two_tables_of_one_class_are_refused() -> None:
    files = MemoryFiles(
        {f"{_CLASSES}/{name}.json": _PAIRS for name in ("0", "1", "calibration_model_class_0")}
    )

    found, broken = read_calibrations(files, ("0", "1"))

    assert found == []
    assert str(broken[0]).startswith(
        f"{_CLASSES}/0: expected one table for each class, found a second one, "
        f"{_CLASSES}/calibration_model_class_0;"
    )


def test_a_sentence_lists_the_first_few_classes_that_have_no_table() -> None:
    classes = tuple(f"class {number}" for number in range(300))
    files = MemoryFiles({f"{_CLASSES}/other {number}.json": _PAIRS for number in range(300)})

    _, broken = read_calibrations(files, classes)

    assert "class 8, class 9 and 290 more, found one of" in str(broken[0])
    assert len(str(broken[0])) < 400


# --- what an artifact is


@pytest.mark.parametrize("booster", ["xgboost_model.bst", "lightgbm_model.txt"])
def test_a_booster_beside_a_network_is_refused_with_both(booster: str) -> None:
    with pytest.raises(BadInput) as caught:
        read_files(MemoryFiles(network_output() | {booster: b"trees"}))

    assert caught.value.code == "artifact.layout"
    assert f"expected one model, found a booster, {booster}, and a network, model.pth;" in str(caught.value)


# --- folders of links


@pytest.fixture
def snapshot(tmp_path: Path) -> Path:
    """A revision in a cache of the hub: links to the blobs of its repository."""
    repository = tmp_path / "models--org--tiny"
    folder = repository / "snapshots" / "abc"
    (repository / "blobs").mkdir(parents=True)
    folder.mkdir(parents=True)
    (repository / "blobs" / "1").write_bytes(b"{}")
    (folder / "config.json").symlink_to("../../blobs/1")
    return folder


def test_a_snapshot_of_the_hub_is_read_through_its_links(snapshot: Path) -> None:
    assert FolderFiles(snapshot).read("config.json") == b"{}"


def test_a_link_out_of_the_repository_of_a_snapshot_is_refused(snapshot: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"{}")
    (snapshot / "other.json").symlink_to("../../../secret")

    with pytest.raises(Damaged, match="a link to another place"):
        FolderFiles(snapshot)


def test_a_link_out_of_any_other_folder_is_refused(snapshot: Path, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "config.json").symlink_to(snapshot / "config.json")

    with pytest.raises(Damaged, match="a link to another place"):
        FolderFiles(folder)
