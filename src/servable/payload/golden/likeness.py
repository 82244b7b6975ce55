"""Whether a training output is the one that a packed artifact was made of: by its scores, or by its tables.

Two models of one data set read the same requests. Golden answers of the other one would fail an endpoint that
is right, and a tolerance would not tell why.
"""

from typing import Final

import msgspec
import numpy as np

from servable.artifact import Artifact, GoldenSet, GoldenSource
from servable.errors import BadInput, Problem
from servable.payload.golden.tolerance import calibrated_within, calibrator_of
from servable.records import FloatArray
from servable.scorer import Scorer

_COMPARED: Final = 25
"""Golden records that are scored of either end: other trees show in any, other tables in the derived last."""

_PACKED_FROM: Final = "name the training output that this artifact was packed from"


def require_same_model(training: Scorer, packed: Artifact) -> None:
    """Refuse a training output that scores otherwise than the one that the artifact was packed from.

    The artifact's golden records have the answers that the training side gave when it was packed. Without
    them the tables are compared.

    Args:
        training: of the training output.
        packed: a packed artifact that reads the same requests.

    Raises:
        BadInput: `golden.reference`.
    """
    rows = [] if packed.golden is None else _answered_by_training(packed.golden)
    if packed.golden is None or packed.manifest is None or not rows:
        _require_same_tables(training.artifact, packed)
        return
    stored, limit = packed.golden.reference, packed.manifest.tolerances.raw_max
    found = training.score([msgspec.json.decode(packed.golden.requests[row]) for row in rows])
    _require_within("raw", found.raw, stored.raw[rows], limit=limit)
    limit = calibrated_within(calibrator_of(packed), stored.raw[rows], limit=limit)
    _require_within("calibrated", found.calibrated, stored.calibrated[rows], limit=limit)


def not_the_reference(expected: str, found: str, fix: str = _PACKED_FROM) -> BadInput:
    """The error for what cannot give the golden answers of an artifact."""
    return BadInput(
        Problem(
            code="golden.reference",
            where="reference of golden answers",
            expected=expected,
            found=found,
            fix=fix,
        )
    )


def _answered_by_training(golden: GoldenSet) -> list[int]:
    """Some records whose reference is the training side's; of recorded requests the derived ones alone."""
    first = len(golden) - golden.derived if golden.source == GoldenSource.ENDPOINT else 0
    rows = range(first, len(golden))
    return sorted({*rows[:_COMPARED], *rows[-_COMPARED:]})


def _require_within(kind: str, found: FloatArray, stored: FloatArray, *, limit: float) -> None:
    difference = float(np.abs(found.astype(np.float64) - stored).max())
    if not difference <= limit:
        raise not_the_reference(
            f"the {kind} scores that stand with the artifact's golden records, within {limit:.0e}",
            f"others, up to {difference:.2g} away",
        )


def _require_same_tables(training: Artifact, packed: Artifact) -> None:
    for what, theirs, ours in (
        ("risk tables", _risk_tables(training), _risk_tables(packed)),
        ("imputation values", dict(training.imputation), dict(packed.imputation)),
        ("calibrator", _calibrator(training), _calibrator(packed)),
    ):
        if theirs != ours:
            raise not_the_reference(f"the {what} of the packed artifact", "others")


def _risk_tables(artifact: Artifact) -> dict[str, object]:
    return {name: (dict(table.bins), table.default_bin) for name, table in artifact.risk_tables.items()}


def _calibrator(artifact: Artifact) -> object:
    calibrator = calibrator_of(artifact)
    if calibrator is None:
        return None
    tables = {index: table.pairs() for index, table in calibrator.tables.items()}
    return calibrator.kind, tables, calibrator.parameters()
