"""Signs that a table gives its label away: a column that knows it, texts on both sides of the split.

A warning is no proof: only who made the table knows when a column is filled in. What is looked for
is what makes figures on the test rows better than those of a served model will be.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from servable.metrics import auc
from servable.preprocess import fit_imputation, fit_risk_table
from servable.records import FloatArray, Records
from servable.schema import Field, Kind, Schema
from servable.train.split import Part

SUSPICIOUS_AUC = 0.95
"""What one column alone seldom reaches unless it knows the label."""

SUSPICIOUS_SHARE = 0.01
"""Some short texts always repeat; below this share they cannot move a figure by much."""

# Of the check's own risk tables: a looser setting of the model must not hide a leak, nor make one.
_SMOOTH_FACTOR = 0.01
_COUNT_THRESHOLD = 5


def find_warnings(
    records: Records,
    schema: Schema,
    labels: NDArray[np.int64],
    parts: Mapping[Part, NDArray[np.int64]],
    *,
    group_column: str | None = None,
) -> tuple[str, ...]:
    """Sentences about what makes figures on the test rows look better than they are.

    For each column one at most: that "is missing" alone reaches an AUC of 0.95, or that its value
    does. Numbers are taken as they are, the missing ones at the median; categories at their risk,
    fitted on the training rows and measured on the others, so that ids, which never repeat, tell
    nothing. The value of a text is not tested. Then, for each text column, how many texts of the
    other parts also stand in the training rows, from 1 % on.

    Args:
        records: typed columns of n rows.
        schema: their fields.
        labels: `[n]` 0 or 1.
        parts: row numbers of each part of the split; training rows beside all others.
        group_column: the column whose rows were kept in one part, if there is one.
    """
    table = _Table(
        records=records,
        labels=labels,
        train=parts[Part.TRAIN],
        others=np.concatenate([parts[part] for part in Part if part is not Part.TRAIN]),
    )
    found = [_missing_leak(table, field) or _value_leak(table, field) for field in schema.fields]
    found += [_repeated_texts(table, name, group_column) for name in schema.names(Kind.TEXT)]
    return tuple(sentence for sentence in found if sentence is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Table:
    """A table whose rows are for training or for something else."""

    records: Records
    labels: NDArray[np.int64]
    train: NDArray[np.int64]
    others: NDArray[np.int64]

    @property
    def rows(self) -> NDArray[np.int64]:
        return np.concatenate([self.train, self.others])


def _missing_leak(table: _Table, field: Field) -> str | None:
    is_missing = _is_missing(table.records, field)[table.rows]
    found = _either_way(_auc(is_missing.astype(np.float64), table.labels[table.rows]))
    if found < SUSPICIOUS_AUC:
        return None
    return (
        f'whether column "{field.name}" is missing tells the classes apart by itself, with an AUC of '
        f"{found:.3f} on {len(table.rows):,} rows; drop the column if it is filled in, or emptied, only "
        "when the label is known"
    )


def _is_missing(records: Records, field: Field) -> NDArray[np.bool_]:
    column = records.columns[field.name]
    if field.kind is Kind.NUMERIC:
        return np.isnan(column.astype(np.float64, copy=False))
    if field.kind is Kind.TEXT:  # a blank text has no more words than a missing one
        return np.array([not (text or "").strip() for text in column.tolist()], dtype=np.bool_)
    return np.array([category is None for category in column.tolist()], dtype=np.bool_)


def _value_leak(table: _Table, field: Field) -> str | None:
    column = table.records.columns[field.name]
    if field.kind is Kind.TEXT:
        return None
    if field.kind is Kind.NUMERIC:
        rows = table.rows
        values = np.where(np.isnan(column), fit_imputation(column[table.train]), column)[rows]
        found = _either_way(_auc(values, table.labels[rows]))
    else:
        rows = table.others
        found = _auc(_risks(table, field.name), table.labels[rows])
    if found < SUSPICIOUS_AUC:
        return None
    return (
        f'column "{field.name}" tells the classes apart by itself, with an AUC of {found:.3f} on '
        f"{len(rows):,} rows; drop it if its value is known only when the label is"
    )


def _risks(table: _Table, name: str) -> FloatArray:
    """Of the rows that are not for training: the share of class 1 among training rows of their category."""
    column = table.records.columns[name]
    if not len(table.train):
        return np.zeros(len(table.others))
    risks = fit_risk_table(
        column[table.train],
        table.labels[table.train].astype(np.float64),
        smooth_factor=_SMOOTH_FACTOR,
        count_threshold=_COUNT_THRESHOLD,
    )
    return np.array(risks.apply(column[table.others]))


def _auc(values: FloatArray, labels: NDArray[np.int64]) -> float:
    """The AUC, or 0.5, which says nothing, where a class has no row."""
    return auc(values, labels) if 0 < labels.sum() < len(labels) else 0.5


def _either_way(area: float) -> float:
    return max(area, 1.0 - area)


def _repeated_texts(table: _Table, name: str, group_column: str | None) -> str | None:
    column = table.records.columns[name]
    train = set(map(_folded, column[table.train].tolist()))
    others = [text for text in map(_folded, column[table.others].tolist()) if text]
    repeated = sum(text in train for text in others)
    if not repeated or repeated < SUSPICIOUS_SHARE * len(others):
        return None
    advice = (
        "if rows with one text have one owner, name its column as the group column"
        if group_column is None
        else f'grouping by "{group_column}" does not keep them together, so look for a better group column'
    )
    return (
        f'column "{name}": {repeated:,} of {len(others):,} texts outside the training rows '
        f"({repeated / len(others):.1%}) are also among the training rows, where a model can learn them "
        f"by heart; {advice}"
    )


def _folded(text: str | None) -> str:
    return " ".join((text or "").lower().split())
