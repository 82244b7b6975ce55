"""Texts: tables and encoders that no network can be trained on, requests, a disk that is full."""

import json
import math
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from bad_input_cases import refusal
from safetensors.numpy import load_file, save_file

from fixtures_models import Endpoint, Reply, Row, contents, run, write_table
from fixtures_text import COLUMNS, TEXT_COLUMNS, reviews
from servable.schema import MAX_CELL_CHARS
from servable.train import NetworkSettings, TableSettings, find_encoder, train

USES = ("--label", "recommended", "--id", "order", "--text", ",".join(TEXT_COLUMNS))
FAMILY = ("--family", "bimodal_bert", "--encoder", "tiny-bert", "--max-sen-len", "48")
NAME_A_FOLDER = "name the folder of a pretrained BERT or RoBERTa encoder with its tokenizer"
RECORD = {"age": 39, "division": "General", "text": "lovely dress"}
MAX_CSV_CELL = 131_072
"""Characters that the reader of CSV takes in a cell, whatever the cell is for."""
MAX_BODY_BYTES = 6_553_600
WORDS = "embeddings.word_embeddings.weight"


@pytest.fixture
def folder(tmp_path: Path, encoder: Path) -> Path:
    """A folder with a small encoder and a table, which nothing has been trained on."""
    folder = tmp_path / "folder"
    folder.mkdir()
    shutil.copytree(encoder, folder / "tiny-bert")
    write_table(folder / "reviews.csv", reviews(60, seed=3), columns=COLUMNS)
    return folder


def _train(folder: Path, *options: str, table: str = "reviews.csv") -> str:
    return refusal("train", table, *(options or (*USES, *FAMILY)), "-o", "out", cwd=folder)


# --- columns


def test_a_column_of_text_that_the_table_lacks_is_refused(folder: Path) -> None:
    message = _train(folder, *USES[:-1], "title,comment", *FAMILY)

    assert message == (
        'error: reviews.csv, table: expected a column "comment", found the columns order, age, division, '
        "title, review, recommended; name a column of the table\n"
    )


def test_a_network_without_a_column_of_text_is_refused(folder: Path) -> None:
    message = _train(folder, *USES[:-2], *FAMILY)

    assert message == (
        "error: family bimodal_bert: expected one text field, found none; "
        "name the columns of text with `--text`; several are joined into one field\n"
    )


@pytest.mark.parametrize(
    ("texts", "more", "named"),
    [
        ("title,recommended", (), ("recommended", "--label")),
        ("order,title", (), ("order", "--id")),
        ("title,title", (), ("title", "--text")),
        ("title,review", ("--drop", "title"), ("title", "--drop")),
        ("title,review", ("--group", "review"), ("review", "--group")),
    ],
    ids=["label", "id", "twice", "dropped", "group"],
)
def test_a_column_of_text_that_is_something_else_too_is_refused(
    texts: str, more: tuple[str, ...], named: tuple[str, str], folder: Path
) -> None:
    message = _train(folder, *USES[:-1], texts, *more, *FAMILY)

    column, option = named
    assert message == (
        f'error: reviews.csv, column "{column}": expected a column of text to be named once, '
        f"found `--text` and `{option}`; name it once\n"
    )


@pytest.mark.parametrize(
    ("options", "listed"),
    [
        (("--text", "title", "--encoder", "tiny-bert"), "`--text`, `--encoder`"),
        (("--encoder", "tiny-bert"), "`--encoder`"),
        (("--resume", "--checkpoints", "kept"), "`--checkpoints`, `--resume`"),
        (("--lr", "0.1"), "`--lr`"),
    ],
    ids=["text and encoder", "encoder", "resume and checkpoints", "lr"],
)
def test_trees_refuse_what_is_a_networks(options: tuple[str, ...], listed: str, folder: Path) -> None:
    message = _train(folder, *USES[:-2], "--family", "xgboost", *options)

    assert message == f"error: family xgboost has no {listed}\n"


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (
            ("--max-sen-len", "65"),
            "setting max_sen_len: expected 3 to 64 tokens, the encoder's limit, found 65",
        ),
        (("--seed", "-1"), "setting seed: expected 0 to 2147483647, found -1"),
        (
            ("--freeze-layers", "3"),
            "setting freeze_layers: expected 0 to 2, the layers of the encoder, found 3",
        ),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_a_setting_out_of_its_range_is_refused(options: tuple[str, ...], sentence: str, folder: Path) -> None:
    message = _train(folder, *USES, *FAMILY, *options)

    assert message == f"error: {sentence}; correct the setting\n"


# --- labels


