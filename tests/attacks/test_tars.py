"""Tar archives that are cut off, damaged or lie, and the archives that are written."""

import gzip
import io
import os
import tarfile
import tempfile
from pathlib import Path

import pytest
from hostile import HOSTILE_NAMES, MODEL, Refused, attack, entry, stored, tar_of
from hypothesis import given, settings
from hypothesis import strategies as st

from servable.artifact.safe import names_archive, read_archive, write_tar_gz
from servable.errors import BadInput, Damaged


def test_a_tar_cut_off_anywhere_is_refused_with_a_whole_sentence(refused: Refused) -> None:
    data = tar_of(*map(entry, MODEL, MODEL.values()))
    path = Path("model.tar")

    for length in range(512, len(data), 256):
        path.write_bytes(data[:length])
        assert refused(lambda: read_archive(path)).code == "archive.truncated"
    assert str(refused(attack(data[:700]))) == (
        "model.tar.gz: expected a whole archive, found one that is cut off; make the archive again"
    )


def test_a_gzip_stream_cut_off_anywhere_is_refused(refused: Refused) -> None:
    data = gzip.compress(tar_of(*map(entry, MODEL, MODEL.values())), mtime=0)

    codes = {refused(attack(data[:length])).code for length in range(2, len(data), 11)}

    assert codes == {"archive.truncated"}


def test_a_broken_header_in_the_middle_is_not_taken_for_the_end(refused: Refused) -> None:
    data = bytearray(tar_of(entry("a"), entry("b"), entry("c")))
    data[1024 + 150] ^= 1

    error = refused(attack(bytes(data)))

    assert str(error) == (
        "model.tar.gz: expected the header of a member, found a block that is none (bad checksum); "
        "make the archive again"
    )


def test_a_changed_byte_in_a_gzip_stream_is_refused(refused: Refused) -> None:
    data = bytearray(gzip.compress(tar_of(entry("a", os.urandom(2000))), 0, mtime=0))
    data[1000] ^= 1

    assert refused(attack(bytes(data))).code == "archive.gzip"


@pytest.mark.parametrize(
    "data",
    [
        tar_of(entry("a")) + b"more",
        gzip.compress(tar_of(entry("a")) + b"more"),
        gzip.compress(tar_of(entry("a"))) + gzip.compress(tar_of(entry("b"))),
    ],
)
def test_bytes_after_the_end_of_a_tar_are_refused(refused: Refused, data: bytes) -> None:
    error = refused(attack(data))

    assert str(error) == (
        "model.tar.gz: expected nothing after the end of the archive, found more bytes; "
        "make the archive again"
    )


def test_bytes_after_a_gzip_stream_are_refused(refused: Refused) -> None:
    assert refused(attack(gzip.compress(tar_of(entry("a"))) + b"more")).code == "archive.gzip"


def test_a_single_block_of_zeros_is_not_the_end(refused: Refused) -> None:
    data = tar_of(entry("a"))[:-512] + tar_of(entry("hidden"))

    assert refused(attack(data)).code == "archive.end"


def test_zeros_after_the_end_are_padding(here: Path) -> None:
    tar = tar_of(entry("a")) + bytes(9000)

    assert read_archive(stored(tar)) == {"a": b"x"}
    assert read_archive(stored(gzip.compress(tar) + bytes(70_000))) == {"a": b"x"}


def test_a_tar_in_several_gzip_streams_is_one_archive(here: Path) -> None:
    tar = tar_of(*map(entry, MODEL, MODEL.values()))
    pieces = [gzip.compress(tar[start : start + 1000]) for start in range(0, len(tar), 1000)]

    assert read_archive(stored(b"".join(pieces))) == MODEL


def test_a_negative_size_is_refused(refused: Refused) -> None:
    header, _ = entry("a")
    header.size = -512
    data = header.tobuf(tarfile.GNU_FORMAT) + bytes(1024)

    assert refused(attack(data)).code == "archive.member-size"


def test_a_chain_of_extension_headers_is_refused(refused: Refused) -> None:
    chain = [entry("pax", b"8 a=bcd\n", kind=tarfile.XHDTYPE)] * 5000

    assert refused(attack(tar_of(*chain, entry("a")))).code == "archive.extensions"


@pytest.mark.parametrize(
    "records",
    [
        b"no length",
        b"999 path=a\n",
        b"0 path=a\n",
        b"-9 path=a\n",
        b"9 path-a\n",
        b"8 path=a\n",
        b"8 size=x\n",
    ],
)
def test_a_malformed_extension_header_is_refused(refused: Refused, records: bytes) -> None:
    extension = entry("pax", records, kind=tarfile.XHDTYPE)

    assert refused(attack(tar_of(extension, entry("a")))).code == "archive.extensions"


def test_an_extension_header_of_megabytes_is_refused(refused: Refused) -> None:
    extension = entry("pax", bytes((1 << 20) + 1), kind=tarfile.XHDTYPE)

    assert refused(attack(tar_of(extension, entry("a")))).code == "archive.extensions"


@pytest.mark.parametrize("record", [b"16 path=another\n", b"10 size=0\n", b"22 GNU.sparse.major=1\n"])
def test_a_global_header_that_renames_all_members_is_refused(refused: Refused, record: bytes) -> None:
    extension = entry("pax_global_header", record, kind=tarfile.XGLTYPE)

    assert refused(attack(tar_of(extension, entry("a")))).code == "archive.extensions"


