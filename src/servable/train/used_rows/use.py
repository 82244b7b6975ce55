"""Whether a model's training has used the rows of a table, so that its scores there mean little."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from servable.artifact import Artifact, OnDamage
from servable.datasets import LabelledBlock
from servable.errors import Damaged
from servable.train.split import Part
from servable.train.used_rows.parts import RecordedSplit, parts_of, sha256_of
from servable.train.used_rows.recorded_facts import RecordedFacts
from servable.training_rows import Counts, TrainingRows, read_training_rows

_STANDARD_ERRORS: Final = 3.0
_SMALLEST_EXCESS: Final = 0.01
_USED: Final = (Part.TRAIN, Part.VALID)
_NO_ROWS: Final = Counts(0, 0)


class Evidence(StrEnum):
    """By what it can be told which rows training used.

    `SPLIT`: the table is the file that the model was trained on, or its rows were chosen by the key of the
    split. `DIGESTS`: the training output remembers digests of its rows.
    """

    SPLIT = "split"
    DIGESTS = "digests"
    NOTHING = "nothing"


@dataclass(frozen=True, kw_only=True)
class UsedInTraining:
    """What is known about a table's rows.

    Attributes:
        table: name of the file.
        rows: that were looked at.
        evidence: by what.
        counts: rows of which it can be told whether training used them, and those that it did use.
        by_chance: of the rows that training held out, how many equal one that it used all the same.
        damage: what is broken of what the model remembers, in a sentence, where that is tolerated.
    """

    table: str
    rows: int
    evidence: Evidence
    counts: Counts
    by_chance: Counts
    damage: str | None = None

    @cached_property
    def is_beyond_chance(self) -> bool:
        """Whether more rows were used than would be found among rows that were held out.

        By more than three standard errors, and by more than one row in a hundred.
        """
        excess = self.counts.share - self.by_chance.share
        return excess > _SMALLEST_EXCESS and excess > _STANDARD_ERRORS * self._standard_error

    @property
    def _standard_error(self) -> float:
        """Of the difference of both shares, if they were one; of a share that is known, 0."""
        if self.evidence is not Evidence.DIGESTS or not self.counts.told:
            return 0.0
        both = self.counts + self.by_chance
        share = (both.seen + 1) / (both.told + 2)  # two rows more, so that no share is certain
        parts = (1 / counts.told for counts in (self.counts, self.by_chance) if counts.told)
        return math.sqrt(share * (1 - share) * sum(parts))

    def to_plain(self) -> dict[str, Any]:
        """The same as JSON values."""
        return {
            "evidence": self.evidence.value,
            "rows": self.rows,
            **self.counts._asdict(),
            "share_by_chance": self.by_chance.share,
            **({} if self.damage is None else {"damage": self.damage}),
        }

    def sentence(self) -> str:
        """What is known, for people."""
        if self.evidence is Evidence.NOTHING:
            if self.damage is not None:
                return f"whether training used rows of {self.table} could not be checked: {self.damage}"
            return (
                f"nothing could be checked: the model does not say which rows its training used, "
                f"so whether those of {self.table} are among them is not known"
            )
        told, seen = self.counts
        if self.evidence is Evidence.SPLIT:
            return f"{seen:,} of {told:,} rows of {self.table} were used in training, by its recorded split"
        rows = f"{told:,} rows" if told == self.rows else f"{told:,} rows that can be told of {self.rows:,}"
        return (
            f"{seen:,} of {rows} of {self.table} equal one that training used; of the rows that it held "
            f"out, {100 * self.by_chance.share:.1f} % do by chance"
        )


def used_in_training(
    path: Path,
    artifact: Artifact,
    blocks: Iterable[LabelledBlock],
    *,
    part: Part | None = None,
    on_damage: OnDamage = OnDamage.REFUSE,
) -> UsedInTraining:
    """Whether training used the rows of a file to fit or to pick something.

    Args:
        path: the file of the blocks.
        artifact: of the training.
        blocks: labelled rows of the file, in order: all, or those of one part.
        part: of which part they are, by `rows_of_part`.
        on_damage: whether what the artifact remembers of its training is passed over where it is broken.

    Raises:
        BadInput: if a block cannot be read.
        Damaged: if what the artifact remembers of its training is broken, and that is refused.
    """
    split = RecordedSplit.of(artifact)
    is_same_file = split is not None and split.sha256 == sha256_of(path)
    remembered, damage = None, None
    if split is None or not is_same_file or split.is_sampled:
        remembered, damage = _remembered(artifact, on_damage)
    evidence, by_chance = Evidence.NOTHING, _NO_ROWS
    found: Iterator[tuple[int, Counts]] = ((len(block), _NO_ROWS) for block in blocks)
    if remembered is not None:
        evidence, found, by_chance = Evidence.DIGESTS, _by_digests(remembered, blocks), remembered.held_out
    # of another file, rows that the key of the split gives to the training are what it was asked for
    elif split is not None and (is_same_file or part in _USED):
        evidence, found = Evidence.SPLIT, _by_split(path, artifact, blocks, part)
    rows, counts = 0, _NO_ROWS
    for rows_of_block, counts_of_block in found:
        rows, counts = rows + rows_of_block, counts + counts_of_block
    return UsedInTraining(
        table=path.name, rows=rows, evidence=evidence, counts=counts, by_chance=by_chance, damage=damage
    )


def _remembered(artifact: Artifact, on_damage: OnDamage) -> tuple[TrainingRows | None, str | None]:
    """What a training output remembers of its rows, or what is broken of it."""
    if artifact.manifest is not None:
        return None, None
    try:
        return read_training_rows(artifact.files), None
    except Damaged as error:
        if on_damage is OnDamage.REFUSE:
            raise
        return None, str(error)


def fitted_its_calibrator(path: Path, artifact: Artifact, *, part: Part | None = None) -> bool:
    """Whether an artifact's calibrator was fitted on rows of this very file, or of this part of it."""
    facts = RecordedFacts.of(artifact)
    if facts.calibration is None:
        return False
    table, fitted_on = facts.calibration.table, facts.calibration.part
    if table is None:  # not fitted again since training
        table, fitted_on = facts.data, Part.CALIB
    is_part = None in (part, fitted_on) or part == fitted_on
    return table is not None and is_part and table.sha256 == sha256_of(path)


def _by_split(
    path: Path, artifact: Artifact, blocks: Iterable[LabelledBlock], part: Part | None
) -> Iterator[tuple[int, Counts]]:
    if part is not None:
        is_used = part in _USED
        return ((len(block), Counts(len(block), len(block) * is_used)) for block in blocks)
    return (
        (len(block), Counts(len(block), sum(int((parts == used).sum()) for used in _USED)))
        for block, parts in parts_of(path, artifact, blocks)
    )


def _by_digests(remembered: TrainingRows, blocks: Iterable[LabelledBlock]) -> Iterator[tuple[int, Counts]]:
    return ((len(block), remembered.counts(block.records, block.labels)) for block in blocks)