@pytest.mark.parametrize(
    ("classes", "found"), [((1,), "1 (1)"), ((0, 1, 2), "3 (0, 1, 2)"), ((None,), "0 ()")], ids=str
)
def test_a_label_of_other_than_two_classes_is_refused(
    classes: tuple[object, ...], found: str, folder: Path
) -> None:
    rows = [(*row[:-1], classes[number % len(classes)]) for number, row in enumerate(reviews(60, seed=3))]
    write_table(folder / "reviews.csv", rows, columns=COLUMNS)

    assert _train(folder) == (
        'error: reviews.csv, column "recommended": expected two classes, which is what this version trains, '
        f"found {found}; name another label, or make it two classes\n"
    )


@pytest.mark.parametrize(("label", "kind"), [([1], "list"), ({"stars": 5}, "dict")], ids=["list", "object"])
def test_a_label_that_is_no_value_is_refused(label: object, kind: str, folder: Path) -> None:
    rows: list[Row] = reviews(60, seed=3)
    rows[7] = (*rows[7][:-1], label)
    lines = [json.dumps(dict(zip(COLUMNS, row, strict=True))) for row in rows]
    (folder / "reviews.ndjson").write_text("\n".join(lines))

    assert _train(folder, table="reviews.ndjson") == (
        'error: reviews.ndjson, column "recommended": expected a text or a number in every row, '
        f"found a value of type {kind}; write the label as a text or a number\n"
    )


# --- encoders


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("model.safetensors", "model.safetensors or pytorch_model.bin"),
        ("tokenizer.json", "tokenizer.json"),
        ("config.json", "config.json"),
    ],
)
def test_an_encoder_that_lacks_a_file_is_refused(file: str, expected: str, folder: Path) -> None:
    (folder / "tiny-bert" / file).unlink()

    assert _train(folder) == f"error: tiny-bert: expected {expected}, found no such file; {NAME_A_FOLDER}\n"


def test_a_tokenizer_with_more_tokens_than_the_weights_have_vectors_is_refused(folder: Path) -> None:
    path = folder / "tiny-bert" / "model.safetensors"
    weights = load_file(path)
    save_file(weights | {WORDS: weights[WORDS][:50]}, path)

    assert _train(folder) == (
        "error: tiny-bert: expected a tokenizer of at most 50 tokens, which the weights have vectors for, "
        f"found one of {len(weights[WORDS])}; {NAME_A_FOLDER}\n"
    )


# --- long cells


def _with_a_text_of(characters: int, folder: Path) -> None:
    rows = reviews(60, seed=3)
    rows[4] = (*rows[4][:3], None, "x" * characters, rows[4][5])
    write_table(folder / "reviews.csv", rows, columns=COLUMNS)


def test_a_cell_of_a_training_table_beyond_the_limit_is_refused(folder: Path) -> None:
    _with_a_text_of(MAX_CELL_CHARS + 1, folder)

    assert _train(folder) == (
        f'error: reviews.csv, record 4, field "text": expected at most {MAX_CELL_CHARS} characters, '
        f"found {MAX_CELL_CHARS + 1}; shorten it, or null if the value is missing\n"
    )


def test_a_cell_that_the_reader_of_csv_does_not_take_is_refused(folder: Path) -> None:
    _with_a_text_of(MAX_CSV_CELL + 1, folder)

    assert _train(folder) == (
        "error: reviews.csv, line 6: expected CSV in UTF-8, found something else "
        f"(field larger than field limit ({MAX_CSV_CELL})); "
        "shorten the cell, or close the quote that it begins with\n"
    )


def _answered(reply: Reply) -> dict[str, str]:
    assert reply.status == 200, reply.body
    (prediction,) = reply.json["predictions"]
    assert all(math.isfinite(float(prediction[key])) for key in ("legacy-score", "calibrated-score"))
    answer: dict[str, str] = prediction
    return answer


def _refused(endpoint: Endpoint, body: bytes, content_type: str = "application/json") -> tuple[int, str]:
    """The status and the sentence of a refusal; the endpoint still answers others and has written nothing."""
    reply = endpoint.invoke(body, content_type)

    _answered(endpoint.invoke(json.dumps(RECORD).encode()))
    assert contents(endpoint.workdir) == {}
    assert list(reply.json) == ["error"]
    return reply.status, reply.json["error"]


@pytest.mark.slow
def test_a_cell_of_a_request_is_answered_up_to_the_limit_and_refused_beyond(text_endpoint: Endpoint) -> None:
    _answered(text_endpoint.invoke(b"39,General," + b"x" * MAX_CELL_CHARS, "text/csv"))

    assert _refused(text_endpoint, b"39,General," + b"x" * (MAX_CELL_CHARS + 1), "text/csv") == (
        400,
        f'record 0, field "text": expected at most {MAX_CELL_CHARS} characters, found {MAX_CELL_CHARS + 1}; '
        "shorten it, or null if the value is missing",
    )


