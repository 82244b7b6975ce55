"""Golden records as requests."""

import json

import pytest
from prove_doubles import RECORDS, UNCARRIED, golden_set, write_artifact

from servable.artifact import read_artifact
from servable.codecs import REQUEST_TYPES, decode_request
from servable.errors import BadInput
from servable.prove.endpoint import parse_target
from servable.prove.requests import GoldenRequests, golden_requests, to_wire
from servable.schema import Schema


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> Schema:
    return read_artifact(write_artifact(tmp_path_factory.mktemp("schema"))).schema


def made(schema: Schema, content_type: str) -> GoldenRequests:
    return golden_requests(golden_set().requests, schema=schema, content_type=content_type)


def test_json_carries_the_stored_bytes_themselves(schema: Schema) -> None:
    assert made(schema, "application/json").encode([4]) == golden_set().requests[4]


@pytest.mark.parametrize("content_type", REQUEST_TYPES)
def test_every_record_that_is_sent_binds_to_what_the_golden_record_means(
    schema: Schema, content_type: str
) -> None:
    requests = made(schema, content_type)
    whole = schema.bind(decode_request(b"\n".join(golden_set().requests), "application/x-ndjson"))

    sent = schema.bind(decode_request(requests.encode(requests.rows), content_type))

    for name, column in whole.columns.items():
        assert repr(sent.columns[name].tolist()) == repr(column[list(requests.rows)].tolist())


def test_records_that_a_csv_cannot_tell_apart_are_left_out_and_counted(schema: Schema) -> None:
    requests = made(schema, "text/csv")

    assert requests.left_out == UNCARRIED
    assert requests.rows == tuple(range(RECORDS - UNCARRIED))
    assert made(schema, "application/x-parquet").left_out == 0


def test_without_a_list_of_columns_a_csv_carries_no_record(schema: Schema) -> None:
    bare = Schema(fields=schema.fields, classes=schema.classes)

    assert made(bare, "text/csv").rows == ()


@pytest.mark.parametrize("content_type", REQUEST_TYPES)
def test_batches_hold_every_record_once_in_the_order_asked_for(schema: Schema, content_type: str) -> None:
    requests = made(schema, content_type)
    order = requests.rows[::-1]

    batches = requests.batches(order, most=5)

    assert [row for rows, _ in batches for row in rows] == list(order)
    assert all(len(decode_request(body, content_type)) == len(rows) <= 5 for rows, body in batches)


def test_a_batch_beyond_four_mebibytes_is_cut_in_halves(schema: Schema) -> None:
    record = json.dumps({"age": 1, "town": "x" * 1_000_000}).encode()
    requests = golden_requests([record] * 10, schema=schema, content_type="application/json")

    batches = requests.batches(requests.rows)

    assert [len(rows) for rows, _ in batches] == [2, 3, 2, 3]


def test_a_request_is_whole_http() -> None:
    target = parse_target("http://127.0.0.1:8080/models/one/")

    wire = to_wire(target, body=b"{}", content_type="application/json", accept="text/csv")

    assert wire == (
        b"POST /models/one/invocations HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nContent-Type: application/json\r\n"
        b"Accept: text/csv\r\nContent-Length: 2\r\n\r\n{}"
    )


@pytest.mark.parametrize(
    "url", ["", "localhost:8080", "ftp://127.0.0.1", "http://", "http://127.0.0.1:99999", "http://h/\r\nX: y"]
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(BadInput) as refused:
        parse_target(url)

    assert refused.value.code == "prove.url"


def test_tls_is_refused_in_words() -> None:
    with pytest.raises(BadInput, match="TLS is not built yet"):
        parse_target("https://example.org")
