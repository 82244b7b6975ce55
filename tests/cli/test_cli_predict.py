"""Scoring files: one record, many formats, one answer."""

import csv
import gzip
import io
import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from arro3.core import Array, DataType, Table
from arro3.io import write_parquet

from fixtures_models import (
    COLUMNS,
    FIELDS,
    ID,
    Endpoint,
    Model,
    Row,
    rows_of_table,
    run,
    run_apart,
    run_well,
    write_table,
)

N = 5000
"""More than one block of 4,096 rows."""

HEADER = [ID, "raw_0", "raw_1", "calibrated_0", "calibrated_1", "label"]
TYPES = dict(zip(COLUMNS, [DataType.utf8(), DataType.int64(), DataType.float64()], strict=False))


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    return rows_of_table(N, seed=23)


@pytest.fixture(scope="module")
def tables(rows: list[Row], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same rows in every format, their columns with the label."""
    folder = tmp_path_factory.mktemp("tables")
    plain = write_table(folder / "rows.csv", rows)
    (folder / "rows.csv.gz").write_bytes(gzip.compress(plain.read_bytes(), mtime=0))
    lines = [json.dumps(record) for record in records(rows)]
    (folder / "rows.ndjson").write_text("".join(f"{line}\n" for line in lines))
    (folder / "rows.json").write_text(f"[{','.join(lines)}]")
    columns = [
        Array(list(column), TYPES.get(name, DataType.int64() if name == COLUMNS[-1] else DataType.utf8()))
        for name, column in zip(COLUMNS, zip(*rows, strict=True), strict=True)
    ]
    with (folder / "rows.parquet").open("wb") as file:
        write_parquet(Table.from_arrays(columns, names=list(COLUMNS)), file)
    return folder


@pytest.fixture(scope="module")
def scores(tables: Path, model: Model) -> str:
    """What `predict` writes for the CSV file."""
    ran = run_apart("predict", model.archive, tables / "rows.csv", cwd=tables)
    assert (ran.exit_code, ran.stderr) == (0, "")
    return ran.stdout


def records(rows: Sequence[Row]) -> list[dict[str, object]]:
    return [dict(zip(COLUMNS, row, strict=True)) for row in rows]


def cells(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text)))


def test_raw_and_calibrated_scores_stand_beside_the_id(scores: str, rows: list[Row]) -> None:
    header, *lines = cells(scores)

    assert header == HEADER
    assert [line[0] for line in lines] == [row[0] for row in rows]
    for _, raw_0, raw_1, calibrated_0, calibrated_1, label in lines:
        assert float(raw_0) + float(raw_1) == pytest.approx(1.0, abs=1e-6)
        assert float(calibrated_0) + float(calibrated_1) == pytest.approx(1.0, abs=1e-6)
        assert label == f"class-{int(float(raw_1) > float(raw_0))}"
    assert any(line[2] != line[4] for line in lines)


@pytest.mark.parametrize("name", ["rows.csv.gz", "rows.ndjson", "rows.json", "rows.parquet"])
def test_the_format_of_the_table_does_not_change_a_score(
    name: str, scores: str, tables: Path, model: Model
) -> None:
    assert run_well("predict", model.archive, tables / name, cwd=tables).stdout == scores


def test_json_lines_hold_the_same_scores(scores: str, tables: Path, model: Model) -> None:
    ran = run_well("predict", model.archive, tables / "rows.csv", "--json", cwd=tables)

    found = [json.loads(line, parse_float=str) for line in ran.stdout.splitlines()]
    assert [[row[ID], *row["raw"], *row["calibrated"], row["label"]] for row in found] == cells(scores)[1:]


def test_an_output_file_holds_what_standard_output_would(
    scores: str, tables: Path, model: Model, tmp_path: Path
) -> None:
    ran = run_well("predict", model.archive, tables / "rows.csv", "-o", "scores.csv", cwd=tmp_path)

    assert ran.stdout == ""
    assert (tmp_path / "scores.csv").read_text() == scores
    assert [path.name for path in tmp_path.iterdir()] == ["scores.csv"]


def test_a_table_without_header_and_ids_is_read_by_position(
    scores: str, rows: list[Row], model: Model, tmp_path: Path
) -> None:
    write_table(tmp_path / "rows.csv", [row[1:-1] for row in rows[:50]], columns=FIELDS)
    body = (tmp_path / "rows.csv").read_text().partition("\n")[2]
    (tmp_path / "rows.csv").write_text(body)

    ran = run_well("predict", model.archive, "rows.csv", cwd=tmp_path)

    assert cells(ran.stdout)[1:] == [["", *line[1:]] for line in cells(scores)[1:51]]


def test_the_columns_of_a_table_may_stand_in_any_order(
    scores: str, rows: list[Row], model: Model, tmp_path: Path
) -> None:
    write_table(tmp_path / "rows.csv", [row[::-1] for row in rows[:50]], columns=COLUMNS[::-1])

    ran = run_well("predict", model.archive, "rows.csv", cwd=tmp_path)

    assert cells(ran.stdout) == cells(scores)[:51]


def test_an_endpoint_gives_the_scores_of_predict(scores: str, rows: list[Row], endpoint: Endpoint) -> None:
    body = "".join(f"{json.dumps(record)}\n" for record in records(rows)).encode()

    reply = endpoint.invoke(body, "application/x-ndjson", accept="text/csv")

    assert reply.status == 200
    assert cells(reply.body.decode()) == [line[1:] for line in cells(scores)[1:]]


@pytest.mark.slow
def test_a_training_output_scores_as_its_pack_does(scores: str, tables: Path, model: Model) -> None:
    ran = run_well("predict", model.trained, tables / "rows.csv", cwd=tables)

    ours, theirs = cells(ran.stdout), cells(scores)
    assert [(line[0], line[5]) for line in ours] == [(line[0], line[5]) for line in theirs]
    for our_line, their_line in zip(ours[1:], theirs[1:], strict=True):
        assert list(map(float, our_line[1:5])) == pytest.approx(list(map(float, their_line[1:5])), abs=1e-5)


def test_what_was_scored_before_a_fault_has_been_written_by_then(
    scores: str, rows: list[Row], model: Model, tmp_path: Path
) -> None:
    faulty = list(rows)
    faulty[4500] = ("c4500", "forty", *rows[4500][2:])
    write_table(tmp_path / "rows.csv", faulty)

    ran = run("predict", model.archive, "rows.csv", cwd=tmp_path)

    assert ran.exit_code == 2
    assert ran.stdout.splitlines() == scores.splitlines()[: 1 + 4096]
    assert ran.stderr.startswith('error: rows.csv, record 4500, field "age": expected a number ')
