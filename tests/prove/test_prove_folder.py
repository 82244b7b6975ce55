"""The folder of a proof: whole or absent, and replaced only by a whole one."""

import os
import threading
from pathlib import Path

import pytest

from servable.errors import BadInput
from servable.prove.folder import proof_folder


def write(path: Path, text: str) -> None:
    with proof_folder(path) as folder:
        (folder / "proof.json").write_text(text)


def test_it_appears_when_it_is_whole(tmp_path: Path) -> None:
    with proof_folder(tmp_path / "proof") as folder:
        (folder / "proof.json").write_text("one")
        assert not (tmp_path / "proof").exists()

    assert (tmp_path / "proof" / "proof.json").read_text() == "one"
    assert os.listdir(tmp_path) == ["proof"]


def test_an_older_proof_is_replaced_as_a_whole(tmp_path: Path) -> None:
    write(tmp_path / "proof", "one")
    (tmp_path / "proof" / "samples.npz").write_text("old")

    write(tmp_path / "proof", "two")

    assert os.listdir(tmp_path / "proof") == ["proof.json"]
    assert (tmp_path / "proof" / "proof.json").read_text() == "two"
    assert os.listdir(tmp_path) == ["proof"]


def test_a_run_that_breaks_off_leaves_the_older_proof(tmp_path: Path) -> None:
    write(tmp_path / "proof", "one")

    def break_off() -> None:
        with proof_folder(tmp_path / "proof") as folder:
            (folder / "proof.json").write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        break_off()

    assert (tmp_path / "proof" / "proof.json").read_text() == "one"
    assert os.listdir(tmp_path) == ["proof"]


def test_at_no_moment_is_there_no_proof(tmp_path: Path) -> None:
    write(tmp_path / "proof", "0")
    missing: list[str] = []
    done = threading.Event()

    def watch() -> None:
        while not done.is_set():
            try:
                (tmp_path / "proof").stat()
            except FileNotFoundError:
                missing.append("gone")

    watcher = threading.Thread(target=watch)
    watcher.start()
    for number in range(30):
        write(tmp_path / "proof", str(number))
    done.set()
    watcher.join()

    assert missing == []


@pytest.mark.parametrize("name", ["model.tar.gz", "notes.txt"])
def test_a_folder_with_something_else_in_it_is_not_touched(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("mine")

    with pytest.raises(BadInput) as refused, proof_folder(tmp_path):
        pytest.fail("entered")

    assert refused.value.code == "prove.output"
    assert (tmp_path / name).read_text() == "mine"
