"""The scores of one model for the rows of a table, block by block."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from servable.records import FloatArray, Records
from servable.scorer import Scorer


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Scores:
    """What a model answers to the rows of a table.

    Attributes:
        raw: `[n, classes]` probabilities of the model.
        calibrated: `[n, classes]`; None where there is no calibrator that has an effect.
        kept_raw: rows whose raw scores stand among the calibrated ones, for the calibrator has no answer.
    """

    raw: FloatArray
    calibrated: FloatArray | None
    kept_raw: int


class Scoring:
    """The scores so far; nothing else of a row is kept."""

    def __init__(self, scorer: Scorer) -> None:
        self._scorer = scorer
        self._raw: list[FloatArray] = []
        self._calibrated: list[FloatArray] = []
        self._kept_before = _kept_raw(scorer)

    def add(self, path: Path, rows: NDArray[np.int64], records: Records) -> None:
        """Some rows more, of these numbers in the file.

        Raises:
            ServableError: naming file and record, if one cannot be scored.
        """
        found = self._scorer.score_rows(records, rows, file=path.name)
        self._raw.append(found.raw)
        if changes_scores(self._scorer):
            self._calibrated.append(found.calibrated)

    def scores(self) -> Scores:
        """Of all rows, at least one."""
        return Scores(
            raw=np.concatenate(self._raw),
            calibrated=np.concatenate(self._calibrated) if self._calibrated else None,
            kept_raw=_kept_raw(self._scorer) - self._kept_before,
        )


def changes_scores(scorer: Scorer) -> bool:
    """Whether a model has a calibrator, and one that has an effect on so many classes."""
    calibrator, classes = scorer.calibrator, len(scorer.schema.classes)
    return calibrator is not None and (classes == 2 or not calibrator.kind.is_of_two_classes)


def _kept_raw(scorer: Scorer) -> int:
    counts = scorer.calibration_events.counts
    return counts.failed + counts.kept_raw
