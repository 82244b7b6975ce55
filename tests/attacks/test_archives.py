"""Archives that try to leave their folder, to exhaust the machine, or to mean two things."""

import bz2
import gzip
import lzma
import os
import stat
import tarfile
import tempfile
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hostile import HOSTILE_NAMES, MODEL, Refused, attack, entry, stored, tar_of, zip_of, zip_with
from hypothesis import given, settings
from hypothesis import strategies as st

from servable.artifact.safe import Limits, read_archive
from servable.errors import BadInput, Damaged, NotFound


def test_a_step_out_of_the_folder_is_refused_with_a_whole_sentence(refused: Refused) -> None:
    error = refused(attack(gzip.compress(tar_of(entry("manifest.json"), entry("../evil")))))

    assert str(error) == (
        "model.tar.gz, member '../evil': expected a relative name inside the archive, "
        "found a step out of its folder (`..`); make the archive again"
    )
    assert error.code == "archive.name"


@pytest.mark.parametrize(("name", "found"), HOSTILE_NAMES.items(), ids=repr)
@pytest.mark.parametrize("kind", [tarfile.REGTYPE, tarfile.DIRTYPE])
def test_a_hostile_name_in_a_tar_is_refused(refused: Refused, name: str, found: str, kind: bytes) -> None:
    error = refused(attack(tar_of(entry(name, b"", kind=kind))))

    assert error.code == "archive.name"
    assert error.problems[0].found == found


@pytest.mark.parametrize(("name", "found"), HOSTILE_NAMES.items(), ids=repr)
def test_a_hostile_name_in_a_zip_is_refused(refused: Refused, name: str, found: str) -> None:
    error = refused(attack(zip_of({name: b"x"})))

    assert error.code == "archive.name"
    assert error.problems[0].found == found


def test_a_name_cut_at_a_zero_byte_is_refused_in_a_zip(refused: Refused) -> None:
    data = zip_of({"manifest.json_evil": b"x"}).replace(b"manifest.json_evil", b"manifest.json\0evil")

    assert refused(attack(data)).problems[0].found == "a control character"


def test_a_name_that_is_not_utf8_is_refused(refused: Refused) -> None:
    assert refused(attack(tar_of(entry("\udcff\udcfe")))).problems[0].found == "other bytes"


def test_a_name_hidden_in_an_extension_header_is_judged_too(refused: Refused) -> None:
    long_name = entry("././@LongLink", b"../" * 60 + b"evil\0", kind=tarfile.GNUTYPE_LONGNAME)
    pax_name = entry("pax", b"16 path=../evil\n", kind=tarfile.XHDTYPE)

    for extension in (long_name, pax_name):
        error = refused(attack(tar_of(extension, entry("harmless"))))
        assert error.problems[0].found == "a step out of its folder (`..`)"


def test_two_members_of_one_normalised_name_are_refused_with_a_whole_sentence(refused: Refused) -> None:
    tar = refused(attack(tar_of(entry("manifest.json"), entry("./manifest.json"))))
    zipped = refused(attack(zip_of({"a/manifest.json": b"x", "a//./manifest.json": b"y"})))

    assert str(tar) == (
        "model.tar.gz, member './manifest.json': expected one member of this name, "
        "found a second one; make the archive again"
    )
    assert zipped.code == "archive.duplicate"


@pytest.mark.parametrize(
    "files",
    [
        [entry("a"), entry("a/b")],
        [entry("a/b"), entry("a")],
        [entry("a", b"", kind=tarfile.DIRTYPE), entry("a")],
    ],
)
def test_one_name_for_a_file_and_a_folder_is_refused(
    refused: Refused, files: list[tuple[tarfile.TarInfo, bytes]]
) -> None:
    assert refused(attack(tar_of(*files))).code == "archive.duplicate"


@pytest.mark.parametrize("name", ["", ".", "./", "a/", "a/."])
def test_a_file_with_the_name_of_a_folder_is_refused(refused: Refused, name: str) -> None:
    assert refused(attack(tar_of(entry("b"), entry(name)))).code == "archive.name"


