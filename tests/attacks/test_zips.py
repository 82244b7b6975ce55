"""Zip archives whose headers lie."""

import io
import os
import struct
import zipfile
import zlib
from pathlib import Path

import pytest
from hostile import Refused, attack, patched, stored, zip_of

from servable.artifact.safe import Limits, read_archive


def test_an_encrypted_member_is_refused_with_a_whole_sentence(refused: Refused) -> None:
    data = patched(zip_of({"weights": b"secret"}), b"PK\x01\x02", 8, "<H", 0x1)

    assert str(refused(attack(data))) == (
        "model.tar.gz, member 'weights': expected a file that anyone can read, found encryption; "
        "make the archive again"
    )


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_another_compression_than_deflate_is_refused(refused: Refused, method: int) -> None:
    error = refused(attack(zip_of({"weights": b"x" * 100}, method)))

    assert error.code == "archive.method"
    assert error.problems[0].found == f"method {method}"


@pytest.mark.parametrize("claimed", [0, 10, 999, 1001, 60_000])
@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_size_in_a_zip_header_is_not_believed(refused: Refused, claimed: int, method: int) -> None:
    data = patched(zip_of({"weights": b"w" * 1000}, method), b"PK\x01\x02", 24, "<I", claimed)

    error = refused(attack(data))

    assert error.code == "archive.size"
    assert error.problems[0].expected == f"{claimed} bytes, as its header says"


def test_a_prefix_with_its_own_checksum_is_not_believed(refused: Refused) -> None:
    data = zip_of({"weights": b"w" * 1000})
    short = patched(data, b"PK\x01\x02", 24, "<I", 10)
    data = patched(short, b"PK\x01\x02", 16, "<I", zlib.crc32(b"w" * 10))

    assert refused(attack(data)).code == "archive.size"


def test_a_wrong_checksum_in_a_zip_is_refused(refused: Refused) -> None:
    data = patched(zip_of({"weights": b"w" * 1000}), b"PK\x01\x02", 16, "<I", 1)

    assert refused(attack(data)).code == "archive.checksum"


def test_deflated_bytes_that_do_not_inflate_are_refused(refused: Refused) -> None:
    data = bytearray(zip_of({"w": b"w" * 1000}))
    data[31] = 0xFF

    assert refused(attack(bytes(data))).code == "archive.deflate"


def test_a_deflated_member_cut_off_is_refused(refused: Refused) -> None:
    data = zip_of({"w": os.urandom(1000)})
    packed_bytes = struct.unpack_from("<I", data, data.rindex(b"PK\x01\x02") + 20)[0]

    assert (
        refused(attack(patched(data, b"PK\x01\x02", 20, "<I", packed_bytes - 5))).code == "archive.truncated"
    )


def test_bytes_hidden_after_a_deflated_member_are_refused(refused: Refused) -> None:
    data = zip_of({"w": b"w" * 1000})
    packed_bytes = struct.unpack_from("<I", data, data.rindex(b"PK\x01\x02") + 20)[0]

    assert refused(attack(patched(data, b"PK\x01\x02", 20, "<I", packed_bytes + 8))).code == "archive.deflate"


def test_members_that_share_stored_bytes_are_refused(refused: Refused) -> None:
    data = zip_of({"a": bytes(5000), "b": bytes(5000)})

    error = refused(attack(patched(data, b"PK\x01\x02", 42, "<I", 0)))

    assert error.code == "archive.overlap"


def test_a_header_that_names_another_file_than_the_directory_is_refused(refused: Refused) -> None:
    data = zip_of({"harmless": b"x"}).replace(b"harmless", b"manifest", 1)

    assert refused(attack(data)).code == "archive.header"


def test_a_member_whose_header_is_elsewhere_is_refused(refused: Refused) -> None:
    data = patched(zip_of({"a": b"x" * 100}), b"PK\x01\x02", 42, "<I", 3)

    assert refused(attack(data)).code == "archive.header"


def test_bytes_after_a_zip_are_refused(refused: Refused) -> None:
    assert refused(attack(zip_of({"a": b"x"}) + b"more")).code == "archive.trailing"


