"""How long work tells what it is doing, without knowing of terminals."""

from typing import Protocol


class Progress(Protocol):
    """Called at the start of each phase, a few times a second within it, and at its end."""

    def __call__(self, phase: str, done: int, total: int, /) -> None:
        """`done` of `total` steps of a phase are made."""


def silent(phase: str, done: int, total: int, /) -> None:
    """The progress of a caller that does not want to know."""
