"""The process that scores a payload: a job on standard input, messages on standard output."""

import os
import sys
from typing import BinaryIO

import msgspec

from servable.errors import ServableError
from servable.payload.golden.answering import answer_payload
from servable.payload.golden.job import Answered, GoldenJob, Message, Refused, Told


def main() -> None:
    """Do the job on standard input."""
    with _messages() as file:

        def send(message: Message) -> None:
            file.write(msgspec.json.encode(message) + b"\n")
            file.flush()

        job = msgspec.json.decode(sys.stdin.buffer.read(), type=GoldenJob)
        try:
            answers = answer_payload(
                job, progress=lambda phase, done, total, /: send(Told(phase, done, total))
            )
        except ServableError as error:
            send(Refused(type(error).__name__, error.problems))
        else:
            send(Answered(answers))


def _messages() -> BinaryIO:
    """Standard output for messages alone: what a library prints goes to standard error."""
    file = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return file


if __name__ == "__main__":
    main()
