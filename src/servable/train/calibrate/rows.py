"""The rows that a calibrator is to be fitted on: of a table that the model scores, or scored already."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from servable.artifact import Artifact, OnDamage
from servable.datasets import LabelledBlock, read_labelled_blocks
from servable.errors import BadInput, Problem
from servable.progress import Progress
from servable.records import FloatArray
from servable.scorer import Scorer
from servable.train.calibrate.scores_file import ScoredRows, read_scored_blocks
from servable.train.split import Part
from servable.train.used_rows.parts import rows_of_part
from servable.train.used_rows.use import Evidence, UsedInTraining, used_in_training


@dataclass(frozen=True, slots=True, kw_only=True)
class RowsOfTable:
    """Labelled rows of a table, which the model is to score.

    Attributes:
        path: .csv with a header, .ndjson, .json or .parquet.
        label: column of the labels.  [default: the one that training predicted]
        part: only the rows of this part of the split that training recorded; None for all.
        allows_training_rows: whether there may be rows among them that training used.
    """

    path: Path
    label: str | None = None
    part: Part | None = None
    allows_training_rows: bool = False

    @property
    def where(self) -> str:
        """What they are, for people."""
        return self.path.name if self.part is None else f"{self.path.name}, part {self.part}"

    def known_use(self, artifact: Artifact, *, on_damage: OnDamage = OnDamage.REFUSE) -> UsedInTraining:
        """What is known about the rows; all of them are read, and none is scored.

        Args:
            artifact: of the training.
            on_damage: whether what it remembers of its rows is passed over where it is broken; it is, too,
                where rows may be there that training used.

        Raises:
            NotFound, BadInput: for a table that cannot be read, and as `rows_of_part`;
                `calibrate.training-rows` if training used rows of it and that is not allowed.
            Damaged: as `used_in_training`.
        """
        found = used_in_training(
            self.path,
            artifact,
            self._blocks(artifact),
            part=self.part,
            on_damage=OnDamage.WARN if self.allows_training_rows else on_damage,
        )
        if found.is_beyond_chance and not self.allows_training_rows:
            raise BadInput(_training_rows(self.where, found))
        return found

    def scored(self, scorer: Scorer, *, rows: int, progress: Progress) -> ScoredRows:
        """Their raw scores and labels.

        Args:
            scorer: of the model.
            rows: how many there are, for the progress.
            progress: told how many are scored.
        """
        blocks = self._blocks(scorer.artifact)
        uncalibrated = replace(scorer, calibrator=None)
        scored = _scored(uncalibrated, blocks, where=self.path.name, rows=rows, progress=progress)
        return ScoredRows.joined(scored, scorer.artifact)

    def _blocks(self, artifact: Artifact) -> Iterator[LabelledBlock]:
        blocks = read_labelled_blocks(self.path, artifact, label=self.label)
        return blocks if self.part is None else rows_of_part(self.path, artifact, blocks, part=self.part)


@dataclass(frozen=True, slots=True, kw_only=True)
class RowsOfScores:
    """Labelled rows whose raw scores stand in a file.

    Attributes:
        path: see `read_scored_blocks`.
        label: column of the labels.  [default: the one that training predicted]
    """

    path: Path
    label: str | None = None

    @property
    def where(self) -> str:
        """What they are, for people."""
        return self.path.name

    def read(self, artifact: Artifact) -> ScoredRows:
        """Their raw scores and labels.

        Raises:
            NotFound, BadInput: as `read_scored_blocks`.
        """
        return ScoredRows.joined(read_scored_blocks(self.path, artifact, label=self.label), artifact)


def _scored(
    scorer: Scorer, blocks: Iterable[LabelledBlock], *, where: str, rows: int, progress: Progress
) -> Iterator[ScoredRows]:
    done = 0
    for block in blocks:
        progress("score the rows", done, rows)
        if len(block):  # engines need not take no row
            yield ScoredRows(raw=_raw(scorer, block, where), labels=block.labels, unlabelled=block.unlabelled)
        else:
            yield replace(ScoredRows.joined((), scorer.artifact), unlabelled=block.unlabelled)
        done += len(block)
    progress("score the rows", done, rows)


def _raw(scorer: Scorer, block: LabelledBlock, where: str) -> FloatArray:
    """Raw scores in [0, 1]; within rounding they may lie outside, where there is no logarithm."""
    raw: FloatArray = np.clip(scorer.score_rows(block.records, block.rows, file=where).raw, 0, 1)
    return raw


def _training_rows(where: str, found: UsedInTraining) -> Problem:
    seen = f"{found.counts.seen:,} of {found.counts.told:,} that"
    chance = f"equal one that it used, where {100 * found.by_chance.share:.1f} % would by chance"
    return Problem(
        code="calibrate.training-rows",
        where=where,
        expected="rows that training did not use, on which the model is not over-confident",
        found=f"{seen} {chance if found.evidence is Evidence.DIGESTS else 'it did use'}",
        fix="pass `--part calib` for the rows that training kept for this, other rows, or "
        "`--allow-training-rows`",
    )
