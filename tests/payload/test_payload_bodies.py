"""Samples as bodies: forms of numbers, columns, and what is left out."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from payload_models import EVERY_KIND, MODELS, facts_of_fields

from servable.codecs import decode_request
from servable.payload import NumberForm, script
from servable.payload.bodies import Counts, bodies_of
from servable.payload.samples import Body, Sample
from servable.schema import Field, Kind, Schema

RECORD = {
    "age": 41,
    "income": -2.5e-7,
    "region": "north",
    "branch": None,
    "dialogue": "[bom] a [eom]",
    "title": "b",
}


def one(
    record: Mapping[str, Any], content_type: str, *, schema: Schema = EVERY_KIND.schema, **options: Any
) -> bytes:
    sample = Sample(case="one", records=(record,))
    (body,) = bodies_of([sample], schema=schema, content_types=[content_type], **options)
    return body.data


def test_json_has_numbers_as_strings_or_as_numbers_and_missing_ones_as_null() -> None:
    as_strings = json.loads(one(RECORD | {"income": None}, script.JSON))
    as_numbers = json.loads(one(RECORD, script.JSON, numbers=NumberForm.NUMBERS))

    assert as_strings == RECORD | {"age": "41", "income": None}
    assert as_numbers == RECORD
    assert list(as_numbers) == list(RECORD)


def test_a_csv_has_the_columns_of_the_artifact_with_an_empty_id() -> None:
    assert one(RECORD, script.CSV) == b",41,-2.5e-07,north,,[bom] a [eom],b"
    assert one(RECORD, script.CSV_WITH_HEADER).splitlines()[0] == (
        b"customer,age,income,region,branch,dialogue,title"
    )


def test_an_id_that_a_record_has_is_in_a_csv_and_in_nothing_else() -> None:
    record = RECORD | {"customer": "c7"}

    assert one(record, script.CSV).startswith(b"c7,41,")
    assert "customer" not in json.loads(one(record, script.JSON))
    assert "customer" not in (decode_request(one(record, script.PARQUET), script.PARQUET).names or ())


def test_parquet_has_float64_for_numbers_and_strings_for_the_rest_missing_or_not() -> None:
    missing = dict.fromkeys(RECORD)
    full = decode_request(one(RECORD, script.PARQUET), script.PARQUET)

    assert full.names == tuple(RECORD)
    assert [repr(cell) for cell in full.rows[0]] == [
        "41.0", "-2.5e-07", "'north'", "None", "'[bom] a [eom]'", "'b'",
    ]  # fmt: skip
    assert decode_request(one(missing, script.PARQUET), script.PARQUET).rows == [(None,) * 6]


def test_a_sample_of_several_records_is_one_body_of_each_content_type() -> None:
    sample = Sample(case="several", records=(RECORD, RECORD | {"age": 7}))

    bodies = list(bodies_of([sample], schema=EVERY_KIND.schema, content_types=tuple(script.CONTENT_TYPES)))

    assert [body.records for body in bodies] == [2] * len(script.CONTENT_TYPES)
    for body in bodies:
        records = EVERY_KIND.schema.bind(decode_request(body.data, body.content_type))
        assert records.columns["age"].tolist() == [41, 7]


def test_what_a_content_type_cannot_carry_is_left_out_of_it_and_counted() -> None:
    counts = Counts()
    plain, empty = RECORD, RECORD | {"region": ""}
    samples = [Sample(case="s", records=(record,)) for record in (plain, empty, plain, empty)]

    bodies = list(
        bodies_of(
            samples,
            schema=EVERY_KIND.schema,
            content_types=(script.JSON, script.CSV, script.PARQUET),
            counts=counts,
        )
    )

    assert counts.left_out == {script.CSV: 2}
    assert [body.content_type for body in bodies].count(script.CSV) == 2
    assert len(bodies) == 10


def test_a_row_that_reads_as_the_header_is_left_out_of_a_headerless_csv() -> None:
    schema = facts_of_fields(Field("region", Kind.CATEGORICAL), csv_columns=("region",)).schema
    samples = [Sample(case="s", records=({"region": name},)) for name in ("north", "region", "south")]
    counts = Counts()

    bodies = list(bodies_of(samples, schema=schema, content_types=[script.CSV], counts=counts))

    assert [body.data for body in bodies] == [b"north", b"south"]
    assert counts.left_out == {script.CSV: 1}


@pytest.mark.parametrize(
    ("content_type", "model"), [(script.CSV, "categories"), (script.PARQUET, "a name with a NUL")]
)
def test_a_content_type_that_cannot_carry_a_model_at_all_has_no_body(content_type: str, model: str) -> None:
    schema, counts = MODELS[model].schema, Counts()
    sample = Sample(case="s", records=({name: "1" for name in schema.names()},))

    bodies = list(
        bodies_of([sample], schema=schema, content_types=[script.JSON, content_type], counts=counts)
    )

    assert [body.content_type for body in bodies] == [script.JSON]
    assert counts.left_out == {content_type: 1}


def test_bodies_of_a_form_of_their_own_pass_if_their_content_type_is_asked_for() -> None:
    odd = [
        Body(case="crlf", content_type=content_type, data=b"{}\r\n", records=1)
        for content_type in (script.JSON, script.NDJSON)
    ]

    assert list(bodies_of(odd, schema=EVERY_KIND.schema, content_types=[script.NDJSON])) == odd[1:]


def test_line_breaks_inside_a_cell_of_a_csv_are_counted() -> None:
    counts = Counts()
    samples = [Sample(case="s", records=(RECORD | {"title": text},)) for text in ("a\nb", "a b", "a\rb")]

    list(bodies_of(samples, schema=EVERY_KIND.schema, content_types=(script.JSON, script.CSV), counts=counts))

    assert counts.line_breaks == {script.CSV: 2}
