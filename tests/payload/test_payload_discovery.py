"""Where the payload script finds the hyperparameters:
"Hyperparameter Extraction Component" of the script's documentation."""

import gzip
import json
import os
import tarfile
from pathlib import Path

import pytest

from fixtures_script import (
    HYPERPARAMETERS,
    run,
    warnings,
    write_archive,
    write_hyperparameters,
)
from servable.payload import script


def test_a_directory_named_like_the_archive_comes_second(tmp_path: Path) -> None:
    write_hyperparameters(tmp_path / "model" / "model.tar.gz", pipeline_name="second")
    write_hyperparameters(tmp_path / "model", pipeline_name="third")

    found = script.extract_hyperparameters_from_tarball(tmp_path / "model", tmp_path / "work")

    assert found["pipeline_name"] == "second"


def test_the_model_directory_comes_third(tmp_path: Path) -> None:
    write_hyperparameters(tmp_path / "model", pipeline_name="third")
    write_hyperparameters(tmp_path / "model" / "a", pipeline_name="fourth")

    found = script.extract_hyperparameters_from_tarball(tmp_path / "model", tmp_path / "work")

    assert found["pipeline_name"] == "third"


def test_a_file_in_the_working_directory_is_replaced(model_dir: Path, tmp_path: Path) -> None:
    write_hyperparameters(tmp_path / "work", pipeline_name="of an earlier run")

    script.extract_hyperparameters_from_tarball(model_dir, tmp_path / "work")

    assert json.loads((tmp_path / "work/hyperparameters.json").read_text()) == HYPERPARAMETERS


@pytest.mark.parametrize(
    "data",
    [b"", b"no archive", gzip.compress(b"no tar"), b"\x1f\x8b\x08", gzip.compress(bytes(10_000))[:-12]],
    ids=["empty", "text", "gzip of text", "cut header", "cut stream"],
)
def test_a_corrupt_archive_is_a_warning_and_the_next_place_is_tried(
    model_dir: Path, tmp_path: Path, log: pytest.LogCaptureFixture, data: bytes
) -> None:
    (model_dir / "model.tar.gz").write_bytes(data)

    found = script.extract_hyperparameters_from_tarball(model_dir, tmp_path / "work")

    assert found == HYPERPARAMETERS
    assert "Passing over the archive" in warnings(log)


def test_an_archive_that_is_cut_short_after_the_hyperparameters_is_corrupt_too(
    model_dir: Path, tmp_path: Path, log: pytest.LogCaptureFixture
) -> None:
    members = {"hyperparameters.json": b'{"tab_field_list": ["x"]}', "weights": bytes(range(256)) * 4096}
    archive = write_archive(model_dir / "model.tar.gz", members)
    archive.write_bytes(archive.read_bytes()[:-3000])

    found = script.extract_hyperparameters_from_tarball(model_dir, tmp_path / "work")

    assert found == HYPERPARAMETERS
    assert "Passing over the archive" in warnings(log)


def test_a_member_that_claims_to_be_huge_is_not_read(model_dir: Path, tmp_path: Path) -> None:
    info = tarfile.TarInfo("hyperparameters.json")
    info.size = script.MAX_FILE_BYTES + 1
    header = info.tobuf(tarfile.GNU_FORMAT)
    (model_dir / "model.tar.gz").write_bytes(gzip.compress(header + bytes(1024)))

    with pytest.raises(ValueError, match="a header or a file of 16777217 bytes"):
        script.read_model_archive(model_dir / "model.tar.gz")
    assert script.extract_hyperparameters_from_tarball(model_dir, tmp_path / "work") == HYPERPARAMETERS


def test_a_header_that_claims_to_be_huge_is_not_read(tmp_path: Path) -> None:
    info = tarfile.TarInfo("././@PaxHeader")
    info.type, info.size = tarfile.XHDTYPE, 10 * 2**30
    (tmp_path / "model.tar.gz").write_bytes(gzip.compress(info.tobuf(tarfile.GNU_FORMAT) + bytes(2048)))

    with pytest.raises(ValueError, match="a header or a file of 10737418240 bytes"):
        script.read_model_archive(tmp_path / "model.tar.gz")


