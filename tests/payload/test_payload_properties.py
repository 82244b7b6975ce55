"""What holds for every sample: it reads back, its keys are its variables, and its bytes do not change."""

import csv
import io
import json
import tempfile
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from servable.codecs import decode_request
from servable.payload import script

NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20) | st.text(
    ',"\r\n; ab', max_size=8
)
TYPES = st.sampled_from(["NUMERIC", "TEXT"])
VARIABLES = st.lists(
    st.tuples(NAMES, TYPES).map(list), min_size=1, max_size=6, unique_by=lambda pair: pair[0]
)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)


@settings(deadline=None, max_examples=50)
@given(VARIABLES, NUMBERS, TEXTS, st.data())
@example([["a", "TEXT"]], 0.0, "", None)
@example([["a", "TEXT"], ["b", "TEXT"]], 0.0, 'x\r\n"y",z', None)
def test_a_csv_sample_reads_back_to_its_values(
    variables: list[list[str]], number: float, text: str, data: st.DataObject | None
) -> None:
    own = (
        {}
        if data is None
        else data.draw(st.dictionaries(st.sampled_from([n for n, _ in variables]), NUMBERS))
    )
    options = script.SampleOptions(field_defaults={name: str(value) for name, value in own.items()})

    payload = script.generate_csv_payload(variables, number, text, {}, options=options)

    expected = [str(own[n]) if n in own else str(number) if t == "NUMERIC" else text for n, t in variables]
    assert list(csv.reader(io.StringIO(payload, newline=""), strict=True)) == [expected]


@settings(deadline=None, max_examples=50)
@given(VARIABLES, NUMBERS, TEXTS)
def test_a_json_sample_has_the_variables_as_keys_and_strings_as_values(
    variables: list[list[str]], number: float, text: str
) -> None:
    record = json.loads(script.generate_json_payload(variables, number, text, {}))

    assert list(record) == [name for name, _ in variables]
    assert list(record.values()) == [str(number) if t == "NUMERIC" else text for _, t in variables]


@settings(deadline=None, max_examples=50)
@given(VARIABLES.map(lambda pairs: [name for name, _ in pairs]), st.data())
def test_the_endpoint_reads_the_records_of_every_content_type(names: list[str], data: st.DataObject) -> None:
    row = st.tuples(*(st.none() | st.booleans() | NUMBERS | TEXTS for _ in names))
    rows = data.draw(st.lists(row, min_size=1, max_size=3))
    records = [dict(zip(names, row, strict=True)) for row in rows]

    tables = {
        content_type: decode_request(script.encode_records(content_type, records, names), content_type)
        for content_type in script.CONTENT_TYPES
        if content_type != script.PARQUET  # which has a type for each column: a test of its own codec
    }

    as_text = [tuple(None if cell in (None, "") else str(cell) for cell in row) for row in rows]
    for content_type, table in tables.items():
        is_csv = content_type.startswith(script.CSV)
        assert table.names == (None if content_type == script.CSV else tuple(names))
        assert [tuple(row) for row in table.rows] == (as_text if is_csv else rows)


@settings(deadline=None, max_examples=50)
@given(st.lists(TEXTS, max_size=4))
def test_an_archive_has_the_same_bytes_wherever_and_whenever_it_is_written(texts: list[str]) -> None:
    with tempfile.TemporaryDirectory() as first, tempfile.TemporaryDirectory() as second:
        archives = []
        for folder in (Path(first), Path(second)):
            files = [folder / f"payload_text_csv_{index}.csv" for index in range(len(texts))]
            for file, text in zip(files, texts, strict=True):
                file.write_bytes(text.encode())
            order = files if not archives else reversed(files)
            archives.append(Path(script.create_payload_archive(list(order), folder / "out")))

        assert archives[0].read_bytes() == archives[1].read_bytes()
        # RFC 1952: bytes 4 to 7 are the time, bit 3 of byte 3 says that a name follows
        assert archives[0].read_bytes()[3:8] == bytes(5)


@settings(deadline=None, max_examples=50)
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="{}"), max_size=20))
def test_a_template_without_braces_is_taken_as_it_stands(template: str) -> None:
    assert script.get_field_default_value("f", "TEXT", 0.0, "t", {"f": template}) == template


@settings(deadline=None, max_examples=50)
@given(st.lists(st.sampled_from(["{", "}", "timestamp", "{timestamp}", "a", ":", "!r", "0"]), max_size=6))
def test_a_template_is_filled_or_refused_and_never_evaluated(parts: list[str]) -> None:
    template = "".join(parts)
    rest = template.replace("{timestamp}", "")
    nested = "{{" in template or "}}" in template
    options = script.SampleOptions(timestamp="T")

    try:
        value = script.get_field_default_value("f", "TEXT", 0.0, "t", {"f": template}, options=options)
    except script.SettingError:
        assert "{" in rest or "}" in rest or nested
    else:
        assert value == template.replace("{timestamp}", "T")
        assert "{" not in value
        assert "}" not in value
