"""What a training output remembers of the rows that its training used: digests, and no row.

Whoever holds a row can ask whether it was used, and so can whoever holds the file: it stays with the
training output and is never packed.

Source: the sample of the smallest hash values, A. Broder, On the resemblance and containment of documents
(SEQUENCES 1997).
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Final, NamedTuple, Self

import msgspec
import numpy as np
from numpy.typing import NDArray

from servable.artifact import Files, parse_json, pretty_json
from servable.errors import Damaged, Problem
from servable.records import Records

TRAINING_ROWS: Final = "training_rows.json"
"""Name of the file in a training output."""

MOST_DIGESTS: Final = 65_536

_HEX_DIGITS: Final = 12
_FORM: Final = "sha256 of [label, [fields by name]] as JSON, first 12 hexadecimal digits"

Digests = NDArray[np.uint64]


class Counts(NamedTuple):
    """Rows of which it can be told whether training used them, and those of them that it did."""

    told: int
    seen: int

    def __add__(self, other: object) -> "Counts":
        if not isinstance(other, Counts):
            return NotImplemented
        return Counts(self.told + other.told, self.seen + other.seen)

    @property
    def share(self) -> float:
        """Of those that can be told, the share that training used; 0 where there is none."""
        return self.seen / self.told if self.told else 0.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrainingRows:
    """The rows that fitted or picked something in a training: those of its parts `train` and `valid`.

    Attributes:
        rows: how many there were.
        digests: `[k]` sorted: those of their distinct digests that are at most the limit.
        limit: the largest digest of which it can be told whether training used its row.
        held_out: of the parts `calib` and `test`, the rows that equal one of these all the same.
    """

    rows: int
    digests: Digests
    limit: int
    held_out: Counts

    @classmethod
    def of(
        cls,
        used: tuple[Records, NDArray[np.int64]],
        held_out: tuple[Records, NDArray[np.int64]],
        *,
        most: int = MOST_DIGESTS,
    ) -> Self:
        """What to remember of a training.

        Args:
            used: records and `[n]` class indices of the rows that fitted or picked something.
            held_out: of those that did not.
            most: digests to keep; those of all rows if there are no more.
        """
        distinct = np.unique(_digests(*used))
        limit = int(distinct[most - 1]) if len(distinct) > most else 16**_HEX_DIGITS - 1
        known = cls(rows=len(used[0]), digests=distinct[:most], limit=limit, held_out=Counts(0, 0))
        return cls(rows=known.rows, digests=known.digests, limit=limit, held_out=known.counts(*held_out))

    def seen(self, records: Records, labels: NDArray[np.int64]) -> NDArray[np.bool_]:
        """`[n]` whether a row is known to be one that training used.

        Args:
            records: of the rows, bound to the artifact's schema.
            labels: `[n]` class index.
        """
        return np.isin(_digests(records, labels), self.digests)

    def may_have_used(self, records: Records, labels: NDArray[np.int64]) -> NDArray[np.bool_]:
        """`[n]` whether training used a row, or it cannot be told that it did not; see `seen`."""
        digests = _digests(records, labels)
        return np.isin(digests, self.digests) | (digests > self.limit)

    def counts(self, records: Records, labels: NDArray[np.int64]) -> Counts:
        """The same, counted among those of which it can be told."""
        told = _digests(records, labels)
        told = told[told <= self.limit]
        return Counts(told=len(told), seen=int(np.isin(told, self.digests).sum()))

    def to_files(self) -> dict[str, bytes]:
        """The file, by name."""
        plain = {
            "digest": _FORM,
            "rows": self.rows,
            "limit": _hexadecimal(self.limit),
            "digests": [_hexadecimal(digest) for digest in self.digests.tolist()],
            "held_out": {"rows": self.held_out.told, "seen": self.held_out.seen},
        }
        return {TRAINING_ROWS: pretty_json(plain)}


_Hex = Annotated[str, msgspec.Meta(pattern=f"^[0-9a-f]{{{_HEX_DIGITS}}}$")]
_Count = Annotated[int, msgspec.Meta(ge=0)]


class _HeldOut(msgspec.Struct):
    rows: _Count
    seen: _Count


class _Stored(msgspec.Struct):
    digest: str
    rows: _Count
    limit: _Hex
    digests: Annotated[list[_Hex], msgspec.Meta(max_length=MOST_DIGESTS)]
    held_out: _HeldOut


def read_training_rows(files: Files) -> TrainingRows | None:
    """What an artifact remembers of the rows that its training used; None if it remembers none.

    Raises:
        Damaged: `json.*`, or `artifact.training` where it has another form than `train` writes.
    """
    if TRAINING_ROWS not in files:
        return None
    plain = parse_json(files.read(TRAINING_ROWS), where=TRAINING_ROWS)
    try:
        stored = msgspec.convert(plain, _Stored)
    except msgspec.ValidationError as error:
        raise _damaged(str(error)) from error
    if stored.digest != _FORM:
        raise _damaged("digests of another form")
    digests = np.array([int(digest, 16) for digest in stored.digests], dtype=np.uint64)
    return TrainingRows(
        rows=stored.rows,
        digests=np.unique(digests),
        limit=int(stored.limit, 16),
        held_out=Counts(stored.held_out.rows, min(stored.held_out.seen, stored.held_out.rows)),
    )


def _digests(records: Records, labels: NDArray[np.int64]) -> Digests:
    """`[n]` digests; rows are equal if every field and the label are, however their table spells them."""
    return np.fromiter(map(_digest, _rows(records, labels)), dtype=np.uint64, count=len(records))


def _rows(records: Records, labels: NDArray[np.int64]) -> Iterator[tuple[int, tuple[object, ...]]]:
    # 0 is added so that minus zero, which compares as zero, is written as it
    columns = [
        (column + 0.0 if column.dtype == np.float64 else column).tolist()
        for column in (records.columns[name] for name in sorted(records.columns))
    ]
    cells = zip(*columns, strict=True) if columns else iter([()] * len(records))
    return zip(labels.tolist(), cells, strict=True)


def _digest(row: tuple[int, tuple[object, ...]]) -> int:
    # a number that is missing is written as null
    return int.from_bytes(hashlib.sha256(msgspec.json.encode(row)).digest()[: _HEX_DIGITS // 2])


def _hexadecimal(digest: int) -> str:
    return f"{digest:0{_HEX_DIGITS}x}"


def _damaged(found: str) -> Damaged:
    return Damaged(
        Problem(
            code="artifact.training",
            where=TRAINING_ROWS,
            expected="what training writes about the rows that it used",
            found=found,
            fix="write the file again with the training that made it, or take it away",
        )
    )
