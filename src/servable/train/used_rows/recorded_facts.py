"""What an artifact's training wrote down about its data, its split and its calibrator, for later verbs."""

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from servable.artifact import Artifact, read_training_facts

_Fact = TypeVar("_Fact", bound=msgspec.Struct)


class RecordedTable(msgspec.Struct, frozen=True):
    """A table by the digest of its file, in hexadecimal."""

    sha256: str


class RecordedRule(msgspec.Struct, frozen=True):
    """How rows were split: the rule's name, the keys' column (none: row numbers), how many were drawn."""

    rule: str
    key: str | None
    sample: int | None = None


class RecordedCalibration(msgspec.Struct, frozen=True):
    """What a calibrator was fitted on; no table where training did it."""

    table: RecordedTable | None = None
    part: str | None = None


class RecordedFacts(msgspec.Struct, frozen=True):
    """Those facts that others build on."""

    data: RecordedTable | None = None
    split: RecordedRule | None = None
    calibration: RecordedCalibration | None = None

    @classmethod
    def of(cls, artifact: Artifact) -> "RecordedFacts":
        """The facts of an artifact, but for those that another tool wrote with a meaning of their own."""
        facts = _facts(artifact)
        return cls(
            data=_as(RecordedTable, facts.get("data")),
            split=_as(RecordedRule, facts.get("split")),
            calibration=_as(RecordedCalibration, facts.get("calibration")),
        )


def _as(kind: type[_Fact], found: object) -> _Fact | None:
    """One fact, whatever became of the others."""
    try:
        return None if found is None else msgspec.convert(found, kind)
    except msgspec.ValidationError:
        return None


def _facts(artifact: Artifact) -> Mapping[str, Any]:
    if artifact.manifest is not None:
        return artifact.manifest.training or {}
    return read_training_facts(artifact.files)
