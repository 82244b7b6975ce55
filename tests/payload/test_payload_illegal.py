"""Illegal requests: each is refused by the rules that an endpoint has, with its status, naming its fault."""

import re

import pytest
from payload_models import EVERY_KIND, MODELS, WIDE

from servable.codecs import decode_request
from servable.errors import ServableError
from servable.payload.facts import ModelFacts
from servable.payload.illegal import IllegalRequest, illegal_requests, names_fault
from servable.schema import PANDAS_NULLS
from servable.serve.errors import status_of, words_for

REQUESTS = {request.case: request for request in illegal_requests(EVERY_KIND)}


def refusal(facts: ModelFacts, request: IllegalRequest) -> ServableError:
    """What an endpoint's own reading of a request says of it."""
    with pytest.raises(ServableError) as caught:
        facts.schema.bind(decode_request(request.data, request.content_type))
    return caught.value


@pytest.mark.parametrize("name", MODELS)
def test_every_illegal_request_gets_its_status_and_a_sentence_that_names_its_fault(name: str) -> None:
    facts = MODELS[name]

    for request in illegal_requests(facts):
        error = refusal(facts, request)

        assert (request.case, status_of(error)) == (request.case, request.status)
        assert names_fault(words_for(error), field=request.field, record=request.record), request.case


def test_a_faulty_cell_is_the_only_fault_of_its_request() -> None:
    for request in REQUESTS.values():
        if request.field is not None and request.record == 1:
            assert len(refusal(EVERY_KIND, request).problems) == 1, request.case


@pytest.mark.parametrize("name", MODELS)
def test_cases_have_names_of_their_own_joined_by_hyphens_and_say_why(name: str) -> None:
    requests = illegal_requests(MODELS[name])

    assert len({request.case for request in requests}) == len(requests)
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", request.case) for request in requests)
    assert all(request.why and 400 <= request.status < 500 for request in requests)


@pytest.mark.parametrize(
    ("case", "status", "field", "record", "part"),
    [
        ("json-lone-high-surrogate", 400, None, None, rb'"\ud800"'),
        ("json-invalid-utf-8", 400, None, None, b"\xff"),
        ("csv-header-invalid-utf-8", 400, None, None, b"\xff"),
        ("json-number-in-words", 400, "age", 1, b"twelve"),
        ("csv-number-with-comma", 400, "age", 1, b'"1,5"'),
        ("parquet-number-beyond-the-limit", 400, "age", 1, b"1e308"),
        ("json-bare-number-beyond-the-limit", 400, "age", 1, b": 1e308,"),
        ("json-nan-literal", 400, None, None, b": NaN,"),
        ("json-infinity", 400, "age", 1, b'"Infinity"'),
        ("json-duplicate-key", 400, "age", None, b'"age": '),
        ("json-duplicate-key-in-escapes", 400, "age", None, rb'"\u0061ge": '),
        ("csv-too-few-columns", 400, None, 1, b""),
        ("csv-header-too-many-columns", 400, None, 1, b",more"),
        ("ndjson-broken-line", 400, None, None, b"\n{oops}\n"),
        ("json-text-of-70000-characters", 400, "dialogue", 1, b"x" * 70_000),
        ("csv-category-of-70000-characters", 400, "region", 1, b"x" * 70_000),
        ("json-without-a-text", 400, "dialogue", 1, b""),
        ("json-list-for-a-category", 400, "region", 1, b'"region": [1]'),
        ("json-object-for-a-number", 400, "age", 1, b'"age": {"value": 1}'),
        ("json-empty-body", 400, None, None, b""),
        ("json-empty-array", 400, None, None, b"[]"),
        ("json-array-of-arrays", 400, None, 0, b"[["),
        ("type-xml", 400, None, None, b"{"),
        ("parquet-cut-off", 400, None, None, b"PAR1"),
        ("json-too-many-records", 413, None, None, b"{},{}"),
        ("csv-too-many-records", 413, None, None, b"0\n0\n"),
    ],
)
def test_a_fault_is_what_its_name_says(
    case: str, status: int, field: str | None, record: int | None, part: bytes
) -> None:
    request = REQUESTS[case]

    assert (request.status, request.field, request.record) == (status, field, record)
    assert part in request.data


def test_the_requests_are_the_same_each_time() -> None:
    assert illegal_requests(EVERY_KIND) == tuple(REQUESTS.values())


def test_a_spelling_of_a_missing_number_is_no_fault() -> None:
    assert "NaN" in PANDAS_NULLS
    assert "json-nan" not in REQUESTS
    assert "json-infinity" in REQUESTS


@pytest.mark.parametrize(
    ("name", "absent"),
    [
        ("numbers", ("text", "category")),
        ("texts", ("number", "category")),
        ("categories", ("number", "text")),
    ],
)
def test_faulty_cells_of_kinds_of_fields_that_a_model_lacks_are_left_out(
    name: str, absent: tuple[str, str]
) -> None:
    cases = {request.case for request in illegal_requests(MODELS[name])}

    for kind in absent:
        assert f"json-list-for-a-{kind}" in REQUESTS
        assert f"json-list-for-a-{kind}" not in cases


def test_any_headerless_csv_is_illegal_where_no_columns_are_known() -> None:
    cases = {request.case for request in illegal_requests(MODELS["categories"])}

    assert "csv-of-unknown-columns" in cases - REQUESTS.keys()


def test_the_requests_of_a_model_of_many_fields_stay_small() -> None:
    requests = illegal_requests(WIDE)

    assert len(requests) <= len(REQUESTS)
    assert sum(len(request.data) for request in requests) < 8_000_000


@pytest.mark.parametrize(
    ("sentence", "field", "record", "expected"),
    [
        ('record 1, field "age": expected a number', "age", 1, True),
        ('record 1, field "age": expected a number', None, None, True),
        ('record 1, field "age": expected a number', "ag", 1, False),
        ('record 12, field "age": expected a number', "age", 1, False),
        ("record 3: expected 4 cells", None, 3, True),
        ("body: expected JSON", None, 0, False),
    ],
)
def test_a_sentence_names_a_field_and_a_record_or_not(
    sentence: str, field: str | None, record: int | None, expected: bool
) -> None:
    assert names_fault(sentence, field=field, record=record) is expected
