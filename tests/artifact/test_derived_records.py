"""The records that are derived from an artifact's tables alone."""

import pytest

from servable.artifact import derive_records
from servable.artifact.artifact import StoredRiskTable
from servable.codecs import REQUEST_TYPES, decode_request, encode_table
from servable.preprocess.text import compose
from servable.records import Cell, Table
from servable.schema import Field, Kind, Schema

TREES = Schema(fields=(Field("age", Kind.NUMERIC), Field("region", Kind.CATEGORICAL)), classes=("0", "1"))
TEXTS = Schema(
    fields=(Field("title", Kind.TEXT), Field("age", Kind.NUMERIC), Field("review", Kind.TEXT)),
    classes=("0", "1"),
    csv_columns=("title", "age", "review"),
)
RISK = {"region": StoredRiskTable(bins={"south": 0.5, "north": 0.2}, default_bin=0.3)}
TYPICAL = 22


def reviews() -> list[str]:
    records = derive_records(TEXTS, {}, {"age": 40.0}, typical=TYPICAL)
    return [str(record["review"]) for record in records[:TYPICAL]]


def test_records_without_a_text_field_walk_through_categories_and_around_numbers() -> None:
    records = derive_records(TREES, RISK, {"age": 40.0}, typical=3)

    unknown = "a category that training did not see"
    assert records == [
        {"age": 28.0, "region": "north"},
        {"age": 33.0, "region": "south"},
        {"age": 38.0, "region": "north"},
        {"age": None, "region": None},
        {"age": 28.0, "region": unknown},
        {"age": None, "region": "north"},
        {"age": 33.0, "region": None},
    ]


def test_after_the_typical_texts_each_is_lacking_once_and_all_are_empty_once() -> None:
    *_, without_title, without_age, without_review, empty = derive_records(TEXTS, {}, {}, typical=5)

    assert [without_title["title"], without_age["age"], without_review["review"]] == [None, None, None]
    assert (empty["title"], empty["review"]) == ("", "")
    assert empty["age"] is not None


def test_the_same_schema_gives_the_same_records() -> None:
    assert derive_records(TEXTS, {}, {}, typical=30) == derive_records(TEXTS, {}, {}, typical=30)


def test_two_texts_of_one_typical_record_differ() -> None:
    records = derive_records(TEXTS, {}, {}, typical=TYPICAL)[:TYPICAL]

    assert all(record["title"] != record["review"] for record in records)


def test_texts_come_in_every_length() -> None:
    lengths = sorted({len(text.split()) for text in reviews()})

    assert lengths[0] == 0  # nothing but blanks
    assert lengths[1] == 1
    assert any(10 <= length <= 20 for length in lengths)
    assert any(50 <= length <= 100 for length in lengths)
    assert lengths[-1] > 512  # a token is never longer than a word


@pytest.mark.parametrize(
    "part",
    ["&amp;", "&nbsp;", "<p>", "é", "的", "좋", "\N{GRINNING FACE}", "\n", "\r\n", "\t", '"', "'", "\\"],
)
def test_some_text_holds_what_codecs_and_text_steps_may_stumble_over(part: str) -> None:
    assert any(part in text for text in reviews())


@pytest.mark.parametrize("splitter", ["dialogue_splitter", "cs_chat_splitter"])
def test_some_text_is_a_dialogue_to_each_splitter(splitter: str) -> None:
    split = compose([splitter], where="review")

    assert any(len(split(text)) >= 3 for text in reviews())


def test_one_dialogue_is_too_long_for_one_chunk() -> None:
    messages = [compose(["dialogue_splitter"], where="review")(text) for text in reviews()]

    assert max(sum(len(message.split()) for message in found) for found in messages) > 512


@pytest.mark.parametrize("content_type", REQUEST_TYPES)
def test_every_content_type_carries_every_text_exactly(content_type: str) -> None:
    records = derive_records(TEXTS, {}, {"age": 40.0}, typical=TYPICAL)[:TYPICAL]

    body = encode_table(Table.of_records(records), content_type)

    bound = TEXTS.bind(decode_request(body, content_type))
    expected: list[list[Cell]] = [[record[name] for record in records] for name in TEXTS.names()]
    assert [bound.columns[name].tolist() for name in TEXTS.names()] == expected
