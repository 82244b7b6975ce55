"""The notes and the golden records of a training output, where damage may be tolerated (decision 0011)."""

from collections.abc import Iterable

from servable.artifact.damage import DamageLog
from servable.artifact.files import Declared, Files
from servable.artifact.golden import ANSWERS, REQUESTS, GoldenSet
from servable.artifact.training_facts import TRAINING, read_training_facts, read_training_golden
from servable.errors import ServableError


def tolerated_golden(
    files: Files, damage: DamageLog, *, dtype: str
) -> tuple[GoldenSet | None, tuple[str, ...]]:
    """The golden records that training kept, and those of its own notes that are there and broken."""
    broken: tuple[str, ...] = ()
    try:
        read_training_facts(files)
    except ServableError as error:
        damage.report(error)
        broken = (TRAINING,)
    try:
        return read_training_golden(without(files, broken), dtype=dtype), broken
    except ServableError as error:
        damage.report(error)
        return None, (*broken, REQUESTS, ANSWERS)


def without(files: Files, names: Iterable[str]) -> Files:
    """The files but for these, so that nobody reads what is broken once more."""
    unwanted = frozenset(names)
    return Declared(files, frozenset(files.names()) - unwanted) if unwanted else files
