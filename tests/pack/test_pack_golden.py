"""Which golden records go into a pack: those that training kept, derived ones, none, or rows of a table."""

import gzip
import json
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

import servable
from fixtures_models import contents
from servable.artifact import Artifact, GoldenSet, read_archive, read_artifact
from servable.cli.pack import command
from servable.codecs import encode_csv, encode_table
from servable.errors import BadInput, Damaged, NotFound
from servable.pack import DerivedRecords, GoldenChoice, NoRecords, PackResult, RecordsOfTable, pack
from servable.pack.golden_table import read_golden_table
from servable.pack.sampling import sample
from servable.records import Cell, Predictions, Table, TextJoin
from servable.schema import Field, Kind, Schema
from strategies import loan_rows

FIELDS = ("age", "income", "region", "code")
LOANS = loan_rows(12, seed=9)


def _packed(training_output: Path, folder: Path, golden: GoldenChoice) -> tuple[PackResult, Artifact]:
    result = pack(training_output, folder / "model.tar.gz", golden=golden)
    return result, read_artifact(result.output)


def _golden(artifact: Artifact) -> GoldenSet:
    assert artifact.golden is not None
    return artifact.golden


def _write(path: Path, rows: Sequence[dict[str, Cell]]) -> Path:
    """The rows in the format that the file's name ends in; a missing cell of CSV is an empty one."""
    table = Table.of_records(rows)
    if path.name.startswith("loans.csv"):
        data = encode_csv([table.names or (), *table.rows])
    elif path.name.startswith("loans.json"):
        data = json.dumps(rows).encode()
    else:
        media = {".ndjson": "application/x-ndjson", ".parquet": "application/x-parquet"}[path.suffixes[0]]
        data = encode_table(table, media)
    path.write_bytes(gzip.compress(data) if path.name.endswith(".gz") else data)
    return path


def test_records_that_training_kept_are_taken_unless_others_are_asked_for(
    packed_artifact: Path, training_output: Path
) -> None:
    golden, kept = _golden(read_artifact(packed_artifact)), _golden(read_artifact(training_output))

    assert golden.requests == kept.requests
    assert golden.source == "train"
    assert golden.holds_real_records


def test_derived_records_take_the_place_of_real_ones_of_which_nothing_is_left(
    training_output: Path, tmp_path: Path
) -> None:
    kept = _golden(read_artifact(training_output))
    real = [json.loads(request) for request in kept.requests[: -kept.derived]]

    result, artifact = _packed(training_output, tmp_path, DerivedRecords())

    golden = _golden(artifact)
    assert (golden.source, golden.derived) == ("schema", len(golden))
    assert not golden.holds_real_records
    everything = b"".join(read_archive(result.output).values())
    assert [record for record in real if str(record["income"]).encode() in everything] == []
    assert result.summary_lines()[-1] == "golden records: 56, all derived from the schema"


def test_without_golden_records_the_conversion_is_compared_on_derived_ones_and_that_is_said(
    training_output: Path, tmp_path: Path
) -> None:
    result, artifact = _packed(training_output, tmp_path, NoRecords())

    assert artifact.golden is None
    assert not [name for name in artifact.files.names() if name.startswith("golden/")]
    assert artifact.manifest is not None
    assert artifact.manifest.golden is None
    assert artifact.manifest.conversion is not None
    assert artifact.manifest.conversion.golden_records == 0
    assert artifact.manifest.conversion.derived_records == 56
    assert result.summary_lines()[1:] == [
        f"engine onnx-trees: largest difference from the reference {result.converted.max_difference:.2g} on "
        f"0 golden records and 56 derived ones, {result.converted.threshold_records} at the splits",
        "profile for drift: 400 rows of the training table, 76 held out",
        "warning: there are no golden records, so an endpoint of this artifact cannot be proved right",
    ]


