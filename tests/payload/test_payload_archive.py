"""The requests of a payload archive or folder, told by their names."""

import hashlib
from pathlib import Path

import pytest

from servable.artifact import write_tar_gz
from servable.codecs import encode_table
from servable.errors import BadInput, Damaged, NotFound
from servable.payload import answer_type, payload_requests, read_payload
from servable.payload.script import CONTENT_TYPES
from servable.records import Table
from servable.schema import Field, Kind, Schema

BODIES = {
    "payload_application_json_0.json": b'{"age": 1}',
    "payload_text_csv_0.csv": b"1,2\n3,4\n",
    "payload_text_csv_header_0.csv": b"age,town\n1,Ulm\n2,Bonn\n3,Rom\n",
    "payload_application_x-ndjson_0.ndjson": b'{"age": 1}\n{"age": 2}\n',
    "payload_application_jsonlines_0.jsonl": b'{"age": 1}\n',
    "payload_application_x-parquet_0.parquet": encode_table(
        Table(names=("age",), rows=[(1,), (2,), (3,), (4,)]), "application/x-parquet"
    ),
}


def test_a_file_of_every_content_type_is_told_by_its_name_with_its_records_and_its_answer() -> None:
    requests = payload_requests(BODIES)

    assert {request.content_type: (request.records, request.accept) for request in requests} == {
        "application/json": (1, "application/json"),
        "text/csv": (2, "text/csv"),
        "text/csv; header=present": (3, "text/csv"),
        "application/x-ndjson": (2, "application/json"),
        "application/jsonlines": (1, "application/json"),
        "application/x-parquet": (4, "application/json"),
    }
    assert set(CONTENT_TYPES) == {request.content_type for request in requests}


def test_files_of_other_writers_whose_number_is_the_place_in_a_list_are_read_from_any_folder() -> None:
    requests = payload_requests(
        {
            "payload_sample/payload_text_csv_1.csv": b"1,2\n3,4\n",
            "payload_application_json_0.json": b'{"age": 1}',
            "metadata.json": b"{}",
        }
    )

    assert [(request.name, request.content_type) for request in requests] == [
        ("payload_application_json_0.json", "application/json"),
        ("payload_text_csv_1.csv", "text/csv"),
    ]


def test_files_stand_by_content_type_and_number() -> None:
    names = [f"payload_text_csv_{number}.csv" for number in (10, 9, 0)]

    requests = payload_requests(dict.fromkeys([*names, "payload_application_json_3.json"], b"[{}]"))

    assert [request.name for request in requests] == ["payload_application_json_3.json", *reversed(names)]


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({}, "payload.empty"),
        ({"readme.txt": b""}, "payload.empty"),
        ({"payload_image_png_0.png": b"x"}, "payload.type"),
        ({"payload_application_json.json": b"{}"}, "payload.type"),
        ({"payload_application_json_0.json": b"{"}, "request.json"),
        ({"a/payload_text_csv_0.csv": b"1", "b/payload_text_csv_0.csv": b"2"}, "payload.twice"),
    ],
)
def test_an_archive_without_usable_requests_is_refused(members: dict[str, bytes], code: str) -> None:
    with pytest.raises(BadInput) as refused:
        payload_requests(members)

    assert refused.value.code == code


def test_a_file_that_cannot_be_read_is_named() -> None:
    with pytest.raises(BadInput, match=r"payload archive, payload_text_csv_7\.csv, "):
        payload_requests({"payload_text_csv_7.csv": b'1,"2'})


def test_a_header_that_the_model_knows_is_no_record() -> None:
    schema = Schema(
        fields=(Field("age", Kind.NUMERIC), Field("town", Kind.CATEGORICAL)),
        classes=("0", "1"),
        csv_columns=("age", "town"),
    )
    members = {"payload_text_csv_0.csv": b"age,town\n1,Ulm\n", "payload_text_csv_1.csv": b"1,2,3\n4,5,6\n"}

    records = [request.records for request in payload_requests(members, schema=schema)]

    assert records == [1, 2]
    assert payload_requests(members)[0].records == 2


def test_an_archive_and_the_folder_with_its_files_hold_the_same_requests(tmp_path: Path) -> None:
    archive, folder = tmp_path / "payload.tar.gz", tmp_path / "folder"
    write_tar_gz(archive, BODIES)
    folder.mkdir()
    for name, body in BODIES.items():
        (folder / name).write_bytes(body)
    (folder / "notes.txt").write_text("not a request")

    packed, loose = read_payload(archive), read_payload(folder)

    assert packed.requests == loose.requests
    assert packed.sha256 == hashlib.sha256(archive.read_bytes()).hexdigest()
    assert loose.sha256 is None


def test_a_path_with_nothing_is_not_found_and_a_file_that_is_no_archive_is_damaged(tmp_path: Path) -> None:
    (tmp_path / "payload.tar.gz").write_bytes(b"no archive")

    with pytest.raises(NotFound) as absent:
        read_payload(tmp_path / "nothing.tar.gz")
    with pytest.raises(Damaged):
        read_payload(tmp_path / "payload.tar.gz")

    assert absent.value.code == "payload.not-found"


@pytest.mark.parametrize("content_type", ["text/csv", "text/csv; header=present", "text/csv;header=present"])
def test_answers_to_a_csv_are_asked_for_as_csv(content_type: str) -> None:
    assert answer_type(content_type) == "text/csv"
