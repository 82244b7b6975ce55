"""`generate` with strategies: a trained model's samples in every content type."""

import json
import tarfile
import tracemalloc
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from fixtures_models import Model
from servable.artifact import read_artifact
from servable.codecs import decode_request
from servable.errors import BadInput
from servable.payload import (
    ArchiveLayout,
    NumberForm,
    PayloadSummary,
    RealRecords,
    Strategy,
    generate,
    script,
)
from servable.schema import Schema

EVERY_TYPE = tuple(script.CONTENT_TYPES)
MADE = (Strategy.TYPICAL, Strategy.REALISTIC)
NO_PROFILE = "The artifact has no profile"


@pytest.fixture(scope="module")
def schema(model: Model) -> Schema:
    return read_artifact(model.archive).schema


@pytest.fixture
def make(model: Model, tmp_path: Path) -> Callable[..., PayloadSummary]:
    def made(name: str = "payload.tar.gz", **arguments: Any) -> PayloadSummary:
        return generate(model.archive, tmp_path / name, **({"content_types": EVERY_TYPE} | arguments))

    return made


def members(archive: Path) -> dict[str, bytes]:
    with tarfile.open(archive, "r:gz") as tar:
        return {member.name: stream.read() for member in tar if (stream := tar.extractfile(member))}


def cells(summary: PayloadSummary, schema: Schema) -> dict[str, list[dict[str, Any]]]:
    """The records of each file as the schema reads them."""
    bodies = members(summary.archive)
    found = {}
    for file in summary.files:
        records = schema.bind(decode_request(bodies[file.name], file.content_type))
        columns = {name: column.tolist() for name, column in records.columns.items()}
        rows = zip(*columns.values(), strict=True)
        found[file.name] = [dict(zip(columns, row, strict=True)) for row in rows]
        assert len(records) == file.records
    return found


@pytest.mark.parametrize("strategy", MADE)
def test_each_sample_is_a_file_of_each_content_type_and_all_hold_the_same_record(
    make: Callable[..., PayloadSummary], schema: Schema, strategy: Strategy
) -> None:
    summary = make(strategy=strategy, samples=12)

    found = cells(summary, schema)
    assert sorted(members(summary.archive)) == sorted(summary.members)
    assert summary.members == tuple(
        script.payload_file_name(content_type, at) for at in range(12) for content_type in EVERY_TYPE
    )
    for at in range(12):
        first, *others = [found[script.payload_file_name(each, at)] for each in EVERY_TYPE]
        assert all(repr(other) == repr(first) for other in others)
    assert {file.case for file in summary.files} == {str(strategy)}
    assert summary.left_out == {}
    assert summary.remarks == ()


@pytest.mark.parametrize("strategy", [Strategy.BOUNDARY, Strategy.HOSTILE])
def test_every_case_of_a_corpus_is_legal_in_the_content_types_that_carry_it(
    make: Callable[..., PayloadSummary], schema: Schema, strategy: Strategy
) -> None:
    summary = make(strategy=strategy)

    cells(summary, schema)
    assert len({file.case for file in summary.files}) > 5
    assert {file.content_type for file in summary.files} == set(EVERY_TYPE)


def test_the_same_arguments_give_the_same_bytes_the_first_of_many_too_and_another_seed_gives_others(
    make: Callable[..., PayloadSummary],
) -> None:
    made = [
        make(f"{at}.tar.gz", strategy=Strategy.REALISTIC, samples=samples, seed=seed).archive
        for at, (samples, seed) in enumerate([(3, 5), (3, 5), (3, 6), (20, 5)])
    ]

    assert made[0].read_bytes() == made[1].read_bytes() != made[2].read_bytes()
    assert members(made[0]).items() <= members(made[3]).items()


def test_realistic_numbers_and_categories_are_those_of_the_training_table(
    make: Callable[..., PayloadSummary], schema: Schema
) -> None:
    summary = make(strategy=Strategy.REALISTIC, samples=60, content_types=["application/json"])
    records = [record for found in cells(summary, schema).values() for record in found]

    ages = [record["age"] for record in records if record["age"] == record["age"]]  # NaN
    assert all(18 <= age <= 90 and float(age).is_integer() for age in ages)
    assert {record["region"] for record in records} <= {"north", "south", "NA", "Köln, Süd", None}
    assert len({record["region"] for record in records}) >= 4


def test_numbers_are_strings_in_json_unless_numbers_are_asked_for(
    make: Callable[..., PayloadSummary],
) -> None:
    arguments: Mapping[str, Any] = {"strategy": Strategy.TYPICAL, "content_types": ["application/json"]}
    strings = members(make("a.tar.gz", **arguments).archive)["payload_application_json_0.json"]
    numbers = members(make("b.tar.gz", numbers=NumberForm.NUMBERS, **arguments).archive)

    assert b'"age": "' in strings
    assert b'"age": "' not in numbers["payload_application_json_0.json"]


def test_values_of_single_fields_are_in_every_sample(
    make: Callable[..., PayloadSummary], schema: Schema
) -> None:
    summary = make(
        strategy=Strategy.REALISTIC,
        samples=3,
        content_types=["application/json", "text/csv"],
        field_defaults={"age": "33"},
        special_fields={"region": "at {timestamp}"},
        timestamp="noon",
    )

    for (record,) in cells(summary, schema).values():
        assert (record["age"], record["region"]) == (33, "at noon")


def test_values_of_single_fields_stay_out_of_corpora_and_a_remark_says_so(
    make: Callable[..., PayloadSummary], schema: Schema
) -> None:
    summary = make(
        strategy=Strategy.BOUNDARY, content_types=["application/json"], field_defaults={"age": "33"}
    )

    ages = [record["age"] for found in cells(summary, schema).values() for record in found]
    assert set(ages) != {33.0}
    assert "Values of single fields are not in the samples of the strategy boundary." in summary.remarks


