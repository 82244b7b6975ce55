"""Requests over HTTP that are refused: status, whole body, and an endpoint that goes on as before."""

import io
import json
from collections.abc import Iterator

import pytest
from arro3.core import Array, DataType, Field, Table, list_array, struct_array
from arro3.io import write_parquet
from bad_input_cases import RECORD, body_of, refused

from fixtures_models import Endpoint, Model, Reply, serving

TYPES = "application/json, application/x-ndjson, text/csv, application/x-parquet"
NUMBER = "expected a number between -3.403e+38 and 3.403e+38"
HOW_JSON = "send one object, an array of objects, or one object per line"
HOW_CSV = "quote cells that hold quotes, commas or line breaks, and double the quotes inside"
MAX_BODY_BYTES = 4096


@pytest.fixture(scope="module")
def endpoint(model: Model, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    """An endpoint that takes small bodies only."""
    options = ("--max-body-bytes", str(MAX_BODY_BYTES))
    with serving(model.archive, folder=tmp_path_factory.mktemp("small-bodies"), options=options) as running:
        yield running


def error_of(reply: Reply) -> tuple[int, str]:
    """The status, and the sentence of a body that holds nothing else."""
    assert list(reply.json) == ["error"]
    return reply.status, reply.json["error"]


@pytest.mark.parametrize(
    "content_type", ["application/xml", "text/plain; charset=utf-8", "application/json; charset=latin-1"]
)
def test_an_unknown_content_type_is_refused(content_type: str, endpoint: Endpoint) -> None:
    reply = refused(endpoint, body_of(RECORD), content_type)

    assert error_of(reply) == (
        400,
        f"Unsupported content type: header Content-Type: expected one of {TYPES}, in UTF-8, "
        f"found '{content_type}'; send one of these types",
    )


def test_a_body_without_a_content_type_is_refused(endpoint: Endpoint) -> None:
    reply = endpoint.ask("POST", "/invocations", body=body_of(RECORD))

    assert error_of(reply) == (
        400,
        f"Unsupported content type: header Content-Type: expected one of {TYPES}, in UTF-8, found none; "
        "send one of these types",
    )


@pytest.mark.parametrize(
    ("row", "found"),
    [(b"40,2000.5,south", "3 cells"), (b"40,2000.5,south,plus,1", "5 cells"), (b"7", "1 cell")],
)
def test_a_row_of_another_width_is_refused(row: bytes, found: str, endpoint: Endpoint) -> None:
    reply = refused(endpoint, b"39,1000.5,north,plus\n" + row, "text/csv")

    assert error_of(reply) == (
        400,
        f"record 1: expected the 4 columns age, income, region, plan, found {found}; "
        "send exactly these columns, in this order",
    )


def test_a_row_narrower_than_its_own_header_is_refused(endpoint: Endpoint) -> None:
    reply = refused(endpoint, b"plan,age,income,region\nplus,39,1000.5\n", "text/csv; header=present")

    assert error_of(reply) == (
        400,
        "record 0: expected 4 cells, as the header has, found 3; "
        "write a cell for every column, empty if the value is missing",
    )


def test_a_number_that_does_not_parse_is_named_by_record_and_field_in_json(endpoint: Endpoint) -> None:
    reply = refused(endpoint, body_of(RECORD, RECORD | {"age": "forty"}))

    assert error_of(reply) == (
        400,
        f"record 1, field \"age\": {NUMBER}, found the string 'forty'; "
        "send a number, or null if the value is missing",
    )


def test_a_number_that_does_not_parse_is_named_by_record_and_field_in_csv(endpoint: Endpoint) -> None:
    reply = refused(endpoint, b"39,1000.5,north,plus\n40,12..50,south,plus\n", "text/csv")

    assert error_of(reply) == (
        400,
        f"record 1, field \"income\": {NUMBER}, found the string '12..50'; "
        "send a number, or null if the value is missing",
    )


def test_a_number_beyond_the_limit_is_refused(endpoint: Endpoint) -> None:
    reply = refused(endpoint, body_of(RECORD | {"income": "1e400"}))

    assert error_of(reply) == (
        400,
        f"record 0, field \"income\": {NUMBER}, found the string '1e400'; "
        "send a finite number, or null if the value is missing",
    )


def test_several_faults_are_counted(endpoint: Endpoint) -> None:
    reply = refused(endpoint, body_of(RECORD | {"age": "forty", "income": [1]}, RECORD | {"age": {}}))

    assert error_of(reply) == (
        400,
        f"record 0, field \"age\": {NUMBER}, found the string 'forty'; "
        "send a number, or null if the value is missing (and 2 more problems)",
    )


def test_a_list_in_a_category_is_refused(endpoint: Endpoint) -> None:
    reply = refused(endpoint, body_of(RECORD | {"region": ["north"]}))

    assert error_of(reply) == (
        400,
        'record 0, field "region": expected a string, found a list; '
        "send a string, or null if the value is missing",
    )


def test_a_missing_field_is_named(endpoint: Endpoint) -> None:
    without_plan = {name: cell for name, cell in RECORD.items() if name != "plan"}

    reply = refused(endpoint, body_of(RECORD, without_plan))

    assert error_of(reply) == (
        400,
        'Missing required feature columns: record 1, field "plan": expected every field to be present, '
        "found no such key; add it, with null if the value is missing",
    )


def test_a_missing_field_with_a_similar_key_is_hinted_at(endpoint: Endpoint) -> None:
    misspelt = {"Age" if name == "age" else name: cell for name, cell in RECORD.items()}

    reply = refused(endpoint, body_of(misspelt))

    assert error_of(reply) == (
        400,
        'Missing required feature columns: record 0, field "age": expected every field to be present, '
        'found no such key; add it (or rename "Age"), with null if the value is missing',
    )


def test_a_field_that_a_csv_header_lacks_is_named(endpoint: Endpoint) -> None:
    reply = refused(endpoint, b"age,income,region\n39,1000.5,north\n", "text/csv; header=present")

    assert error_of(reply) == (
        400,
        'Missing required feature columns: record 0, field "plan": expected every field to be present, '
        "found no such key; add it, with null if the value is missing",
    )


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (
            b"{not json",
            "body: expected JSON in UTF-8, found something else (object keys must be strings (byte 1)); "
            + HOW_JSON,
        ),
        (
            b'{"age": 39',
            f"body: expected JSON in UTF-8, found something else (Input data was truncated); {HOW_JSON}",
        ),
        (
            b'{"age": NaN, "income": 1, "region": "north", "plan": "plus"}',
            f"body: expected JSON in UTF-8, found something else (invalid character (byte 8)); {HOW_JSON}",
        ),
        (
            b"7",
            "body: expected an object with a key for every field, found a value of type int; "
            "send one object per record",
        ),
        (
            b'[[39, 1000.5, "north", "plus"]]',
            "record 0: expected an object with a key for every field, found an array; "
            "send one object per record",
        ),
        (
            b'{"age": 39, "age": 40, "income": 1, "region": "north", "plan": "plus"}',
            'body: expected each key once in an object, found the key "age" twice; send each field once',
        ),
    ],
    ids=["syntax", "cut off", "NaN", "a number", "array of arrays", "duplicate key"],
)
def test_malformed_json_is_refused(body: bytes, sentence: str, endpoint: Endpoint) -> None:
    reply = refused(endpoint, body)

    assert error_of(reply) == (400, f"Invalid JSON format: {sentence}")


