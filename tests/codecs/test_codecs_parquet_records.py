"""Parquet files of one record: what the reader finds in them is what was written."""

import io
import math

import pytest
from arro3.core import Array, DataType
from arro3.core import Table as ArrowTable
from arro3.io import read_parquet, write_parquet
from hypothesis import example, given, settings
from hypothesis import strategies as st

from servable.codecs import ParquetRecords, decode_request
from servable.errors import BadInput
from servable.records import Cell

PARQUET = "application/x-parquet"
NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
EXTREMES = (5e-324, -2.2250738585072014e-308, 1.7976931348623157e308, -0.0, math.inf, -math.inf, math.nan)
NUMBERS = st.one_of(st.floats(), st.sampled_from(EXTREMES))
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)


def read(data: bytes) -> dict[str, Cell]:
    table = decode_request(data, PARQUET)
    (row,) = table.rows
    return dict(zip(table.names or (), row, strict=True))


@settings(max_examples=100, deadline=None)
@given(
    columns=st.dictionaries(
        NAMES, st.one_of(st.none(), TEXTS, st.floats(allow_nan=False)), min_size=1, max_size=40
    )
)
def test_a_record_reads_back_as_it_was(columns: dict[str, Cell]) -> None:
    numbers = [name for name, cell in columns.items() if isinstance(cell, float)]
    records = ParquetRecords(list(columns), numbers=numbers)

    assert read(records.encode(list(columns.values()))) == columns
    assert read(records.encode([None] * len(columns))) == dict.fromkeys(columns)


@settings(max_examples=60, deadline=None)
@given(columns=st.dictionaries(NAMES, st.one_of(st.none(), TEXTS, NUMBERS), min_size=1, max_size=16))
@example(columns={"": "x" * 70_000, "a number": math.nan, "\U0001f600\u0301": "\0\ufeff\r\n", "none": None})
@example(columns={str(number): number for number in EXTREMES})
def test_another_reader_finds_the_cells_that_another_writer_of_the_same_record_has(
    columns: dict[str, str | float | None],
) -> None:
    numbers = [name for name, cell in columns.items() if isinstance(cell, float)]
    records = ParquetRecords(list(columns), numbers=numbers)
    other = io.BytesIO()
    types = {True: DataType.float64(), False: DataType.string()}
    arrays = [Array([cell], type=types[name in numbers]) for name, cell in columns.items()]
    write_parquet(ArrowTable.from_arrays(arrays, names=list(columns)), other)

    ours, theirs = (
        read_parquet(io.BytesIO(data)).read_all()
        for data in (records.encode(list(columns.values())), other.getvalue())
    )

    assert ours.column_names == theirs.column_names == list(columns)
    for mine, its in zip(ours.columns, theirs.columns, strict=True):
        assert mine.type == its.type
        assert repr(mine.to_pylist()) == repr(its.to_pylist())  # NaN and the sign of zero too


def test_records_of_one_writer_do_not_depend_on_those_before() -> None:
    records = ParquetRecords(["a", "b"], numbers=["a"])
    first = records.encode([1, "one"])
    others = [records.encode(cells) for cells in ([None, ""], [-0.0, "x" * 70_000], [1e308, None])]

    assert [read(other) for other in others] == [
        {"a": None, "b": ""},
        {"a": 0.0, "b": "x" * 70_000},
        {"a": 1e308, "b": None},
    ]
    assert math.copysign(1, float(str(read(others[1])["a"]))) == -1
    assert records.encode([1, "one"]) == first == ParquetRecords(["a", "b"], numbers=["a"]).encode([1, "one"])


def test_in_a_column_of_strings_a_number_is_its_string() -> None:
    records = ParquetRecords(["code"], numbers=[])

    assert [read(records.encode([cell]))["code"] for cell in (1, 1.0, "1", 7)] == ["1", "1.0", "1", "7"]


@pytest.mark.parametrize("columns", [1, 14, 15, 200, 3000])
def test_any_number_of_columns_can_be_written(columns: int) -> None:
    names = [f"column {number}" for number in range(columns)]
    cells = [float(number) if number % 2 else f"text {number}" for number in range(columns)]

    data = ParquetRecords(names, numbers=names[1::2]).encode(cells)

    assert read(data) == dict(zip(names, cells, strict=True))


def test_a_name_with_a_nul_is_one_sentence() -> None:
    with pytest.raises(BadInput, match="expected a name without a NUL, found one with it; rename the column"):
        ParquetRecords(["a\0"], numbers=[])
