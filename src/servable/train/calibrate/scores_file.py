"""Scores and labels in a file: what `servable predict` writes, with a column of labels beside it."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from servable.artifact import Artifact
from servable.codecs import read_table_blocks
from servable.datasets import label_column, labels_of, require_label
from servable.errors import BadInput, Problem, shown
from servable.records import ABSENT, Cell, FloatArray, Table
from servable.schema import parse_number
from servable.wording import enumerated

Column = Callable[[int], Cell]
"""The cells of a column by the number of their row."""

_SCORE: Final = "score"
_RAW: Final = "raw"
_OFF: Final = 1e-3
"""How far the scores of a row may be from 1 in sum, for they may have been rounded."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ScoredRows:
    """Raw scores of rows that have a label.

    Attributes:
        raw: `[n, classes]`, in the precision of the model.
        labels: `[n]` class index.
        unlabelled: rows among them that were left out because their label is missing.
    """

    raw: FloatArray
    labels: NDArray[np.int64]
    unlabelled: int

    @classmethod
    def joined(cls, blocks: Iterable[Self], artifact: Artifact) -> Self:
        """The rows of several blocks, of which there may be none."""
        found = list(blocks)
        no_raw = np.empty((0, len(artifact.schema.classes)), dtype=artifact.engine.score_dtype)
        return cls(
            raw=np.concatenate([no_raw, *(block.raw for block in found)]),
            labels=np.concatenate([np.empty(0, dtype=np.int64), *(block.labels for block in found)]),
            unlabelled=sum(block.unlabelled for block in found),
        )


def read_scored_blocks(path: Path, artifact: Artifact, *, label: str | None = None) -> Iterator[ScoredRows]:
    """The labelled rows of a file of scores.

    Args:
        path: .csv with a header, .ndjson, .json or .parquet, with the columns `raw_0`, `raw_1`, ... or one
            list `raw`, as `servable predict` writes them, or for two classes `score`, the raw score of
            class 1.
        artifact: of the model that gave them.
        label: column of the labels.  [default: the one that training predicted]

    Raises:
        NotFound, BadInput: `scores.columns` for a file without such columns, `scores.number` for a score
            that is no number from 0 to 1, naming file, record (counted from 0) and column; `scores.sum` for
            scores of a record that are not 1 in sum; `table.label` for a label that is not there or names no
            class. A record without a label may hold anything.
    """
    named, seen = label_column(path, artifact, label), 0
    for table in read_table_blocks(path, headers=[frozenset()]):
        require_label(path, table, named)
        try:
            block = _block(table, named, artifact, first=seen)
        except BadInput as error:
            raise error.inside(path.name) from error
        seen += len(table)
        yield block


def _block(table: Table, label: str, artifact: Artifact, *, first: int) -> ScoredRows:
    classes = artifact.schema.classes
    cells = table.column(label)
    kept, labels = labels_of(cells, classes, label=label, first_record=first)
    columns = _columns(table, classes=len(classes), first=first)
    raw = np.array(
        [[_score(cell(at), first + at, name) for name, cell in columns] for at in kept.tolist()],
        dtype=np.float64,
    ).reshape(len(kept), len(columns))
    if len(columns) < len(classes):
        raw = np.column_stack([1 - raw[:, 0], raw[:, 0]])
    elif _are_shares(artifact):
        _require_sums(raw, kept + first)
    return ScoredRows(
        raw=raw.astype(artifact.engine.score_dtype), labels=labels, unlabelled=len(cells) - len(kept)
    )


def _are_shares(artifact: Artifact) -> bool:
    """Whether the scores of a row are 1 in sum: of two classes, else where golden records show it.

    A model that asks of each of more classes whether it is that one need not divide by the sum.
    """
    if len(artifact.schema.classes) == 2:
        return True
    golden = artifact.golden
    return golden is not None and bool((np.abs(golden.reference.raw.sum(axis=1) - 1) <= _OFF).all())


def _require_sums(raw: FloatArray, records: NDArray[np.int64]) -> None:
    sums = raw.sum(axis=1)
    is_off = np.abs(sums - 1) > _OFF
    if is_off.any():
        at = int(is_off.argmax())
        raise BadInput(
            Problem(
                code="scores.sum",
                where=f"record {records[at]}",
                expected=f"raw scores of all classes, which are 1 in sum (within {_OFF:g})",
                found=f"{sums[at]:.6g}",
                fix="write the scores as `servable predict` does, in the order of the classes",
            )
        )


def _columns(table: Table, *, classes: int, first: int) -> list[tuple[str, Column]]:
    """Columns of scores with their names: of each class, or of class 1 of two alone."""
    names = table.names or ()
    wanted = [f"{_RAW}_{index}" for index in range(classes)]
    if all(name in names for name in wanted) and f"{_RAW}_{classes}" not in names:
        return [(name, table.column(name).__getitem__) for name in wanted]
    if _RAW in names:
        return _of_lists(table.column(_RAW), classes=classes, first=first)
    if _SCORE in names and classes == 2:
        return [(_SCORE, table.column(_SCORE).__getitem__)]
    one = f", or {_SCORE} with that of class 1" if classes == 2 else ""
    raise BadInput(
        Problem(
            code="scores.columns",
            where="columns",
            expected=f"{wanted[0]} to {wanted[-1]} with the raw score of each of the {classes} classes{one}",
            found=enumerated(names) or "none",
            fix="write them with `servable predict`, or name the columns so",
        )
    )


def _of_lists(cells: Sequence[Cell], *, classes: int, first: int) -> list[tuple[str, Column]]:
    def score(at: int, index: int) -> Cell:
        cell = cells[at]
        if not (isinstance(cell, list) and len(cell) == classes):
            raise _refused(first + at, _RAW, f"a list of {classes} scores", cell)
        return cell[index]

    return [(_RAW, partial(score, index=index)) for index in range(classes)]


def _score(cell: Cell, record: int, column: str) -> float:
    number = parse_number(cell.strip()) if isinstance(cell, str) else cell
    if isinstance(number, bool) or not (isinstance(number, int | float) and 0 <= number <= 1):
        raise _refused(record, column, "a raw score that is a probability, between 0 and 1", cell)
    return float(number)


def _refused(record: int, column: str, expected: str, cell: Cell) -> BadInput:
    return BadInput(
        Problem(
            code="scores.number",
            where=f'record {record}, column "{column}"',
            expected=expected,
            found="nothing" if cell in (None, ABSENT, "") else shown(cell),
            fix="leave the row out, or mend what scored it",
        )
    )
