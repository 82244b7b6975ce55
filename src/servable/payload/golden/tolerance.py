"""How far an answer may be from a golden one, and what a raw difference becomes behind a calibrator.

A table of a calibrator can turn a raw difference that means nothing into a visible one, where it is steep.
How visible depends on the record, so each file of a payload has a limit of its own for calibrated scores.
"""

from typing import Final

import numpy as np

from servable.artifact import Artifact
from servable.calibration import Calibrator, calibrate_or_keep, chosen
from servable.payload.golden.document import PACKED, GoldenTolerance
from servable.records import FloatArray

WIRE_WITHIN: Final = 1e-5
"""How far a score of one engine may be from its own on another machine."""

_SIGNIFICANT: Final = 3


def tolerance_of(artifact: Artifact, *, reference: str) -> GoldenTolerance:
    """The tolerance for an artifact's answers, given what made the golden ones.

    Between two engines it is the one of the conversion, as the manifest has it; between one engine and
    itself what another processor may make of its sums.

    Args:
        artifact: that will be served.
        reference: an engine's kind, or `packed`.
    """
    if artifact.manifest is None or reference == PACKED:
        return GoldenTolerance(
            raw=WIRE_WITHIN,
            reason="one and the same engine, whose sums another processor may round otherwise",
        )
    stored = artifact.manifest.tolerances
    return GoldenTolerance(
        raw=stored.raw_max,
        reason=f"two engines, compared when the artifact was packed: {stored.reason}",
    )


def calibrator_of(artifact: Artifact) -> Calibrator | None:
    """The calibrator that an endpoint of an artifact uses, or None.

    Raises:
        Damaged: as `Calibrator.of_stored`.
    """
    classes = len(artifact.schema.classes)
    stored = [Calibrator.of_stored(stored, classes=classes) for stored in artifact.calibrations]
    return chosen(stored, classes=classes).calibrator


def calibrated_within(calibrator: Calibrator | None, raw: FloatArray, *, limit: float) -> float:
    """The largest difference of a calibrated score that a raw difference can make of these records.

    Args:
        calibrator: of the model, or None.
        raw: `[n, classes]` raw scores, or `[n, 1]` those of class 1 of two.
        limit: largest difference of a raw score.

    Returns:
        At least `limit`; three significant digits, rounded up.
    """
    if calibrator is None:
        return limit
    if raw.shape[1] == 1:
        raw = np.concatenate([1.0 - raw, raw], axis=1)
    base = calibrate_or_keep(calibrator, raw).scores
    moved = np.zeros(len(raw))
    for place in range(raw.shape[1]):
        effects = []
        for step in (-limit, limit):
            shifted = raw.copy()
            shifted[:, place] = np.clip(shifted[:, place] + step, 0.0, 1.0)
            effects.append(np.abs(calibrate_or_keep(calibrator, shifted).scores - base).max(axis=1))
        moved += np.maximum(*effects)  # all classes may move at once
    return max(limit, _rounded_up(float(moved.max(initial=0.0))))


def _rounded_up(value: float) -> float:
    return float(f"{value * (1.0 + 10.0 ** (1 - _SIGNIFICANT)):.{_SIGNIFICANT}g}")
