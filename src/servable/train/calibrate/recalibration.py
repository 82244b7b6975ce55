"""A copy of an artifact with another calibrator, in which nothing of the old one is left."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from msgspec.structs import replace as replaced

from servable.artifact import (
    CALIBRATION,
    FEATURE_COLUMNS,
    HYPERPARAMETERS,
    MANIFEST,
    TRAINING,
    Artifact,
    Files,
    GoldenSet,
    GoldenSource,
    Manifest,
    StoredCalibration,
    file_entries,
    is_calibration_file,
    packed_calibration,
    pretty_json,
    read_training_facts,
)
from servable.calibration import Calibrator
from servable.errors import BadInput, Damaged, Problem
from servable.records import FloatArray, Predictions
from servable.train.calibrate.class_names import calibrator_files
from servable.train.output import facts_file
from servable.wording import listed

_OF_ENDPOINT: Final = (
    "the golden answers that another endpoint gave are compared by raw scores and labels alone: their "
    "calibrated scores were another calibrator's, and those in the reference are the packed model's own"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recalibration:
    """What the copy of an artifact is made of.

    Attributes:
        kept: names of the files that it takes over.
        written: the files that are its own, by name.
        replaced: names of the files of the old calibrators.
        digest: of a packed copy; None of a training output.
        notes: in what else it differs, one sentence each.
    """

    kept: tuple[str, ...]
    written: Mapping[str, bytes]
    replaced: tuple[str, ...]
    digest: str | None = None
    notes: tuple[str, ...] = ()


def recalibrated(
    source: Files, artifact: Artifact, stored: StoredCalibration | None, calibration: Mapping[str, Any]
) -> Recalibration:
    """The same artifact with this calibrator and no other one.

    The calibrated scores of its golden records are computed anew from their raw ones.

    Args:
        source: all files that lie there.
        artifact: what was read of them: a training output, or a packed artifact.
        stored: the calibrator, or None, and then the copy has none.
        calibration: how it was fitted, for those who read what training wrote down.

    Raises:
        Damaged: `artifact.file` if a file of a packed artifact is not the packed one and no calibrator's;
            `calibrate.classes` if the old tables alone name the classes, and no other place can.
    """
    classes = len(artifact.schema.classes)
    calibrator = None if stored is None else Calibrator.of_stored(stored, classes=classes)
    golden = None if artifact.golden is None else _golden(artifact.golden, calibrator)
    if artifact.manifest is not None:
        return _packed(artifact.files, artifact.manifest, stored, golden, calibration)
    return _training_output(source, artifact, stored, golden, calibration)


def require_place(artifact: Artifact) -> None:
    """Nothing, if an artifact has a place for a calibrator.

    Raises:
        BadInput: `calibrate.artifact` for a model file alone.
    """
    others = [name for name in artifact.files.names() if name != artifact.engine.file]
    if artifact.manifest is None and not set(others) - {FEATURE_COLUMNS}:
        raise BadInput(
            Problem(
                code="calibrate.artifact",
                where=artifact.engine.file,
                expected="a training output or a packed artifact, which have a place for a calibrator",
                found="a model file alone",
                fix="pack it, and calibrate the packed artifact",
            )
        )


def _packed(
    files: Files,
    manifest: Manifest,
    stored: StoredCalibration | None,
    golden: GoldenSet | None,
    calibration: Mapping[str, Any],
) -> Recalibration:
    old = set() if manifest.calibrator is None else {*manifest.calibrator.tables.values()}
    if manifest.calibrator is not None and manifest.calibrator.parameters is not None:
        old.add(manifest.calibrator.parameters)
    entry, members = packed_calibration(stored)
    written = members | ({} if golden is None else golden.to_files())
    kept = tuple(name for name in manifest.files if name not in old and name not in written)
    _require_packed(files, manifest, (name for name in manifest.files if name not in old))
    is_recorded = golden is not None and golden.source == GoldenSource.ENDPOINT
    remarks = (*manifest.remarks, *([_OF_ENDPOINT] if is_recorded else []))
    new = replaced(
        manifest,
        calibrator=entry,
        training=_facts(manifest.training or {}, calibration),
        degradations=tuple(text for text in manifest.degradations if not _is_of_calibrator(text)),
        remarks=tuple(dict.fromkeys(remarks)),
        files={name: manifest.files[name] for name in kept} | file_entries(written),
    )
    return Recalibration(
        kept=kept,
        written=written | {MANIFEST: pretty_json(new.to_plain())},
        replaced=tuple(sorted(old)),
        digest=new.digest,
    )


def _training_output(
    source: Files,
    artifact: Artifact,
    stored: StoredCalibration | None,
    golden: GoldenSet | None,
    calibration: Mapping[str, Any],
) -> Recalibration:
    old = tuple(name for name in source.names() if is_calibration_file(name))
    facts = facts_file(_facts(read_training_facts(artifact.files), calibration))
    answers = {} if golden is None else golden.to_files()
    written = calibrator_files(source, artifact, stored) | answers | facts
    kept = tuple(name for name in source.names() if name not in old and name not in written)
    notes = _notes(source, artifact, written)
    return Recalibration(kept=kept, written=written, replaced=old, notes=tuple(notes))


def _notes(source: Files, artifact: Artifact, written: Mapping[str, bytes]) -> Iterator[str]:
    if TRAINING in source and TRAINING not in artifact.files:
        yield (
            f"{TRAINING} is broken, and the copy has a new one, which says of the training nothing but what "
            "its calibrator was fitted on"
        )
    if HYPERPARAMETERS in written:
        yield (
            "the classes were named by the files of the old tables alone; in the copy they are by "
            f"{HYPERPARAMETERS}: {listed(artifact.schema.classes)}"
        )


def _golden(golden: GoldenSet, calibrator: Calibrator | None) -> GoldenSet:
    """The same records with calibrated scores that this calibrator makes of their raw ones."""

    def side(scores: Predictions) -> Predictions:
        calibrated = scores.raw if calibrator is None else calibrator.apply(scores.raw)
        return Predictions(raw=scores.raw, calibrated=calibrated)

    reference, packed = side(golden.reference), None if golden.packed is None else side(golden.packed)
    if packed is not None and golden.source == GoldenSource.ENDPOINT:
        # recorded raw scores may be rounded, and a calibrator may be steep there
        real = len(golden) - golden.derived
        calibrated: FloatArray = np.concatenate([packed.calibrated[:real], reference.calibrated[real:]])
        reference = Predictions(raw=reference.raw, calibrated=calibrated)
    return replace(golden, reference=reference, packed=packed)


def _facts(facts: Mapping[str, Any], calibration: Mapping[str, Any]) -> dict[str, Any]:
    """What training wrote down, without what it measured of the old calibrator's scores."""
    test = facts.get("test")
    if not isinstance(test, Mapping):  # of another tool
        return dict(facts) | {"calibration": dict(calibration)}
    baseline = test.get("baseline")
    of_baseline = {"baseline": {"scores": baseline.get("scores")}} if isinstance(baseline, Mapping) else {}
    kept = {"raw": test.get("raw")} | of_baseline
    return dict(facts) | {"test": kept, "calibration": dict(calibration)}


def _is_of_calibrator(degradation: str) -> bool:
    """Whether a sentence is about a calibrator that was passed over."""
    return degradation.startswith((f"{CALIBRATION}/", "the calibrator of kind "))


def _require_packed(files: Files, manifest: Manifest, names: Iterable[str]) -> None:
    """Nothing, if these files are the packed ones: the copy's manifest would vouch for them anew."""
    for name in names:
        found = f"sha256 {files.sha256(name)}" if name in files else "no such file"
        if found != f"sha256 {manifest.files[name].sha256}":
            raise Damaged(
                Problem(
                    code="artifact.file",
                    where=name,
                    expected=f"the packed file, sha256 {manifest.files[name].sha256}",
                    found=found,
                    fix="copy the artifact again, or pack it again",
                )
            )
