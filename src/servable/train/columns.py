"""What the columns of a training table are: label, id, numeric fields, categorical fields."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from servable.errors import BadInput, Problem
from servable.records import ABSENT, Cell, Table
from servable.schema import Field, Kind, Schema, parse_number


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LabelledTable:
    """A table with its labels and the schema of its other columns.

    Attributes:
        table: the rows that have a label.
        schema: fields in the order of the table; numeric where every cell is a number or missing.
        labels: `[n]` class index.
        unlabelled: rows that were left out because their label is missing.
    """

    table: Table
    schema: Schema
    labels: NDArray[np.int64]
    unlabelled: int


def read_columns(
    table: Table, *, label: str, id_column: str | None, categorical: Sequence[str], drop: Sequence[str]
) -> LabelledTable:
    """The columns of a table by their use.

    Args:
        table: named columns.
        label: the column to predict.
        id_column: the column that identifies a row, if there is one; never a field.
        categorical: columns of numbers that are categories all the same.
        drop: columns to leave out.

    Raises:
        BadInput: `train.column` for a name that the table lacks, `train.label` for a label that does
            not have two classes.
    """
    names = table.names or ()
    _require_columns(names)
    for name in (label, *([id_column] if id_column else []), *categorical, *drop):
        if name not in names:
            raise BadInput(
                Problem(
                    code="train.column",
                    where="table",
                    expected=f'a column "{name}"',
                    found=f"the columns {', '.join(names)}",
                    fix="name a column of the table",
                )
            )
    if "id" in names and id_column is None and "id" not in (*drop, *categorical, label):
        raise BadInput(
            Problem(
                code="train.column",
                where='column "id"',
                expected="to be told whether it identifies rows",
                found="no word about it",
                fix="pass `--id id` to echo it beside the scores, or `--drop id`",
            )
        )
    at = names.index(label)
    rows = [row for row in table.rows if row[at] is not None and row[at] is not ABSENT]
    texts = [_label_text(row[at], label) for row in rows]
    classes = _classes(texts, label)
    left_out = {label, id_column, *drop}
    fields = tuple(
        Field(name, _kind([row[index] for row in rows], forced=name in categorical))
        for index, name in enumerate(names)
        if name not in left_out
    )
    return LabelledTable(
        table=Table(names=names, rows=rows),
        schema=Schema(
            fields=fields,
            classes=classes,
            id_name=id_column,
            label_name=label,
            csv_columns=tuple(field.name for field in fields),
        ),
        labels=np.array([classes.index(text) for text in texts], dtype=np.int64),
        unlabelled=len(table) - len(rows),
    )


def _require_columns(names: Sequence[str]) -> None:
    repeated = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if not names or repeated:
        raise BadInput(
            Problem(
                code="train.column",
                where="table",
                expected="rows under columns with names of their own",
                found=f'the column "{repeated[0]}" twice' if repeated else "no rows",
                fix="rename the second one" if repeated else "name a table that holds some",
            )
        )


def _label_text(cell: Cell, label: str) -> str:
    if not isinstance(cell, str | int | float):
        raise BadInput(
            Problem(
                code="train.label",
                where=f'column "{label}"',
                expected="a text or a number in every row",
                found=f"a value of type {type(cell).__name__}",
                fix="write the label as a text or a number",
            )
        )
    return str(cell)


def _classes(texts: Sequence[str], label: str) -> tuple[str, ...]:
    """The classes in sorted order: by value if all are numbers, else by their text."""
    distinct = set(texts)
    by_value = all(map(_is_number, distinct))
    classes = tuple(sorted(distinct, key=lambda text: (float(text) if by_value else 0.0, text)))
    if len(classes) != 2:
        raise BadInput(
            Problem(
                code="train.label",
                where=f'column "{label}"',
                expected="two classes, which is what this version trains",
                found=f"{len(classes)} ({', '.join(classes[:5])}{', ...' if len(classes) > 5 else ''})",
                fix="name another label, or make it two classes",
            )
        )
    return classes


def _kind(cells: Sequence[Cell], *, forced: bool) -> Kind:
    return Kind.CATEGORICAL if forced or not all(map(_is_number, cells)) else Kind.NUMERIC


def _is_number(cell: Cell) -> bool:
    if isinstance(cell, str):
        return not cell.strip() or parse_number(cell.strip()) is not None
    return cell is None or cell is ABSENT or isinstance(cell, int | float)
