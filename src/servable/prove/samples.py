"""What a run recorded: one row per planned request, warm-up first, and its file `samples.npz`.

All times are nanoseconds of CLOCK_MONOTONIC since the start of the run; -1 where a thing did not
happen. The file has fixed zip timestamps, so equal samples are equal bytes.
"""

import io
import zipfile
from dataclasses import dataclass, fields
from enum import IntEnum
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from servable.errors import Damaged, Problem

FILE: Final = "samples.npz"
_ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)
_MAX_ROWS = 100_000_000


class Outcome(IntEnum):
    """How a planned request ended; every one but OK is an error."""

    OK = 0
    STATUS = 1
    """Answered with a status other than 2xx."""
    TIMEOUT = 2
    CONNECTION = 3
    """Refused, reset, or closed before the answer was whole."""
    MALFORMED = 4
    """An answer that is not HTTP, or no scores where nothing is known of the right ones."""
    WRONG = 5
    """Not the scores and labels that are expected."""
    LOCAL = 6
    """The prover's own machine had no file, port or memory for it (gate G9)."""
    NONE = 7
    """No outcome: the run broke off (gate G1)."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Samples:
    """Columns of equal length, one row per planned request in the order of the schedule.

    Attributes:
        scheduled_ns: int64, when the request was to be sent.
        sent_ns: int64, when the client began with it: before the write, or before the connect it needed.
        first_byte_ns: int64, first byte of the answer.
        done_ns: int64, last byte, or when the request failed or was given up.
        status: int16, HTTP status, 0 without one.
        payload_id: int32, which body it carried.
        bytes: int32, length of the answer's body.
        outcome: uint8, an `Outcome`.
    """

    scheduled_ns: NDArray[np.int64]
    sent_ns: NDArray[np.int64]
    first_byte_ns: NDArray[np.int64]
    done_ns: NDArray[np.int64]
    status: NDArray[np.int16]
    payload_id: NDArray[np.int32]
    bytes: NDArray[np.int32]
    outcome: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.scheduled_ns)

    @classmethod
    def planned(cls, scheduled_ns: NDArray[np.int64], payload_id: NDArray[np.int32]) -> Self:
        """Rows for a schedule, to be filled: nothing sent, nothing received, no outcome."""
        n = len(scheduled_ns)
        return cls(
            scheduled_ns=scheduled_ns,
            sent_ns=np.full(n, -1, dtype=np.int64),
            first_byte_ns=np.full(n, -1, dtype=np.int64),
            done_ns=np.full(n, -1, dtype=np.int64),
            status=np.zeros(n, dtype=np.int16),
            payload_id=payload_id,
            bytes=np.zeros(n, dtype=np.int32),
            outcome=np.full(n, Outcome.NONE, dtype=np.uint8),
        )

    @classmethod
    def empty(cls) -> Self:
        """No rows: the samples of a run that never began."""
        return cls.planned(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int32))

    def __getitem__(self, rows: slice | NDArray[np.bool_]) -> "Samples":
        """The same columns of some rows."""
        return Samples(**{name: column[rows] for name, column in self.columns().items()})

    def columns(self) -> dict[str, NDArray[Any]]:
        """Column by name, in the order of the file."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


def to_npz(samples: Samples) -> bytes:
    """The file that holds these samples."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name, column in samples.columns().items():
            member = io.BytesIO()
            np.lib.format.write_array(
                member, np.ascontiguousarray(column), version=(1, 0), allow_pickle=False
            )
            info = zipfile.ZipInfo(f"{name}.npy", _ZIP_EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, member.getvalue())
    return file.getvalue()


def from_npz(data: bytes) -> Samples:
    """The samples of a file's bytes.

    Raises:
        Damaged: `proof.samples` if a column is missing, has another type or another length.
    """
    expected = Samples.empty().columns()
    found: dict[str, NDArray[Any]] = {}
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for name, column in expected.items():
                with archive.open(f"{name}.npy") as member:
                    found[name] = _read_column(member.read(16 * _MAX_ROWS), column.dtype)
        if len({len(column) for column in found.values()}) != 1:
            raise ValueError("columns of different lengths")
    except (zipfile.BadZipFile, KeyError, ValueError, EOFError, NotImplementedError) as error:
        raise Damaged(
            Problem(
                code="proof.samples",
                where=FILE,
                expected=f"the columns {', '.join(expected)}, of equal length",
                found=f"another content ({error})",
                fix="prove again",
            )
        ) from error
    return Samples(**found)


def _read_column(data: bytes, dtype: np.dtype[Any]) -> NDArray[Any]:
    column = np.lib.format.read_array(io.BytesIO(data), allow_pickle=False)
    if column.dtype != dtype or column.ndim != 1:
        raise ValueError(f"a column of type {column.dtype} where {dtype} belongs")
    return column
