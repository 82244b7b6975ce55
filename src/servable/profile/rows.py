"""Rows of a table as a profile reads them: records, and labels and scores where they are known."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from servable.artifact import Artifact
from servable.datasets import class_indices, read_blocks
from servable.errors import BadInput, Problem
from servable.records import FloatArray, Records
from servable.scorer import Scorer


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Places:
    """Where rows stand, for errors.

    Attributes:
        file: its name.
        rows: `[n]` their numbers in it.
    """

    file: str
    rows: NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rows:
    """Some rows of a table.

    Attributes:
        records: as a model reads them.
        raw: `[n, classes]` raw scores; None if they are still to be computed.
        labels: `[n]` class index, -1 for a row without one; None if the table has no labels.
        is_fitted: whether the model was fitted on them. Then it knows their categories, and its scores of
            them are too sure: what cells hold is counted, and what the model makes of them is not.
        places: where they stand; None if nobody knows.
    """

    records: Records
    raw: FloatArray | None = None
    labels: NDArray[np.int64] | None = None
    is_fitted: bool = False
    places: Places | None = None

    def take(self, at: NDArray[np.int64]) -> Self:
        """Those at some places, in that order."""
        return replace(
            self,
            records=self.records.take(at),
            raw=None if self.raw is None else self.raw[at],
            labels=None if self.labels is None else self.labels[at],
            places=None if self.places is None else replace(self.places, rows=self.places.rows[at]),
        )

    def scores(self, scorer: Scorer) -> FloatArray:
        """`[n, classes]` raw scores, as they are known or as a model answers now.

        Raises:
            ServableError: `score.*`, naming file and record where they are known.
        """
        if self.raw is not None:
            return self.raw
        if self.places is None:
            return scorer.score_records(self.records).raw
        return scorer.score_rows(self.records, self.places.rows, file=self.places.file).raw


def read_rows(path: Path, artifact: Artifact) -> Iterator[Rows]:
    """The rows of a file, with labels if one of its columns has the label's name; see `read_blocks`.

    Raises:
        NotFound, BadInput: naming file, record (counted from 0 within the file) and field; `table.empty`,
            naming the file, if it has no row.
    """
    label, classes = artifact.schema.label_name, artifact.schema.classes
    is_empty = True
    for block in read_blocks(path, artifact):
        is_empty = is_empty and not len(block)
        labels = None
        if label is not None and label in (block.table.names or ()):
            labels = class_indices(block.table.column(label), classes)
        yield Rows(records=block.records, labels=labels, places=Places(file=path.name, rows=block.rows))
    if is_empty:
        raise BadInput(no_rows(path.name))


def no_rows(where: str) -> Problem:
    """That a table has none."""
    return Problem(
        code="table.empty",
        where=where,
        expected="at least one row",
        found="none",
        fix="choose a table with rows",
    )
