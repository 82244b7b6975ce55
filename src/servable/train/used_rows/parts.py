"""Which part of the split each row of a table belongs to, by the rule that a training wrote down."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from servable.artifact import Artifact
from servable.codecs import read_table_blocks
from servable.datasets import LabelledBlock, is_missing, require_label
from servable.errors import BadInput, Problem
from servable.records import ABSENT, Table
from servable.train.split import BY_ROW_NUMBER, SPLIT_RULE, Part, parts_at, positions
from servable.train.used_rows.recorded_facts import RecordedFacts
from servable.wording import enumerated

NO_PART: Final = ""
"""In the place of a part: the row has no label where training looked for one, and had no number there."""

_OTHERWISE: Final = "leave `--part` out, or cut the table by yourself"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedSplit:
    """How a training decided what each row of its table was for.

    Attributes:
        sha256: of the table's file.
        key: the column by which rows were split; None for the row's number among those with a label.
        is_sampled: whether only some rows of the parts that a model is fitted on were used.
        is_older: whether the training wrote "row number" for none, which a column may also be called.
    """

    sha256: str
    key: str | None
    is_sampled: bool
    is_older: bool = False

    @classmethod
    def of(cls, artifact: Artifact) -> Self | None:
        """The split that an artifact's training wrote down; None if it wrote none that is known here."""
        facts = RecordedFacts.of(artifact)
        if facts.data is None or facts.split is None or facts.split.rule != SPLIT_RULE:
            return None
        key = facts.split.key
        is_older = key == BY_ROW_NUMBER and artifact.schema.id_name != BY_ROW_NUMBER
        return cls(
            sha256=facts.data.sha256,
            key=None if is_older else key,
            is_sampled=facts.split.sample is not None,
            is_older=is_older,
        )

    def key_in(self, columns: Sequence[str]) -> str | None:
        """The column of the keys in a table with these columns; None for row numbers."""
        return BY_ROW_NUMBER if self.is_older and BY_ROW_NUMBER in columns else self.key


def sha256_of(path: Path) -> str | None:
    """The digest of a file, in hexadecimal; None if there is none, which its readers refuse."""
    if not path.is_file():
        return None
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def parts_of(
    path: Path, artifact: Artifact, blocks: Iterable[LabelledBlock]
) -> Iterator[tuple[LabelledBlock, NDArray[np.str_]]]:
    """Each block with `[n]` parts of its rows, values of `Part`, or `NO_PART`.

    Args:
        path: the file of the blocks.
        artifact: whose training wrote its split down.
        blocks: all labelled rows of the file, in order.

    Raises:
        BadInput: `split.unknown` if the artifact does not say how rows were split, or splits by their
            number and the file is not the one that it was trained on; `table.column` if the file lacks
            the column by which they were; `train.id` for a row without a value there.
    """
    split = RecordedSplit.of(artifact)
    if split is None:
        raise _unknown("a model whose training wrote down how it split its rows", "nothing about it")
    return _parts_of(path, artifact, split, blocks)


def rows_of_part(
    path: Path, artifact: Artifact, blocks: Iterable[LabelledBlock], *, part: Part
) -> Iterator[LabelledBlock]:
    """The rows of one part; blocks without any are left out.

    Raises:
        BadInput: see `parts_of`.
    """
    return (
        _taken(block, np.flatnonzero(parts == part))
        for block, parts in parts_of(path, artifact, blocks)
        if (parts == part).any()
    )


def _parts_of(
    path: Path, artifact: Artifact, split: RecordedSplit, blocks: Iterable[LabelledBlock]
) -> Iterator[tuple[LabelledBlock, NDArray[np.str_]]]:
    numbers: NDArray[np.int64] | None = None
    for block in blocks:
        key = split.key_in(block.table.names or ())
        if key is not None:
            yield block, parts_at(positions(_keys(path, block, key)))
            continue
        if numbers is None:
            numbers = _numbers(path, split, artifact.schema.label_name or block.label)
        yield block, _parts_by_number(numbers[block.rows])


def _parts_by_number(numbers: NDArray[np.int64]) -> NDArray[np.str_]:
    parts = np.full(len(numbers), NO_PART, dtype=f"<U{max(map(len, Part))}")
    is_known = numbers >= 0
    parts[is_known] = parts_at(positions(numbers[is_known].tolist()))
    return parts


def _numbers(path: Path, split: RecordedSplit, label: str) -> NDArray[np.int64]:
    """The number of each row of the file among those that training had; -1 of one without its label."""
    if sha256_of(path) not in (split.sha256, None):
        expected = "the file that the model was trained on, since its rows were split by their number"
        raise _unknown(expected, f"another one, {path.name}")
    found: list[bool] = []
    for table in read_table_blocks(path, headers=[frozenset()]):
        require_label(path, table, label)
        found += [not is_missing(cell) for cell in table.column(label)]
    is_known = np.array(found, dtype=np.bool_)
    return np.where(is_known, is_known.cumsum() - 1, -1)


def _keys(path: Path, block: LabelledBlock, key: str) -> list[object]:
    names = block.table.names or ()
    if key not in names:
        raise BadInput(
            Problem(
                code="table.column",
                where=path.name,
                expected=f'the column "{key}", by which training split its rows',
                found=f"the columns {enumerated(names)}",
                fix=_OTHERWISE,
            )
        )
    keys = block.table.column(key)
    for row, cell in zip(block.rows.tolist(), keys, strict=True):
        if cell is None or cell is ABSENT:
            raise BadInput(
                Problem(
                    code="train.id",
                    where=f'{path.name}, record {row}, column "{key}"',
                    expected="a value by which to decide what the row is for",
                    found="none",
                    fix=f"write one in every row, or {_OTHERWISE}",
                )
            )
    return keys


def _taken(block: LabelledBlock, at: NDArray[np.int64]) -> LabelledBlock:
    return replace(
        block,
        rows=block.rows[at],
        table=Table(names=block.table.names, rows=[block.table.rows[row] for row in at.tolist()]),
        records=block.records.take(at),
        labels=block.labels[at],
    )


def _unknown(expected: str, found: str) -> BadInput:
    return BadInput(
        Problem(code="split.unknown", where="--part", expected=expected, found=found, fix=_OTHERWISE)
    )
