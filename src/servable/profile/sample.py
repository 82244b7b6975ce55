"""A sample of records that follows from their content alone, held while a table streams by."""

import hashlib
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from servable.profile.rows import Places, Rows
from servable.records import Columns, FloatArray, Layout, ObjectArray, Records

SAMPLED_RECORDS: Final = 2_000
"""Records that are scored where scoring takes long: PSI without drift stays below 0.02 with so many."""


@dataclass(frozen=True, slots=True, eq=False)
class _Held:
    numbers: NDArray[np.float64]
    strings: ObjectArray
    raw: FloatArray | None
    row: int | None


class RecordSample:
    """Of all records that differ, those whose content has the smallest sha256.

    The same records are taken however they are ordered, and a record that repeats is taken once. At most
    twice as many are held at a time.
    """

    def __init__(self, *, most: int = SAMPLED_RECORDS) -> None:
        """No record yet.

        Args:
            most: records that are taken.
        """
        self._most = most
        self._layout, self._file = Layout((), ()), ""
        self._held: dict[bytes, _Held] = {}
        self._largest: bytes | None = None

    def add(self, rows: Rows) -> None:
        """Some rows more, of one file; either all that are added are scored or none is."""
        columns, raw = rows.records.columns, rows.raw
        self._layout, self._file = columns.layout, "" if rows.places is None else rows.places.file
        for at, digest in enumerate(_digests(columns)):
            if digest in self._held or (self._largest is not None and digest > self._largest):
                continue
            self._held[digest] = _Held(
                columns.numbers[:, at].copy(),
                columns.strings[:, at].copy(),
                None if raw is None else raw[at].copy(),
                None if rows.places is None else int(rows.places.rows[at]),
            )
            if len(self._held) >= 2 * self._most:
                self._forget()

    def rows(self) -> Rows:
        """The sample, in the order of its digests; of one record at least."""
        chosen = [self._held[digest] for digest in sorted(self._held)[: self._most]]
        columns = Columns(
            self._layout,
            np.column_stack([held.numbers for held in chosen]),
            np.column_stack([held.strings for held in chosen]),
        )
        raw = [held.raw for held in chosen if held.raw is not None]
        at = [held.row for held in chosen if held.row is not None]
        return Rows(
            records=Records(columns=columns, n=len(chosen)),
            raw=np.array(raw) if raw else None,
            places=Places(file=self._file, rows=np.array(at)) if at else None,
        )

    def _forget(self) -> None:
        kept = sorted(self._held)[: self._most]
        self._held = {digest: self._held[digest] for digest in kept}
        self._largest = kept[-1]


def _digests(columns: Columns) -> list[bytes]:
    """The sha256 of the content of each record."""
    numbers, strings = columns.numbers.T.tolist(), columns.strings.T.tolist()
    return [
        hashlib.sha256(repr((of_numbers, of_strings)).encode()).digest()
        for of_numbers, of_strings in zip(numbers, strings, strict=True)
    ]
