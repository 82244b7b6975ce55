"""What `generate` writes into text fields where nobody chose a text."""

import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

from servable.codecs import decode_request
from servable.errors import Damaged
from servable.payload import generate
from servable.preprocess.text import compose
from servable.schema import Field, Kind, Schema

BOTH = ("application/json", "text/csv")
SCHEMA = Schema(
    fields=(
        Field("amount", Kind.NUMERIC),
        Field("region", Kind.CATEGORICAL),
        Field("review", Kind.TEXT),
        Field("chat", Kind.TEXT),
    ),
    classes=("0", "1"),
    csv_columns=("amount", "region", "review", "chat"),
)
LISTS = {"tab_field_list": ["amount"], "cat_field_list": ["region", "review", "chat"]}
PLAIN, SPLIT = ["text_normalizer", "tokenizer"], ["dialogue_splitter", "dialogue_chunker", "tokenizer"]


def artifact(folder: Path, *, texts: dict[str, list[str]] | None = None, **settings: Any) -> Path:
    path = folder / "artifact"
    path.mkdir()
    (path / "hyperparameters.json").write_text(json.dumps(LISTS | settings))
    if texts is not None:
        entries = [{"field": name, "steps": steps} for name, steps in texts.items()]
        manifest = {"schema": {"csv_columns": SCHEMA.csv_columns}, "texts": entries}
        (path / "manifest.json").write_text(json.dumps(manifest))
    return path


def sampled(path: Path, **arguments: Any) -> list[dict[str, object]]:
    """The records that the schema reads from the samples, JSON first."""
    generate(path, path.parent / "payload.tar.gz", content_types=BOTH, **arguments)
    with tarfile.open(path.parent / "payload.tar.gz", "r:gz") as tar:
        bodies = [stream.read() for member in tar if (stream := tar.extractfile(member))]
    bound = [SCHEMA.bind(decode_request(body, kind)) for body, kind in zip(bodies, BOTH, strict=True)]
    return [{name: column.tolist()[0] for name, column in records.columns.items()} for records in bound]


def test_text_fields_hold_texts_of_several_words_and_no_two_hold_the_same(tmp_path: Path) -> None:
    by_json, by_csv = sampled(artifact(tmp_path, texts={"review": PLAIN, "chat": PLAIN}))

    assert by_json == by_csv
    assert by_json["region"] == "DEFAULT_TEXT"
    assert len(str(by_json["review"]).split()) >= 10
    assert len(str(by_json["chat"]).split()) >= 10
    assert by_json["review"] != by_json["chat"]


@pytest.mark.parametrize("splitter", ["dialogue_splitter", "cs_chat_splitter"])
def test_behind_a_splitter_something_of_the_text_is_left(tmp_path: Path, splitter: str) -> None:
    steps = [splitter, "html_normalizer", "text_normalizer"]

    for record in sampled(artifact(tmp_path, texts={"review": PLAIN, "chat": [*steps, "tokenizer"]})):
        assert len(compose(steps, where="chat")(str(record["chat"]))) >= 3
        assert "[" not in str(record["review"])


def test_a_training_output_says_in_its_settings_how_a_text_is_split(tmp_path: Path) -> None:
    path = artifact(
        tmp_path, primary_text_name="review", secondary_text_name="chat", primary_text_processing_steps=PLAIN
    )

    by_json, _ = sampled(path)

    assert "[bom]" not in str(by_json["review"])
    assert "[bom]" in str(by_json["chat"])  # the handler splits dialogues where nothing else is said


def test_the_manifest_outweighs_the_settings(tmp_path: Path) -> None:
    path = artifact(tmp_path, texts={"chat": SPLIT}, text_name="chat", text_processing_steps=PLAIN)

    by_json, _ = sampled(path)

    assert "[bom]" in str(by_json["chat"])
    assert by_json["review"] == "DEFAULT_TEXT"  # neither says that it is a text


def test_a_text_that_somebody_chose_stays(tmp_path: Path) -> None:
    path = artifact(tmp_path, texts={"review": PLAIN, "chat": PLAIN})

    by_json, by_csv = sampled(path, field_defaults={"review": "mine"}, special_fields={"chat": "hers"})

    assert (by_json["review"], by_json["chat"]) == ("mine", "hers")
    assert by_csv == by_json


def test_a_default_for_texts_is_that_of_every_category_and_text(tmp_path: Path) -> None:
    path = artifact(tmp_path, texts={"review": PLAIN, "chat": SPLIT})

    by_json, by_csv = sampled(path, default_text_value="t")

    assert by_json == by_csv == {"amount": 0.0, "region": "t", "review": "t", "chat": "t"}


def test_a_text_that_is_listed_as_a_number_too_stays_a_number(tmp_path: Path) -> None:
    path = artifact(tmp_path, texts={"review": PLAIN, "chat": PLAIN}, tab_field_list=["amount", "chat"])

    by_json, _ = sampled(path)

    assert by_json["chat"] == "0.0"


def test_a_manifest_that_cannot_be_read_is_one_sentence_and_nothing_is_written(tmp_path: Path) -> None:
    path = artifact(tmp_path, text_name="review")
    (path / "feature_columns.txt").write_text("0,amount\n")
    (path / "manifest.json").write_text("{bad")

    with pytest.raises(Damaged, match=r"manifest\.json, line 1, column 2: expected valid JSON"):
        generate(path, tmp_path / "payload.tar.gz")

    assert [entry.name for entry in tmp_path.iterdir()] == ["artifact"]
