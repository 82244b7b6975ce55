"""Tables that a model cannot be trained on, or that it cannot score."""

from pathlib import Path

import pytest
from bad_input_cases import refusal

from fixtures_models import COLUMNS, FIELDS, ID, LABEL, rows_of_table, write_table

FAMILY = ("--family", "xgboost", "--num-round", "2")


@pytest.mark.slow
def test_a_label_that_the_table_lacks_is_refused(workshop: Path) -> None:
    message = refusal("train", "customers.csv", "--label", "left", *FAMILY, "-o", "out", cwd=workshop)

    assert message == (
        'error: customers.csv, table: expected a column "left", '
        "found the columns customer, age, income, region, plan, churned; name a column of the table\n"
    )


@pytest.mark.slow
def test_a_label_of_one_class_is_refused(tmp_path: Path) -> None:
    write_table(tmp_path / "one.csv", [(*row[:-1], 1) for row in rows_of_table(40, seed=1)])

    message = refusal("train", "one.csv", "--label", LABEL, *FAMILY, "-o", "out", cwd=tmp_path)

    assert message == (
        'error: one.csv, column "churned": expected two classes, which is what this version trains, '
        "found 1 (1); name another label, or make it two classes\n"
    )


@pytest.mark.slow
def test_a_column_named_id_must_be_explained(tmp_path: Path) -> None:
    write_table(tmp_path / "ids.csv", rows_of_table(40, seed=1), columns=("id", *COLUMNS[1:]))

    message = refusal("train", "ids.csv", "--label", LABEL, *FAMILY, "-o", "out", cwd=tmp_path)

    assert message == (
        'error: ids.csv, column "id": expected to be told whether it identifies rows, '
        "found no word about it; pass `--id id` to echo it beside the scores, or `--drop id`\n"
    )


@pytest.mark.slow
def test_a_table_too_small_to_split_is_refused(tmp_path: Path) -> None:
    write_table(tmp_path / "few.csv", rows_of_table(3, seed=1))

    message = refusal("train", "few.csv", "--label", LABEL, "--id", ID, *FAMILY, "-o", "out", cwd=tmp_path)

    assert message.endswith("train on a larger table\n")
    assert message.count("\n") == 1


@pytest.mark.slow
def test_a_table_with_an_unknown_ending_is_refused(tmp_path: Path) -> None:
    (tmp_path / "customers.xlsx").write_bytes(b"PK")

    message = refusal("train", "customers.xlsx", "--label", LABEL, *FAMILY, "-o", "out", cwd=tmp_path)

    assert message == (
        "error: customers.xlsx: expected a name that ends in .csv, .ndjson, .jsonl, .json, .parquet, "
        "found another ending; convert the table or rename the file\n"
    )


def test_a_row_that_is_narrower_than_the_header_is_refused(workshop: Path) -> None:
    (workshop / "rows.csv").write_text("age,income,region,plan\n39,1000.5,north,plus\n40,2000.5,south\n")

    message = refusal("predict", "model.tar.gz", "rows.csv", "-o", "scores.csv", cwd=workshop)

    assert message == (
        "error: rows.csv, record 1: expected 4 cells, as the header has, found 3; "
        "write a cell for every column, empty if the value is missing\n"
    )


def test_a_number_that_does_not_parse_is_named_by_record_and_field(workshop: Path) -> None:
    (workshop / "rows.csv").write_text("age,income,region,plan\n39,1000.5,north,plus\nforty,1,south,plus\n")

    message = refusal("predict", "model.tar.gz", "rows.csv", "-o", "scores.csv", cwd=workshop)

    assert message == (
        'error: rows.csv, record 1, field "age": expected a number between -3.403e+38 and 3.403e+38, '
        "found the string 'forty'; send a number, or null if the value is missing\n"
    )


def test_a_field_that_a_table_lacks_is_named(workshop: Path) -> None:
    (workshop / "rows.ndjson").write_text('{"age": 39, "income": 1000.5, "region": "north"}\n')

    message = refusal("predict", "model.tar.gz", "rows.ndjson", "-o", "scores.csv", cwd=workshop)

    assert message == (
        'error: rows.ndjson, record 0, field "plan": expected every field to be present, '
        "found no such key; add it, with null if the value is missing\n"
    )


def test_a_fault_behind_the_first_block_leaves_no_output(workshop: Path) -> None:
    rows = [row[1:-1] for row in rows_of_table(5000, seed=3)]
    rows[4500] = ("forty", *rows[4500][1:])
    write_table(workshop / "rows.csv", rows, columns=FIELDS)

    message = refusal("predict", "model.tar.gz", "rows.csv", "-o", "scores.csv", cwd=workshop)

    assert message == (
        'error: rows.csv, record 4500, field "age": expected a number between -3.403e+38 and 3.403e+38, '
        "found the string 'forty'; send a number, or null if the value is missing\n"
    )


def test_a_setting_of_payload_that_is_not_served_is_refused(workshop: Path) -> None:
    types = ("--content-types", "application/xml")

    message = refusal("payload", "model.tar.gz", "-o", "new.tar.gz", *types, cwd=workshop)

    assert message == (
        "error: Unsupported content type: expected one of application/json, text/csv, text/csv; "
        "header=present, application/x-ndjson, application/jsonlines, application/x-parquet, found "
        "'application/xml'; correct this setting\n"
    )
