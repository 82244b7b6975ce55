"""One of two artifacts that are compared: what was read, and what can score it, if anything here can."""

import os
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from servable.artifact import Artifact, OnDamage, TokenizerSearch, read_artifact
from servable.calibration import Calibrator, chosen
from servable.engines import Device
from servable.errors import Unavailable
from servable.preprocess import Preprocessor
from servable.scorer import Scorer, load, preprocessor_of

_NOT_INSTALLED = "engine.extra"


@dataclass(frozen=True, kw_only=True)
class Side:
    """An artifact with what is made of it.

    Attributes:
        artifact: what was read.
        scorer: None where a library that its model needs is not installed.
        why_not: then the sentence that says so; else empty.
    """

    artifact: Artifact
    scorer: Scorer | None = field(repr=False)
    why_not: str = ""

    @classmethod
    def of(cls, scorer: Scorer) -> "Side":
        """The side of an artifact that can score."""
        return cls(artifact=scorer.artifact, scorer=scorer)

    @cached_property
    def preprocessor(self) -> Preprocessor:
        """Records to model inputs."""
        return preprocessor_of(self.artifact) if self.scorer is None else self.scorer.preprocessor

    @cached_property
    def calibrator(self) -> Calibrator | None:
        """Raw scores to calibrated ones, or None."""
        if self.scorer is not None:
            return self.scorer.calibrator
        classes = len(self.artifact.schema.classes)
        stored = [Calibrator.of_stored(found, classes=classes) for found in self.artifact.calibrations]
        return chosen(stored, classes=classes).calibrator

    @property
    def degradations(self) -> tuple[str, ...]:
        """What was passed over, because damage was tolerated or it has no effect."""
        return self.artifact.degradations if self.scorer is None else self.scorer.degradations


def open_side(
    path: Path | str,
    *,
    on_damage: OnDamage | str = OnDamage.REFUSE,
    device: Device | str = Device.AUTO,
    allow_download: bool = False,
    columns: Path | str | None = None,
) -> Side:
    """An artifact to compare; see `servable.load` for the arguments and for what it raises.

    A model whose library is not installed cannot score, and everything else of it can still be compared.
    """
    try:
        return Side.of(
            load(path, on_damage=on_damage, device=device, allow_download=allow_download, columns=columns)
        )
    except Unavailable as error:
        if error.code != _NOT_INSTALLED:
            raise
        artifact = read_artifact(
            path,
            on_damage=OnDamage(on_damage),
            tokenizers=TokenizerSearch.of(os.environ, folder=None, allow_download=allow_download),
            columns=None if columns is None else Path(columns),
        )
        return Side(artifact=artifact, scorer=None, why_not=str(error))