def test_a_sparse_member_that_claims_to_be_huge_is_not_read(tmp_path: Path) -> None:
    sparse_map = b"1\n10000000000000\n0\n"
    info = tarfile.TarInfo("hyperparameters.json")
    info.size = 512
    info.pax_headers = {
        "GNU.sparse.major": "1",
        "GNU.sparse.minor": "0",
        "GNU.sparse.name": "hyperparameters.json",
        "GNU.sparse.realsize": "10000000000000",
    }
    data = info.tobuf(tarfile.PAX_FORMAT) + sparse_map.ljust(512, b"\0") + bytes(1024)
    (tmp_path / "model.tar.gz").write_bytes(gzip.compress(data))

    with pytest.raises(ValueError, match="a header or a file of 10000000000000 bytes"):
        script.read_model_archive(tmp_path / "model.tar.gz")


def test_an_archive_that_claims_to_be_endless_is_not_read_to_its_end(tmp_path: Path) -> None:
    info = tarfile.TarInfo("weights")
    info.size = script.MAX_ARCHIVE_BYTES
    (tmp_path / "model.tar.gz").write_bytes(gzip.compress(info.tobuf(tarfile.GNU_FORMAT) + bytes(2048)))

    with pytest.raises(ValueError, match="more than 68719476736 bytes when unpacked"):
        script.read_model_archive(tmp_path / "model.tar.gz")


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "hyperparameters.json").touch()
    os.truncate(tmp_path / "hyperparameters.json", script.MAX_FILE_BYTES + 1)

    with pytest.raises(ValueError, match="expected at most 16777216 bytes, found 16777217"):
        script.extract_hyperparameters_from_tarball(tmp_path, tmp_path / "work")


def test_nothing_found_lists_the_directory_and_says_where_it_was_looked_for(
    tmp_path: Path, log: pytest.LogCaptureFixture
) -> None:
    model_dir = tmp_path / "model"
    (model_dir / "sub").mkdir(parents=True)
    (model_dir / "sub" / "weights.bin").write_bytes(bytes(7))
    (model_dir / "gone").symlink_to(model_dir / "nothing")

    with pytest.raises(
        FileNotFoundError, match=r"hyperparameters\.json not found in model artifacts"
    ) as caught:
        script.extract_hyperparameters_from_tarball(model_dir, tmp_path / "work")

    sentence = str(caught.value)
    assert f"at the root of the archive {model_dir}/model.tar.gz, in a directory of that name" in sentence
    assert f"in {model_dir} itself or anywhere below it" in sentence
    assert "sub (directory), sub/weights.bin (7 bytes); " in sentence
    assert "  sub/weights.bin (7 bytes)" in log.messages
    assert log.text.count("Looking for hyperparameters") == 4
    assert not (tmp_path / "work").exists()


def test_what_lies_in_a_large_directory_is_cut(tmp_path: Path, log: pytest.LogCaptureFixture) -> None:
    for number in range(250):
        (tmp_path / f"{number:03}.bin").touch()

    with pytest.raises(
        FileNotFoundError, match=r"found only 000\.bin .*, 019\.bin \(0 bytes\) and 230 more; "
    ):
        script.find_model_files(tmp_path)

    assert f"Directory contents of {tmp_path}: 250 entries" in log.messages
    assert log.messages[-1] == "  and 50 more"


def test_a_directory_that_is_empty_or_absent_is_called_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "empty").mkdir()

    for name, found in (
        ("absent", "no such directory"),
        ("file", "a file in place"),
        ("empty", "an empty directory"),
    ):
        with pytest.raises(FileNotFoundError, match=f"found {found}"):
            script.find_model_files(tmp_path / name)


def test_nothing_is_written_into_the_input_directory(model_dir: Path, tmp_path: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in (model_dir, *model_dir.rglob("*"))}

    run(model_dir, tmp_path)
    as_working_directory = script.extract_hyperparameters_from_tarball(model_dir, model_dir)

    assert as_working_directory == HYPERPARAMETERS
    assert {path: path.stat().st_mtime_ns for path in (model_dir, *model_dir.rglob("*"))} == before


@pytest.mark.parametrize("text", ["{bad", "", "[]", "null", '"x"', "[" * 100_000, "\udcff"])
def test_hyperparameters_that_are_no_json_object_are_refused_and_not_kept(tmp_path: Path, text: str) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "hyperparameters.json").write_bytes(text.encode(errors="surrogateescape"))

    with pytest.raises(ValueError, match=r"model: hyperparameters\.json: expected a JSON object, found "):
        script.extract_hyperparameters_from_tarball(tmp_path / "model", tmp_path / "work")

    assert not (tmp_path / "work").exists()