@pytest.mark.parametrize(
    "name", ["loans.csv", "loans.csv.gz", "loans.json", "loans.ndjson", "loans.ndjson.gz", "loans.parquet"]
)
def test_rows_of_a_table_are_golden_records_with_the_fields_of_the_model_alone(
    name: str, training_output: Path, tmp_path: Path
) -> None:
    table = _write(tmp_path / name, LOANS)

    result, artifact = _packed(training_output, tmp_path, RecordsOfTable(table))

    golden = _golden(artifact)
    requests = [json.loads(request) for request in golden.requests[: -golden.derived]]
    assert golden.source == "table"
    assert golden.holds_real_records
    assert [tuple(request) for request in requests] == [FIELDS] * len(LOANS)
    wanted = servable.load(training_output).score(LOANS)
    assert golden.reference.raw[: len(LOANS)].tobytes() == wanted.raw.tobytes()
    assert golden.derived == 2 + len(FIELDS)
    assert result.summary_lines()[-1] == f"golden records: 18, of them 6 derived; records of {name}, all 12"


def test_of_a_long_table_500_rows_are_taken_whatever_their_order(
    training_output: Path, tmp_path: Path
) -> None:
    rows = loan_rows(1200, seed=4)
    shuffled = random.Random(0).sample(rows, len(rows))  # noqa: S311  # an order, not a secret

    first = read_golden_table(_write(tmp_path / "loans.csv", rows), read_artifact(training_output))
    second = read_golden_table(_write(tmp_path / "loans.ndjson", shuffled), read_artifact(training_output))
    again = read_golden_table(_write(tmp_path / "loans.ndjson", rows), read_artifact(training_output))

    assert len(first.items) == len(second.items) == 500
    assert first.total == second.total == 1200
    assert sorted(second.items) == sorted(again.items)
    incomes = [row["income"] for row in rows]
    places = [incomes.index(json.loads(request)["income"]) for request in again.items]
    assert places == sorted(places)


def test_a_sample_holds_each_content_once_and_no_more_than_asked_for() -> None:
    items = ["b", "a", "b", "c", "a"]

    few = sample(items, key=str.encode, limit=5)
    many = sample([*map(str, range(1000)), *items], key=str.encode, limit=7)

    assert few.items == ("b", "a", "c")
    assert (many.total, many.distinct, len(many.items)) == (1005, 1003, 7)


@pytest.mark.parametrize(
    ("items", "words"),
    [
        ("abc", "all 3"),
        ("abca", "all 3 distinct ones of 4"),
        ("abcdef", "5 of 6 by a hash of their content"),
        ("abcdefa", "5 of 6 distinct ones of 7 by a hash of their content"),
    ],
)
def test_the_share_of_a_sample_tells_duplicates_from_what_a_hash_left_out(items: str, words: str) -> None:
    assert sample(items, key=str.encode, limit=5).share == words


def test_the_summary_tells_how_many_rows_were_left_out(training_output: Path, tmp_path: Path) -> None:
    table = _write(tmp_path / "loans.csv", loan_rows(700, seed=4))

    result, artifact = _packed(training_output, tmp_path, RecordsOfTable(table))

    assert len(_golden(artifact)) == 506
    assert result.summary_lines()[-1] == (
        "golden records: 506, of them 6 derived; records of loans.csv, 500 of 700 by a hash of their content"
    )


def test_columns_that_training_joined_are_joined_again(tmp_path: Path, training_output: Path) -> None:
    artifact = replace(
        read_artifact(training_output),
        schema=Schema(
            fields=(Field("age", Kind.NUMERIC), Field("text", Kind.TEXT)), classes=("0", "1"), label_name="y"
        ),
        text_join=TextJoin(field="text", columns=("title", "body")),
    )
    rows: list[dict[str, Cell]] = [
        {"title": "Good", "age": 30, "body": "but late", "y": 1},
        {"title": "Bad", "age": 40, "body": None, "y": 0},
        {"title": None, "age": None, "body": None, "y": 0},
    ]

    table = read_golden_table(_write(tmp_path / "reviews.ndjson", rows), artifact)

    assert [json.loads(request) for request in table.items] == [
        {"age": 30, "text": "Good but late"},
        {"age": 40, "text": "Bad"},
        {"age": None, "text": None},
    ]


