"""The hostile corpus: each hazard is there under a name, is legal, and means what it should."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from payload_models import EVERY_KIND, MAX_CHUNKS, MODELS, WIDE, stored_text

from servable.codecs import decode_request
from servable.payload import ArchiveLayout, NumberForm, RealRecords, Strategy, script
from servable.payload.bodies import Counts, bodies_of
from servable.payload.facts import ModelFacts
from servable.payload.field_values import FieldSettings
from servable.payload.remarks import remarks_on
from servable.payload.samples import Body, Sample
from servable.payload.settings import PayloadSettings
from servable.payload.strategies.case_records import plain_records
from servable.payload.strategies.hostile import hostile_samples
from servable.preprocess import MISSING_BIN, RiskTable
from servable.preprocess.text import TextPipeline, TextSettings
from servable.records import Records, Table
from servable.schema import Kind

SAMPLES = {each.case: each for each in hostile_samples(EVERY_KIND) if isinstance(each, Sample)}
BODIES = [each for each in hostile_samples(EVERY_KIND) if isinstance(each, Body)]
JSON, CSV, WITH_HEADER = "application/json", "text/csv", "text/csv; header=present"
NDJSON, PARQUET = "application/x-ndjson", "application/x-parquet"

HAZARDS: dict[str, tuple[str, Callable[[str], bool]]] = {
    "html": ("title", lambda text: "<script>" in text),
    "html-entities": ("title", lambda text: "&nbsp;" in text and "&#8230;" in text),
    "emoji-with-joiners": ("title", lambda text: "\U0001f469\u200d\U0001f469" in text),
    "right-to-left": ("region", lambda text: any(unicodedata.bidirectional(each) == "AL" for each in text)),
    "combining-marks": ("region", lambda text: any(unicodedata.combining(each) for each in text)),
    "cjk": ("region", lambda text: "CJK UNIFIED" in unicodedata.name(text[0])),
    "line-separators": ("region", lambda text: "\u2028" in text),
    "nul": ("region", lambda text: "\0" in text),
    "number-sign": ("region", lambda text: text.startswith("#")),
    "quotes": ("title", lambda text: '"' in text and "'" in text),
    "commas": ("title", lambda text: "," in text),
    "newlines": ("title", lambda text: "\n" in text and "\r\n" in text),
    "empty-texts": ("title", lambda text: text == ""),
    "blank-texts": ("title", lambda text: bool(text) and not text.strip()),
    "texts-of-60000-characters": ("title", lambda text: len(text) == 60_000),
    "unknown-categories": ("region", lambda text: text not in EVERY_KIND.risk_tables["region"].bins),
    "empty-categories": ("region", lambda text: text == ""),
    "exponents": ("age", lambda text: "e" in text.lower()),
    "numeric-strings": ("age", lambda text: text == " 12 "),
    "unmatched-dialogue-markers": ("dialogue", lambda text: "[bom]" in text and "[eom]" not in text),
}
"""A field, and what one of its cells in the case of this name is like."""


def cells(case: str, field: str) -> list[Any]:
    return [record[field] for record in SAMPLES[case].records]


def bound(body: Body, facts: ModelFacts = EVERY_KIND) -> Records:
    return facts.schema.bind(decode_request(body.data, body.content_type))


def body_of(case: str, content_type: str = JSON) -> Body:
    (body,) = [body for body in BODIES if (body.case, body.content_type) == (case, content_type)]
    return body


def rows(records: Records) -> list[tuple[str, ...]]:
    """Records as rows that can be compared, missing numbers too."""
    columns = [map(str, records.columns[name].tolist()) for name in EVERY_KIND.schema.names()]
    return list(zip(*columns, strict=True))


@pytest.mark.parametrize("name", MODELS)
def test_every_hostile_request_is_legal(name: str) -> None:
    facts = MODELS[name]

    for each in hostile_samples(facts):
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", each.case)
        if isinstance(each, Sample):
            table = Table.of_records([dict(record) for record in each.records])
            assert len(facts.schema.bind(table)) == len(each.records) > 0
        else:
            assert each.content_type in script.CONTENT_TYPES
            assert len(bound(each, facts)) == each.records > 0


def test_the_corpus_is_the_same_each_time_and_no_two_cases_of_a_content_type_share_a_name() -> None:
    again = list(hostile_samples(EVERY_KIND))

    assert again == [*SAMPLES.values(), *BODIES]
    names = [(body.case, body.content_type) for body in BODIES]
    assert len(set(names)) == len(names)
    assert not SAMPLES.keys() & {body.case for body in BODIES}


def test_every_content_type_carries_every_case_but_what_it_has_no_form_for() -> None:
    types = list(script.CONTENT_TYPES)

    made = {
        (body.case, body.content_type)
        for body in bodies_of(SAMPLES.values(), schema=EVERY_KIND.schema, content_types=types)
    }

    left_out = {(case, kind) for case in SAMPLES for kind in types} - made
    assert left_out == {("empty-categories", CSV), ("empty-categories", WITH_HEADER)}


@pytest.mark.parametrize("case", HAZARDS)
def test_a_hazard_is_what_its_name_says(case: str) -> None:
    field, is_hazard = HAZARDS[case]

    assert any(map(is_hazard, cells(case, field)))


def test_a_hazard_of_values_is_in_every_field_of_its_kind() -> None:
    schema = EVERY_KIND.schema

    for case, kinds in (
        ("large-numbers", (Kind.NUMERIC,)),
        ("unknown-categories", (Kind.CATEGORICAL,)),
        ("nul", (Kind.CATEGORICAL, Kind.TEXT)),
    ):
        record = SAMPLES[case].records[0]
        assert len({record[name] for name in schema.names(*kinds)}) == 1


def test_missing_numbers_come_in_every_spelling_that_the_artifact_lists() -> None:
    spelled = cells("missing-numbers-in-every-spelling", "income")

    assert set(spelled) == EVERY_KIND.null_spellings
    for case, sample in SAMPLES.items():
        if case.startswith("missing-numbers"):
            table = Table.of_records([dict(record) for record in sample.records])
            assert np.isnan(EVERY_KIND.schema.bind(table).columns["income"]).all()


def test_a_record_in_which_everything_is_missing_holds_nothing_but_nulls() -> None:
    assert set(SAMPLES["everything-missing"].records[0].values()) == {None}


def test_numbers_reach_from_next_to_nothing_to_a_billion_and_negative_zero_keeps_its_sign() -> None:
    table = Table.of_records([dict(record) for record in SAMPLES["negative-zero"].records])

    zeros = EVERY_KIND.schema.bind(table).columns["age"]

    assert np.signbit(zeros).all()
    assert not zeros.any()
    assert {1e9, -1e9} < set(cells("large-numbers", "age"))
    assert 5e-324 in cells("tiny-numbers", "age")


def test_an_integer_is_the_same_category_as_its_decimal_where_the_keys_are_numbers() -> None:
    branch, region = (RiskTable(EVERY_KIND.risk_tables[name].bins, 0.35) for name in ("branch", "region"))

    spellings = cells("integers-and-decimals-as-categories", "branch")

    assert spellings == ["10", "10.0", "10.00"]
    assert {branch.bin_of(spelling) for spelling in spellings} == {"10"}
    assert cells("integers-and-decimals-as-categories", "region")[:2] == ["10", "10.0"]
    assert region.falls_to_default("10")


def test_words_that_look_missing_are_categories_of_their_own() -> None:
    looks = cells("categories-like-missing-ones", "region")

    assert {MISSING_BIN, "None", "NA", " "} <= set(looks)
    assert None not in looks


def test_a_dialogue_of_more_chunks_than_the_limit_loses_messages() -> None:
    stored = stored_text("dialogue", "dialogue_splitter")
    settings = TextSettings(steps=stored.steps, max_tokens=stored.max_tokens, max_chunks=stored.max_chunks)

    trace = TextPipeline(settings, stored.tokenizer, where="").trace(
        cells("more-chunks-than-the-limit", "dialogue")[0]
    )

    assert len(trace.chunks) == MAX_CHUNKS
    assert trace.lost_messages
    assert cells("more-chunks-than-the-limit", "title") == [plain_records(EVERY_KIND, 1)[0]["title"]]


def test_a_case_that_no_cell_has_room_for_is_told_in_the_summary() -> None:
    stored = replace(
        EVERY_KIND.texts["dialogue"], max_chunks=3000
    )  # with their marks alone they are too long
    facts = replace(EVERY_KIND, texts={"dialogue": stored})
    settings = PayloadSettings(
        content_types=(JSON,),
        strategy=Strategy.HOSTILE,
        samples=None,
        seed=0,
        numbers=NumberForm.STRINGS,
        sample=None,
        layout=ArchiveLayout.ONE,
        default_numeric_value=0.0,
        default_text_value=None,
        fields=FieldSettings(),
        real_records=RealRecords.LEAVE_OUT,
    )

    remarks = list(remarks_on(settings, facts, facts.schema, Counts(), []))

    assert "more-chunks-than-the-limit" not in {each.case for each in hostile_samples(facts)}
    assert remarks == [
        'The case more-chunks-than-the-limit leaves out "dialogue": a text at that limit has more than the '
        "65,536 characters that a request may hold."
    ]


def test_behind_a_splitter_a_hazard_stands_in_a_message_too() -> None:
    plain, in_message = SAMPLES["html-entities"].records

    assert in_message["dialogue"] == f"[bom] {plain['dialogue']} [eom]"
    assert in_message["title"] == plain["title"]


SAME_RECORDS = [
    *("json-pretty-printed", "json-byte-order-mark", "json-blanks-around", "json-lines-as-json"),
    *("json-shuffled-keys", "lines-crlf", "lines-without-last-newline", "lines-with-blank-lines"),
    *("lines-byte-order-mark", "lines-blanks-around", "lines-shuffled-keys", "lines-unknown-keys"),
    *("csv-crlf", "csv-line-feeds", "csv-without-last-newline", "csv-byte-order-mark", "csv-blank-lines"),
    *("csv-every-cell-quoted", "csv-header-row-first", "csv-shuffled-columns", "csv-unknown-columns"),
    *("csv-repeated-column", "parquet-shuffled-columns", "parquet-unknown-columns"),
    "parquet-numbers-as-strings",
]
FIRST_RECORD = ["json-crlf", "json-trailing-newline", "json-one-record-as-array", "json-duplicate-records"]


@pytest.mark.parametrize("case", [*SAME_RECORDS, *FIRST_RECORD])
def test_a_hazard_of_form_holds_the_records_that_the_plain_form_holds(case: str) -> None:
    plain = Table.of_records([dict(record) for record in plain_records(EVERY_KIND, 3)])
    expected = rows(EVERY_KIND.schema.bind(plain))

    found = [rows(bound(body)) for body in BODIES if body.case == case]

    assert found
    for records in found:
        assert records == (expected if case in SAME_RECORDS else [expected[0]] * len(records))


@pytest.mark.parametrize(
    ("case", "content_type", "mark"),
    [
        ("json-pretty-printed", JSON, b'\n    {\n        "age"'),
        ("json-crlf", JSON, b"\r\n"),
        ("json-byte-order-mark", JSON, b"\xef\xbb\xbf["),
        ("json-trailing-newline", JSON, b"}\n"),
        ("json-lines-as-json", JSON, b"}\n{"),
        ("json-every-character-escaped", JSON, rb"\u0061\u0067\u0065"),
        ("json-nothing-escaped", JSON, "\U0001f600".encode()),
        ("json-unknown-keys", JSON, b'"churned": "1"'),
        ("lines-crlf", NDJSON, b"}\r\n{"),
        ("lines-byte-order-mark", NDJSON, b"\xef\xbb\xbf{"),
        ("csv-crlf", CSV, b"\r\n"),
        ("csv-byte-order-mark", WITH_HEADER, b"\xef\xbb\xbfage,"),
        ("csv-header-row-first", CSV, b"customer,age,"),
        ("csv-every-cell-quoted", CSV, b'"","'),
        ("csv-repeated-column", WITH_HEADER, b"title,age,income,region,branch,dialogue,title"),
    ],
)
def test_a_hazard_of_form_has_the_bytes_that_its_name_says(case: str, content_type: str, mark: bytes) -> None:
    assert mark in body_of(case, content_type).data


def test_numbers_without_quotes_are_numbers_in_one_field_and_their_strings_in_the_other() -> None:
    numbers, strings = bound(body_of("json-bare-numbers")), bound(body_of("json-numbers-for-strings"))

    assert {-0.0, 1000.0, 2.5, 1.0} <= set(numbers.columns["age"].tolist())
    assert strings.columns["branch"].tolist()[:3] == ["10", "10.0", "-0.0"]
    assert "True" in strings.columns["title"].tolist()


def test_a_parquet_nan_is_a_missing_number() -> None:
    found = bound(body_of("parquet-nan-for-missing", PARQUET)).columns["age"]

    assert np.isnan(found).tolist() == [True, True, False]


def test_one_record_many_and_duplicates_are_cases_of_their_own() -> None:
    assert len(SAMPLES["one-record"].records) == 1
    assert len(SAMPLES["many-records"].records) == 100
    assert SAMPLES["duplicate-records"].records[0] == SAMPLES["duplicate-records"].records[1]


@pytest.mark.parametrize(
    ("name", "absent"),
    [
        (
            "numbers",
            {"unknown-categories", "missing-categories", "html", "empty-texts", "json-numbers-for-strings"},
        ),
        ("categories", {"missing-numbers", "exponents", "empty-texts", "missing-texts", "json-bare-numbers"}),
        ("texts", {"missing-numbers", "negative-zero", "unknown-categories", "parquet-nan-for-missing"}),
    ],
)
def test_cases_for_kinds_of_fields_that_a_model_lacks_are_left_out(name: str, absent: set[str]) -> None:
    every = SAMPLES.keys() | {body.case for body in BODIES}
    assert absent < every

    cases = {each.case for each in hostile_samples(MODELS[name])}

    assert cases < every
    assert not cases & absent


def test_a_headerless_csv_is_left_out_where_no_columns_are_known() -> None:
    types = {each.content_type for each in hostile_samples(MODELS["categories"]) if isinstance(each, Body)}

    assert types == set(script.CONTENT_TYPES) - {CSV}


def test_the_corpus_of_a_model_of_many_fields_has_no_more_cases_and_small_bodies() -> None:
    counts = Counts()

    bodies = list(bodies_of(hostile_samples(WIDE), schema=WIDE.schema, content_types=[JSON], counts=counts))

    of_few = list(
        bodies_of(hostile_samples(MODELS["nothing known"]), schema=EVERY_KIND.schema, content_types=[JSON])
    )
    assert [body.case for body in bodies] == [body.case for body in of_few]
    assert max(len(body.data) for body in bodies) < 2_000_000
    assert not counts.left_out