def test_a_key_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    (tmp_path / "hyperparameters.json").write_text('{"tab_field_list": ["a"], "tab_field_list": ["b"]}')

    with pytest.raises(ValueError, match="the key 'tab_field_list' is there twice"):
        script.extract_hyperparameters_from_tarball(tmp_path, tmp_path / "work")


def test_of_a_broken_archive_alone_the_error_says_that_it_is_broken(tmp_path: Path) -> None:
    (tmp_path / "model.tar.gz").write_bytes(b"no archive")

    with pytest.raises(FileNotFoundError, match=r"found only model.tar.gz .* \(the archive cannot be read: "):
        script.find_model_files(tmp_path)


@pytest.mark.parametrize(
    ("most", "is_read"), [(script.MAX_ARCHIVE_MEMBERS, True), (script.MAX_ARCHIVE_MEMBERS + 1, False)]
)
def test_an_archive_of_countless_members_is_not_read_to_its_end(
    most: int, is_read: bool, tmp_path: Path
) -> None:
    header = tarfile.TarInfo("x").tobuf(tarfile.USTAR_FORMAT)
    info = tarfile.TarInfo("hyperparameters.json")
    info.size = 2
    data = header * (most - 1) + info.tobuf(tarfile.USTAR_FORMAT) + b"{}".ljust(512, b"\0") + bytes(1024)
    (tmp_path / "model.tar.gz").write_bytes(gzip.compress(data, 1))

    if is_read:
        assert script.read_model_archive(tmp_path / "model.tar.gz").hyperparameters == b"{}"
    else:
        with pytest.raises(ValueError, match="more than 10000 members"):
            script.read_model_archive(tmp_path / "model.tar.gz")


def test_the_members_that_were_passed_are_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = write_archive(
        tmp_path / "m.tar.gz", {"a": b"", "b": b"", "hyperparameters.json": b"{}", "c": b""}
    )
    kept = []
    normal = os.path.normpath

    with tarfile.open(archive) as tar:
        for member in script._members(tar):
            kept.append(len(tar.members))  # type: ignore[attr-defined]
            assert normal(member.name)

    assert kept == [0, 0, 0, 0]


def _link(kind: bytes, target: str) -> tarfile.TarInfo:
    info = tarfile.TarInfo()
    info.type, info.linkname = kind, target
    return info


def test_a_hard_link_is_the_file_that_it_means(tmp_path: Path) -> None:
    archive = write_archive(
        tmp_path / "m.tar.gz",
        {
            "data/lists.json": b'{"tab_field_list": ["x"]}',
            "hyperparameters.json": _link(tarfile.LNKTYPE, "./data/lists.json"),
        },
    )

    assert script.read_model_archive(archive).hyperparameters == b'{"tab_field_list": ["x"]}'


@pytest.mark.parametrize(
    ("kind", "target"),
    [
        (tarfile.SYMTYPE, "data/lists.json"),
        (tarfile.SYMTYPE, "/etc/passwd"),
        (tarfile.LNKTYPE, "nothing"),
        (tarfile.LNKTYPE, "hyperparameters.json"),
        (tarfile.LNKTYPE, "other"),
    ],
    ids=["in the archive", "out of it", "to nothing", "to itself", "to a link"],
)
def test_any_other_link_is_said_and_not_followed(
    kind: bytes, target: str, tmp_path: Path, log: pytest.LogCaptureFixture
) -> None:
    archive = write_archive(
        tmp_path / "model.tar.gz",
        {
            "data/lists.json": b"{}",
            "other": _link(tarfile.SYMTYPE, "data/lists.json"),
            "hyperparameters.json": _link(kind, target),
            "manifest.json": _link(tarfile.SYMTYPE, "data/lists.json"),
        },
    )

    with pytest.raises(FileNotFoundError, match="found a link of this name"):
        script.read_model_archive(archive)
    with pytest.raises(FileNotFoundError, match=r"\(in the archive: a link of this name\)"):
        script.find_model_files(tmp_path)
    assert "manifest.json is a link; not followed" in warnings(log)
