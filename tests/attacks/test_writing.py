"""Outputs that something interrupts: the target is the old one or the new one, and nothing else is left."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from servable.artifact.safe import atomic_directory, atomic_stream, atomic_write, atomic_writer, write_tar_gz
from servable.errors import BadInput, NotFound, Unavailable

Opened = Callable[[Path], AbstractContextManager[object]]


def test_a_file_is_replaced_whole(here: Path) -> None:
    path = here / "model"
    atomic_write(path, b"old")

    atomic_write(path, b"new")

    assert path.read_bytes() == b"new"
    assert list(here.iterdir()) == [path]


def test_text_is_written_as_utf8_with_its_line_ends_as_they_are(here: Path) -> None:
    with atomic_writer(here / "scores.csv") as file:
        file.write("é\n1\r\n")

    assert (here / "scores.csv").read_bytes() == b"\xc3\xa9\n1\r\n"


def test_a_folder_takes_its_name_at_the_end_and_not_before(here: Path) -> None:
    path = here / "output"

    with atomic_directory(path) as folder:
        (folder / "deep").mkdir()
        (folder / "deep" / "file").write_bytes(b"x")
        assert not path.exists()

    assert (path / "deep" / "file").read_bytes() == b"x"
    assert list(here.iterdir()) == [path]


def test_an_empty_folder_may_be_there_already(here: Path) -> None:
    (here / "output").mkdir()

    with atomic_directory(here / "output") as folder:
        (folder / "file").write_bytes(b"x")

    assert os.listdir("output") == ["file"]


def test_an_output_has_the_permissions_of_any_new_file(here: Path) -> None:
    (here / "plain").write_bytes(b"")
    (here / "plain folder").mkdir()

    atomic_write(here / "file", b"")
    with atomic_directory(here / "folder"):
        pass

    assert (here / "file").stat().st_mode == (here / "plain").stat().st_mode
    assert (here / "folder").stat().st_mode == (here / "plain folder").stat().st_mode


@pytest.mark.parametrize("error", [ValueError, PermissionError, KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("opened", [atomic_stream, atomic_writer])
def test_a_file_that_fails_leaves_the_old_one_and_its_own_error(
    here: Path, opened: Opened, error: type[BaseException]
) -> None:
    path = here / "model"
    path.write_bytes(b"old")

    def write_half() -> None:
        with opened(path) as file:
            file.write("half" if opened is atomic_writer else b"half")
            raise error("stopped")

    with pytest.raises(error, match="stopped"):
        write_half()

    assert path.read_bytes() == b"old"
    assert list(here.iterdir()) == [path]


@pytest.mark.parametrize("error", [ValueError, PermissionError, KeyboardInterrupt, SystemExit])
def test_a_folder_that_fails_leaves_nothing_but_its_own_error(here: Path, error: type[BaseException]) -> None:
    def write_half() -> None:
        with atomic_directory(here / "output") as folder:
            (folder / "file").write_bytes(b"half")
            raise error("stopped")

    with pytest.raises(error, match="stopped"):
        write_half()

    assert list(here.iterdir()) == []


def test_a_folder_that_holds_something_is_refused_with_a_whole_sentence(here: Path) -> None:
    path = Path("output")
    path.mkdir()
    (path / "kept").write_bytes(b"x")

    with pytest.raises(BadInput) as caught, atomic_directory(path):
        pass

    assert str(caught.value) == (
        "output: expected an empty folder, or nothing, found a folder that holds something; "
        "remove it, or choose another place"
    )
    assert os.listdir(".") == ["output"]


def test_a_folder_that_was_filled_meanwhile_is_refused(here: Path) -> None:
    path = here / "output"

    def write_while_another_does() -> None:
        with atomic_directory(path) as folder:
            (folder / "mine").write_bytes(b"x")
            path.mkdir()
            (path / "theirs").write_bytes(b"x")

    with pytest.raises(BadInput, match="found a folder that holds something"):
        write_while_another_does()

    assert os.listdir(here) == ["output"]
    assert os.listdir(path) == ["theirs"]


def test_a_file_or_a_link_where_the_folder_should_be_is_refused(here: Path) -> None:
    (here / "file").write_bytes(b"x")
    (here / "link").symlink_to(here)

    for name, found in (("file", "a file"), ("link", "a link")):
        with pytest.raises(BadInput, match=f"found {found};"), atomic_directory(here / name):
            pass


def test_a_folder_where_the_file_should_be_is_refused(here: Path) -> None:
    with pytest.raises(BadInput, match="expected a file, or nothing, found a folder"):
        atomic_write(here, b"x")


def test_a_missing_folder_is_not_made(here: Path) -> None:
    with pytest.raises(NotFound, match=r"expected a place in a folder that exists, found no folder none;"):
        atomic_write(Path("none/model"), b"x")
    with pytest.raises(NotFound), atomic_directory(Path("none/output")):
        pass

    assert list(here.iterdir()) == []


def test_a_link_is_replaced_and_its_target_is_left(here: Path) -> None:
    (here / "kept").write_bytes(b"kept")
    (here / "link").symlink_to("kept")

    atomic_write(here / "link", b"new")

    assert (here / "kept").read_bytes() == b"kept"
    assert not (here / "link").is_symlink()


@pytest.mark.parametrize(
    "write",
    [
        lambda: atomic_write(Path("model"), bytes(5000)),
        lambda: write_tar_gz(Path("model"), {"a": bytes(range(256)) * 4000}),
    ],
    ids=["a file", "an archive"],
)
def test_a_full_disk_leaves_the_old_file_and_one_sentence(
    write: Callable[[], None], here: Path, limit_files: Callable[[int], None]
) -> None:
    (here / "model").write_bytes(b"old")

    limit_files(1000)
    with pytest.raises(Unavailable) as caught:
        write()

    assert str(caught.value) == (
        "model: expected to write there, found the error File too large; "
        "look at the space and the permissions of that folder, then try again"
    )
    assert (here / "model").read_bytes() == b"old"
    assert os.listdir(here) == ["model"]


KILLED = """
import signal, sys, time
from pathlib import Path
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell starts background jobs without it
from servable.artifact.safe import atomic_directory, atomic_stream
with atomic_stream(Path("model")) as file, atomic_directory(Path("output")) as folder:
    file.write(b"half")
    file.flush()
    (folder / "file").write_bytes(b"half")
    print("ready", flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGINT])
def test_a_killed_writer_leaves_the_old_file_and_no_folder(here: Path, sent: signal.Signals) -> None:
    (here / "model").write_bytes(b"old")
    writer = subprocess.Popen(
        [sys.executable, "-c", KILLED], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert writer.stdout is not None

    with writer:
        assert writer.stdout.readline() == "ready\n"
        writer.send_signal(sent)

    left = {name for name in os.listdir(here) if not name.startswith(".servable-")}
    assert left == {"model"}
    assert (here / "model").read_bytes() == b"old"
    if sent == signal.SIGINT:
        assert os.listdir(here) == ["model"]


def test_a_folder_without_permission_is_one_sentence(here: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root may write anywhere")
    (here / "closed").mkdir(mode=0o500)

    with pytest.raises(Unavailable, match="found the error Permission denied"):
        atomic_write(here / "closed" / "model", b"x")
    with pytest.raises(Unavailable, match="found the error Permission denied"):
        write_tar_gz(here / "closed" / "model", {"a": b""})
