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


@settings(deadline=None)
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


@settings(deadline=None)
@given(VARIABLES, NUMBERS, TEXTS)
def test_a_json_sample_has_the_variables_as_keys_and_strings_as_values(
    variables: list[list[str]], number: float, text: str
) -> None:
    record = json.loads(script.generate_json_payload(variables, number, text, {}))

    assert list(record) == [name for name, _ in variables]
    assert list(record.values()) == [str(number) if t == "NUMERIC" else text for _, t in variables]


@settings(deadline=None)
@given(VARIABLES, NUMBERS, TEXTS.filter(bool))
def test_the_endpoint_reads_one_record_of_either_sample(
    variables: list[list[str]], number: float, text: str
) -> None:
    types = ["application/json", "text/csv"]

    samples = script.generate_sample_payloads(variables, types, number, text, {})

    named, positional = (
        decode_request(sample["payload"].encode(), sample["content_type"]) for sample in samples
    )
    assert named.names == tuple(name for name, _ in variables)
    assert [tuple(row) for row in named.rows] == [tuple(row) for row in positional.rows]


@settings(deadline=None)
@given(st.lists(TEXTS, max_size=4), st.integers(0, 2**40))
def test_an_archive_has_the_same_bytes_wherever_and_whenever_it_is_written(
    texts: list[str], mtime_s: int
) -> None:
    with tempfile.TemporaryDirectory() as first, tempfile.TemporaryDirectory() as second:
        archives = []
        for folder in (Path(first), Path(second)):
            files = [folder / f"payload_text_csv_{index}.csv" for index in range(len(texts))]
            for file, text in zip(files, texts, strict=True):
                file.write_bytes(text.encode())
            archives.append(Path(script.create_payload_archive(files, folder / "out", mtime_s=mtime_s)))

        assert archives[0].read_bytes() == archives[1].read_bytes()
        # RFC 1952: bytes 4 to 7 are the time, bit 3 of byte 3 says that a name follows
        assert archives[0].read_bytes()[3:8] == bytes(5)


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="{}"), max_size=20))
def test_a_template_without_braces_is_taken_as_it_stands(template: str) -> None:
    assert script.get_field_default_value("f", "TEXT", 0.0, "t", {"f": template}) == template


@settings(deadline=None)
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
