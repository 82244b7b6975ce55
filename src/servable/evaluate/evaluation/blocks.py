"""Blocks of a labelled table: those of a part, how many rows have passed, the same rows of another model."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from servable.artifact import Artifact
from servable.datasets import LabelledBlock, read_labelled_blocks
from servable.errors import BadInput
from servable.evaluate.evaluation.settings import EvaluationSettings
from servable.records import Records
from servable.train import rows_of_part


def labelled_blocks(path: Path, artifact: Artifact, settings: EvaluationSettings) -> Iterator[LabelledBlock]:
    """All labelled rows of a table, which must have the columns that are named."""
    columns = (*settings.slices, *filter(None, [settings.group]))
    return read_labelled_blocks(path, artifact, label=settings.label, columns=columns)


def wanted_blocks(
    path: Path, artifact: Artifact, settings: EvaluationSettings, blocks: Iterable[LabelledBlock]
) -> Iterator[LabelledBlock]:
    """The rows of the part that is asked for; no block is empty."""
    if settings.part is not None:
        blocks = rows_of_part(path, artifact, blocks, part=settings.part)
    return (block for block in blocks if len(block))


class Counted:
    """Blocks, and how many rows have passed.

    Attributes:
        labelled: rows with a label.
        unlabelled: rows without one.
    """

    def __init__(self, blocks: Iterable[LabelledBlock]) -> None:
        self.labelled = self.unlabelled = 0
        self._blocks = blocks

    def __iter__(self) -> Iterator[LabelledBlock]:
        for block in self._blocks:
            self.labelled += len(block)
            self.unlabelled += block.unlabelled
            yield block


def as_the_other(artifact: Artifact, blocks: Iterable[LabelledBlock]) -> Iterator[LabelledBlock]:
    """Blocks as the model reads them that is compared; an error names it, for the table may be sound.

    Raises:
        BadInput: as reading does.
    """
    try:
        yield from blocks
    except BadInput as error:
        raise error.inside(f"the other model, {artifact.name}") from error


class Alongside:
    """The same rows as another model reads them, which may join other columns into its text."""

    def __init__(self, path: Path, artifact: Artifact, label: str | None) -> None:
        self._blocks = as_the_other(artifact, read_labelled_blocks(path, artifact, label=label))

    def records(self, rows: NDArray[np.int64]) -> Records:
        """Of `[n]` rows by their numbers in the file, which stand in one block and rise from call to call."""
        block = next(block for block in self._blocks if len(block) and block.rows[-1] >= rows[-1])
        return block.records.take(np.searchsorted(block.rows, rows))
