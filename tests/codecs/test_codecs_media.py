"""Content types, `Accept`, and bodies that are nothing."""

import numpy as np
import pytest

from servable.codecs import decode_answer, decode_request, encode_answer, encode_table
from servable.errors import BadInput, TooLarge
from servable.records import Predictions, Table

TWO = Predictions(raw=np.array([[0.15, 0.85]]), calibrated=np.array([[0.22, 0.78]]))
THREE = Predictions(
    raw=np.array([[0.5, 0.3, 0.2]], np.float32), calibrated=np.array([[0.25, 0.5, 0.25]], np.float32)
)


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "Application/JSON; charset=UTF-8",
        'application/json;charset="utf8"; profile=x',
        "application/x-ndjson",
        "application/jsonlines",
        "application/x-jsonlines",
        "application/ndjson",
        "application/jsonl",
    ],
)
def test_a_json_type_is_known_in_any_case_and_with_parameters(content_type: str) -> None:
    assert list(decode_request(b'{"a": 1}', content_type).rows) == [(1,)]


@pytest.mark.parametrize("content_type", ["application/vnd.apache.parquet", "application/parquet"])
def test_a_parquet_type_is_known_by_its_other_names(content_type: str) -> None:
    body = encode_table(Table(names=("a",), rows=[(1.5,)]), "application/x-parquet")

    assert list(decode_request(body, content_type).rows) == [(1.5,)]


@pytest.mark.parametrize(
    ("content_type", "found"),
    [
        ("", "none"),
        ("application/x-npy", "'application/x-npy'"),
        ("application/json; charset=latin-1", "'application/json; charset=latin-1'"),
    ],
)
def test_another_content_type_is_refused(content_type: str, found: str) -> None:
    with pytest.raises(BadInput) as caught:
        decode_request(b"{}", content_type)

    assert caught.value.code == "request.content-type"
    assert str(caught.value) == (
        "header Content-Type: expected one of application/json, application/x-ndjson, text/csv, "
        f"application/x-parquet, in UTF-8, found {found}; send one of these types"
    )


def test_a_table_is_not_encoded_as_an_unknown_type() -> None:
    with pytest.raises(BadInput) as caught:
        encode_table(Table(names=("a",), rows=[(1,)]), "text/plain")

    assert str(caught.value) == (
        "content type: expected one of application/json, application/x-ndjson, text/csv, "
        "application/x-parquet, found 'text/plain'; choose one of these types"
    )


def test_an_empty_body_is_refused() -> None:
    with pytest.raises(BadInput) as caught:
        decode_request(b"", "text/csv")

    assert caught.value.code == "request.empty"
    assert str(caught.value) == "body: expected text/csv, found no bytes; send a record"


@pytest.mark.parametrize("body", [b"PAR1", b"no parquet", b"PAR1" + bytes(64) + b"PAR1"])
def test_a_broken_parquet_file_is_refused(body: bytes) -> None:
    with pytest.raises(BadInput) as caught:
        decode_request(body, "application/x-parquet")

    assert caught.value.code == "request.parquet"
    assert str(caught.value) == (
        "body: expected a Parquet file, found bytes that cannot be read as one; "
        "write the file again, without encryption and with flat columns"
    )


def test_nan_in_a_parquet_file_is_a_missing_cell() -> None:
    body = encode_table(Table(names=("a",), rows=[(float("nan"),), (1.0,)]), "application/x-parquet")

    assert list(decode_request(body, "application/x-parquet").rows) == [(None,), (1.0,)]


def test_a_parquet_file_with_too_many_rows_is_refused() -> None:
    body = encode_table(Table(names=("a",), rows=[(1.0,)] * 3), "application/x-parquet")

    with pytest.raises(TooLarge) as caught:
        decode_request(body, "application/x-parquet", max_rows=2)

    assert str(caught.value) == "body: expected at most 2 records, found more; split the request"


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        ("", "application/json"),
        ("*/*", "application/json"),
        ("text/csv", "text/csv"),
        ("TEXT/CSV; q=0.2", "text/csv"),
        ("text/*", "text/csv"),
        ("text/html, */*;q=0.1", "application/json"),
        ("text/csv;q=0.9, application/json;q=0.3", "text/csv"),
        ("application/json;q=0, */*", "text/csv"),
    ],
)
def test_the_accept_header_chooses_the_type_of_the_answer(accept: str, chosen: str) -> None:
    assert encode_answer(TWO, accept)[1] == chosen


