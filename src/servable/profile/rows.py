"""Rows of a table as a profile reads them: records, and labels and scores where they are known."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from servable.artifact import Artifact
from servable.datasets import class_indices, read_blocks
from servable.records import FloatArray, Records


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rows:
    """Some rows of a table.

    Attributes:
        records: as a model reads them.
        raw: `[n, classes]` raw scores; None if they are still to be computed.
        labels: `[n]` class index, -1 for a row without one; None if the table has no labels.
        is_fitted: whether the model was fitted on them. Then it knows their categories, and its scores of
            them are too sure: what cells hold is counted, and what the model makes of them is not.
    """

    records: Records
    raw: FloatArray | None = None
    labels: NDArray[np.int64] | None = None
    is_fitted: bool = False


def read_rows(path: Path, artifact: Artifact) -> Iterator[Rows]:
    """The rows of a file, with labels if one of its columns has the label's name; see `read_blocks`.

    Raises:
        NotFound, BadInput: naming file, record (counted from 0 within the file) and field.
    """
    label, classes = artifact.schema.label_name, artifact.schema.classes
    for block in read_blocks(path, artifact):
        labels = None
        if label is not None and label in (block.table.names or ()):
            labels = class_indices(block.table.column(label), classes)
        yield Rows(records=block.records, labels=labels)
