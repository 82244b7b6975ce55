"""Custom samples: records of files, checked against the schema and written in every content type."""

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest
from payload_artifacts import BARE

from servable.codecs import encode_table
from servable.errors import BadInput, NotFound, ServableError
from servable.payload.strategies.custom import custom_samples
from servable.records import Cell, Table

NAMES = ("note", "age", "region", "rate", "customer")
ROWS = [("a, b", 41, "007", 0.5, "c1"), (None, None, None, -3.25, "c2")]
EXPECTED = [
    {"note": "a, b", "age": 41, "region": "007", "rate": 0.5},
    {"note": None, "age": None, "region": None, "rate": -3.25},
]
TABLE = Table(names=NAMES, rows=ROWS)
GOOD = '{"note": "", "age": "1", "region": "", "rate": 0}'
HEADER = b"customer,rate,note,region,age\n"


def records(path: Path) -> list[dict[str, Cell]]:
    return [dict(record) for each in custom_samples(path, BARE) for record in each.records]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("sample.json", encode_table(TABLE, "application/json")),
        ("sample.jsonl", encode_table(TABLE, "application/x-ndjson")),
        ("sample.ndjson.gz", gzip.compress(encode_table(TABLE, "application/x-ndjson"), mtime=0)),
        ("header.csv", HEADER + b'c1,0.5,"a, b",007,41\nc2,-3.25,,,\n'),
        ("columns.csv", b'c1,007,41,0.5,"a, b"\nc2,,,-3.25,\n'),
        ("sample.parquet", encode_table(TABLE, "application/x-parquet")),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_record_of_a_file_is_a_sample_of_the_fields_in_order(
    tmp_path: Path, name: str, data: bytes
) -> None:
    (tmp_path / name).write_bytes(data)

    found = records(tmp_path / name)

    assert found == EXPECTED
    assert [list(record) for record in found] == [["note", "age", "region", "rate"]] * 2
    assert isinstance(found[0]["age"], int)


def test_a_folder_gives_the_records_of_its_files_in_the_order_of_their_names(tmp_path: Path) -> None:
    for name, age in (("b.json", 2), ("a.csv", 1), ("readme.md", 9)):
        cells = f'{{"note": null, "age": {age}, "region": "r", "rate": 1}}'
        text = f"c1,r,{age},1,\n" if name.endswith(".csv") else cells
        (tmp_path / name).write_text(text)
    (tmp_path / "c.json").mkdir()

    assert [record["age"] for record in records(tmp_path)] == [1, 2]


def _json(text: str) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        path = folder / "mine.json"
        path.write_text(text)
        return path

    return write


@pytest.mark.parametrize(
    ("make", "error", "sentence"),
    [
        (
            _json(f"[{GOOD}, {GOOD.replace('1', 'many')}]"),
            BadInput,
            'mine.json, record 1, field "age": expected a number between ',
        ),
        (
            _json('{"note": "", "age": 1, "rate": 1}'),
            BadInput,
            'mine.json, record 0, field "region": expected every field',
        ),
        (_json("[1]"), BadInput, "mine.json, "),
        (lambda folder: folder / "none.csv", NotFound, "expected a table in a file, found no such file"),
        (lambda folder: folder, BadInput, "expected files whose names end in .json, .ndjson, .jsonl, "),
    ],
    ids=["number", "field", "not a record", "no file", "empty folder"],
)
def test_a_sample_that_does_not_fit_is_one_sentence(
    tmp_path: Path, make: Callable[[Path], Path], error: type[ServableError], sentence: str
) -> None:
    with pytest.raises(error) as caught:
        records(make(tmp_path))

    assert sentence in str(caught.value)
