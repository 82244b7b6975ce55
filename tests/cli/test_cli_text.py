"""A model of texts through the command line: what it scores, what it says of itself, and its proof."""

import csv
import io
import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from arro3.core import Array, DataType, Table
from arro3.io import write_parquet

from fixtures_models import Model, Row, run, run_well, write_table
from fixtures_text import COLUMNS, reviews
from servable.prove import Objective, Warmup, prove

N = 60
RAW, JOINED = COLUMNS, ("order", "age", "division", "text", "recommended")
ODD: list[Row] = [
    ("a", 30, "General", None, None, 1),
    ("b", 31, None, " ", 'soft, and\n"lovely"', 0),
    ("c", None, "Petite", "2", "3", 1),
    ("d", 33, "unheard of", "  A <b>perfect</b>", "&amp; \U0001f60d dress ", 0),
]


def joined(row: Row) -> Row:
    """A row with title and review as one text, or none where both are blank."""
    order, age, division, title, review, label = row
    texts = [str(text) for text in (title, review) if text is not None and str(text).strip()]
    return (order, age, division, " ".join(texts) or None, label)


def write_ndjson(path: Path, rows: Sequence[Row], *, columns: Sequence[str]) -> Path:
    path.write_text("".join(json.dumps(dict(zip(columns, row, strict=True))) + "\n" for row in rows))
    return path


def write_parquet_table(path: Path, rows: Sequence[Row], *, columns: Sequence[str]) -> Path:
    numbers = {"age", "recommended"}
    arrays = [
        Array(list(column), DataType.int64() if name in numbers else DataType.utf8())
        for name, column in zip(columns, zip(*rows, strict=True), strict=True)
    ]
    with path.open("wb") as file:
        write_parquet(Table.from_arrays(arrays, names=list(columns)), file)
    return path


ROWS = [*ODD, *reviews(N, seed=29)]
LAYOUTS: dict[str, tuple[Sequence[str], Callable[[Row], Row]]] = {
    "columns": (RAW, tuple),
    "text": (JOINED, joined),
}
WRITERS = {"csv": write_table, "ndjson": write_ndjson, "parquet": write_parquet_table}


@pytest.fixture(scope="module")
def scores(text_model: Model, tmp_path_factory: pytest.TempPathFactory) -> str:
    """What `predict` writes for a CSV file with the columns that training saw."""
    folder = tmp_path_factory.mktemp("scores")
    return run_well(
        "predict", text_model.archive, write_table(folder / "t.csv", ROWS, columns=RAW), cwd=folder
    ).stdout


def test_every_row_is_scored_beside_its_id(scores: str) -> None:
    header, *lines = csv.reader(io.StringIO(scores))

    assert header == ["order", "raw_0", "raw_1", "calibrated_0", "calibrated_1", "label"]
    assert [line[0] for line in lines] == [row[0] for row in ROWS]
    assert len({line[2] for line in lines}) > N // 2


@pytest.mark.parametrize("ending", WRITERS)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_table_with_the_columns_of_training_or_with_the_text_has_the_same_scores(
    ending: str, layout: str, scores: str, text_model: Model, tmp_path: Path
) -> None:
    columns, change = LAYOUTS[layout]
    table = WRITERS[ending](tmp_path / f"table.{ending}", [change(row) for row in ROWS], columns=columns)

    assert run_well("predict", text_model.archive, table, cwd=tmp_path).stdout == scores


def test_the_columns_of_the_text_may_stand_anywhere(scores: str, text_model: Model, tmp_path: Path) -> None:
    order = (4, 5, 1, 0, 3, 2)
    table = write_table(
        tmp_path / "table.csv",
        [tuple(row[at] for at in order) for row in ROWS],
        columns=[RAW[at] for at in order],
    )

    assert run_well("predict", text_model.archive, table, cwd=tmp_path).stdout == scores


def test_a_table_that_has_the_text_is_not_joined_again(
    scores: str, text_model: Model, tmp_path: Path
) -> None:
    columns = [*JOINED, "title", "review"]
    table = write_table(
        tmp_path / "t.csv", [(*joined(row), "awful", "awful") for row in ROWS], columns=columns
    )

    assert run_well("predict", text_model.archive, table, cwd=tmp_path).stdout == scores


