"""How long work tells what it is doing, without knowing of terminals."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class Progress(Protocol):
    """Called at the start of each phase, a few times a second within it, and at its end."""

    def __call__(self, phase: str, done: int, total: int, /) -> None:
        """`done` of `total` steps of a phase are made."""


def silent(phase: str, done: int, total: int, /) -> None:
    """The progress of a caller that does not want to know."""


@contextmanager
def told(progress: Progress, phase: str) -> Iterator[None]:
    """A phase of one step: that it begins, and, unless it fails, that it has come to its end."""
    progress(phase, 0, 1)
    yield
    progress(phase, 1, 1)
