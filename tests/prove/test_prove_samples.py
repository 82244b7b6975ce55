"""The samples file: equal samples are equal bytes, and only samples are read back."""

import io
import zipfile

import numpy as np
import pytest
from prove_doubles import a_run

from servable.errors import Damaged
from servable.prove.samples import Samples, from_npz, to_npz


def changed(data: bytes, name: str, column: np.ndarray | None) -> bytes:
    """The file with one member replaced or left out."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(file, "w") as new:
        for member in old.namelist():
            if member != name:
                new.writestr(member, old.read(member))
        if column is not None:
            with new.open(name, "w") as member_file:
                np.save(member_file, column, allow_pickle=True)
    return file.getvalue()


def test_samples_read_back_as_they_were() -> None:
    samples = a_run(50, slow=3)

    again = from_npz(to_npz(samples))

    for name, column in samples.columns().items():
        np.testing.assert_array_equal(again.columns()[name], column)
        assert again.columns()[name].dtype == column.dtype


def test_equal_samples_are_equal_bytes() -> None:
    assert to_npz(a_run(50)) == to_npz(a_run(50))
    assert to_npz(a_run(50)) != to_npz(a_run(50, slow=1))


def test_numpy_reads_the_file_by_itself() -> None:
    with np.load(io.BytesIO(to_npz(a_run(5))), allow_pickle=False) as file:
        assert set(file) == {
            *("scheduled_ns", "sent_ns", "first_byte_ns", "done_ns"),
            *("status", "payload_id", "bytes", "outcome"),
        }


def test_a_run_that_never_began_has_no_rows() -> None:
    assert len(from_npz(to_npz(Samples.empty()))) == 0


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not a zip",
        changed(to_npz(a_run(5)), "status.npy", None),
        changed(to_npz(a_run(5)), "status.npy", np.zeros(5, dtype=np.float64)),
        changed(to_npz(a_run(5)), "status.npy", np.zeros(4, dtype=np.int16)),
        changed(to_npz(a_run(5)), "status.npy", np.zeros((5, 1), dtype=np.int16)),
        changed(to_npz(a_run(5)), "status.npy", np.array([object()] * 5)),
        to_npz(a_run(5))[:-30],
    ],
)
def test_what_is_no_samples_file_is_refused(data: bytes) -> None:
    with pytest.raises(Damaged) as refused:
        from_npz(data)

    assert refused.value.code == "proof.samples"
