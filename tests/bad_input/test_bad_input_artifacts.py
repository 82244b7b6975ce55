"""Archives and files of an artifact that are broken or hostile."""

import os
import pickle
import tarfile
from pathlib import Path

import pytest
from bad_input_cases import refusal, write_archive

AGAIN = "make the archive again\n"


class Command:
    """An object whose pickle runs a command wherever it is loaded without care."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (os.system, ("touch executed",))


@pytest.fixture
def cut_archive(workshop: Path) -> Path:
    whole = (workshop / "model.tar.gz").read_bytes()
    path = workshop / "cut.tar.gz"
    path.write_bytes(whole[: len(whole) // 2])
    return path


@pytest.mark.parametrize(
    "arguments",
    [
        ("inspect", "cut.tar.gz"),
        ("serve", "cut.tar.gz", "--port", "0"),
        ("predict", "cut.tar.gz", "customers.csv", "-o", "scores.csv"),
    ],
    ids=lambda arguments: arguments[0],
)
@pytest.mark.usefixtures("cut_archive")
def test_an_archive_that_is_cut_off_is_refused(arguments: tuple[str, ...], workshop: Path) -> None:
    message = refusal(*arguments, cwd=workshop)

    assert message == f"error: cut.tar.gz: expected a whole archive, found one that is cut off; {AGAIN}"


@pytest.mark.usefixtures("cut_archive")
def test_payload_refuses_an_archive_that_is_cut_off(workshop: Path) -> None:
    message = refusal("payload", "cut.tar.gz", "-o", "new.tar.gz", cwd=workshop)

    assert message == (
        "error: cut.tar.gz: expected a gzip-compressed tar, found something else or a part of one "
        "(Compressed file ended before the end-of-stream marker was reached); "
        "write the file again and pack the model with it\n"
    )


def test_a_file_that_is_no_archive_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.tar.gz").write_text("hello")

    message = refusal("inspect", "text.tar.gz", cwd=tmp_path)

    assert message == (
        "error: text.tar.gz: expected a .tar.gz, .tar or .zip archive, "
        f"found a file that begins with the bytes 68 65 6c 6c 6f; {AGAIN}"
    )


def test_a_member_that_steps_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    workdir = tmp_path / "workdir"
    workdir.mkdir()
    write_archive(workdir / "bad.tar.gz", "../escaped")

    message = refusal("inspect", "bad.tar.gz", cwd=workdir)

    assert message == (
        "error: bad.tar.gz, member '../escaped': expected a relative name inside the archive, "
        f"found a step out of its folder (`..`); {AGAIN}"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["workdir"]


def test_a_member_with_an_absolute_name_is_refused(tmp_path: Path) -> None:
    workdir = tmp_path / "workdir"
    workdir.mkdir()
    write_archive(workdir / "bad.tar.gz", "/absolute")

    message = refusal("inspect", "bad.tar.gz", cwd=workdir)

    assert message == (
        "error: bad.tar.gz, member '/absolute': expected a relative name inside the archive, "
        f"found an absolute name; {AGAIN}"
    )
    assert not Path("/absolute").exists()


@pytest.mark.parametrize(
    ("kind", "link", "words"),
    [
        (tarfile.SYMTYPE, "/etc/hostname", "a symbolic link"),
        (tarfile.LNKTYPE, "feature_columns.txt", "a hard link"),
        (tarfile.CHRTYPE, "", "a character device"),
        (tarfile.BLKTYPE, "", "a block device"),
        (tarfile.FIFOTYPE, "", "a named pipe"),
    ],
    ids=["symlink", "hardlink", "character-device", "block-device", "pipe"],
)
def test_a_member_that_is_no_file_is_refused(kind: bytes, link: str, words: str, tmp_path: Path) -> None:
    write_archive(tmp_path / "bad.tar.gz", "xgboost_model.bst", kind=kind, link=link)

    message = refusal("inspect", "bad.tar.gz", cwd=tmp_path)

    assert message == (
        f"error: bad.tar.gz, member 'xgboost_model.bst': expected a file or a folder, found {words}; {AGAIN}"
    )


@pytest.mark.parametrize(
    "arguments",
    [("inspect", "trained"), ("serve", "trained", "--port", "0")],
    ids=lambda arguments: arguments[0],
)
def test_hyperparameters_that_are_not_json_are_refused(arguments: tuple[str, ...], workshop: Path) -> None:
    (workshop / "trained" / "hyperparameters.json").write_text("{not json")

    message = refusal(*arguments, cwd=workshop)

    assert message == (
        "error: trained, hyperparameters.json, line 1, column 2: expected valid JSON, found an error "
        "(Expecting property name enclosed in double quotes); mend the file, or write it again\n"
    )


def test_payload_refuses_hyperparameters_that_are_not_json(workshop: Path) -> None:
    (workshop / "trained" / "hyperparameters.json").write_text("{not json")

    message = refusal("payload", "trained", "-o", "new.tar.gz", cwd=workshop)

    assert message == (
        "error: trained: hyperparameters.json: expected a JSON object, found something else "
        "(Expecting property name enclosed in double quotes: line 1 column 2 (char 1)); "
        "write the file again and pack the model with it\n"
    )


def test_hyperparameters_without_the_lists_of_fields_are_refused(workshop: Path) -> None:
    (workshop / "trained" / "hyperparameters.json").write_text('{"label_name": "churned"}')

    message = refusal("inspect", "trained", cwd=workshop)

    assert message == (
        'error: trained, hyperparameters.json: expected "tab_field_list", a list of names, found none; '
        "write the file again with the training that made it\n"
    )


def test_payload_refuses_hyperparameters_that_name_no_field(workshop: Path) -> None:
    (workshop / "trained" / "hyperparameters.json").write_text("{}")

    message = refusal("payload", "trained", "-o", "new.tar.gz", cwd=workshop)

    assert message == (
        "WARNING: hyperparameters.json has no tab_field_list; taking it as empty\n"
        "WARNING: hyperparameters.json has no cat_field_list; taking it as empty\n"
        "error: trained: hyperparameters.json: expected fields in tab_field_list, cat_field_list or "
        "text_name, beside the label and the id, found none among its keys []; "
        "write the lists that training used and pack the model again\n"
    )


@pytest.mark.parametrize(
    ("arguments", "protocol"),
    [
        (("inspect", "trained"), 0),
        (("inspect", "trained"), 2),
        (("serve", "trained", "--port", "0"), 4),
        pytest.param(("pack", "trained", "-o", "new.tar.gz"), 5, marks=pytest.mark.slow),
    ],
    ids=["inspect-0", "inspect-2", "serve-4", "pack-5"],
)
def test_a_pickle_that_would_run_a_command_is_refused_and_runs_nothing(
    arguments: tuple[str, ...], protocol: int, workshop: Path
) -> None:
    hostile = pickle.dumps({"region": Command()}, protocol=protocol)
    (workshop / "trained" / "risk_table_map.pkl").write_bytes(hostile)

    message = refusal(*arguments, cwd=workshop)

    assert message == (
        "error: trained, risk_table_map.pkl: expected plain data (list, tuple, dict, str, number), "
        "found a reference to `posix.system`; save it again as lists, dicts, strings and numbers\n"
    )
    assert not (workshop / "executed").exists()


def test_a_packed_file_that_was_changed_is_refused(workshop: Path) -> None:
    (workshop / "model").mkdir()
    with tarfile.open(workshop / "model.tar.gz") as archive:
        archive.extractall(workshop / "model", filter="data")
    engine = workshop / "model" / "trees.onnx"
    engine.write_bytes(engine.read_bytes() + b"\0")

    message = refusal("serve", "model", "--port", "0", cwd=workshop)

    assert message.startswith("error: model, trees.onnx: expected the packed file, sha256 ")
    assert message.endswith("; copy the artifact again, or pack it again\n")
    assert message.count("\n") == 1