def test_a_global_header_with_a_comment_is_passed_over(here: Path) -> None:
    extension = entry("pax_global_header", b"19 comment=0123456\n", kind=tarfile.XGLTYPE)

    assert read_archive(stored(tar_of(extension, entry("a")))) == {"a": b"x"}


def test_two_names_for_one_member_are_refused(refused: Refused) -> None:
    long_name = entry("././@LongLink", b"one\0", kind=tarfile.GNUTYPE_LONGNAME)
    pax_name = entry("pax", b"12 path=two\n", kind=tarfile.XHDTYPE)

    assert refused(attack(tar_of(long_name, pax_name, entry("a")))).code == "archive.name"


def test_an_extension_header_without_its_member_is_refused(refused: Refused) -> None:
    extension = entry("pax", b"8 a=bcd\n", kind=tarfile.XHDTYPE)

    assert refused(attack(tar_of(entry("a"), extension))).code == "archive.truncated"


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_every_common_tar_format_is_read(here: Path, form: int) -> None:
    files = {**MODEL, "deep/" * 15 + "file": b"deep", "long/" + "n" * 95: b"long"}
    with tarfile.open("model.tar.gz", "w:gz", format=form) as archive:
        folder = tarfile.TarInfo("./")
        folder.type = tarfile.DIRTYPE
        archive.addfile(folder)
        for name, data in files.items():
            header = tarfile.TarInfo(f"./{name}")
            header.size = len(data)
            archive.addfile(header, io.BytesIO(data))

    assert read_archive(Path("model.tar.gz")) == files


def test_names_are_sorted_and_normalised(here: Path) -> None:
    path = stored(tar_of(entry("./b"), entry("a//c"), entry("./a/./b")))

    assert list(read_archive(path)) == ["a/b", "a/c", "b"]


@pytest.mark.conformance
def test_every_stored_archive_is_read_as_tarfile_reads_it(shared_dir: Path) -> None:
    paths = [path for path in (shared_dir / "conformance").rglob("*.tar.gz") if path.is_file()]
    read = 0

    for path in paths:
        if not tarfile.is_tarfile(path):
            with pytest.raises(Damaged):
                read_archive(path)
            continue
        with tarfile.open(path) as archive:
            files = [member for member in archive.getmembers() if member.isfile()]
            expected = {file.name.removeprefix("./"): archive.extractfile(file).read() for file in files}
        assert read_archive(path) == expected
        read += 1

    assert read >= 6


NAMES = st.text(
    st.characters(codec="utf-8", exclude_characters="/\\:", min_codepoint=32), min_size=1, max_size=20
)
FILES = st.dictionaries(
    NAMES.filter(lambda name: name not in {".", ".."} and "\x7f" not in name),
    st.binary(max_size=2000),
    min_size=1,
)


@settings(deadline=None, max_examples=60)
@given(FILES)
def test_the_same_members_give_the_same_bytes_and_come_back(files: dict[str, bytes]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        one, two = Path(folder, "one.tar.gz"), Path(folder, "another name.tgz")

        write_tar_gz(one, files)
        write_tar_gz(two, dict(reversed(files.items())))

        assert one.read_bytes() == two.read_bytes()
        assert read_archive(one) == files
        assert sorted(os.listdir(folder)) == ["another name.tgz", "one.tar.gz"]


def test_a_written_archive_holds_neither_time_nor_owner_nor_its_own_name(here: Path) -> None:
    write_tar_gz(Path("model.tar.gz"), MODEL)

    data = Path("model.tar.gz").read_bytes()
    flags, mtime = data[3], data[4:8]
    with tarfile.open("model.tar.gz") as archive:
        headers = archive.getmembers()

    assert (flags, mtime) == (0, bytes(4))
    assert [header.name for header in headers] == sorted(MODEL)
    assert {(h.mtime, h.uid, h.gid, h.uname, h.gname, h.mode) for h in headers} == {(0, 0, 0, "", "", 0o644)}


@pytest.mark.parametrize(
    ("name", "found"), [*HOSTILE_NAMES.items(), ("./a", "another spelling"), ("a//b", "another spelling")]
)
def test_a_name_that_would_not_be_read_back_is_not_written(here: Path, name: str, found: str) -> None:
    with pytest.raises(BadInput, match="member") as caught:
        write_tar_gz(Path("model.tar.gz"), {"a.json": b"{}", name: b"x"})

    assert caught.value.problems[0].found == found
    assert list(here.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "is_one"),
    [
        ("m.tar.gz", True),
        ("M.TAR.GZ", True),
        ("m.tgz", True),
        ("m.tar.xz", False),
        ("m.gz", False),
        ("m", False),
    ],
)
def test_an_archive_that_is_written_is_known_by_its_name(name: str, is_one: bool) -> None:
    assert names_archive(Path("folder.tar.gz") / name) is is_one


@pytest.mark.parametrize("files", [{}, {"a": b"", "a/b": b""}])
def test_members_that_would_not_be_read_back_are_not_written(here: Path, files: dict[str, bytes]) -> None:
    with pytest.raises(BadInput):
        write_tar_gz(Path("model.tar.gz"), files)

    assert list(here.iterdir()) == []


@pytest.mark.slow
def test_an_archive_that_would_be_taken_for_a_bomb_is_not_written(here: Path) -> None:
    with pytest.raises(BadInput, match="expected an archive that unfolds to at most"):
        write_tar_gz(Path("model.tar.gz"), {"zeros": bytes(80 << 20)})

    assert list(here.iterdir()) == []
