"""Parquet files of one record: what the reader finds in them is what was written."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from servable.codecs import ParquetRecords, decode_request
from servable.errors import BadInput
from servable.records import Cell

PARQUET = "application/x-parquet"
NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
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
