"""Fitting the calibrator of a model again, on rows that its training did not use, into a copy of it."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from servable.artifact import Artifact, OnDamage, TokenizerSearch, open_files, read_artifact
from servable.calibration import (
    Candidate,
    FittedCalibrator,
    Method,
    choose_calibrator,
    fit_calibrator,
    require_enough,
    require_two_classes,
    stored_calibration,
)
from servable.engines import Device
from servable.errors import Damaged
from servable.progress import Progress, silent, told
from servable.scorer import load
from servable.train.calibrate.artifact_copy import require_output, write_copy
from servable.train.calibrate.recalibration import recalibrated, require_place
from servable.train.calibrate.rows import RowsOfScores, RowsOfTable
from servable.train.calibrate.scores_file import ScoredRows
from servable.train.used_rows.parts import sha256_of
from servable.train.used_rows.use import UsedInTraining


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationResult:
    """A copy of an artifact with another calibrator.

    Attributes:
        path: the artifact.
        output: the copy.
        digest: its identity; None of a training output.
        rows: what the calibrator was fitted on.
        unlabelled: rows of the file that were left out because their label is missing.
        fitted: the calibrator.
        candidates: what cross-validation compared; nothing where the method was named.
        choice: what was chosen and why, in a sentence.
        notes: what should be known of it, one sentence each.
        used: whether training used the rows; None where there are only scores.
        replaced: files of the calibrators that the artifact has, of which the copy has none.
        facts: what the copy itself says of its calibrator.
    """

    path: Path
    output: Path
    digest: str | None
    rows: RowsOfTable | RowsOfScores
    unlabelled: int
    fitted: FittedCalibrator
    candidates: tuple[Candidate, ...]
    choice: str
    notes: tuple[str, ...]
    used: UsedInTraining | None
    replaced: tuple[str, ...]
    facts: Mapping[str, Any]

    def to_plain(self) -> dict[str, Any]:
        """The result as JSON values."""
        return {
            "output": str(self.output),
            "digest": self.digest,
            "calibration": dict(self.facts),
            "choice": self.choice,
            "notes": list(self.notes),
            "unlabelled": self.unlabelled,
            "replaced": list(self.replaced),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fitted:
    """What a method, or the choice among them, came to."""

    fitted: FittedCalibrator
    candidates: tuple[Candidate, ...]
    choice: str
    notes: tuple[str, ...]


def calibrate(
    path: Path,
    output: Path,
    *,
    rows: RowsOfTable | RowsOfScores,
    method: Method | None = None,
    seed: int = 0,
    on_damage: OnDamage = OnDamage.REFUSE,
    device: Device = Device.AUTO,
    allow_download: bool = False,
    progress: Progress = silent,
) -> CalibrationResult:
    """Fits a calibrator on rows, and writes a copy of an artifact that has it and no other.

    Args:
        path: the artifact, packed or as training left it, a folder or an archive; it is not changed.
        output: the copy, vacant: an archive if its name ends in .tar.gz, else a folder.
        rows: what to fit on.
        method: how.  [default: the one that cross-validation chooses, which may be none]
        seed: of the folds.
        on_damage: as in `servable.load`.
        device: the same.
        allow_download: the same.
        progress: told how far it is.

    Raises:
        NotFound, BadInput, Damaged: for rows or an artifact that cannot be used; nothing is written then.
        Unavailable: if the disk refuses, or the model needs a package that is not installed.
    """
    require_output(path, output)
    used: UsedInTraining | None = None
    if isinstance(rows, RowsOfScores):
        with told(progress, "read the artifact"):
            search = TokenizerSearch.of(os.environ, folder=None, allow_download=allow_download)
            artifact = read_artifact(path, on_damage=on_damage, tokenizers=search)
        require_place(artifact)
        with told(progress, "read the rows"):
            scored = rows.read(artifact)
    else:
        with told(progress, "read the artifact"):
            scorer = load(path, on_damage=on_damage, device=device, allow_download=allow_download)
        artifact = scorer.artifact
        require_place(artifact)
        with told(progress, "read the rows"):
            used = _known_use(path, artifact, rows, method=method, on_damage=on_damage)
        scored = rows.scored(scorer, rows=used.rows, progress=progress)
    with told(progress, "fit"):
        found = _fit(scored, method=method, seed=seed, where=rows.where, names=artifact.schema.classes)
    facts = _facts(found, rows, used, seed=seed)
    with told(progress, "write the copy"):
        # of a training output also what was passed over because it is broken; it stays so in the copy
        source = open_files(path) if artifact.manifest is None else artifact.files
        copy = recalibrated(source, artifact, stored_calibration(found.fitted.calibrator), facts)
        write_copy(source, copy, output)
    return CalibrationResult(
        path=path,
        output=output,
        digest=copy.digest,
        rows=rows,
        unlabelled=scored.unlabelled,
        fitted=found.fitted,
        candidates=found.candidates,
        choice=found.choice,
        notes=(*found.notes, *copy.notes),
        used=used,
        replaced=copy.replaced,
        facts=facts,
    )


def _known_use(
    path: Path, artifact: Artifact, rows: RowsOfTable, *, method: Method | None, on_damage: OnDamage
) -> UsedInTraining:
    """What is known about the rows; what fitting would refuse once they are scored is asked before."""
    try:
        used = rows.known_use(artifact, on_damage=on_damage)
    except Damaged as error:
        raise error.inside(str(path)) from error
    wanted = method or Method.PLATT
    require_two_classes(wanted, classes=len(artifact.schema.classes), where=rows.where)
    require_enough(used.rows, wanted, where=rows.where)
    return used


def _fit(
    scored: ScoredRows, *, method: Method | None, seed: int, where: str, names: Sequence[str]
) -> _Fitted:
    if method is None:
        chosen = choose_calibrator(scored.raw, scored.labels, seed=seed, where=where, names=names)
        return _Fitted(
            fitted=chosen.fitted,
            candidates=chosen.candidates,
            choice=chosen.sentence,
            notes=(*chosen.notes, *chosen.fitted.warnings),
        )
    fitted = fit_calibrator(scored.raw, scored.labels, method=method, where=where, names=names)
    return _Fitted(
        fitted=fitted,
        candidates=(),
        choice=f"{method} was asked for, so that no other method was tried",
        notes=fitted.warnings,
    )


def _facts(
    found: _Fitted, rows: RowsOfTable | RowsOfScores, used: UsedInTraining | None, *, seed: int
) -> dict[str, Any]:
    """What a reader of the copy should know of its calibrator."""
    fitted = found.fitted
    return {
        "method": fitted.method.value,
        "rows": fitted.rows,
        **({"knots": fitted.knots, "knot_error": fitted.knot_error} if fitted.knots else {}),
        "candidates": [asdict(candidate) for candidate in found.candidates],
        "seed": seed,
        "table": {"name": rows.path.name, "sha256": sha256_of(rows.path)},
        "part": None if isinstance(rows, RowsOfScores) or rows.part is None else rows.part.value,
        "used_in_training": None if used is None else used.to_plain(),
    }
