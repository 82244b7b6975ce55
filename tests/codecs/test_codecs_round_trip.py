"""Laws of the wire: what was encoded is what is decoded, cell by cell and bit by bit."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from servable.codecs import decode_answer, decode_request, encode_answer, encode_csv, encode_table
from servable.records import FloatArray, Predictions, Table
from strategies import csv_tables, json_tables, parquet_tables

scores32 = arrays(
    np.float32,
    array_shapes(min_dims=2, max_dims=2, min_side=2, max_side=4),
    elements=st.floats(0, 1, width=32),
)
scores64 = arrays(
    np.float64, array_shapes(min_dims=2, max_dims=2, min_side=2, max_side=4), elements=st.floats(0, 1)
)


def _typed(table: Table) -> list[list[tuple[type, str]]]:
    """Cells with their types; the text of a number tells -0.0 from 0.0, which compare equal."""
    return [[(type(cell), repr(cell)) for cell in row] for row in table.rows]


@pytest.mark.parametrize("content_type", ["application/json", "application/x-ndjson"])
@given(table=json_tables())
def test_a_named_table_survives_json(content_type: str, table: Table) -> None:
    decoded = decode_request(encode_table(table, content_type), content_type)

    assert decoded.names == table.names
    assert _typed(decoded) == _typed(table)


@given(table=csv_tables())
def test_the_cells_of_a_table_survive_csv_without_a_header(table: Table) -> None:
    decoded = decode_request(encode_table(table, "text/csv"), "text/csv")

    assert decoded.names is None
    assert _typed(decoded) == _typed(table)


@given(table=csv_tables())
def test_a_table_survives_csv_with_its_header(table: Table) -> None:
    body = encode_csv([table.names or (), *table.rows])

    decoded = decode_request(body, "text/csv; header=present")

    assert decoded.names == table.names
    assert _typed(decoded) == _typed(table)


@given(table=parquet_tables())
def test_a_table_of_floats_and_texts_survives_parquet(table: Table) -> None:
    decoded = decode_request(encode_table(table, "application/x-parquet"), "application/x-parquet")

    assert decoded.names == table.names
    assert _typed(decoded) == _typed(table)


@pytest.mark.parametrize("accept", ["application/json", "text/csv"])
@given(raw=scores32 | scores64)
def test_scores_survive_the_wire_bit_for_bit_at_their_own_precision(accept: str, raw: FloatArray) -> None:
    predictions = Predictions(raw=raw, calibrated=raw[:, ::-1])
    sent = slice(1, 2) if accept == "application/json" and raw.shape[1] == 2 else slice(None)

    answer = decode_answer(*encode_answer(predictions, accept))

    assert answer.raw.astype(raw.dtype).tobytes() == np.ascontiguousarray(raw[:, sent]).tobytes()
    calibrated = np.ascontiguousarray(predictions.calibrated[:, sent])
    assert answer.calibrated.astype(raw.dtype).tobytes() == calibrated.tobytes()
    assert answer.labels == tuple(f"class-{index}" for index in raw.argmax(axis=1))


@given(score=st.floats(0, 1, width=32))
def test_no_shorter_decimal_than_the_printed_one_reads_back_to_the_score(score: float) -> None:
    single = np.float32(score)
    predictions = Predictions(raw=np.array([[1 - single, single]]), calibrated=np.array([[0, single]]))

    printed = encode_answer(predictions, "text/csv")[0].split(b",")[1].decode()

    digits = len(printed.partition("e")[0].replace(".", "").strip("0"))
    assert np.float32(printed) == single
    assert digits <= 1 or np.float32(f"{score:.{digits - 2}e}") != single
