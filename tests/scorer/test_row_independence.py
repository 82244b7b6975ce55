"""Law 2: a record's score does not depend on its neighbours, its place, the batch or the content type."""

from pathlib import Path

import numpy as np
import pytest

import servable
from servable.codecs import REQUEST_TYPES, decode_request, encode_table
from servable.records import Cell, Predictions, Table
from servable.scorer import Scorer
from strategies import loan_rows

NAMES = ("age", "income", "region", "code")
SIZES = [1, 2, 17, 256]


def _rows() -> list[tuple[Cell, ...]]:
    """256 records, those that lack values and those with unknown ones among them."""
    typical = [tuple(row[name] for name in NAMES) for row in loan_rows(250, seed=9)]
    odd: list[tuple[Cell, ...]] = [
        (None, None, None, None),
        (41, 0.1, "a region that nobody knows", "10.0"),
        (41.5, -1e30, "NA", "010"),
        (0, 3.4e38, "nan", "30"),
        (-1, 1e-45, 'quotes " and, commas', "20.00"),
        (18, 22026.465794806718, "north\nsouth", None),
    ]
    return [*odd, *typical]


ROWS = _rows()


@pytest.fixture(scope="module", params=["packed", "native"])
def scorer(request: pytest.FixtureRequest, packed_artifact: Path, training_output: Path) -> Scorer:
    return servable.load(packed_artifact if request.param == "packed" else training_output)


@pytest.fixture(scope="module")
def alone(scorer: Scorer) -> Predictions:
    """Each record scored by itself, as a dict."""
    single = [scorer.score(dict(zip(NAMES, row, strict=True))) for row in ROWS]
    return Predictions(
        raw=np.concatenate([one.raw for one in single]),
        calibrated=np.concatenate([one.calibrated for one in single]),
    )


def _sent(scorer: Scorer, rows: list[tuple[Cell, ...]], content_type: str) -> Predictions:
    table = Table(names=NAMES, rows=rows)
    return scorer.score_records(
        scorer.schema.bind(decode_request(encode_table(table, content_type), content_type))
    )


def _assert_bit_equal(found: Predictions, alone: Predictions, order: list[int]) -> None:
    assert found.raw.tobytes() == alone.raw[order].tobytes()
    assert found.calibrated.tobytes() == alone.calibrated[order].tobytes()
    assert found.label.tolist() == alone.label[order].tolist()


def test_the_records_differ_in_their_scores(alone: Predictions) -> None:
    assert len(np.unique(alone.raw[:, 1])) > 50


@pytest.mark.parametrize("content_type", REQUEST_TYPES)
@pytest.mark.parametrize("size", SIZES)
def test_a_batch_of_any_size_and_type_scores_each_record_as_if_alone(
    scorer: Scorer, alone: Predictions, size: int, content_type: str
) -> None:
    order = np.random.default_rng(size).permutation(len(ROWS)).tolist()

    for start in range(0, min(len(ROWS), 40 * size), size):
        block = order[start : start + size]
        found = _sent(scorer, [ROWS[index] for index in block], content_type)
        _assert_bit_equal(found, alone, block)


def test_a_record_beside_itself_has_the_same_score_everywhere(scorer: Scorer, alone: Predictions) -> None:
    found = scorer.score([dict(zip(NAMES, ROWS[3], strict=True))] * 300)

    _assert_bit_equal(found, alone, [3] * 300)


def test_a_missing_record_among_others_does_not_move_them(scorer: Scorer, alone: Predictions) -> None:
    found = _sent(scorer, [ROWS[10], ROWS[0], ROWS[11]], "application/x-parquet")

    _assert_bit_equal(found, alone, [10, 0, 11])


def test_packed_and_native_scores_agree(packed_artifact: Path, training_output: Path) -> None:
    records = [dict(zip(NAMES, row, strict=True)) for row in ROWS]

    packed, native = (servable.load(path).score(records) for path in (packed_artifact, training_output))

    difference = np.abs(packed.raw.astype(np.float64) - native.raw).max(axis=1)
    assert np.quantile(difference, 0.999) <= 1e-5
    assert difference.max() <= 1e-4
