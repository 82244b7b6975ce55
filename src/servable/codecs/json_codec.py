"""`application/json` and the NDJSON types (decision 0021), and the JSON form of an answer.

A JSON body is one object (one record) or an array of objects. If it fails after a complete value,
each non-blank line is one object. NDJSON never falls back to JSON.
"""

import json
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NoReturn

import msgspec
import numpy as np

from servable.codecs.answer import Answer, answer_problem, label_of
from servable.codecs.refusals import require_room_for_cells, too_many_records
from servable.errors import BadInput, Problem, TooLarge
from servable.records import ABSENT, FloatArray, Predictions, Table

_BOM = b"\xef\xbb\xbf"
_LONGEST_KEY = 60  # of a key that an error names
_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode


def decode(body: bytes, *, max_rows: int) -> Table:
    """The records of a JSON body, or of one object per line if it goes on after a complete value."""
    body = body.removeprefix(_BOM)
    try:
        value = _decode(body)
    except msgspec.DecodeError as error:
        if "trailing characters" in str(error):
            return decode_lines(body, max_rows=max_rows)
        _refuse("body", error)
    except (RecursionError, UnicodeDecodeError) as error:
        _refuse("body", error)
    if isinstance(value, list):
        _require_room(len(value), max_rows)
        for record, item in enumerate(value):
            _require_object(f"record {record}", item)
        records = value
    else:
        _require_object("body", value)
        records = [value]
    if body.count(b":") != sum(map(len, records)):
        _refuse_duplicate_keys("body", body)
    return _table(records)


def decode_lines(body: bytes, *, max_rows: int, first_line: int = 1) -> Table:
    """The records of an NDJSON body: one object on each non-blank line, split at line feeds only.

    Args:
        body: the lines.
        max_rows: records at most.
        first_line: number of the first line in its file, for errors.
    """
    records: list[dict[str, Any]] = []
    for number, line in enumerate(body.removeprefix(_BOM).split(b"\n"), start=first_line):
        if line.isspace() or not line:
            continue
        where = f"line {number}"
        try:
            record = _decode(line)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
            _refuse(where, error)
        _require_object(where, record)
        if line.count(b":") != len(record):
            _refuse_duplicate_keys(where, line)
        records.append(record)
        _require_room(len(records), max_rows)
    return _table(records)


def encode(table: Table) -> bytes:
    """One object for one record, else an array of objects."""
    records = _objects(table)
    return _encode(records[0] if len(records) == 1 else records)


def encode_lines(table: Table) -> bytes:
    """One object a line, each line ended by a line feed."""
    return b"".join(_encode(record) + b"\n" for record in _objects(table))


def encode_answer(predictions: Predictions) -> bytes:
    """Scores as the shortest decimal strings that read back to the same number (decision 0012)."""
    labels = map(label_of, predictions.label.tolist())
    if predictions.raw.shape[1] == 2:
        raw, calibrated = decimals(predictions.raw[:, 1]), decimals(predictions.calibrated[:, 1])
        rows: list[dict[str, str]] = [
            {"legacy-score": r, "calibrated-score": c, "output-label": label}
            for r, c, label in zip(raw, calibrated, labels, strict=True)
        ]
    else:
        rows = [
            {f"prob_{i:02d}": text for i, text in enumerate(decimals(raw), start=1)}
            | {f"calibrated_prob_{i:02d}": text for i, text in enumerate(decimals(calibrated), start=1)}
            | {"output-label": label}
            for raw, calibrated, label in zip(predictions.raw, predictions.calibrated, labels, strict=True)
        ]
    return _encode({"predictions": rows})


def decode_answer(body: bytes) -> Answer:
    """The scores of a JSON answer; class 1 alone where the model has two classes."""
    try:
        rows = _decode(body)["predictions"]
        width = sum(key.startswith("prob_") for key in rows[0])
        names = [f"prob_{i:02d}" for i in range(1, width + 1)]
        raw_keys = names or ["legacy-score"]
        calibrated_keys = [f"calibrated_{name}" for name in names] or ["calibrated-score"]
        return Answer(
            raw=np.array([[float(row[key]) for key in raw_keys] for row in rows]),
            calibrated=np.array([[float(row[key]) for key in calibrated_keys] for row in rows]),
            labels=tuple(row["output-label"] for row in rows),
        )
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise BadInput(answer_problem("JSON", "a body that is not JSON")) from error
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        raise BadInput(answer_problem("`predictions` with scores and labels", "another shape")) from error


def decimals(scores: FloatArray) -> list[str]:
    """Each score as the shortest decimal that reads back to it at its own precision."""
    return [str(score) for score in scores]


def _table(records: list[dict[str, Any]]) -> Table:
    if not records:
        return Table(names=(), rows=())
    names = tuple(records[0])
    if any(first.keys() != second.keys() for first, second in pairwise(records)):
        # few bytes can name many keys, each of which becomes a cell of every record
        require_room_for_cells(len(records), len({name for record in records for name in record}))
        return Table.of_records(records)
    return Table(names=names, rows=[tuple(map(record.__getitem__, names)) for record in records])


def _objects(table: Table) -> list[dict[str, Any]]:
    names: Sequence[str] = table.names or ()
    return [
        {name: cell for name, cell in zip(names, row, strict=True) if cell is not ABSENT}
        for row in table.rows
    ]


def _require_object(where: str, value: object) -> None:
    if not isinstance(value, dict):
        raise BadInput(
            Problem(
                code="request.json",
                where=where,
                expected="an object with a key for every field",
                found="an array" if isinstance(value, list) else f"a value of type {type(value).__name__}",
                fix="send one object per record",
            )
        )


def _require_room(count: int, max_rows: int) -> None:
    if count > max_rows:
        raise TooLarge(too_many_records(max_rows))


def _refuse_duplicate_keys(where: str, body: bytes) -> None:
    """A second look where a body holds more colons than its keys explain: texts hold colons too."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        seen: dict[str, Any] = {}
        for key, value in pairs:
            if key in seen:
                raise BadInput(
                    Problem(
                        code="request.json",
                        where=where,
                        expected="each key once in an object",
                        found=f'the key "{key[:_LONGEST_KEY]}" twice',
                        fix="send each field once",
                    )
                )
            seen[key] = value
        return seen

    try:
        json.loads(body, object_pairs_hook=unique)
    except RecursionError as error:
        _refuse(where, error)


def _refuse(where: str, error: Exception) -> NoReturn:
    reason = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
    raise BadInput(
        Problem(
            code="request.json",
            where=where,
            expected="JSON in UTF-8",
            found=f"something else ({reason.removeprefix('JSON is malformed: ')})",
            fix="send one object, an array of objects, or one object per line",
        )
    ) from error
