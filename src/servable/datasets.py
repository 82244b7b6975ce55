"""Tables in files as a model reads them: records, block by block, and their labels where they are wanted.

Columns that training joined into its text field are joined again, so that the table that a model was
trained on can be scored as it is.
"""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from servable.artifact import Artifact
from servable.codecs import read_table_blocks
from servable.errors import BadInput, Problem, shown
from servable.records import ABSENT, Cell, Records, Table, TextJoin
from servable.wording import enumerated

_WHOLE: Final = re.compile(r"(-?[0-9]+)\.0+", re.ASCII)

NO_CLASS: Final = -1
"""In the place of a class index: there is no label, or it names no class."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Block:
    """Some rows of a table that follow one another.

    Attributes:
        first: number of the first one, counted from 0 within the file.
        source: their cells as they came.
        table: the same; the text field in the place of the columns it is joined of.
        records: the same, bound to the schema.
    """

    first: int
    source: Table
    table: Table
    records: Records

    def __len__(self) -> int:
        return len(self.records)

    @property
    def rows(self) -> NDArray[np.int64]:
        """`[n]` their numbers in the file."""
        return self.first + np.arange(len(self))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LabelledBlock:
    """Rows of a table that have a label.

    Attributes:
        rows: `[n]` their numbers, counted from 0 within the file.
        label: name of the column of the labels.
        table: their cells, the label's among them.
        records: the same, bound to the schema.
        labels: `[n]` class index.
        unlabelled: rows among and behind them that were left out because their label is missing.
    """

    rows: NDArray[np.int64]
    label: str
    table: Table
    records: Records
    labels: NDArray[np.int64]
    unlabelled: int

    def __len__(self) -> int:
        return len(self.records)


def read_blocks(path: Path, artifact: Artifact) -> Iterator[Block]:
    """The rows of a CSV, NDJSON, JSON or Parquet file in blocks of at most 4,096.

    The first row of a CSV file is a header if it holds the name of every field, in any order; otherwise
    its columns are those of the artifact.

    Raises:
        NotFound, BadInput: naming file, record (counted from 0 within the file) and field.
    """
    return _blocks(path, artifact, _headers(artifact))


def read_named_blocks(path: Path, artifact: Artifact) -> Iterator[Block]:
    """The same of a file whose columns have names; the first row of a CSV file is its header."""
    return _blocks(path, artifact, [frozenset()])


def read_labelled_blocks(
    path: Path, artifact: Artifact, *, label: str | None = None, columns: Sequence[str] = ()
) -> Iterator[LabelledBlock]:
    """The labelled rows of a file whose columns have names.

    A label is the name of a class; where all names are whole numbers, `1`, `1.0` and true are one.

    Args:
        path: .csv with a header, .ndjson, .json or .parquet.
        artifact: whose schema the rows must fit.
        label: column of the labels.  [default: the one that training predicted]
        columns: other columns that the table must have.

    Raises:
        NotFound, BadInput: `table.label` for a column that is not there, or twice, or a label that names
            no class, `table.column` for another column that is not there, or twice.
    """
    named = label_column(path, artifact, label)
    for block in read_named_blocks(path, artifact):
        require_label(path, block.table, named)
        for column in columns:
            _require_column(path, block.table, column)
        try:
            yield _labelled(block, named, artifact.schema.classes)
        except BadInput as error:
            raise error.inside(path.name) from error


def class_indices(cells: Sequence[Cell], classes: Sequence[str]) -> NDArray[np.int64]:
    """`[n]` class index of each label, `NO_CLASS` for one that is missing or names no class."""
    index = {name: number for number, name in enumerate(classes)}
    return np.array(
        [
            NO_CLASS if is_missing(cell) else index.get(str(cell), index.get(_whole(cell), NO_CLASS))
            for cell in cells
        ],
        dtype=np.int64,
    )


def label_column(path: Path, artifact: Artifact, label: str | None = None) -> str:
    """The column of a file's labels: the one that is named, else the one that training predicted.

    Raises:
        BadInput: `table.label` if neither is known.
    """
    named = label or artifact.schema.label_name
    if named is None:
        raise _refusal(
            "table.label",
            path.name,
            "to be told which column holds the label, since the artifact names none",
            "no word about it",
            "pass `--label`",
        )
    return named


def require_label(path: Path, table: Table, label: str) -> None:
    """Nothing, if a table of a file has the column of the labels, and has it once.

    Raises:
        BadInput: `table.label`.
    """
    _require_column(path, table, label, is_label=True)


def labels_of(
    cells: Sequence[Cell], classes: Sequence[str], *, label: str, first_record: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Places of the cells that hold a label, and their class indices, both `[n]`.

    Args:
        cells: of the column of the labels.
        classes: their names.
        label: name of the column, for errors.
        first_record: number of the first cell's record in its file, for errors.

    Raises:
        BadInput: `table.label` for a label that names no class.
    """
    labels = class_indices(cells, classes)
    kept = np.array([at for at, cell in enumerate(cells) if not is_missing(cell)], dtype=np.int64)
    unknown = kept[labels[kept] == NO_CLASS]
    if len(unknown):
        at = int(unknown[0])
        raise _refusal(
            "table.label",
            f'record {first_record + at}, column "{label}"',
            f"one of the model's classes, {enumerated(classes)}",
            shown(cells[at]),
            "write the label as the model names it, or leave it empty",
        )
    return kept, labels[kept]


