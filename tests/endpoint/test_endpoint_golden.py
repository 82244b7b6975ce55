"""Law 1 over the wire: an endpoint's scores are the packed ones, bit for bit, however a record comes."""

import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pytest
from golden_records import (
    CSV,
    JSON,
    NDJSON,
    PARQUET,
    TEXT_FIELDS,
    Record,
    Scores,
    decoded,
    encoded,
    read_golden,
)

from fixtures_models import FIELDS, Endpoint, Model, serving

TYPES = (JSON, NDJSON, CSV, PARQUET)
MODES = ("alone", "one batch", "shuffled")


@dataclass(frozen=True, slots=True)
class Served:
    """An endpoint, and what it must answer."""

    endpoint: Endpoint
    columns: Sequence[str]
    records: list[Record]
    expected: Scores


def batches(mode: str, n: int) -> Iterator[Sequence[int]]:
    """Records of each request of a mode."""
    if mode == "alone":
        yield from ([row] for row in range(n))
    else:
        order = list(range(n))
        if mode == "shuffled":
            random.Random(11).shuffle(order)  # noqa: S311  # an order, not a secret
        yield order


@pytest.fixture(scope="module", params=["trees", "text"])
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Each model on the number of threads that it was packed with; with another one last digits may move."""
    is_text = request.param == "text"
    model: Model = request.getfixturevalue("text_model" if is_text else "model")
    folder = tmp_path_factory.mktemp("golden")
    options = ("--threads", "1") if is_text else ()
    with serving(model.archive, folder=folder, options=options) as endpoint:
        yield Served(endpoint, TEXT_FIELDS if is_text else FIELDS, *read_golden(model.archive))


def test_the_golden_records_hold_missing_and_unknown_values(served: Served) -> None:
    assert len(served.records) >= 50
    assert any(set(record.values()) == {None} for record in served.records)
    assert {type(cell) for record in served.records for cell in record.values()} == {type(None), str, float}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("content_type", [*TYPES, f"{CSV}; header=present"])
def test_every_golden_record_is_scored_bit_for_bit_as_packed(
    content_type: str, mode: str, served: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    accept = CSV if content_type.startswith(CSV) else JSON
    rows_seen, bit_equal, worst_raw, worst_calibrated = 0, 0, 0.0, 0.0

    for rows in batches(mode, len(served.records)):
        body = encoded([served.records[row] for row in rows], content_type, columns=served.columns)
        found = decoded(served.endpoint.invoke(body, content_type, accept=accept))
        wanted = served.expected[rows]
        rows_seen += len(found.raw)
        bit_equal += int(((found.raw == wanted.raw) & (found.calibrated == wanted.calibrated)).sum())
        worst_raw = max(worst_raw, float(np.abs(found.raw - wanted.raw).max()))
        worst_calibrated = max(worst_calibrated, float(np.abs(found.calibrated - wanted.calibrated).max()))
        assert found.labels == wanted.labels

    with capsys.disabled():
        sys.stdout.write(
            f"\n{content_type}, {mode}: {rows_seen} golden records, {bit_equal} bit-equal, "
            f"largest difference raw {worst_raw:g}, calibrated {worst_calibrated:g}"
        )
    assert (rows_seen, bit_equal) == (len(served.records), len(served.records))
