"""What the process that scores a payload is told, and what it tells: JSON, a message a line."""

from typing import TypeAlias

import msgspec

from servable.artifact import OnDamage
from servable.errors import Problem
from servable.payload.golden.sidecar import GoldenAnswers


class GoldenJob(msgspec.Struct, frozen=True, kw_only=True):
    """Which payload is to be answered, and by what.

    Attributes:
        payload: path of the archive.
        artifact: path of what it was made for.
        reference: path of the training output that answers; None leaves it to the artifact.
        cases: what each file shows, by name.
        on_damage: what to do about a missing or broken file.
        tokenizers: as in `servable.load`.
        allow_download: the same.
        columns: the same, of what is named last of artifact and reference.
    """

    payload: str
    artifact: str
    reference: str | None = None
    cases: dict[str, str] = {}
    on_damage: OnDamage = OnDamage.REFUSE
    tokenizers: str | None = None
    allow_download: bool = False
    columns: str | None = None


class Told(msgspec.Struct, frozen=True, tag=True):
    """A step of a phase that is made."""

    phase: str
    done: int
    total: int


class Answered(msgspec.Struct, frozen=True, tag=True):
    """The end, if it is a good one."""

    answers: GoldenAnswers


class Refused(msgspec.Struct, frozen=True, tag=True):
    """The end, if it is an error of the family: its name there, and its problems."""

    kind: str
    problems: tuple[Problem, ...]


Message: TypeAlias = Told | Answered | Refused


def process_problem(found: str) -> Problem:
    """The problem of a process that gives no answers."""
    return Problem(
        code="golden.process",
        where="the process that scores golden answers",
        expected="answers",
        found=found,
        fix="see what it wrote above; a signal 9 comes of too little memory",
    )