def test_a_malformed_line_is_named(endpoint: Endpoint) -> None:
    reply = refused(endpoint, body_of(RECORD) + b"\n{oops}\n", "application/x-ndjson")

    assert error_of(reply) == (
        400,
        "Invalid JSON format: line 2: expected JSON in UTF-8, "
        f"found something else (object keys must be strings (byte 1)); {HOW_JSON}",
    )


@pytest.mark.parametrize(
    "content_type", ["application/json", "application/x-ndjson", "text/csv", "application/x-parquet"]
)
def test_an_empty_body_is_refused(content_type: str, endpoint: Endpoint) -> None:
    reply = refused(endpoint, b"", content_type)

    assert error_of(reply) == (400, f"body: expected {content_type}, found no bytes; send a record")


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"[]", "application/json"),
        (b"\n\n", "application/x-ndjson"),
        (b"\n\n", "text/csv"),
        (b"age,income,region,plan\n", "text/csv"),
    ],
)
def test_a_body_without_a_record_is_refused(body: bytes, content_type: str, endpoint: Endpoint) -> None:
    reply = refused(endpoint, body, content_type)

    assert error_of(reply) == (400, "request: expected at least one record, found none; send one")


@pytest.mark.parametrize(
    ("body", "where", "reason"),
    [(b'39,"1000.5', "line 1", "unexpected end of data"), (b"\xff,1", "body", "byte 0 is not UTF-8")],
)
def test_malformed_csv_is_refused(body: bytes, where: str, reason: str, endpoint: Endpoint) -> None:
    reply = refused(endpoint, body, "text/csv")

    assert error_of(reply) == (
        400,
        f"{where}: expected CSV in UTF-8, found something else ({reason}); {HOW_CSV}",
    )


