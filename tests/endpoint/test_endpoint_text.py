"""An endpoint of a text model: its threads, the forms in which the model may come, and texts of strangers."""

import json
import os
import re
import tarfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from golden_records import JSON, NDJSON, TEXT_FIELDS, Record, decoded, encoded, read_golden

from fixtures_models import Endpoint, Model, serving
from servable.schema import MAX_CELL_CHARS

pytestmark = pytest.mark.slow

KNOWN: Record = {"age": 33, "division": "Petite", "text": "a lovely dress, very soft"}
WITHIN = 1e-5
"""Of a score from the same weights by another engine."""


def record(text: object) -> Record:
    return {**KNOWN, "text": text}


def ready_line(endpoint: Endpoint) -> str:
    """The one line that a server has written."""
    (line,) = endpoint.log.read_text().splitlines()
    return line


@pytest.fixture(scope="module")
def training_endpoint(text_model: Model, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    """An endpoint of what training left, whose engine is torch."""
    folder = tmp_path_factory.mktemp("training-endpoint")
    with serving(text_model.trained, folder=folder, options=("--threads", "1")) as running:
        yield running


@pytest.mark.parametrize("threads", [1, 2])
def test_a_number_of_threads_that_is_asked_for_is_used_and_nothing_is_measured(
    threads: int, text_model: Model, tmp_path: Path
) -> None:
    with serving(text_model.archive, folder=tmp_path, options=("--threads", str(threads))) as endpoint:
        ping = endpoint.ask("GET", "/ping").json
        status = endpoint.invoke(json.dumps(KNOWN).encode()).status

        assert (ping["threads"], status) == (threads, 200)
        assert re.fullmatch(
            r"ready at \S+: reviews sha256:[0-9a-f]{64}, [1-9][0-9]* golden records replayed",
            ready_line(endpoint),
        )


def test_the_number_of_threads_is_measured_at_the_start_and_the_line_says_how(
    text_endpoint: Endpoint,
) -> None:
    ping = text_endpoint.ask("GET", "/ping").json

    found = re.search(
        r" golden records replayed, ([0-9]+) threads?(?: \((.*)\))?$", ready_line(text_endpoint)
    )
    assert found is not None
    assert ping["threads"] == int(found[1])
    if found[2] is None:
        assert found[1] == "1"  # on one core there is nothing to choose
    else:
        measured = dict(part.split(": ") for part in found[2].split(", "))
        one, cores = measured
        assert (one, found[1] in measured) == ("1", True)
        assert 1 < int(cores) <= (os.cpu_count() or 1)
        assert all(re.fullmatch(r"[0-9]+\.[0-9] ms", time) for time in measured.values())


def test_the_measured_number_of_threads_leaves_the_packed_scores(
    text_endpoint: Endpoint, text_model: Model
) -> None:
    records, expected = read_golden(text_model.archive)

    found = decoded(text_endpoint.invoke(encoded(records, NDJSON), NDJSON, accept=JSON))

    assert np.abs(found.raw - expected.raw).max() <= 1e-6
    assert np.abs(found.calibrated - expected.calibrated).max() <= WITHIN


def test_an_unpacked_folder_of_the_pack_is_the_same_artifact(
    text_endpoint: Endpoint, text_model: Model, tmp_path: Path
) -> None:
    with tarfile.open(text_model.archive) as archive:
        archive.extractall(tmp_path / "unpacked", filter="data")
    records, _ = read_golden(text_model.archive)
    body = encoded(records, NDJSON)

    with serving(tmp_path / "unpacked", folder=tmp_path, options=("--threads", "1")) as endpoint:
        ping = endpoint.ask("GET", "/ping").json
        found = decoded(endpoint.invoke(body, NDJSON))

    assert (ping["status"], ping["name"], ping["degradations"]) == ("ready", "reviews", [])
    assert ping["artifact"] == text_endpoint.ask("GET", "/ping").json["artifact"]
    expected = decoded(text_endpoint.invoke(body, NDJSON))
    assert found.labels == expected.labels
    assert np.abs(found.raw - expected.raw).max() <= 1e-6


def test_a_training_output_of_a_network_is_served_with_the_scores_of_its_pack(
    training_endpoint: Endpoint, text_model: Model
) -> None:
    records, packed = read_golden(text_model.archive)

    ping = training_endpoint.ask("GET", "/ping").json
    found = decoded(training_endpoint.invoke(encoded(records, NDJSON), NDJSON))

    assert (ping["status"], ping["threads"], ping["degradations"]) == ("ready", 1, [])
    assert ping["artifact"] != text_model.said["pack"]["digest"]
    assert np.abs(found.raw - packed.raw).max() <= WITHIN
    assert np.abs(found.calibrated - packed.calibrated).max() <= 10 * WITHIN


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (None, ""),
        (None, " \t\r\n"),
        (True, "True"),
        (7, "7"),
        (7.5, "7.5"),
        ("A <b>Lovely</b>&nbsp;dress", "a lovely dress"),
        ("<script>var awful = 1</script>soft", "soft"),
        ("l\u0301ovely  \n dress", "l\u0301ovely dress"),
        ("\U0001f60d", "\U0001f680"),
    ],
)
def test_texts_that_read_alike_have_one_score(one: object, other: object, text_endpoint: Endpoint) -> None:
    body = encoded([record(one), record(other), record("an awful dress")], JSON)

    first, second, third = decoded(text_endpoint.invoke(body)).raw

    assert first == second != third


