"""Golden records: requests and the answers that an endpoint must give to them (decision 0009).

`golden/requests.ndjson` holds the request bytes, one record a line. `golden/answers.ndjson` holds,
on the same line, `reference` (the training side's scores) and, once packed, `packed` (the packed
engine's own), each with `raw` and `calibrated` as one number per class, written as the shortest
decimals that read back.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import compress
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from servable.artifact.files import Files
from servable.artifact.safe import parse_json
from servable.errors import Damaged, Problem
from servable.records import FloatArray, Predictions, Table

REQUESTS, ANSWERS = "golden/requests.ndjson", "golden/answers.ndjson"


class GoldenSource(StrEnum):
    """Where golden records come from; the value stands in the manifest.

    Records of `TRAIN` (rows of the test split), `TABLE` (rows of a table that `pack` was given) and
    `ENDPOINT` (requests to an endpoint that is being replaced, with the answers that it gave) are real.
    Those of `SCHEMA` are derived from the artifact's own tables.
    """

    TRAIN = "train"
    SCHEMA = "schema"
    TABLE = "table"
    ENDPOINT = "endpoint"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GoldenSet:
    """Stored requests with their stored answers, record by record.

    Attributes:
        requests: one JSON object each.
        reference: raw and calibrated scores of the training side; of recorded requests, the recorded ones.
        packed: the same of the packed engine; None in a training output.
        source: a value of `GoldenSource`.
        derived: how many of the last records were derived from the schema (missing, unknown values).
    """

    requests: tuple[bytes, ...]
    reference: Predictions
    packed: Predictions | None
    source: str
    derived: int = 0

    def __len__(self) -> int:
        return len(self.requests)

    @property
    def holds_real_records(self) -> bool:
        """Whether there may be somebody's data in it; what no one has named is taken for real."""
        return self.source != GoldenSource.SCHEMA and len(self) > self.derived

    @property
    def expected(self) -> Predictions:
        """What an endpoint of this artifact must answer: the packed scores, else the reference."""
        return self.reference if self.packed is None else self.packed

    def table(self) -> Table:
        """All requests as one named table."""
        return Table.of_records([msgspec.json.decode(line) for line in self.requests])

    def with_packed(self, packed: Predictions) -> "GoldenSet":
        """The same records with the packed engine's answers beside the reference."""
        return replace(self, packed=packed)

    def only(self, kept: NDArray[np.bool_], *, derived: int) -> "GoldenSet":
        """The records that are kept, of which the last `derived` are derived ones.

        Args:
            kept: `[n]`.
            derived: how many.
        """

        def side(scores: Predictions) -> Predictions:
            return Predictions(raw=scores.raw[kept], calibrated=scores.calibrated[kept])

        return replace(
            self,
            requests=tuple(compress(self.requests, kept)),
            reference=side(self.reference),
            packed=None if self.packed is None else side(self.packed),
            derived=derived,
        )

    def to_files(self) -> dict[str, bytes]:
        """The two files, by name."""
        sides = {"reference": self.reference} | ({} if self.packed is None else {"packed": self.packed})
        answers = (_answer_line(sides, index) for index in range(len(self)))
        return {
            REQUESTS: b"".join(line + b"\n" for line in self.requests),
            ANSWERS: "".join(f"{line}\n" for line in answers).encode(),
        }


def read_golden(files: Files, *, dtype: str, source: str, derived: int) -> GoldenSet | None:
    """The golden set of an artifact, or None if it has none.

    Raises:
        Damaged: `golden.files` if the two files do not fit together.
    """
    missing = [name for name in (REQUESTS, ANSWERS) if name not in files]
    if len(missing) == 2:
        return None
    if missing:
        raise Damaged(_problem(missing[0], "both files of the golden set", "no such file"))
    requests, lines = (_lines(files.read(name), name) for name in (REQUESTS, ANSWERS))
    if len(requests) < len(lines):
        raise Damaged(_problem(REQUESTS, f"a request for each of {len(lines)} answers", f"{len(requests)}"))
    if len(lines) < len(requests):
        raise Damaged(_problem(ANSWERS, f"an answer for each of {len(requests)} requests", f"{len(lines)}"))
    for number, request in enumerate(requests, start=1):
        where = f"{REQUESTS} line {number}"
        if not isinstance(parse_json(request, where=where), dict):
            raise Damaged(_problem(where, "an object", "something else"))
    answers = [_parse_answer(line, number) for number, line in enumerate(lines, start=1)]
    packed = [answer.get("packed") for answer in answers]
    return GoldenSet(
        requests=requests,
        reference=_predictions([answer["reference"] for answer in answers], dtype),
        packed=None if None in packed else _predictions(packed, dtype),
        source=source,
        derived=derived,
    )


def _lines(data: bytes, name: str) -> tuple[bytes, ...]:
    """The lines of a file, of which the last must be ended too: else the file is a part of one."""
    *lines, rest = data.split(b"\n")
    if rest or not lines:
        raise Damaged(
            _problem(name, "whole lines, at least one", "a last line that is cut off" if rest else "none")
        )
    return tuple(lines)


def _parse_answer(line: bytes, number: int) -> dict[str, Any]:
    where = f"{ANSWERS} line {number}"
    answer = parse_json(line, where=where)
    if not (isinstance(answer, dict) and isinstance(answer.get("reference"), dict)):
        raise Damaged(_problem(where, "an object with the key `reference`", "something else"))
    return answer


def _predictions(scores: Sequence[Any], dtype: str) -> Predictions:
    try:
        return Predictions(
            raw=np.array([score["raw"] for score in scores], dtype=dtype),
            calibrated=np.array([score["calibrated"] for score in scores], dtype=dtype),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise Damaged(
            _problem(ANSWERS, "`raw` and `calibrated` with one number per class", "another shape")
        ) from error


def _answer_line(sides: dict[str, Predictions], index: int) -> str:
    parts = (
        f'"{name}":{{"raw":{_numbers(side.raw[index])},"calibrated":{_numbers(side.calibrated[index])}}}'
        for name, side in sides.items()
    )
    return f"{{{','.join(parts)}}}"


def _numbers(scores: FloatArray) -> str:
    return f"[{','.join(str(score) for score in scores)}]"


def _problem(where: str, expected: str, found: str) -> Problem:
    return Problem(
        code="golden.files", where=where, expected=expected, found=found, fix="pack the artifact again"
    )