def test_each_content_type_may_have_an_archive_of_its_own(
    make: Callable[..., PayloadSummary], tmp_path: Path
) -> None:
    types = ("text/csv", "text/csv; header=present")
    summary = make(
        strategy=Strategy.TYPICAL, samples=2, layout=ArchiveLayout.PER_CONTENT_TYPE, content_types=types
    )

    assert summary.archives == (
        tmp_path / "payload_text_csv.tar.gz",
        tmp_path / "payload_text_csv_header.tar.gz",
    )
    assert list(members(summary.archives[1])) == [
        "payload_text_csv_header_0.csv",
        "payload_text_csv_header_1.csv",
    ]
    assert sorted(tmp_path.iterdir()) == sorted(summary.archives)
    assert summary.archive_bytes == sum(archive.stat().st_size for archive in summary.archives)


def test_a_custom_sample_is_written_in_every_content_type(
    make: Callable[..., PayloadSummary], schema: Schema, tmp_path: Path
) -> None:
    sample = tmp_path / "mine.csv"
    sample.write_text("plan,age,income,region,churned\n007,41,,NA,1\nplus,18,1e3,north,0\n")

    found = cells(make(sample=sample), schema)

    assert len(found) == 2 * len(EVERY_TYPE)
    for name, (record,) in found.items():
        is_first = "_0." in name
        assert record["plan"] == ("007" if is_first else "plus")
        assert repr(record["income"]) == ("nan" if is_first else "1000.0")
    assert len(make("one.tar.gz", sample=sample, samples=1).files) == len(EVERY_TYPE)


def test_real_records_are_used_only_where_they_are_allowed(
    make: Callable[..., PayloadSummary], schema: Schema, model: Model
) -> None:
    golden = read_artifact(model.archive).golden
    assert golden is not None
    requests = {repr(row) for row in schema.bind(golden.table()).columns.numbers.T.tolist()}
    arguments: Mapping[str, Any] = {
        "strategy": Strategy.REALISTIC, "samples": 4, "content_types": ["application/json"],
    }  # fmt: skip

    without = make("a.tar.gz", **arguments)
    used = make("b.tar.gz", real_records=RealRecords.USE, **arguments)

    assert {file.case for file in without.files} == {"realistic"}
    assert {file.case for file in used.files} == {"golden-record"}
    for (record,) in cells(used, schema).values():
        assert repr([record["age"], record["income"]]) in requests
    assert used.remarks == ("4 files of the payload hold real records of the golden set.",)


def test_what_is_left_out_and_what_batch_transform_cuts_is_said(
    make: Callable[..., PayloadSummary], tmp_path: Path
) -> None:
    sample = tmp_path / "mine.json"
    regions = ("", "two\nlines", "north")
    records = [{"age": 1, "income": 2, "plan": "p", "region": region} for region in regions]
    sample.write_text(json.dumps(records))

    summary = make(sample=sample, content_types=["application/json", "text/csv"])

    assert summary.left_out == {"text/csv": 1}
    assert summary.remarks == (
        "text/csv cannot carry 1 sample exactly, and it is left out of it.",
        "1 file of text/csv holds a line break inside a cell: endpoints read it, but a batch transform of "
        "SageMaker that splits its input by lines cuts the record in two.",
    )


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"samples": 0, "strategy": Strategy.TYPICAL}, "payload.samples"),
        ({"samples": 3, "strategy": Strategy.HOSTILE}, "payload.samples"),
        ({"seed": -1}, "payload.seed"),
        ({"sample": Path("mine.json"), "strategy": Strategy.TYPICAL}, "payload.strategy"),
        ({"strategy": Strategy.TYPICAL, "field_defaults": {"agee": "1"}}, "payload.unknown-field"),
        ({"strategy": Strategy.TYPICAL, "special_fields": {"age": "1"}}, "payload.special-field"),
        ({"content_types": ["text/xml"], "strategy": Strategy.TYPICAL}, "payload.content-type"),
    ],
)
def test_arguments_that_do_not_fit_together_are_refused_and_nothing_is_written(
    make: Callable[..., PayloadSummary], tmp_path: Path, arguments: Mapping[str, Any], code: str
) -> None:
    with pytest.raises(BadInput) as caught:
        make(**arguments)

    assert caught.value.code == code
    assert list(tmp_path.iterdir()) == []


def test_where_no_content_type_carries_a_sample_nothing_is_written(
    make: Callable[..., PayloadSummary], tmp_path: Path
) -> None:
    sample = tmp_path / "mine.json"
    sample.write_text('{"age": 1, "income": 2, "plan": "", "region": "r"}')

    with pytest.raises(BadInput, match="carries exactly, found none of 1") as caught:
        make(sample=sample, content_types=["text/csv"])

    assert caught.value.code == "payload.empty"
    assert list(tmp_path.iterdir()) == [sample]


def test_memory_does_not_grow_with_the_number_of_samples(make: Callable[..., PayloadSummary]) -> None:
    def peak_bytes(samples: int) -> int:
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        make(strategy=Strategy.REALISTIC, samples=samples, content_types=["application/json", "text/csv"])
        return tracemalloc.get_traced_memory()[1] - before

    make(strategy=Strategy.REALISTIC, samples=1)  # what is imported and kept
    tracemalloc.start()
    try:
        few, many = peak_bytes(50), peak_bytes(350)
    finally:
        tracemalloc.stop()

    # the name and the case of a file are kept, some 300 bytes with its path; a body has as many
    assert many - few < 600 * 1000