@pytest.mark.parametrize(
    "unit",
    [
        *("<a", "<a x", "<a/", "<a =", "<a b='", '<a b=">" ', "<a/x=", "<p>", "<b></c>", "<rt>"),
        *("<!-- --", "<![if", "e\u0301"),
    ],
)
def test_a_long_text_of_markup_that_never_ends_does_not_hold_up_the_endpoint(
    unit: str, text_endpoint: Endpoint
) -> None:
    # the longest cell; time that grows with the square of the length would be hours, and the caller waits
    # for a minute
    body = encoded([record(unit * (MAX_CELL_CHARS // len(unit)))], JSON)

    reply = text_endpoint.invoke(body)

    assert reply.status == 200
    assert text_endpoint.invoke(json.dumps(KNOWN).encode()).status == 200


@pytest.mark.parametrize("digits", [7, 5000])
@pytest.mark.parametrize("prefix", ["&#", "&#x"])
def test_a_reference_to_no_character_is_text_however_long_it_is(
    prefix: str, digits: int, text_endpoint: Endpoint
) -> None:
    texts = [f"soft {prefix}{'9' * digits}; dress", "soft \N{REPLACEMENT CHARACTER} dress"]

    first, second = decoded(text_endpoint.invoke(encoded([record(text) for text in texts], JSON))).raw

    assert first == second


@pytest.mark.parametrize("text", [["soft"], {"text": "soft"}])
def test_a_text_that_is_none_is_refused_and_the_others_are_served(
    text: object, text_endpoint: Endpoint
) -> None:
    refused = text_endpoint.invoke(json.dumps([KNOWN, record(text)]).encode())

    assert refused.status == 400
    assert 'record 1, field \\"text\\": expected a string, found a' in refused.body.decode()
    assert text_endpoint.invoke(json.dumps(KNOWN).encode()).status == 200


def test_the_columns_that_training_joined_are_not_the_field_of_a_request(text_endpoint: Endpoint) -> None:
    joined = {"age": 33, "division": "Petite", "title": "a lovely dress,", "review": "very soft"}

    reply = text_endpoint.invoke(json.dumps(joined).encode())

    assert reply.status == 400
    assert 'record 0, field \\"text\\": expected every field to be present' in reply.body.decode()


@pytest.mark.parametrize("content_type", ["application/json", "text/csv", "application/x-parquet"])
def test_a_request_of_many_batches_is_answered_in_its_order(
    content_type: str, text_endpoint: Endpoint, text_model: Model
) -> None:
    records, expected = read_golden(text_model.archive)
    order = np.random.default_rng(5).integers(len(records), size=300).tolist()
    body = encoded([records[row] for row in order], content_type, columns=TEXT_FIELDS)

    found = decoded(text_endpoint.invoke(body, content_type, accept=JSON))

    assert len(found.raw) == 300
    assert np.abs(found.raw - expected[order].raw).max() <= 1e-6
