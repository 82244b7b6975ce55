"""Bytes to Table and Predictions to bytes, by media type; one module per type.

Law: for a table that a type can carry, `decode_request(encode_table(table, t), t)` has the same cells.
"""

from servable.codecs import csv_codec, json_codec
from servable.codecs.answer import Answer, label_of
from servable.codecs.csv_codec import encode_rows as encode_csv
from servable.codecs.media import MediaType, choose
from servable.codecs.parquet_records import ParquetRecords
from servable.codecs.tables import read_table, read_table_blocks
from servable.errors import BadInput, Problem, shown
from servable.records import Predictions, Table

__all__ = [
    "ANSWER_TYPES",
    "MAX_ROWS",
    "REQUEST_TYPES",
    "Answer",
    "ParquetRecords",
    "decode_answer",
    "decode_request",
    "encode_answer",
    "encode_csv",
    "encode_table",
    "label_of",
    "read_table",
    "read_table_blocks",
]

MAX_ROWS = 10_000
"""Records that one request may hold."""

JSON, NDJSON, CSV, PARQUET = "application/json", "application/x-ndjson", "text/csv", "application/x-parquet"
REQUEST_TYPES = (JSON, NDJSON, CSV, PARQUET)
ANSWER_TYPES = (JSON, CSV)

_ALIASES = {
    "application/jsonlines": NDJSON,
    "application/ndjson": NDJSON,
    "application/jsonl": NDJSON,
    "application/x-jsonlines": NDJSON,
    "application/vnd.apache.parquet": PARQUET,
    "application/parquet": PARQUET,
}


def decode_request(body: bytes, content_type: str, *, max_rows: int = MAX_ROWS) -> Table:
    """The table that a request body holds.

    Raises:
        BadInput: `request.content-type`, `request.empty`, or the media type's own code.
        TooLarge: `request.too-many-records`.
    """
    media = MediaType.parse(content_type)
    name = _ALIASES.get(media.name, media.name)
    if name not in REQUEST_TYPES or media.parameters.get("charset", "utf-8").lower() not in ("utf-8", "utf8"):
        raise BadInput(
            Problem(
                code="request.content-type",
                where="header Content-Type",
                expected=f"one of {', '.join(REQUEST_TYPES)}, in UTF-8",
                found=shown(content_type) if content_type else "none",
                fix="send one of these types",
            )
        )
    if not body:
        raise BadInput(
            Problem(
                code="request.empty", where="body", expected=f"{name}", found="no bytes", fix="send a record"
            )
        )
    if name == JSON:
        return json_codec.decode(body, max_rows=max_rows)
    if name == NDJSON:
        return json_codec.decode_lines(body, max_rows=max_rows)
    if name == CSV:
        header = media.parameters.get("header", "").lower() == "present"
        return csv_codec.decode(body, header=header, max_rows=max_rows)
    from servable.codecs import parquet_codec  # noqa: PLC0415  # 20 ms that a JSON endpoint never spends

    return parquet_codec.decode(body, max_rows=max_rows)


def encode_table(table: Table, content_type: str) -> bytes:
    """A request body that holds a named table; the CSV form has no header row."""
    if content_type == JSON:
        return json_codec.encode(table)
    if content_type == NDJSON:
        return json_codec.encode_lines(table)
    if content_type == CSV:
        return csv_codec.encode(table)
    if content_type == PARQUET:
        from servable.codecs import parquet_codec  # noqa: PLC0415  # as above

        return parquet_codec.encode(table)
    raise BadInput(
        Problem(
            code="request.content-type",
            where="content type",
            expected=f"one of {', '.join(REQUEST_TYPES)}",
            found=shown(content_type),
            fix="choose one of these types",
        )
    )


def encode_answer(predictions: Predictions, accept: str) -> tuple[bytes, str]:
    """An answer's body and its content type, chosen by an `Accept` header (empty: JSON).

    Raises:
        BadInput: `request.accept` if neither JSON nor CSV is acceptable.
    """
    content_type = choose(accept, ANSWER_TYPES)
    codec = json_codec if content_type == JSON else csv_codec
    return codec.encode_answer(predictions), content_type


def decode_answer(body: bytes, content_type: str) -> Answer:
    """The scores in an answer.

    Raises:
        BadInput: `answer.form` if the body is not such an answer.
    """
    is_csv = MediaType.parse(content_type).name == CSV
    return csv_codec.decode_answer(body) if is_csv else json_codec.decode_answer(body)
