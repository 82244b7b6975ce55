"""A labelled table, scored block by block; what is kept of a row is its scores, its label, its slices."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from servable.artifact import Artifact
from servable.datasets import LabelledBlock
from servable.evaluate.evaluation.blocks import Alongside, Counted, labelled_blocks, wanted_blocks
from servable.evaluate.evaluation.columns import GroupReader, SliceColumn, SliceReader
from servable.evaluate.evaluation.scoring import Scores, Scoring
from servable.evaluate.evaluation.settings import EvaluationSettings, Grouping, Origin
from servable.progress import Progress, silent
from servable.scorer import Scorer
from servable.train import RecordedSplit

_SCORING: Final = "score the rows"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ScoredTable:
    """The labelled rows of a table, or of one part of it, with their scores.

    Attributes:
        scores: of the model.
        against: of the model that it is compared with, or None.
        labels: `[n]` class index.
        columns: what slices are made of, by name.
        groups: `[n]` number of each row's group, or None.
        grouping: where the groups come from, or None.
        unlabelled: rows that were left out because their label is missing.
        other_parts: labelled rows that were left out because they belong to another part.
    """

    scores: Scores
    against: Scores | None
    labels: NDArray[np.int64]
    columns: Mapping[str, SliceColumn]
    groups: NDArray[np.int64] | None
    grouping: Grouping | None
    unlabelled: int
    other_parts: int

    def __len__(self) -> int:
        return len(self.labels)


def read_scored_table(
    path: Path,
    scorer: Scorer,
    *,
    settings: EvaluationSettings,
    rows: int,
    against: Scorer | None = None,
    progress: Progress = silent,
) -> ScoredTable:
    """The scores of a table's labelled rows; one block of its cells is in memory at a time.

    Args:
        path: .csv with a header, .ndjson, .json or .parquet.
        scorer: of the model.
        settings: which column is what, and which rows are wanted.
        rows: how many that will be, at least one.
        against: of another model of the same classes.
        progress: told how many rows are scored.

    Raises:
        NotFound, BadInput: naming file, record (counted from 0 within the file) and column.
        ServableError: `score.*`, naming file and record, where a model answers what is no probability.
    """
    counted = Counted(labelled_blocks(path, scorer.artifact, settings))
    blocks = wanted_blocks(path, scorer.artifact, settings, counted)
    first = next(blocks)
    label = settings.label or scorer.schema.label_name
    model, kept = Scoring(scorer), _Kept(scorer, settings, first)
    other = None if against is None else (Scoring(against), Alongside(path, against.artifact, label))
    for block in chain([first], blocks):
        model.add(path, block.rows, block.records)
        if other is not None:
            other[0].add(path, block.rows, other[1].records(block.rows))
        kept.add(block)
        progress(_SCORING, kept.rows, rows)
    return kept.table(model.scores(), None if other is None else other[0].scores(), counted)


class _Kept:
    """Labels, slices and groups of the rows so far."""

    def __init__(self, scorer: Scorer, settings: EvaluationSettings, first: LabelledBlock) -> None:
        self.rows = 0
        self._labels: list[NDArray[np.int64]] = []
        self._slices = [SliceReader(name, scorer.schema) for name in dict.fromkeys(settings.slices)]
        self._groups = _group_reader(scorer.artifact, settings, first)

    def add(self, block: LabelledBlock) -> None:
        self.rows += len(block)
        self._labels.append(block.labels)
        for reader in self._slices:
            reader.add(block.table, block.records)
        if self._groups is not None:
            self._groups[0].add(block.table)

    def table(self, scores: Scores, against: Scores | None, counted: Counted) -> ScoredTable:
        groups, grouping = None, None
        if self._groups is not None:
            reader, origin = self._groups
            groups = reader.column()
            grouping = Grouping(column=reader.name, groups=int(groups.max()) + 1, origin=origin)
        return ScoredTable(
            scores=scores,
            against=against,
            labels=np.concatenate(self._labels),
            columns={reader.name: reader.column() for reader in self._slices},
            groups=groups,
            grouping=grouping,
            unlabelled=counted.unlabelled,
            other_parts=counted.labelled - self.rows,
        )


def _group_reader(
    artifact: Artifact, settings: EvaluationSettings, first: LabelledBlock
) -> tuple[GroupReader, Origin] | None:
    """By what rows belong together: as asked for, else as training kept them where the table says so."""
    if settings.group is not None:
        return GroupReader(settings.group), Origin.ASKED
    split = RecordedSplit.of(artifact)
    key = None if split is None or split.key == artifact.schema.id_name else split.key
    if key is None or key not in (first.table.names or ()):
        return None
    return GroupReader(key), Origin.TRAINING
