"""What an artifact's training wrote down about its data, its split and its calibrator, for later verbs."""

from collections.abc import Mapping
from typing import Any

import msgspec

from servable.artifact import Artifact, read_training_facts


class RecordedTable(msgspec.Struct, frozen=True):
    """A table by the digest of its file, in hexadecimal."""

    sha256: str


class RecordedRule(msgspec.Struct, frozen=True):
    """How rows were split: the rule's name, the column of the keys, and how many rows were drawn."""

    rule: str
    key: str
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
        """The facts of an artifact; none where another tool wrote them, with a meaning of their own."""
        try:
            return msgspec.convert(_facts(artifact), cls)
        except msgspec.ValidationError:
            return cls()


def _facts(artifact: Artifact) -> Mapping[str, Any]:
    if artifact.manifest is not None:
        return artifact.manifest.training or {}
    return read_training_facts(artifact.files)