@pytest.mark.parametrize("accept", ["text/html", "application/json;q=0", "*/*;q=0", "text/csv;q=x"])
def test_an_accept_header_that_names_neither_type_is_refused(accept: str) -> None:
    with pytest.raises(BadInput) as caught:
        encode_answer(TWO, accept)

    assert caught.value.code == "request.accept"
    assert str(caught.value) == (
        f"header Accept: expected one of application/json, text/csv, found '{accept}'; "
        "ask for one of these types"
    )


def test_two_classes_are_answered_by_the_scores_of_class_1_and_a_label() -> None:
    assert encode_answer(TWO, "application/json")[0] == (
        b'{"predictions":[{"legacy-score":"0.85","calibrated-score":"0.78","output-label":"class-1"}]}'
    )


def test_more_classes_are_answered_by_all_raw_then_all_calibrated_scores_and_a_label() -> None:
    assert encode_answer(THREE, "application/json")[0] == (
        b'{"predictions":[{"prob_01":"0.5","prob_02":"0.3","prob_03":"0.2","calibrated_prob_01":"0.25",'
        b'"calibrated_prob_02":"0.5","calibrated_prob_03":"0.25","output-label":"class-0"}]}'
    )


def test_csv_answers_hold_raw_scores_then_calibrated_ones_then_the_label() -> None:
    assert encode_answer(TWO, "text/csv")[0] == b"0.15,0.85,0.22,0.78,class-1\n"
    assert encode_answer(THREE, "text/csv")[0] == b"0.5,0.3,0.2,0.25,0.5,0.25,class-0\n"


def test_equal_raw_scores_are_labelled_with_the_lower_class() -> None:
    tie = Predictions(raw=np.array([[0.5, 0.5]]), calibrated=np.array([[0.1, 0.9]]))

    assert tie.label.tolist() == [0]


@pytest.mark.parametrize(
    "body", [b"", b"x", b"0.5,class-1\n", b"0.1,0.9,0.1,0.9,class-1\n0.1,class-1\n", b"\xff"]
)
def test_csv_that_is_no_answer_is_refused(body: bytes) -> None:
    with pytest.raises(BadInput) as caught:
        decode_answer(body, "text/csv; charset=utf-8")

    assert caught.value.code == "answer.form"
    assert str(caught.value) == (
        "answer: expected CSV lines of raw scores, calibrated scores and a label, found another form; "
        "check what answers at this address"
    )


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b"{}",
        b'{"predictions":[]}',
        b'{"predictions":{}}',
        b'{"predictions":[7]}',
        b'{"predictions":[{"legacy-score":"x","calibrated-score":"1","output-label":"class-1"}]}',
        b'{"predictions":[{"legacy-score":"1","output-label":"class-1"}]}',
        b'{"predictions":[{"prob_01":"1","prob_02":"0","calibrated_prob_01":"1","output-label":"class-0"}]}',
    ],
)
def test_json_of_another_shape_is_no_answer(body: bytes) -> None:
    with pytest.raises(BadInput) as caught:
        decode_answer(body, "application/json")

    assert str(caught.value) == (
        "answer: expected `predictions` with scores and labels, found another shape; "
        "check what answers at this address"
    )


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"predictions":', b"\xff", b"[" * 100_000])
def test_bytes_that_are_not_json_are_no_answer(body: bytes) -> None:
    with pytest.raises(BadInput) as caught:
        decode_answer(body, "application/json")

    assert str(caught.value) == (
        "answer: expected JSON, found a body that is not JSON; check what answers at this address"
    )
