"""Tables in files: blocks of records, and their labels by the names of the classes."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from fixtures_models import COLUMNS, FIELDS, LABEL, Model, rows_of_table, write_table
from servable.artifact import Artifact, read_artifact
from servable.datasets import LabelledBlock, read_blocks, read_labelled_blocks
from servable.errors import BadInput
from servable.records import TextJoin
from servable.schema import Field, Kind

N = 5000
"""More than one block of 4,096 rows."""


@pytest.fixture(scope="module")
def artifact(model: Model) -> Artifact:
    return read_artifact(model.archive)


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_table(tmp_path_factory.mktemp("tables") / "rows.csv", rows_of_table(N, seed=31))


def labelled(path: Path, artifact: Artifact, labels: Sequence[object]) -> LabelledBlock:
    """What is read of as many records with these labels."""
    record = dict.fromkeys(FIELDS, None)
    path.write_text("".join(json.dumps({**record, LABEL: label}) + "\n" for label in labels))
    (block,) = read_labelled_blocks(path, artifact)
    return block


def refusal(path: Path, artifact: Artifact, **settings: str) -> str:
    with pytest.raises(BadInput) as caught:
        list(read_labelled_blocks(path, artifact, **settings))  # type: ignore[arg-type]  # of strings alone
    return str(caught.value)


def test_rows_come_in_blocks_that_know_their_first_row(table: Path, artifact: Artifact) -> None:
    blocks = list(read_blocks(table, artifact))
    assert [(block.first, len(block)) for block in blocks] == [(0, 4096), (4096, N - 4096)]
    assert all(len(block.table) == len(block.records) for block in blocks)


def test_labels_are_those_of_the_table(table: Path, artifact: Artifact) -> None:
    found = [label for block in read_labelled_blocks(table, artifact) for label in block.labels.tolist()]
    assert found == [row[COLUMNS.index(LABEL)] for row in rows_of_table(N, seed=31)]


def test_a_whole_number_is_a_label_however_it_is_written(tmp_path: Path, artifact: Artifact) -> None:
    block = labelled(tmp_path / "rows.ndjson", artifact, [1, 1.0, "1", "1.0", True, 0, "0.00", False])
    assert block.labels.tolist() == [1, 1, 1, 1, 1, 0, 0, 0]


def test_rows_without_a_label_are_left_out_and_counted(tmp_path: Path, artifact: Artifact) -> None:
    block = labelled(tmp_path / "rows.ndjson", artifact, [None, 1, "", 0])
    assert (block.rows.tolist(), block.labels.tolist(), block.unlabelled) == ([1, 3], [1, 0], 2)
    assert len(block.records) == len(block.table) == 2


def test_classes_with_names_are_found_by_their_names(tmp_path: Path, artifact: Artifact) -> None:
    named = replace(artifact, schema=replace(artifact.schema, classes=("1.0", "yes", "1")))
    block = labelled(tmp_path / "rows.ndjson", named, ["yes", 1.0, 1, "1.0"])
    assert block.labels.tolist() == [1, 0, 2, 0]


def test_a_label_that_names_no_class_is_refused_with_its_row(tmp_path: Path, artifact: Artifact) -> None:
    path = tmp_path / "rows.ndjson"
    with pytest.raises(BadInput) as caught:
        labelled(path, artifact, [1, None, "maybe"])
    assert str(caught.value) == (
        'rows.ndjson, record 2, column "churned": expected one of the model\'s classes, 0, 1, '
        "found 'maybe'; write the label as the model names it, or leave it empty"
    )


def test_a_table_without_the_label_is_refused(tmp_path: Path, artifact: Artifact) -> None:
    path = write_table(tmp_path / "rows.csv", [("c", 1, 2, "north", "basic")], columns=COLUMNS[:-1])
    assert refusal(path, artifact) == (
        'rows.csv: expected a column "churned", which holds the label, found the columns customer, age, '
        "income, region, plan; pass `--label` or name a column of the table"
    )


def test_a_column_that_is_there_twice_is_refused(tmp_path: Path, artifact: Artifact) -> None:
    columns = (*COLUMNS, LABEL, COLUMNS[0])
    path = write_table(tmp_path / "rows.csv", [("c", 1, 2, "north", "basic", 1, 0, "d")], columns=columns)

    assert refusal(path, artifact) == (
        'rows.csv: expected one column "churned", which holds the label, found 2 of this name; '
        "give each a name of its own"
    )
    once = write_table(tmp_path / "once.csv", [(*"cd", 1, 2, "a", "b", 1)], columns=(COLUMNS[0], *COLUMNS))
    with pytest.raises(BadInput, match=r'once\.csv: expected one column "customer", found 2 of this name; '):
        list(read_labelled_blocks(once, artifact, columns=["customer"]))


def test_of_many_columns_the_first_are_listed(tmp_path: Path, artifact: Artifact) -> None:
    columns = (*FIELDS, *(f"column {number}" for number in range(300)))
    path = write_table(tmp_path / "wide.csv", [tuple(range(304))], columns=columns)

    assert refusal(path, artifact).endswith(
        "found the columns age, income, region, plan, column 0, column 1, column 2, column 3, column 4, "
        "column 5 and 294 more; pass `--label` or name a column of the table"
    )


def test_another_column_that_is_not_there_is_refused(table: Path, artifact: Artifact) -> None:
    with pytest.raises(BadInput, match='expected a column "branch", found the columns'):
        list(read_labelled_blocks(table, artifact, columns=["branch"]))


def test_an_artifact_without_a_label_name_asks_for_one(table: Path, artifact: Artifact) -> None:
    nameless = replace(artifact, schema=replace(artifact.schema, label_name=None))
    assert "expected to be told which column holds the label" in refusal(table, nameless)
    assert list(read_labelled_blocks(table, nameless, label=LABEL))


def test_columns_of_a_joined_text_are_joined_again(tmp_path: Path, artifact: Artifact) -> None:
    fields = (Field("text", Kind.TEXT),)
    joins = replace(
        artifact,
        schema=replace(artifact.schema, fields=fields, csv_columns=("text",)),
        text_join=TextJoin(field="text", columns=("title", "body")),
    )
    path = tmp_path / "rows.csv"
    path.write_text("body,title\nworld,hello\n,alone\n")
    (block,) = read_blocks(path, joins)
    assert block.records.columns["text"].tolist() == ["hello world", "alone"]


def test_a_header_that_lacks_a_field_is_no_record(table: Path, tmp_path: Path, artifact: Artifact) -> None:
    without = [column for column in COLUMNS if column != FIELDS[1]]
    rows = [
        tuple(cell for name, cell in zip(COLUMNS, row, strict=True) if name in without)
        for row in rows_of_table(5, seed=1)
    ]
    path = write_table(tmp_path / "rows.csv", rows, columns=without)

    with pytest.raises(BadInput) as caught:
        list(read_blocks(path, artifact))

    assert caught.value.code == "table.header"
    assert f"and without {FIELDS[1]};" in str(caught.value)


def test_records_alone_are_no_header_where_one_is_needed(tmp_path: Path, artifact: Artifact) -> None:
    bare = write_table(tmp_path / "rows.csv", rows_of_table(5, seed=1))
    bare.write_text("".join(bare.read_text().splitlines(keepends=True)[1:]))

    said = refusal(bare, artifact)

    assert said.startswith(
        f"rows.csv: expected a first row with the names of the columns, among them {FIELDS[0]}"
    )
    assert "found none of these names in the first row, which was read as the header" in said
