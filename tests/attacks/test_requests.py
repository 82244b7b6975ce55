"""Requests made to cost far more than their bytes. What bounds them is counted, not timed."""

import json
from collections.abc import Iterator

import pytest

from servable.codecs import decode_request, encode_table
from servable.errors import BadInput, TooLarge
from servable.records import Table
from servable.schema import Field, Kind, Schema

JSON, PARQUET = "application/json", "application/x-parquet"


def test_records_whose_keys_all_differ_are_refused_before_a_cell_of_each_is_made() -> None:
    body = json.dumps([{f"k{record}-{key}": 1 for key in range(50)} for record in range(300)])

    with pytest.raises(TooLarge) as caught:
        decode_request(body.encode(), JSON)

    assert str(caught.value) == (
        "body: expected at most 2000000 cells, counting every key that any record has, "
        "found 300 records and 15000 different keys; send the same keys in every record, or split the request"
    )


def test_a_repeated_key_behind_many_others_is_refused() -> None:
    body = "{" + ",".join(f'"k{number}":1' for number in [*range(100_000), 99_999]) + "}"

    with pytest.raises(BadInput, match='found the key "k99999" twice'):
        decode_request(body.encode(), JSON)  # comparing each key with each other would take minutes


def test_a_very_long_key_is_not_echoed() -> None:
    body = b'{"%s":1,"%s":2}' % (b"x" * 100_000, b"x" * 100_000)

    with pytest.raises(BadInput) as caught:
        decode_request(body, JSON)

    assert len(str(caught.value)) < 300


def test_a_small_parquet_file_that_decodes_to_much_text_is_refused() -> None:
    rows = [("x" * 1_000_000,) for _ in range(200)]
    body = encode_table(Table(names=("text",), rows=rows), PARQUET)
    assert len(body) < 2_000_000

    with pytest.raises(TooLarge, match="at most 67108864 bytes of cells once decoded, found more"):
        decode_request(body, PARQUET)


def test_a_missing_field_among_very_many_names_gets_no_hint_and_few_problems() -> None:
    schema = Schema(
        fields=tuple(Field(f"field {number}", Kind.NUMERIC) for number in range(50)), classes=("0", "1")
    )
    names = tuple(_names(10_000))

    with pytest.raises(BadInput) as caught:
        schema.bind(Table(names=names, rows=[(1,) * len(names)]))

    assert len(caught.value.problems) == 20
    assert "rename" not in str(caught.value)


def _names(count: int) -> Iterator[str]:
    for number in range(count):
        yield f"fields {number}"