CSV = "age,income,region,code\n"
BAD_TABLES: dict[str, tuple[str, str, str]] = {
    "a word for a number": (
        "loans.csv",
        f"{CSV}30,1,north,10\nthirty,2,north,10\n",
        'loans.csv, record 1, field "age": expected a number between -3.403e+38 and 3.403e+38, '
        "found the string 'thirty'; send a number, or null if the value is missing",
    ),
    "no such column": (
        "loans.csv",
        "age,income,regions,code\n30,1,north,10\n",
        'loans.csv, record 0, field "region": expected every field to be present, found no such key; '
        'add it (or rename "regions"), with null if the value is missing',
    ),
    "a key that one record lacks": (
        "loans.ndjson",
        '{"age":1,"income":2,"region":"a","code":"10"}\n{"age":1,"region":"a","code":"10"}\n',
        'loans.ndjson, record 1, field "income": expected every field to be present, found no such key; '
        "add it, with null if the value is missing",
    ),
    "a list for a category": (
        "loans.json",
        '[{"age":1,"income":2,"region":["a"],"code":"10"}]',
        'loans.json, record 0, field "region": expected a string, found a list; '
        "send a string, or null if the value is missing",
    ),
    "a ragged row": (
        "loans.csv",
        f"{CSV}30,1,north\n",
        "loans.csv, record 0: expected 4 cells, as the header has, found 3; "
        "write a cell for every column, empty if the value is missing",
    ),
    "no row": (
        "loans.csv",
        CSV,
        "loans.csv: expected at least one row, found none; "
        "choose a table with rows, or pass `--golden synthetic`",
    ),
    "another ending": (
        "loans.xlsx",
        CSV,
        "loans.xlsx: expected a name that ends in .csv, .ndjson, .jsonl, .json, .parquet, "
        "found another ending; convert the table or rename the file",
    ),
}


@pytest.mark.parametrize("case", BAD_TABLES)
def test_a_table_that_is_no_table_of_requests_is_refused_by_row_and_field_and_nothing_is_written(
    case: str, training_output: Path, tmp_path: Path
) -> None:
    name, text, sentence = BAD_TABLES[case]
    (tmp_path / name).write_text(text)
    before = contents(tmp_path)

    with pytest.raises(BadInput) as caught:
        pack(training_output, tmp_path / "model.tar.gz", golden=RecordsOfTable(tmp_path / name))

    assert str(caught.value) == sentence
    assert contents(tmp_path) == before


def test_a_word_that_names_no_choice_and_no_file_is_refused(training_output: Path, tmp_path: Path) -> None:
    with pytest.raises(NotFound) as caught:
        pack(training_output, tmp_path / "model.tar.gz", golden=RecordsOfTable(Path("sythetic")))

    assert str(caught.value) == (
        "--golden: expected real, synthetic, none or a table in a file, found sythetic, which is no file; "
        "check the path"
    )


def _other_scores(answer: dict[str, Any]) -> dict[str, Any]:
    raw = answer["reference"]["raw"]
    return {"reference": {"raw": raw[::-1], "calibrated": raw}}


def _three_classes(answer: dict[str, Any]) -> dict[str, Any]:
    raw = [*answer["reference"]["raw"], 0.0]
    return {"reference": {"raw": raw, "calibrated": raw}}


@pytest.mark.parametrize(
    ("change", "expected", "found"),
    [
        (_other_scores, "the raw scores of this model, within 1e-04", "a difference of 0."),
        (_three_classes, "scores of 2 classes", "scores of the shape ["),
    ],
)
def test_golden_answers_of_another_model_are_refused(
    change: Callable[[dict[str, Any]], dict[str, Any]],
    expected: str,
    found: str,
    training_output: Path,
    tmp_path: Path,
) -> None:
    output = _with_answers(training_output, tmp_path / "output", change)

    with pytest.raises(Damaged) as caught:
        pack(output, tmp_path / "model.tar.gz")

    assert str(caught.value).startswith(
        f"golden records of the training output: expected {expected}, found {found}"
    )
    assert not (tmp_path / "model.tar.gz").exists()
    assert _packed(output, tmp_path, DerivedRecords())[1].golden is not None


