"""Scoring in a process of its own: what a training library does to a process, it does to that one alone.

Its memory is given back with it, its threads do not meet those of another runtime, and the caller need not
have imported it.
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Final

import msgspec

from servable.errors import (
    BadInput,
    Busy,
    Damaged,
    NotFound,
    ServableError,
    TooLarge,
    Unavailable,
)
from servable.payload.golden.job import Answered, GoldenJob, Message, Refused, Told, process_problem
from servable.payload.golden.sidecar import GoldenAnswers
from servable.progress import Progress

_COMMAND: Final = ("-P", "-m", "servable.payload.golden.worker")
"""`-P`: the folder in which a command runs is no place for libraries."""

_FAMILY: Final = {
    kind.__name__: kind for kind in (BadInput, Busy, Damaged, NotFound, ServableError, TooLarge, Unavailable)
}


def answer_apart(job: GoldenJob, *, progress: Progress) -> GoldenAnswers:
    """The golden answers that a job asks for, made in a process that is gone when this returns or raises.

    Raises:
        ServableError: as `answer_payload`; `golden.process` if the process cannot be started, or ends
            without an answer.
    """
    with _process() as process:
        for message in _messages(process, msgspec.json.encode(job)):
            match message:
                case Told(phase, done, total):
                    progress(phase, done, total)
                case Refused(kind, problems):
                    raise _FAMILY.get(kind, ServableError)(problems)
                case Answered(answers):
                    return answers
        raise _ended(process.wait())


@contextmanager
def _process() -> "Iterator[subprocess.Popen[bytes]]":
    """The process, killed with the context; an interrupt from the keyboard reaches the caller alone."""
    try:
        process = subprocess.Popen(  # noqa: S603  # this interpreter and a module of our own
            [sys.executable, *_COMMAND], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
        )
    except OSError as error:
        raise Unavailable(process_problem(f"the error {error.strerror or error}")) from error
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None and not pipe.closed:
                _close(pipe)


def _messages(process: "subprocess.Popen[bytes]", job: bytes) -> Iterator[Message]:
    """What a process tells after it was given a job; its input stays open as long as somebody listens."""
    if process.stdin is None or process.stdout is None:
        return
    try:
        process.stdin.write(job + b"\n")
        process.stdin.flush()
    except BrokenPipeError:
        return
    decoder = msgspec.json.Decoder(Message)
    for line in process.stdout:
        if not line.endswith(b"\n"):
            return  # it was ended in the middle of a message
        yield decoder.decode(line)


def _close(pipe: IO[bytes]) -> None:
    try:
        pipe.close()
    except BrokenPipeError:
        return  # what was not read yet is of no use any more


def _ended(code: int) -> ServableError:
    how = f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"
    return ServableError(process_problem(f"that it {how}"))