@pytest.mark.parametrize(
    ("kind", "found"),
    [
        (tarfile.SYMTYPE, "a symbolic link"),
        (tarfile.LNKTYPE, "a hard link"),
        (tarfile.CHRTYPE, "a character device"),
        (tarfile.BLKTYPE, "a block device"),
        (tarfile.FIFOTYPE, "a named pipe"),
        (tarfile.GNUTYPE_SPARSE, "a sparse file"),
        (tarfile.CONTTYPE, "an entry of type b'7'"),
        (b"V", "an entry of type b'V'"),
    ],
)
def test_anything_but_files_and_folders_is_refused_in_a_tar(
    refused: Refused, kind: bytes, found: str
) -> None:
    error = refused(attack(tar_of(entry("weights.bin", b"", kind=kind))))

    assert str(error) == (
        f"model.tar.gz, member 'weights.bin': expected a file or a folder, found {found}; "
        "make the archive again"
    )


def test_a_sparse_file_in_an_extension_header_is_refused(refused: Refused) -> None:
    extension = entry("pax", b"22 GNU.sparse.major=1\n", kind=tarfile.XHDTYPE)

    assert refused(attack(tar_of(extension, entry("a")))).problems[0].found == "a sparse file"


@pytest.mark.parametrize(
    ("mode", "found"),
    [
        (stat.S_IFLNK, "a symbolic link"),
        (stat.S_IFCHR, "a character device"),
        (stat.S_IFBLK, "a block device"),
        (stat.S_IFIFO, "a named pipe"),
        (stat.S_IFSOCK, "a socket"),
        (0o150000, "another kind of entry"),
    ],
)
def test_anything_but_files_and_folders_is_refused_in_a_zip(refused: Refused, mode: int, found: str) -> None:
    info = zipfile.ZipInfo("weights.bin")
    info.external_attr = (mode | 0o777) << 16

    assert refused(attack(zip_with(info, b"/etc/passwd"))).problems[0].found == found


def test_a_folder_with_content_is_refused(refused: Refused) -> None:
    tar = refused(attack(tar_of(entry("folder", b"content", kind=tarfile.DIRTYPE))))
    zipped = refused(attack(zip_of({"folder/": b"content"})))

    assert tar.code == zipped.code == "archive.folder"


def test_too_many_members_are_refused_with_a_whole_sentence(refused: Refused) -> None:
    limits = Limits(members=3)
    four = [entry(name) for name in "abcd"]

    error = refused(attack(tar_of(*four), limits))

    assert str(error) == "model.tar.gz: expected at most 3 members, found more; pack fewer files"
    assert refused(attack(zip_of(dict.fromkeys("abcd", b"")), limits)).code == "archive.members"
    assert len(read_archive(stored(tar_of(*four[:3])), limits=limits)) == 3


def test_folders_count_as_members(refused: Refused) -> None:
    folders = [entry(f"d{i}", b"", kind=tarfile.DIRTYPE) for i in range(4)]

    assert refused(attack(tar_of(*folders), Limits(members=3))).code == "archive.members"


@pytest.mark.parametrize("make", [lambda files: tar_of(*map(entry, files, files.values())), zip_of])
def test_a_member_beyond_the_limit_is_refused(
    refused: Refused, make: Callable[[dict[str, bytes]], bytes]
) -> None:
    error = refused(attack(make({"a": b"", "b": bytes(1001)}), Limits(member_bytes=1000)))

    assert str(error) == (
        "model.tar.gz, member 'b': expected a file of at most 1000 bytes, found 1001 bytes; "
        "make the archive again"
    )


@pytest.mark.parametrize("make", [lambda files: tar_of(*map(entry, files, files.values())), zip_of])
def test_a_total_beyond_the_limit_is_refused(
    refused: Refused, make: Callable[[dict[str, bytes]], bytes]
) -> None:
    files = {name: bytes(1000) for name in "abcd"}

    error = refused(attack(make(files), Limits(total_bytes=3500)))

    assert error.code == "archive.total-size"
    assert read_archive(stored(make(files)), limits=Limits(total_bytes=20_000)) == files


def bomb_of(megabytes: int) -> bytes:
    header, _ = entry("zeros")
    header.size = megabytes << 20
    return gzip.compress(header.tobuf() + bytes(header.size) + bytes(1024), 9)


@pytest.mark.parametrize("make", [bomb_of, lambda megabytes: zip_of({"zeros": bytes(megabytes << 20)})])
def test_a_bomb_is_refused_before_it_unfolds(refused: Refused, make: Callable[[int], bytes]) -> None:
    data = make(24)
    limits = Limits(ratio_free_bytes=1 << 20)

    tracemalloc.start()
    error = refused(attack(data, limits))
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert len(data) < 32 << 10
    assert error.code == "archive.total-size"
    assert peak_bytes < 8 << 20