@pytest.mark.slow
def test_a_text_that_makes_a_body_too_large_is_refused(text_endpoint: Endpoint) -> None:
    body = json.dumps(RECORD | {"text": "x" * MAX_BODY_BYTES}).encode()

    assert _refused(text_endpoint, body) == (
        413,
        f"body: expected at most {MAX_BODY_BYTES} bytes, found more; "
        "send fewer records in a request, or serve with a larger `--max-body-bytes`",
    )


# --- texts of a request


@pytest.mark.slow
@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (json.dumps(RECORD | {"text": ""}), "application/json"),
        (json.dumps(RECORD | {"text": None}), "application/json"),
        (json.dumps(RECORD | {"text": " \n\t\u00a0"}), "application/json"),
        (json.dumps(RECORD | {"text": "<p></p>"}), "application/json"),
        ("39,General,\n", "text/csv"),
        ('text,age,division\n"",39,General\n', "text/csv; header=present"),
    ],
    ids=["empty", "null", "blank", "markup", "csv", "csv with a header"],
)
def test_a_text_without_a_word_is_scored_as_a_missing_one(
    body: str, content_type: str, text_endpoint: Endpoint
) -> None:
    missing = _answered(text_endpoint.invoke(json.dumps(RECORD | {"text": None}).encode()))

    answer = _answered(text_endpoint.invoke(body.encode(), content_type))

    assert float(answer["legacy-score"]) == pytest.approx(float(missing["legacy-score"]), abs=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "found"), [(["lovely"], "a list"), ({"title": "lovely"}, "an object")], ids=["list", "object"]
)
def test_a_text_that_is_no_string_is_refused(text: object, found: str, text_endpoint: Endpoint) -> None:
    assert _refused(text_endpoint, json.dumps(RECORD | {"text": text}).encode()) == (
        400,
        f'record 0, field "text": expected a string, found {found}; '
        "send a string, or null if the value is missing",
    )


@pytest.mark.slow
def test_the_columns_of_a_table_in_place_of_the_text_are_refused(text_endpoint: Endpoint) -> None:
    body = json.dumps({"age": 39, "division": "General", "title": "lovely", "review": "dress"}).encode()

    assert _refused(text_endpoint, body) == (
        400,
        'Missing required feature columns: record 0, field "text": expected every field to be present, '
        "found no such key; add it, with null if the value is missing",
    )


# --- a disk that is full


@pytest.mark.slow
def test_a_disk_that_fills_while_training_leaves_the_checkpoint_of_the_epoch_before(
    folder: Path, limit_files: Callable[[int], None]
) -> None:
    _train_one_epoch_of_two(folder, epochs=2)
    before = contents(folder)
    options = ("--max-epochs", "2", "--threads", "1", "--precision", "fp32", "--accelerator", "cpu")
    resumed = ("--checkpoints", "kept", "--resume", "-o", "out")

    limit_files(100_000)
    done = run("train", "reviews.csv", *USES, *FAMILY, *options, *resumed, cwd=folder)

    estimate, error = done.stderr.splitlines()
    assert (done.exit_code, done.stdout) == (2, "")
    assert estimate.startswith("training tiny-bert on ")
    assert re.fullmatch(
        r"error: kept/(best|last)\.ckpt: expected to write there, found the error File too large; "
        "look at the space and the permissions of that folder, then try again",
        error,
    )
    assert contents(folder) == before
    assert sorted(path.name for path in (folder / "kept").iterdir()) == ["best.ckpt", "last.ckpt"]


class _Stopped(Exception):  # noqa: N818  # nothing went wrong
    pass


def _train_one_epoch_of_two(folder: Path, *, epochs: int) -> None:
    """A training that ends after its first epoch and leaves its checkpoints in `kept`."""
    table = write_table(folder / "reviews.csv", reviews(420, seed=3), columns=COLUMNS)
    uses = TableSettings(label="recommended", id_column="order", text=TEXT_COLUMNS)
    run_of: dict[str, Any] = {"max_sen_len": 48, "max_epochs": epochs, "threads": 1, "precision": "fp32"}
    settings = NetworkSettings(
        encoder=find_encoder(str(folder / "tiny-bert")),
        accelerator="cpu",
        checkpoints=folder / "kept",
        keep_checkpoints=True,
        **run_of,
    )

    def progress(what: str, done: int, total: int) -> None:
        if what == "fine-tune" and done > total // epochs:
            raise _Stopped

    with pytest.raises(_Stopped):
        train(table, folder / "out", columns=uses, settings=settings, progress=progress)
