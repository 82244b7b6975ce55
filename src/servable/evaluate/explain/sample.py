"""Some rows of a table, the same ones whenever they are asked for, held while the table streams by."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from servable.evaluate.explain.record import no_records
from servable.records import Columns, Records


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sample:
    """Rows of a table, in their order.

    Attributes:
        records: those that were taken.
        total: rows that there are.
    """

    records: Records
    total: int

    @property
    def chosen(self) -> str:
        """How they were chosen, in words."""
        if len(self.records) == self.total:
            return "all of them"
        return (
            f"{len(self.records):,} of {self.total:,}, those whose number has the smallest sha256, so "
            "the same ones every time"
        )


def sampled(blocks: Iterable[Records], *, most: int | None, source: str) -> Sample:
    """At most so many rows of a table: those whose number has the smallest sha256.

    That is a sample as random as any, and needs no seed; memory does not grow with the table.

    Args:
        blocks: its rows.
        most: how many are taken, at least one; None for all of them.
        source: name of the table, for errors.

    Raises:
        BadInput: `table.empty`, or what reading the rows raises.
    """
    held: Records | None = None
    keys: NDArray[np.uint64] = np.empty(0, np.uint64)
    numbers: NDArray[np.int64] = np.empty(0, np.int64)
    total = 0
    for records in blocks:
        here = np.arange(total, total + len(records), dtype=np.int64)
        total += len(records)
        keys = np.concatenate([keys, np.array([_key(number) for number in here.tolist()], np.uint64)])
        numbers = np.concatenate([numbers, here])
        held = records if held is None else _together([held, records])
        kept = np.sort(np.argsort(keys, kind="stable")[:most])
        keys, numbers, held = keys[kept], numbers[kept], held.take(kept.astype(np.int64))
    if held is None:
        raise no_records(source)
    return Sample(records=held, total=total)


def _key(number: int) -> int:
    return int.from_bytes(hashlib.sha256(str(number).encode()).digest()[:8])


def _together(parts: Sequence[Records]) -> Records:
    """The records of one layout behind one another."""
    columns = [part.columns for part in parts]
    return Records(
        columns=Columns(
            columns[0].layout,
            np.concatenate([each.numbers for each in columns], axis=1),
            np.concatenate([each.strings for each in columns], axis=1),
        ),
        n=sum(map(len, parts)),
    )