def test_a_comment_in_a_zip_is_passed_over(here: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a", b"x")
        archive.comment = b"made by someone"

    assert read_archive(stored(buffer.getvalue())) == {"a": b"x"}


def test_a_directory_too_long_for_the_limit_is_refused_before_it_is_read(refused: Refused) -> None:
    data = zip_of({f"{number:099}": b"" for number in range(20)})

    error = refused(attack(data, Limits(members=2)))

    assert str(error) == (
        "model.tar.gz: expected the directory of a zip archive, "
        "found 2900 bytes, where at most 2048 are read; make the archive again"
    )


def with_zip64(data: bytes, **changed: int) -> bytes:
    """The archive with a zip64 end record that repeats its plain one, but for these numbers."""
    end = data.rindex(b"PK\x05\x06")
    *_, entries, directory_bytes, start, _ = struct.unpack_from("<4sHHHHIIH", data, end)
    numbers = {
        "rest": 44,
        "made_by": 45,
        "needed": 45,
        "disk": 0,
        "first_disk": 0,
        "entries_here": entries,
        "entries": entries,
        "directory_bytes": directory_bytes,
        "start": start,
        "record_disk": 0,
        "record_start": end,
        "disks": 1,
    } | changed
    *record, record_disk, record_start, disks = numbers.values()
    form = struct.pack("<4sQHHIIQQQQ", b"PK\x06\x06", *record)
    locator = struct.pack("<4sIQI", b"PK\x06\x07", record_disk, record_start, disks)
    return data[:end] + form + locator + data[end:]


def test_a_zip64_form_that_repeats_the_plain_one_is_read(here: Path) -> None:
    assert read_archive(stored(with_zip64(zip_of({"a": b"x", "b/c": b"yz"})))) == {"a": b"x", "b/c": b"yz"}


@pytest.mark.parametrize(
    "number",
    [
        "rest",
        "disk",
        "first_disk",
        "entries_here",
        "entries",
        "directory_bytes",
        "start",
        "record_disk",
        "record_start",
        "disks",
    ],
)
def test_a_zip64_form_that_differs_from_the_plain_one_is_refused(refused: Refused, number: str) -> None:
    error = refused(attack(with_zip64(zip_of({"a": b"x"}), **{number: 7})))

    assert error.problems[0].found == "its zip64 form, which differs from the plain one"


@pytest.mark.parametrize("data", [zip_of({"a": b"x"}), b"PK\x03\x04" + zip_of({})], ids=["a file", "none"])
def test_a_zip64_locator_without_its_record_is_refused(refused: Refused, data: bytes) -> None:
    end = data.rindex(b"PK\x05\x06")
    locator = b"PK\x06\x07" + struct.pack("<IQI", 0, 0, 1)

    error = refused(attack(data[:end] + locator + data[end:]))

    assert error.problems[0].found == "its zip64 form, which differs from the plain one"


@pytest.mark.parametrize("keep", [4, 30, 60])
def test_a_zip_without_its_directory_is_refused(refused: Refused, keep: int) -> None:
    assert refused(attack(zip_of({"a": b"x" * 100}, zipfile.ZIP_STORED)[:keep])).code == "archive.directory"


@pytest.mark.parametrize(("offset", "value"), [(16, 0xFFFFFF00), (12, 30), (12, 1), (16, 7)])
def test_a_directory_that_is_not_where_it_says_is_refused(refused: Refused, offset: int, value: int) -> None:
    data = patched(zip_of({"a": b"x"}), b"PK\x05\x06", offset, "<I", value)

    assert refused(attack(data)).problems[0].found == "none where the end record says"


def test_a_directory_that_does_not_read_is_refused(refused: Refused) -> None:
    error = refused(attack(zip_of({"a": b"x"}).replace(b"PK\x01\x02", b"PK\x01\x03")))

    assert error.code == "archive.directory"
    assert error.__cause__ is not None


def test_a_zip_written_to_a_pipe_is_read(here: Path) -> None:
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

        def seek(self, *_: int) -> int:
            raise io.UnsupportedOperation

        def tell(self) -> int:
            raise io.UnsupportedOperation

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("folder/", b"")
        archive.writestr("folder/a", b"x" * 1000)

    assert read_archive(stored(pipe.getvalue())) == {"folder/a": b"x" * 1000}
