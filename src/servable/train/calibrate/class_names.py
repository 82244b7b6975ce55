"""The files of a new calibrator, after which the classes of a training output still have their names."""

from servable.artifact import (
    HYPERPARAMETERS,
    Artifact,
    EngineKind,
    Files,
    MemoryFiles,
    StoredCalibration,
    TableNaming,
    calibration_files,
    field_lists,
    named_classes,
    pretty_json,
)
from servable.errors import Damaged, Problem
from servable.wording import listed


def calibrator_files(source: Files, artifact: Artifact, stored: StoredCalibration | None) -> dict[str, bytes]:
    """The calibrator's files, and with them whatever the classes need to keep their names.

    Where a booster has no settings, the files of its tables name its classes: those of the new ones do,
    or settings, where there are none.

    Args:
        source: all files that lie there.
        artifact: the training output that was read of them.
        stored: the calibrator, or None.

    Raises:
        Damaged: `calibrate.classes` if the old tables alone name the classes, and no other place can.
    """
    classes = artifact.schema.classes
    by_index = calibration_files(stored, classes)
    if artifact.engine.kind not in (EngineKind.XGBOOST, EngineKind.LIGHTGBM):
        return by_index
    settings = {name: source.read(name) for name in (HYPERPARAMETERS,) if name in source}
    ways = [by_index, calibration_files(stored, classes, naming=TableNaming.NAME)]
    if not settings:
        ways.append(by_index | {HYPERPARAMETERS: pretty_json(field_lists(artifact.schema))})
    for files in ways:
        if named_classes(MemoryFiles(settings | files), classes=len(classes)) == classes:
            return files
    raise Damaged(
        Problem(
            code="calibrate.classes",
            where=HYPERPARAMETERS,
            expected=f"the names of the classes, {listed(classes)}: the tables that name them are replaced",
            found="a file that cannot be read",
            fix=f"mend it, or take it away, and {HYPERPARAMETERS} of the copy will name them",
        )
    )
