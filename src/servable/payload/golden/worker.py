"""The process that scores a payload: a job on standard input, messages on standard output.

It lives no longer than its caller: the end of its input is the end of it.
"""

import os
import sys
import threading
from collections.abc import Callable
from typing import BinaryIO

import msgspec

from servable.errors import ServableError, Unavailable
from servable.payload.golden.answering import answer_payload
from servable.payload.golden.job import Answered, GoldenJob, Message, Refused, Told, process_problem


def main() -> None:
    """Do the job on the first line of standard input."""
    line = sys.stdin.buffer.readline()
    if not line:
        return
    threading.Thread(target=_end_with_caller, daemon=True).start()
    try:
        with _messages() as file:

            def send(message: Message) -> None:
                file.write(msgspec.json.encode(message) + b"\n")
                file.flush()

            do(msgspec.json.decode(line, type=GoldenJob), send)
    except BrokenPipeError:
        return  # nobody listens any more


def do(job: GoldenJob, send: Callable[[Message], None]) -> None:
    """Sends each step of a job, and then its answers or why there are none."""

    def tell(phase: str, done: int, total: int, /) -> None:
        send(Told(phase, done, total))

    try:
        answers = answer_payload(job, progress=tell)
    except ServableError as error:
        send(Refused(type(error).__name__, error.problems))
    except BrokenPipeError:
        raise
    except OSError as error:
        send(_unavailable(f"the error {error.strerror or type(error).__name__}"))
    except MemoryError:
        send(_unavailable("too little memory"))
    else:
        send(Answered(answers))


def _unavailable(found: str) -> Refused:
    return Refused(Unavailable.__name__, (process_problem(found),))


def _end_with_caller() -> None:
    os.read(sys.stdin.fileno(), 1)  # it says nothing more, so what comes is its end
    os._exit(1)


def _messages() -> BinaryIO:
    """Standard output for messages alone: what a library prints goes to standard error."""
    file = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return file


if __name__ == "__main__":
    main()
