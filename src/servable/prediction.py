"""Scoring a file in process, block by block: ids beside raw and calibrated scores."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

import msgspec

from servable.codecs import encode_csv, label_of, read_table_blocks
from servable.errors import BadInput, Problem
from servable.records import ABSENT, Predictions, Table, TextJoin
from servable.scorer import Scorer


def predict(scorer: Scorer, path: Path) -> Iterator[Predictions]:
    """Predictions of each block of a CSV, NDJSON, JSON or Parquet file.

    The first row of a CSV file is a header if it holds the name of every field, in any order;
    otherwise its columns are those of the artifact. Columns that training joined into its text field
    are joined again.

    Raises:
        NotFound, BadInput: naming file, record (counted from 0 within the file) and field.
    """
    seen, join = 0, scorer.artifact.text_join
    required = frozenset(scorer.schema.names())
    headers = [required]
    if join is not None:
        headers.append(required - {join.field} | set(join.columns))
    for block in read_table_blocks(path, headers=headers):
        try:
            table = block if join is None else _joined(block, join, first_record=seen)
            records = scorer.schema.bind(table, first_record=seen)
        except BadInput as error:
            raise error.inside(path.name) from error
        yield scorer.score_records(records)
        seen += len(records)


def _joined(table: Table, join: TextJoin, *, first_record: int) -> Table:
    """The table with the columns of the text joined, where it has them; each must stand in every record."""
    if not join.fits(table):
        return table
    names = table.names or ()
    at = [(names.index(column), column) for column in join.columns]
    problems = [
        Problem(
            code="request.missing-field",
            where=f'record {number}, column "{column}"',
            expected=f'every column of the field "{join.field}" to be present',
            found="no such key",
            fix="add it, with null if the value is missing",
        )
        for number, row in enumerate(table.rows, start=first_record)
        for index, column in at
        if row[index] is ABSENT
    ]
    if problems:
        raise BadInput(problems)
    return join.apply(table)


def write_csv(file: IO[str], id_name: str | None, blocks: Iterable[Predictions]) -> None:
    """A header, and a line per record: id, raw score per class, calibrated score per class, label."""
    header_written = False
    for block in blocks:
        classes = range(block.raw.shape[1])
        if not header_written:
            scores = [f"{kind}_{index}" for kind in ("raw", "calibrated") for index in classes]
            file.write(encode_csv([[*([id_name] if id_name else []), *scores, "label"]]).decode())
            header_written = True
        rows = (
            [*([identity] if id_name else []), *raw, *calibrated, label]
            for identity, raw, calibrated, label in _rows(block)
        )
        file.write(encode_csv(rows).decode())


def write_ndjson(file: IO[str], id_name: str | None, blocks: Iterable[Predictions]) -> None:
    """An object per line: id, `raw` and `calibrated` as lists of one number per class, `label`."""
    encode = msgspec.json.Encoder().encode
    for block in blocks:
        for identity, raw, calibrated, label in _rows(block):
            scores = {"raw": _raw(raw), "calibrated": _raw(calibrated), "label": label}
            file.write(encode(({id_name: identity} if id_name else {}) | scores).decode() + "\n")


def _rows(block: Predictions) -> Iterator[tuple[object, list[str], list[str], str]]:
    ids = block.ids or (None,) * len(block)
    for identity, raw, calibrated, label in zip(
        ids, block.raw, block.calibrated, block.label.tolist(), strict=True
    ):
        yield identity, [str(score) for score in raw], [str(score) for score in calibrated], label_of(label)


def _raw(decimals: list[str]) -> list[msgspec.Raw]:
    """Numbers exactly as written; a float32 printed as a double would grow digits."""
    return [msgspec.Raw(text.encode()) for text in decimals]
