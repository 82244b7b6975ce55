"""Rows of a table for a profile, those that training used told from those that it did not."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from servable.datasets import NO_CLASS
from servable.profile import Rows
from servable.training_rows import TrainingRows


def marked_rows(table: Iterable[Rows], known: TrainingRows | None, *, classes: int) -> Iterator[Rows]:
    """The same rows; those that training may have used are marked as fitted.

    Args:
        table: blocks of rows.
        known: what is remembered of the rows that training used; None for nothing.
        classes: how many the model has. A row without a label was used if it was used with any.
    """
    for rows in table:
        if known is None:
            yield rows
            continue
        is_used = _are_used(rows, known, classes)
        for is_fitted in (True, False):
            at = np.flatnonzero(is_used == is_fitted)
            if len(at):
                yield replace(rows.take(at), is_fitted=is_fitted)


def _are_used(rows: Rows, known: TrainingRows, classes: int) -> NDArray[np.bool_]:
    n = len(rows.records)
    labels = np.full(n, NO_CLASS) if rows.labels is None else rows.labels
    is_used = known.may_have_used(rows.records, labels)
    unlabelled = np.flatnonzero(labels == NO_CLASS)
    if len(unlabelled):
        records = rows.records.take(unlabelled)
        each = [known.may_have_used(records, np.full(len(unlabelled), number)) for number in range(classes)]
        is_used[unlabelled] = np.any(each, axis=0)
    return is_used