def test_a_bomb_of_padding_after_the_end_is_refused(refused: Refused) -> None:
    data = gzip.compress(tar_of(entry("a")) + bytes(8 << 20), 9)

    assert refused(attack(data, Limits(ratio_free_bytes=1 << 20))).code == "archive.total-size"


def test_the_ratio_counts_only_beyond_what_may_unfold_freely(here: Path) -> None:
    path = stored(zip_of({"zeros": bytes(100_000)}))

    assert read_archive(path, limits=Limits(ratio=2, ratio_free_bytes=100_000)).keys() == {"zeros"}


def test_a_header_that_claims_gigabytes_costs_no_memory(refused: Refused) -> None:
    header, data = entry("weights")
    header.size = 2 << 30
    lie = gzip.compress(header.tobuf() + data)

    tracemalloc.start()
    error = refused(attack(lie, Limits(ratio_free_bytes=4 << 30)))
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert error.code == "archive.truncated"
    assert peak_bytes < 8 << 20


def test_a_limit_below_one_is_no_limit() -> None:
    with pytest.raises(BadInput, match="members: expected a limit of at least 1, found 0; raise it"):
        Limits(members=0)


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b"", "an empty file"),
        (b"not gzip", "a file that begins with the bytes 6e 6f 74 20 67 7a 69 70"),
        (bz2.compress(b"tar"), "a file that begins with the bytes 42 5a 68 39 31 41 59 26"),
        (lzma.compress(b"tar"), "a file that begins with the bytes fd 37 7a 58 5a 00 00 04"),
        (bytes(10240), "a file that begins with the bytes 00 00 00 00 00 00 00 00"),
    ],
)
def test_an_unknown_format_is_refused_with_a_whole_sentence(
    refused: Refused, data: bytes, found: str
) -> None:
    assert str(refused(attack(data))) == (
        f"model.tar.gz: expected a .tar.gz, .tar or .zip archive, found {found}; make the archive again"
    )


def test_a_gzipped_file_that_is_no_tar_is_refused(refused: Refused) -> None:
    assert refused(attack(gzip.compress(b"{}" * 400))).code == "archive.header"


@pytest.mark.parametrize("data", [gzip.compress(bytes(1024)), zip_of({}), zip_of({"folder/": b""})])
def test_an_archive_without_files_is_refused(refused: Refused, data: bytes) -> None:
    assert refused(attack(data)).code == "archive.empty"


def test_the_first_bytes_tell_the_format_and_not_the_name(here: Path) -> None:
    tar = tar_of(entry("a"))

    for data in (tar, gzip.compress(tar), zip_of({"a": b"x"})):
        assert read_archive(stored(data, "model.bin")) == {"a": b"x"}


def test_an_absent_archive_is_not_found(here: Path) -> None:
    with pytest.raises(NotFound, match=r"^model\.tar\.gz: expected an archive, found no such file; look"):
        read_archive(Path("model.tar.gz"))


@pytest.mark.parametrize("make", [os.mkdir, os.mkfifo])
def test_a_folder_or_a_pipe_is_refused_without_waiting(here: Path, make: Callable[[str], None]) -> None:
    make("model")

    with pytest.raises(BadInput, match="found a folder, a pipe or a device"):
        read_archive(Path("model"))


HONEST = [
    tar_of(*map(entry, MODEL, MODEL.values())),
    gzip.compress(tar_of(*map(entry, MODEL, MODEL.values())), 1, mtime=0),
    gzip.compress(tar_of(*map(entry, MODEL, MODEL.values())), 0, mtime=0),
    zip_of(MODEL),
    zip_of(MODEL, zipfile.ZIP_STORED),
]


@settings(deadline=None, max_examples=300)
@given(st.sampled_from(HONEST), st.data())
def test_a_changed_archive_is_read_or_refused_and_never_fails_otherwise(
    honest: bytes, choices: st.DataObject
) -> None:
    data = bytearray(honest)
    for _ in range(choices.draw(st.integers(1, 4))):
        start = choices.draw(st.integers(0, len(data)))
        data[start : start + choices.draw(st.integers(0, 8))] = choices.draw(st.binary(max_size=8))
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()

        try:
            files = read_archive(Path(file.name))
        except Damaged:
            return

    assert all(isinstance(content, bytes) for content in files.values())
