"""The command line, called in this process: most tests ask for its words and its files, not for a process."""

import logging
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

import pytest

from servable.cli import main


def call(arguments: list[str], *, cwd: Path, environment: Mapping[str, str]) -> tuple[int, str, str]:
    """The exit code of a `servable` command, what it wrote to standard output, and to standard error."""
    with ExitStack() as stack:
        files = [
            stack.enter_context(tempfile.TemporaryFile("w+", encoding="utf-8", newline="")) for _ in range(2)
        ]
        with _as_a_process(cwd, environment, *files), pytest.raises(SystemExit) as ended:
            main(arguments)
        output, errors = (_read(file) for file in files)
    assert isinstance(ended.value.code, int)
    return ended.value.code, output, errors


def _read(file: IO[str]) -> str:
    file.seek(0)
    return file.read()


@contextmanager
def _as_a_process(
    cwd: Path, environment: Mapping[str, str], output: IO[str], errors: IO[str]
) -> Iterator[None]:
    """What belongs to a process: its folder, its environment, its streams, and its way of logging."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    with (
        open(os.devnull, encoding="utf-8") as nothing,
        _descriptor(1, output),
        _descriptor(2, errors),
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.chdir(cwd)
        for name in os.environ.keys() - environment.keys():
            patch.delenv(name)
        for name, value in environment.items():
            patch.setenv(name, value)
        for name, stream in {"stdin": nothing, "stdout": output, "stderr": errors}.items():
            patch.setattr(sys, name, stream)
        root.handlers.clear()
        try:
            yield
        finally:
            root.handlers[:] = handlers
            root.setLevel(level)
            output.flush()
            errors.flush()


@contextmanager
def _descriptor(number: int, file: IO[str]) -> Iterator[None]:
    """Sends into a file what libraries in C write to a standard stream."""
    kept = os.dup(number)
    os.dup2(file.fileno(), number)
    try:
        yield
    finally:
        os.dup2(kept, number)
        os.close(kept)
