"""What the columns of a training table are: label, id, numeric fields, categorical fields."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from servable.datasets import is_missing
from servable.errors import BadInput, Problem
from servable.records import ABSENT, Cell, Table, TextJoin
from servable.schema import FLOAT32_MAX, NETWORK_MAX, Field, Kind, Schema, parse_number
from servable.train.family import require_setting
from servable.wording import enumerated

JOINED_TEXT = "text"
"""The field that several text columns become."""

_SMALLEST_SAMPLE = 100


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LabelledTable:
    """A table with its labels and the schema of its other columns.

    Attributes:
        table: the rows that have a label.
        schema: fields in the order of the table; numeric where every cell is a number or missing.
        labels: `[n]` class index.
        groups: `[n]` the cell by which rows are grouped, or None where there is no such column.
        unlabelled: rows that were left out because their label is missing.
    """

    table: Table
    schema: Schema
    labels: NDArray[np.int64]
    groups: tuple[Cell, ...] | None
    unlabelled: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TableSettings:
    """How the columns of a training table are to be used.

    Attributes:
        label: the column to predict.
        id_column: the column that identifies a row, if there is one; never a field.
        group_column: the column whose rows must stay in one part of the split, as those of one
            customer; never a field.
        text: columns of text; several are joined into the one field `text`.
        categorical: columns of numbers that are categories all the same.
        drop: columns to leave out.
        sample: rows of the training part that are used, drawn by the seed; of the validation rows a
            quarter as many. All of them where it is None.
        smooth_factor: pseudo-rows of a risk table, as a share of all rows.
        count_threshold: rows that a category needs for a bin of its own.
    """

    label: str
    id_column: str | None = None
    group_column: str | None = None
    text: tuple[str, ...] = ()
    categorical: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    sample: int | None = None
    smooth_factor: float = 0.01
    count_threshold: int = 5

    def __post_init__(self) -> None:
        is_good = self.sample is None or self.sample >= _SMALLEST_SAMPLE
        require_setting("sample", self.sample, is_good, f"at least {_SMALLEST_SAMPLE} rows")

    @property
    def text_join(self) -> TextJoin | None:
        """How several text columns become one field."""
        return TextJoin(field=JOINED_TEXT, columns=self.text) if len(self.text) > 1 else None


def read_columns(table: Table, settings: TableSettings) -> LabelledTable:
    """The columns of a table by their use.

    Raises:
        BadInput: `train.column` for a name that the table lacks, `train.label` for a label that does
            not have two classes.
    """
    _require_named(table, settings)
    if settings.text_join is not None:
        table = settings.text_join.apply(table)
    names, label = table.names or (), settings.label
    at = names.index(label)
    rows = [row for row in table.rows if not is_missing(row[at])]
    texts = [_label_text(row[at], label) for row in rows]
    classes = _classes(texts, label)
    left_out = {label, settings.id_column, settings.group_column, *settings.drop}
    fields = tuple(
        Field(name, _kind(name, [row[index] for row in rows], settings))
        for index, name in enumerate(names)
        if name not in left_out
    )
    groups = None
    if settings.group_column is not None:
        group_at = names.index(settings.group_column)
        groups = tuple(row[group_at] for row in rows)
    return LabelledTable(
        table=Table(names=names, rows=rows),
        schema=Schema(
            fields=fields,
            classes=classes,
            id_name=settings.id_column,
            label_name=label,
            csv_columns=tuple(field.name for field in fields),
            number_limit=NETWORK_MAX if settings.text else FLOAT32_MAX,
        ),
        labels=np.array([classes.index(text) for text in texts], dtype=np.int64),
        groups=groups,
        unlabelled=len(table) - len(rows),
    )


def _require_named(table: Table, settings: TableSettings) -> None:
    """Nothing, if the table has every column that the settings name, each once."""
    names = table.names or ()
    _require_columns(names)
    used = filter(None, (settings.label, settings.id_column, settings.group_column))
    for name in (*used, *settings.text, *settings.categorical, *settings.drop):
        if name not in names:
            raise BadInput(
                Problem(
                    code="train.column",
                    where="table",
                    expected=f'a column "{name}"',
                    found=f"the columns {enumerated(names)}",
                    fix="name a column of the table",
                )
            )
    _require_texts_of_their_own(settings)
    named = (settings.group_column, *settings.drop, *settings.categorical, *settings.text, settings.label)
    if "id" in names and settings.id_column is None and "id" not in named:
        raise BadInput(
            Problem(
                code="train.column",
                where='column "id"',
                expected="to be told whether it identifies rows",
                found="no word about it",
                fix="pass `--id id` to echo it beside the scores, or `--drop id`",
            )
        )
    if settings.text_join is not None and JOINED_TEXT in names and JOINED_TEXT not in settings.text:
        raise BadInput(
            Problem(
                code="train.column",
                where=f'column "{JOINED_TEXT}"',
                expected="no column of this name beside the text columns, which are joined under it",
                found="one",
                fix="name it with `--text` too, or give it another name",
            )
        )


def _require_texts_of_their_own(settings: TableSettings) -> None:
    """Nothing, if a column of text is named for nothing else: joined, it would be gone, or in two places."""
    uses = (
        ("--label", (settings.label,)),
        ("--id", (settings.id_column,)),
        ("--group", (settings.group_column,)),
        ("--categorical", settings.categorical),
        ("--drop", settings.drop),
    )
    for name in settings.text:
        others = [option for option, columns in uses if name in columns]
        others += ["--text"] * (settings.text.count(name) - 1)
        if others:
            raise BadInput(
                Problem(
                    code="train.column",
                    where=f'column "{name}"',
                    expected="a column of text to be named once",
                    found=f"`--text` and `{others[0]}`",
                    fix="name it once",
                )
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
                found=f"{len(classes)} ({enumerated(classes)})",
                fix="name another label, or make it two classes",
            )
        )
    return classes


def _kind(name: str, cells: Sequence[Cell], settings: TableSettings) -> Kind:
    if name in settings.text or (settings.text_join is not None and name == JOINED_TEXT):
        return Kind.TEXT
    is_category = name in settings.categorical or not all(map(_is_number, cells))
    return Kind.CATEGORICAL if is_category else Kind.NUMERIC


def _is_number(cell: Cell) -> bool:
    if isinstance(cell, str):
        return not cell.strip() or parse_number(cell.strip()) is not None
    return cell is None or cell is ABSENT or isinstance(cell, int | float)