def test_malformed_parquet_is_refused(endpoint: Endpoint) -> None:
    reply = refused(endpoint, b"PAR1 and nothing that follows from it PAR1", "application/x-parquet")

    assert error_of(reply) == (
        400,
        "body: expected a Parquet file, found bytes that cannot be read as one; "
        "write the file again, without encryption and with flat columns",
    )


ONE = Array([1.0], DataType.float64())
NESTED = {
    "a list": list_array(Array([0, 1], DataType.int32()), ONE),
    "an object": struct_array([ONE], fields=[Field("part", DataType.float64())]),
}


@pytest.mark.parametrize("found", NESTED)
@pytest.mark.parametrize(
    ("field", "expected", "fix"), [("age", NUMBER, "a number"), ("plan", "expected a string", "a string")]
)
def test_a_nested_column_of_a_parquet_file_is_named(
    field: str, expected: str, fix: str, found: str, endpoint: Endpoint
) -> None:
    flat = {
        name: Array([cell], DataType.utf8() if isinstance(cell, str) else DataType.float64())
        for name, cell in (RECORD | {"age": 39.0}).items()
    }
    columns = flat | {field: NESTED[found]}
    file = io.BytesIO()
    write_parquet(Table.from_arrays([*columns.values()], names=[*columns]), file)

    reply = refused(endpoint, file.getvalue(), "application/x-parquet")

    assert error_of(reply) == (
        400,
        f'record 0, field "{field}": {expected}, found {found}; send {fix}, or null if the value is missing',
    )


def test_a_body_over_the_limit_is_refused(endpoint: Endpoint) -> None:
    reply = refused(endpoint, body_of(RECORD).ljust(MAX_BODY_BYTES + 1))

    assert reply.headers["connection"] == "close"
    assert error_of(reply) == (
        413,
        "body: expected at most 4096 bytes, found more; "
        "send fewer records in a request, or serve with a larger `--max-body-bytes`",
    )


def test_a_body_at_the_limit_is_answered(endpoint: Endpoint) -> None:
    reply = endpoint.invoke(body_of(RECORD).ljust(MAX_BODY_BYTES))

    assert reply.status == 200


def test_an_answer_type_that_nobody_makes_is_refused(endpoint: Endpoint) -> None:
    reply = refused(endpoint, body_of(RECORD), accept="application/xml")

    assert error_of(reply) == (
        406,
        "header Accept: expected one of application/json, text/csv, found 'application/xml'; "
        "ask for one of these types",
    )


def test_a_compressed_body_is_refused(endpoint: Endpoint) -> None:
    reply = refused(endpoint, body_of(RECORD), content_encoding="gzip")

    assert error_of(reply) == (
        415,
        "header Content-Encoding: expected identity or no such header, found 'gzip'; "
        "send the body uncompressed",
    )


@pytest.mark.parametrize(("verb", "path"), [("GET", "/"), ("GET", "/pong"), ("POST", "/invocations/2")])
def test_an_unknown_path_is_refused(verb: str, path: str, endpoint: Endpoint) -> None:
    reply = endpoint.ask(verb, path)

    assert error_of(reply) == (
        404,
        f"path: expected one of /ping, /invocations, found '{path}'; send the request to one of these",
    )


@pytest.mark.parametrize(
    ("verb", "path", "known", "allow"),
    [
        ("GET", "/invocations", "POST", "POST"),
        ("PUT", "/invocations", "POST", "POST"),
        ("POST", "/ping", "GET or HEAD", "GET, HEAD"),
        ("DELETE", "/ping", "GET or HEAD", "GET, HEAD"),
    ],
)
def test_a_wrong_verb_is_refused(verb: str, path: str, known: str, allow: str, endpoint: Endpoint) -> None:
    reply = endpoint.ask(verb, path, body=json.dumps(RECORD).encode())

    assert reply.headers["allow"] == allow
    assert error_of(reply) == (
        405,
        f"verb: expected {known}, found '{verb}'; send the request with such a verb",
    )