def block_of(source: Table, artifact: Artifact, *, first: int = 0) -> Block:
    """A table that has been read, as a model reads it.

    Args:
        source: its cells.
        artifact: whose schema the rows must fit.
        first: number of the first row in its file, for errors.

    Raises:
        BadInput: naming record and field.
    """
    join = artifact.text_join
    table = source if join is None else _joined(source, join, first_record=first)
    records = artifact.schema.bind(table, first_record=first)
    if skipped := records.skipped_headers:
        source, table = (Table(names=each.names, rows=each.rows[skipped:]) for each in (source, table))
    return Block(first=first, source=source, table=table, records=records)


def _blocks(path: Path, artifact: Artifact, headers: Sequence[frozenset[str]]) -> Iterator[Block]:
    seen = 0
    for read in read_table_blocks(path, headers=headers):
        if not seen:
            _require_meant(path, read, artifact)
        try:
            block = block_of(read, artifact, first=seen)
        except BadInput as error:
            raise error.inside(path.name) from error
        yield block
        seen += len(block)


def _headers(artifact: Artifact) -> list[frozenset[str]]:
    """The columns that a table of records must have, one set or another."""
    required, join = frozenset(artifact.schema.names()), artifact.text_join
    joined = [] if join is None else [required - {join.field} | set(join.columns)]
    return [required, *joined]


def _require_meant(path: Path, table: Table, artifact: Artifact) -> None:
    """Refuses a CSV file whose first row is a record and is read as a header, or the other way round."""
    headers, schema = _headers(artifact), artifact.schema
    fields = frozenset[str]().union(*headers)
    if table.names is not None:
        is_csv = path.name.lower().removesuffix(".gz").endswith(".csv")
        if is_csv and fields and fields.isdisjoint(table.names):
            raise _refusal(
                "table.header",
                path.name,
                f"a first row with the names of the columns, among them {enumerated(schema.names())}",
                "none of these names in the first row, which was read as the header",
                "write the names of the columns above the first record",
            )
        return
    first = {cell for row in table.rows[:1] for cell in row if isinstance(cell, str)}
    names = sorted(first & (fields | {schema.label_name, schema.id_name}))
    if names:
        missing = min((sorted(header - first) for header in headers), key=len)
        raise _refusal(
            "table.header",
            path.name,
            "a header with every field, or none",
            f"a first row with the column {enumerated(names)} and without {enumerated(missing)}",
            "add the columns that are missing, or take the header away",
        )


def _joined(table: Table, join: TextJoin, *, first_record: int) -> Table:
    """The table with the columns of the text joined, where it has them; each must stand in every record."""
    if not join.fits(table):
        return table
    names = table.names or ()
    at = [(names.index(column), column) for column in join.columns]
    problems = [
        Problem(
            code="request.missing-field",
            where=f'record {number}, column "{column}"',
            expected=f'every column of the field "{join.field}" to be present',
            found="no such key",
            fix="add it, with null if the value is missing",
        )
        for number, row in enumerate(table.rows, start=first_record)
        for index, column in at
        if row[index] is ABSENT
    ]
    if problems:
        raise BadInput(problems)
    return join.apply(table)


def _labelled(block: Block, label: str, classes: Sequence[str]) -> LabelledBlock:
    cells = block.table.column(label)
    rows, labels = labels_of(cells, classes, label=label, first_record=block.first)
    return LabelledBlock(
        rows=rows + block.first,
        label=label,
        table=Table(names=block.table.names, rows=[block.table.rows[at] for at in rows.tolist()]),
        records=block.records.take(rows),
        labels=labels,
        unlabelled=len(cells) - len(rows),
    )


def is_missing(cell: Cell) -> bool:
    """Whether a cell holds nothing: none, an empty one, or a number that is none."""
    return cell is None or cell is ABSENT or cell == "" or (isinstance(cell, float) and math.isnan(cell))


def _whole(cell: Cell) -> str:
    """A label that spells a whole number without its decimals, true and false as 1 and 0."""
    text = str(int(cell)) if isinstance(cell, bool) else str(cell)
    whole = _WHOLE.fullmatch(text)
    return whole[1] if whole else text


def _require_column(path: Path, table: Table, column: str, *, is_label: bool = False) -> None:
    names = table.names or ()
    times = names.count(column)
    if times == 1:
        return
    raise _refusal(
        "table.label" if is_label else "table.column",
        path.name,
        f'{"one" if times else "a"} column "{column}"{", which holds the label" if is_label else ""}',
        f"{times} of this name" if times else f"the columns {enumerated(names)}",
        "give each a name of its own"
        if times
        else f"{'pass `--label` or ' if is_label else ''}name a column of the table",
    )


def _refusal(code: str, where: str, expected: str, found: str, fix: str) -> BadInput:
    return BadInput(Problem(code=code, where=where, expected=expected, found=found, fix=fix))
