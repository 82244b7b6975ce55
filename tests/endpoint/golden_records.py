"""Golden records as anybody can read them from a packed archive, and as each content type carries them.

Nothing here uses the project's own codecs, so that an error in them cannot hide itself.
"""

import csv
import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from arro3.core import Array, DataType, Table
from arro3.io import write_parquet
from numpy.typing import NDArray

from fixtures_models import FIELDS, Reply

Record = Mapping[str, object]
TEXT_FIELDS = ("age", "division", "text")
JSON, NDJSON, CSV, PARQUET = "application/json", "application/x-ndjson", "text/csv", "application/x-parquet"


@dataclass(frozen=True, slots=True)
class Scores:
    """Class-1 scores `[n]` float32 and labels of n records."""

    raw: NDArray[np.float32]
    calibrated: NDArray[np.float32]
    labels: tuple[str, ...]

    def __getitem__(self, rows: Sequence[int]) -> "Scores":
        at = list(rows)
        return Scores(self.raw[at], self.calibrated[at], tuple(self.labels[row] for row in at))


def read_golden(archive: Path) -> tuple[list[Record], Scores]:
    """The golden records of a packed archive and the packed engine's answers to them."""
    with tarfile.open(archive) as files:
        requests, answers = (
            [json.loads(line) for line in _text(files, f"golden/{name}.ndjson").splitlines()]
            for name in ("requests", "answers")
        )
    packed = [answer["packed"] for answer in answers]
    raw = np.array([answer["raw"] for answer in packed], dtype=np.float32)
    labels = tuple(f"class-{index}" for index in raw.argmax(axis=1))
    calibrated = np.array([answer["calibrated"][1] for answer in packed], dtype=np.float32)
    return requests, Scores(raw[:, 1], calibrated, labels)


def encoded(records: Sequence[Record], content_type: str, *, columns: Sequence[str] = FIELDS) -> bytes:
    """A request body: one JSON object for one record; tables of these columns."""
    if content_type == JSON:
        return json.dumps(records[0] if len(records) == 1 else list(records)).encode()
    if content_type == NDJSON:
        return b"".join(json.dumps(record).encode() + b"\n" for record in records)
    cells = [[record[name] for name in columns] for record in records]
    if content_type == PARQUET:
        return _parquet(cells, columns)
    text = io.StringIO()
    writer = csv.writer(text)
    if "header=present" in content_type:
        writer.writerow(reversed(columns))
        cells = [row[::-1] for row in cells]
    writer.writerows([["" if cell is None else cell for cell in row] for row in cells])
    return text.getvalue().encode()


def decoded(reply: Reply) -> Scores:
    """The scores of an answer, JSON or CSV."""
    assert reply.status == 200, reply.body
    if reply.headers["content-type"] == CSV:
        rows: list[Any] = list(csv.reader(io.StringIO(reply.body.decode())))
        texts = [(row[1], row[3], row[4]) for row in rows]
    else:
        names = ("legacy-score", "calibrated-score", "output-label")
        texts = [tuple(answer[name] for name in names) for answer in reply.json["predictions"]]
    raw, calibrated, labels = zip(*texts, strict=True)
    return Scores(np.array(raw, dtype=np.float32), np.array(calibrated, dtype=np.float32), labels)


def _parquet(rows: Sequence[Sequence[object]], names: Sequence[str]) -> bytes:
    columns = [
        Array([None if cell is None else str(cell) for cell in column], DataType.utf8())
        for column in zip(*rows, strict=True)
    ]
    file = io.BytesIO()
    write_parquet(Table.from_arrays(columns, names=list(names)), file)
    return file.getvalue()


def _text(files: tarfile.TarFile, name: str) -> str:
    member = files.extractfile(name)
    assert member is not None
    return member.read().decode()
