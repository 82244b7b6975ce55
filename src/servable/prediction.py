"""Scoring a file in process, block by block: ids beside raw and calibrated scores."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

import msgspec

from servable.codecs import encode_csv, label_of
from servable.datasets import read_blocks
from servable.records import Predictions
from servable.scorer import Scorer


def predict(scorer: Scorer, path: Path) -> Iterator[Predictions]:
    """Predictions of each block of a CSV, NDJSON, JSON or Parquet file; see `read_blocks`.

    Raises:
        NotFound, BadInput: naming file, record (counted from 0 within the file) and field.
        ServableError: `score.*`, naming file and record, where a model answers what is no probability.
    """
    for block in read_blocks(path, scorer.artifact):
        yield scorer.score_rows(block.records, block.rows, file=path.name)


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
