"""Folders that lead elsewhere, or in which files are something else."""

import os
import socket
from collections.abc import Callable
from pathlib import Path

from attack import Attack, Form

_MODEL, _SETTINGS = "xgboost_model.bst", "hyperparameters.json"


def _link(name: str, target: str) -> Callable[[Path], object]:
    def lay(folder: Path) -> None:
        (folder / name).unlink()
        (folder / name).symlink_to(target)

    return lay


def _linked_folder(folder: Path) -> None:
    """The folder of calibration is a link to the root."""
    for file in (folder / "calibration").iterdir():
        file.unlink()
    (folder / "calibration").rmdir()
    (folder / "calibration").symlink_to("/")


def _pipe(folder: Path) -> None:
    (folder / _MODEL).unlink()
    os.mkfifo(folder / _MODEL)


def _socket(folder: Path) -> None:
    (folder / _MODEL).unlink()
    here = Path.cwd()
    os.chdir(folder)  # the name of a socket is short
    try:
        with socket.socket(socket.AF_UNIX) as bound:
            bound.bind(_MODEL)
    finally:
        os.chdir(here)


def _folder(folder: Path) -> None:
    (folder / _MODEL).unlink()
    (folder / _MODEL).mkdir()


def _sparse(name: str, size: int) -> Callable[[Path], object]:
    """A file of holes, which takes no place."""
    return lambda folder: os.truncate(folder / name, size)


def _many(folder: Path) -> None:
    for number in range(10_001):
        (folder / f"f{number}").touch()


_FOLDERS: dict[str, tuple[Callable[[Path], object], str]] = {
    "a link to a password": (_link(_SETTINGS, "/etc/passwd"), "a link to another place"),
    "a link above": (_link(_SETTINGS, "../../../../../../../../etc/passwd"), "a link to another place"),
    "a link to an endless device": (_link(_MODEL, "/dev/zero"), "xgboost_model.bst"),
    "a linked folder": (_linked_folder, "a link to another place"),
    "a link to itself": (_link(_MODEL, _MODEL), "xgboost_model.bst"),
    "a link to nothing": (_link(_MODEL, "nothing"), "xgboost_model.bst"),
    "a pipe that nobody writes to": (_pipe, "xgboost_model.bst"),
    "a socket": (_socket, "xgboost_model.bst"),
    "a folder in place of a file": (_folder, "xgboost_model.bst"),
    "settings of a hundred megabytes of holes": (_sparse(_SETTINGS, 100 << 20), "bytes of text or tables"),
    "a model of three gigabytes of holes": (_sparse(_MODEL, 3 << 30), "at most 2147483648 bytes"),
    "five gigabytes of holes": (_sparse("feature_columns.txt", 5 << 30), "at most 4294967296 bytes"),
    "ten thousand files": (_many, "at most 10000 files"),
}

FOLDERS = tuple(
    Attack(kind="folders", name=name, says=says, forms=(Form.FOLDER,), lay=lay)
    for name, (lay, says) in _FOLDERS.items()
)
