"""Whether a packed model gives the answers that were recorded from another endpoint."""

import numpy as np
from numpy.typing import NDArray

from servable.codecs import label_of
from servable.errors import Problem
from servable.pack.recorded import RecordedAnswers
from servable.records import Predictions

MIGRATION_PAGE = "docs/migration.md"


def agreeing(recorded: RecordedAnswers, packed: Predictions) -> NDArray[np.bool_]:
    """`[n]` whether raw scores, calibrated scores and label of each record are the recorded ones."""
    return (_excess(recorded, packed) <= 0) & ~_labels_differ(recorded, packed)


def disagreement(recorded: RecordedAnswers, packed: Predictions) -> Problem:
    """The record that differs most, and how many differ; one must."""
    differing = ~agreeing(recorded, packed)
    worst = int(np.argmax(np.where(differing, _excess(recorded, packed), -np.inf)))
    count = int(differing.sum())
    expected, found = _difference(recorded, packed, worst)
    return Problem(
        code="pack.answers",
        where=f"{recorded.file} line {recorded.lines[worst]}"
        + (f", the worst of {count} of {len(recorded)} that differ" if count > 1 else ""),
        expected=expected,
        found=found,
        fix=f"see in {MIGRATION_PAGE} which answers change and why, or pass `--on-damage warn` to pack the "
        "records that agree",
    )


def _difference(recorded: RecordedAnswers, packed: Predictions, row: int) -> tuple[str, str]:
    """What was recorded for a record, and what the packed model gives."""
    for kind, expected, found, tolerance in (
        ("raw", recorded.scores.raw[row], packed.raw[row], recorded.raw_tolerance),
        (
            "calibrated",
            recorded.scores.calibrated[row],
            packed.calibrated[row],
            recorded.calibrated_tolerance,
        ),
    ):
        gaps = np.abs(found.astype(np.float64) - expected)
        if gaps.max() > tolerance:
            at = 1 if len(gaps) == 2 else int(gaps.argmax())  # of two classes only the second is recorded
            return f"the {kind} score {expected[at]} of class {at}, within {tolerance:.2g}", str(found[at])
    return f"the label {label_of(recorded.labels[row])}", label_of(packed.label[row])


def _excess(recorded: RecordedAnswers, packed: Predictions) -> NDArray[np.float64]:
    """`[n]` by how much raw or calibrated scores differ beyond what is tolerated, whichever is worse."""
    raw = np.abs(packed.raw.astype(np.float64) - recorded.scores.raw).max(axis=1)
    calibrated = np.abs(packed.calibrated.astype(np.float64) - recorded.scores.calibrated).max(axis=1)
    excess: NDArray[np.float64] = np.maximum(
        raw - recorded.raw_tolerance, calibrated - recorded.calibrated_tolerance
    )
    return excess


def _labels_differ(recorded: RecordedAnswers, packed: Predictions) -> NDArray[np.bool_]:
    """`[n]` whether they do, and not only because two classes score the same within the tolerance."""
    rows = np.arange(len(recorded))
    lead = packed.raw[rows, packed.label] - packed.raw[rows, recorded.labels]
    differ: NDArray[np.bool_] = lead > 2 * recorded.raw_tolerance
    return differ