def _with_answers(
    training_output: Path, folder: Path, change: Callable[[dict[str, Any]], dict[str, Any]]
) -> Path:
    """A copy of a training output whose golden answers are changed."""
    for path in sorted(training_output.rglob("*")):
        target = folder / path.relative_to(training_output)
        if path.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    answers = folder / "golden" / "answers.ndjson"
    changed = [json.dumps(change(json.loads(line))) for line in answers.read_text().splitlines()]
    answers.write_text("".join(f"{line}\n" for line in changed))
    return folder


def test_golden_requests_of_another_model_are_refused(training_output: Path, tmp_path: Path) -> None:
    output = _with_answers(training_output, tmp_path / "output", lambda answer: answer)
    requests = output / "golden" / "requests.ndjson"
    requests.write_bytes(requests.read_bytes().replace(b'"age"', b'"years"'))

    with pytest.raises(Damaged) as caught:
        pack(output, tmp_path / "model.tar.gz")

    assert caught.value.code == "pack.golden"
    assert 'field "age": expected every field to be present' in str(caught.value)


@pytest.mark.parametrize(
    ("source", "derived", "is_real"),
    [
        ("train", 1, True),
        ("table", 1, True),
        ("endpoint", 0, True),
        ("train", 2, False),
        ("schema", 2, False),
    ],
)
def test_records_are_real_unless_they_are_derived(source: str, derived: int, is_real: bool) -> None:
    scores = Predictions(raw=np.ones((2, 2)), calibrated=np.ones((2, 2)))

    golden = GoldenSet(requests=(b"{}", b"{}"), reference=scores, packed=None, source=source, derived=derived)

    assert golden.holds_real_records == is_real


def test_what_is_compared_is_a_choice_for_recorded_answers_alone(
    training_output: Path, tmp_path: Path
) -> None:
    code, output, _ = _invoke(training_output, "-o", tmp_path / "m.tar.gz", "--compare", "raw")

    assert code == 2
    assert "`--compare` is about recorded answers; pass `--golden-answers` with it" in output
    assert contents(tmp_path) == {}


def _invoke(*arguments: str | Path) -> tuple[int, str, BaseException | None]:
    """Exit code, output and error of `servable pack`, in this process."""
    ran = CliRunner().invoke(command, [str(argument) for argument in arguments])
    return ran.exit_code, ran.output, ran.exception


@pytest.mark.parametrize(("word", "source"), [("real", "train"), ("synthetic", "schema"), ("none", None)])
def test_the_words_of_the_option_choose_the_records(
    word: str, source: str | None, training_output: Path, tmp_path: Path
) -> None:
    code, output, error = _invoke(training_output, "-o", tmp_path / "m.tar.gz", "--golden", word, "--json")

    assert (code, error) == (0, None)
    assert json.loads(output)["manifest"].get("golden", {}).get("source") == source


def test_any_other_word_is_the_path_of_a_table(training_output: Path, tmp_path: Path) -> None:
    table = _write(tmp_path / "loans.csv", LOANS)

    code, output, error = _invoke(training_output, "-o", tmp_path / "m.tar.gz", "--golden", table)

    assert (code, error) == (0, None)
    assert output.splitlines()[-1].endswith("; records of loans.csv, all 12")


def test_two_sources_of_golden_records_are_refused(training_output: Path, tmp_path: Path) -> None:
    code, output, _ = _invoke(
        training_output,
        *("-o", tmp_path / "m.tar.gz"),
        *("--golden", "real", "--golden-answers", tmp_path / "answers.ndjson"),
    )

    assert code == 2
    assert "`--golden` and `--golden-answers` both name golden records; pass one" in output
    assert contents(tmp_path) == {}
