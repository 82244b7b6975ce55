"""What several folders of tests share: strategies for cells, tables and scores, and a small trained model."""

import csv
from pathlib import Path

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from servable.calibration import LookupTable
from servable.records import Cell, Table
from servable.train import TableSettings, XGBoostSettings, train

json_cells: SearchStrategy[Cell] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**64 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=20),
)
csv_cells: SearchStrategy[Cell] = st.none() | st.text(min_size=1, max_size=20)
names = st.lists(st.text(max_size=8), min_size=1, max_size=5, unique=True).map(tuple)
unit_scores = st.floats(0, 1)


@st.composite
def json_tables(draw: DrawFn) -> Table:
    """Named tables of cells that JSON can carry."""
    header = draw(names)
    row = st.tuples(*[json_cells] * len(header))
    return Table(names=header, rows=draw(st.lists(row, min_size=1, max_size=4)))


@st.composite
def csv_tables(draw: DrawFn) -> Table:
    """Named tables of texts and missing cells, which is what CSV can carry."""
    header = draw(names)
    row = st.tuples(*[csv_cells] * len(header))
    return Table(names=header, rows=draw(st.lists(row, min_size=1, max_size=4)))


@st.composite
def parquet_tables(draw: DrawFn) -> Table:
    """Named tables whose columns are all floats or all strings, with missing cells."""
    # the library ends the process at a NUL in a name; test_codecs_parquet_abort.py looks at that
    letters = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)
    header = draw(st.lists(letters, min_size=1, max_size=5, unique=True).map(tuple))
    floats: SearchStrategy[Cell] = st.none() | st.floats(allow_nan=False)
    texts: SearchStrategy[Cell] = st.none() | st.text(max_size=20)
    row = st.tuples(*[draw(st.sampled_from([floats, texts])) for _ in header])
    return Table(names=header, rows=draw(st.lists(row, min_size=1, max_size=4)))


@st.composite
def lookup_tables(draw: DrawFn) -> LookupTable:
    """Tables with rising raw scores, equal ones among them, and any calibrated scores."""
    coarse = st.integers(0, 8).map(lambda eighths: eighths / 8)
    x = sorted(draw(st.lists(unit_scores | coarse, min_size=2, max_size=8)))
    y = draw(st.lists(unit_scores | coarse, min_size=len(x), max_size=len(x)))
    return LookupTable(np.array(x), np.array(y))


def loan_rows(n: int, *, seed: int = 0) -> list[dict[str, Cell]]:
    """A small training table: an id, two numbers, two categories (one of them of numbers), a label.

    A tenth of the ages and of the regions is missing; the label follows income and region.
    """
    rng = np.random.default_rng(seed)
    regions = ["north", "south", "east", "NA"]
    rows: list[dict[str, Cell]] = []
    for index in range(n):
        income = round(float(rng.lognormal(10, 0.7)), 2)
        region = None if rng.random() < 0.1 else regions[int(rng.integers(len(regions)))]
        odds = (np.log(income) - 10) * 2 + (1.0 if region == "north" else -0.5)
        rows.append(
            {
                "id": f"r{index}",
                "age": None if rng.random() < 0.1 else int(rng.integers(18, 90)),
                "income": income,
                "region": region,
                "code": str(rng.choice([10, 20, 30])),
                "y": str(int(rng.random() < 1 / (1 + np.exp(-odds)))),
            }
        )
    return rows


def train_loans(folder: Path) -> Path:
    """The training output of a small model of `loan_rows`, in this folder."""
    rows = loan_rows(400)
    with (folder / "loans.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return train(
        folder / "loans.csv",
        folder / "output",
        columns=TableSettings(label="y", id_column="id", categorical=("code",)),
        settings=XGBoostSettings(num_round=20, max_depth=3),
    ).output