@pytest.mark.parametrize("others", [0, 3])
def test_a_record_without_a_column_of_the_text_is_refused_whatever_the_others_have(
    others: int, text_model: Model, tmp_path: Path
) -> None:
    records = [dict(zip(RAW, row, strict=True)) for row in ROWS[: others + 1]]
    del records[-1]["title"]
    (tmp_path / "t.ndjson").write_text("".join(json.dumps(record) + "\n" for record in records))

    ran = run("predict", text_model.archive, "t.ndjson", cwd=tmp_path)

    assert ran.exit_code == 2
    what = (
        'column "title": expected every column of the field "text"'
        if others
        else 'field "text": expected every field'
    )
    assert ran.stderr == (
        f"error: t.ndjson, record {others}, {what} to be present, found no such key; "
        "add it, with null if the value is missing\n"
    )
    assert ran.stdout == ""


@pytest.mark.parametrize("verb", ["train", "pack", "serve", "demo"])
def test_the_examples_of_help_use_options_that_the_verb_has(verb: str, tmp_path: Path) -> None:
    text = run_well(verb, "--help", cwd=tmp_path).stdout

    examples, _, options = text.partition("Example:\n")[2].partition("\nOptions:\n")
    commands = re.sub(r"\\\n\s*", "", examples).strip().splitlines()
    used = [set(re.findall(r"\s(--?[a-z][a-z-]*)", line)) for line in commands if " servable " in f" {line}"]
    known = set(re.findall(r"(?:^|\s)(--?[a-z][a-z-]*)", options))
    assert used
    assert all(line <= known for line in used)


def test_the_help_of_train_shows_a_network_of_texts(tmp_path: Path) -> None:
    example = (
        run_well("train", "--help", cwd=tmp_path).stdout.partition("Example:\n")[2].partition("\nOptions:")[0]
    )

    assert "--family bimodal_bert" in example
    assert "--text title,review" in example


@pytest.mark.slow
@pytest.mark.alone
def test_an_endpoint_of_texts_is_proved(text_workshop: Path, text_model: Model) -> None:
    proof = prove(
        text_workshop / "model.tar.gz",
        objective=Objective(rate_per_s=120, max_latency_ms=4000, max_error_rate=0.05),
        output=text_workshop / "proof",
        payload=text_workshop / "payload.tar.gz",
        min_duration_s=1.0,
        warmup=Warmup(min_s=1.0),
    )

    assert proof.summary_lines()[0].startswith("PASS ")
    document = json.loads((text_workshop / "proof" / "proof.json").read_text())
    assert document["verdict"] == "PASS"
    assert document["subject"]["artifact_digest"] == text_model.said["pack"]["digest"]
    assert (document["subject"]["family"], document["subject"]["golden_rows"]) == ("bimodal_bert", 115)
    assert [
        (line["content_type"], line["mode"], line["records"], line["left_out"]) for line in document["parity"]
    ] == [
        # an empty text is an empty cell of CSV, which is a missing text, which is the same record
        (content_type, mode, 115, 0)
        for content_type in ("application/json", "application/x-ndjson", "text/csv", "application/x-parquet")
        for mode in ("alone", "batch", "shuffled")
    ]
    assert all(line["acceptable"] == line["answered"] == line["records"] for line in document["parity"])
    golden = next(claim for claim in document["claims"] if claim["id"] == "golden")
    assert golden["rows"] == golden["acceptable"] == 3 * 4 * 115
    assert (golden["flips"], golden["wrong_under_load"]) == (0, 0)
    assert golden["under_load"] > 0
    assert golden["max_abs_diff"] <= 1e-5
    assert [(sample["name"], sample["failure"]) for sample in document["payload"]] == [
        ("payload_application_json_0.json", None),
        ("payload_text_csv_0.csv", None),
    ]
    assert "golden records replayed" in (text_workshop / "proof" / "server.log").read_text()
