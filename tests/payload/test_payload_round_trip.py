"""Laws: a body reads back as the records of its sample; a null text and an empty one are the same record."""

import math
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from payload_models import EVERY_KIND, facts_of_fields

from servable.codecs import decode_request
from servable.payload import NumberForm, script
from servable.payload.bodies import Counts, bodies_of
from servable.payload.samples import Body, Sample
from servable.records import Records, Table
from servable.schema import Field, Kind, Schema

NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=6)
WORDS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
    st.sampled_from(["", " ", "nan", "10", "a,b", 'said "no"', "two\r\nlines", "\ufeff", "\0", "#"]),
)
NUMBERS = st.one_of(
    st.floats(-1e30, 1e30), st.integers(-(10**20), 10**20), st.sampled_from(["1e3", " 7 ", "", "-0.0"])
)
CELLS = {Kind.NUMERIC: NUMBERS, Kind.CATEGORICAL: WORDS, Kind.TEXT: WORDS}
JSON_TYPES = (script.JSON, script.NDJSON, script.JSON_LINES)


@st.composite
def schemas(draw: st.DrawFn) -> Schema:
    """Any fields; the columns of a CSV in any order, with an id among them or not, or unknown."""
    names = draw(st.lists(NAMES, min_size=1, max_size=5, unique=True))
    fields = tuple(Field(name, draw(st.sampled_from(Kind))) for name in names)
    columns = draw(st.permutations([*names, *draw(st.sampled_from([[], ["id of a row"]]))]))
    csv_columns = draw(st.sampled_from([None, tuple(columns)]))
    return Schema(fields=fields, classes=("0", "1"), id_name="id of a row", csv_columns=csv_columns)


@st.composite
def models_with_samples(draw: st.DrawFn) -> tuple[Schema, list[Sample]]:
    """Samples of one to three records; cells may equal their columns' names."""
    schema = draw(schemas())
    cells = {
        field.name: st.one_of(
            st.none(), CELLS[field.kind], *([] if field.kind is Kind.NUMERIC else [st.just(field.name)])
        )
        for field in schema.fields
    }
    records = st.lists(st.fixed_dictionaries(cells), min_size=1, max_size=3)
    drawn = draw(st.lists(records, min_size=1, max_size=4))
    return schema, [Sample(case="any", records=tuple(each)) for each in drawn]


def meaning(records: Records, schema: Schema) -> list[dict[str, Any]]:
    """Cells by record, with one sign for what is missing; a missing text is an empty one."""
    columns = {}
    for field in schema.fields:
        cells = records.columns[field.name].tolist()
        if field.kind is Kind.NUMERIC:
            cells = [None if math.isnan(cell) else cell for cell in cells]
        if field.kind is Kind.TEXT:
            cells = [cell or "" for cell in cells]
        columns[field.name] = cells
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def sent(sample: Sample, schema: Schema) -> list[dict[str, Any]]:
    return meaning(schema.bind(Table.of_records(sample.records)), schema)


def received(body: Body, schema: Schema) -> list[dict[str, Any]]:
    return meaning(schema.bind(decode_request(body.data, body.content_type)), schema)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(drawn=models_with_samples(), numbers=st.sampled_from(NumberForm))
def test_every_body_decodes_to_the_records_of_its_sample(
    drawn: tuple[Schema, list[Sample]], numbers: NumberForm
) -> None:
    schema, samples = drawn

    for content_type in script.CONTENT_TYPES:
        counts = Counts()
        made = bodies_of(samples, schema=schema, content_types=[content_type], numbers=numbers, counts=counts)
        bodies = [received(body, schema) for body in made]
        expected = [sent(sample, schema) for sample in samples]

        assert len(bodies) == len(samples) - counts.left_out[content_type]
        assert all(body in expected for body in bodies)
        if content_type in JSON_TYPES:
            assert bodies == expected


@settings(max_examples=50, deadline=None)
@given(
    words=st.lists(st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1), min_size=4, max_size=4),
    number=st.floats(-1e9, 1e9),
)
def test_a_plain_record_is_carried_by_every_content_type(words: list[str], number: float) -> None:
    schema = EVERY_KIND.schema
    record = dict(zip(schema.names(), [number, None, *words], strict=True))
    sample = Sample(case="plain", records=(record,))

    bodies = list(bodies_of([sample], schema=schema, content_types=tuple(script.CONTENT_TYPES)))

    assert [body.content_type for body in bodies] == list(script.CONTENT_TYPES)
    assert all(received(body, schema) == sent(sample, schema) for body in bodies)


def test_a_null_text_and_an_empty_one_are_the_same_record_in_a_csv_and_a_category_is_not() -> None:
    schema = facts_of_fields(
        Field("region", Kind.CATEGORICAL), Field("title", Kind.TEXT), csv_columns=("title", "region")
    ).schema
    texts = [Sample(case="text", records=({"region": "north", "title": text},)) for text in (None, "")]
    categories = [Sample(case="category", records=({"region": name, "title": "t"},)) for name in (None, "")]
    counts = Counts()

    bodies = list(bodies_of([*texts, *categories], schema=schema, content_types=[script.CSV], counts=counts))

    assert [body.data for body in bodies] == [b",north", b",north", b"t,"]
    assert counts.left_out == {script.CSV: 1}
