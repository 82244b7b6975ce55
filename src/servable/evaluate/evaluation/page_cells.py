"""Cells of an evaluation's page: a number as a person reads it, with all its digits behind."""

from collections.abc import Callable
from typing import Final

from servable.evaluate.cells import NOTHING
from servable.evaluate.evaluation.answers import Shares
from servable.metrics import TOO_FEW_ROWS, Estimate
from servable.report import Cell, Tone, share, significant

SHARE_TITLES: Final = ("Precision", "Recall", "Specificity", "F1")
BIAS_TITLE: Final = "Score \N{MINUS SIGN} share"

Row = tuple[Cell, ...]
Said = Callable[[float], str]
"""How a number is written."""


def estimate_cell(
    found: Estimate | None, *, said: Said = significant, note: str = "", tone: Tone = Tone.PLAIN
) -> Cell:
    """A figure with its interval below; a dash for none."""
    if found is None:
        return NOTHING
    if found.low is None or found.high is None:
        interval = TOO_FEW_ROWS
    else:
        interval = f"{said(found.low)} to {said(found.high)}"
    note = f"{interval}, {note}" if note else interval
    return Cell(text=said(found.value), value=found.value, note=note, tone=tone)


def value_cell(value: float | None, *, said: Said = significant) -> Cell:
    """A number; a dash for none."""
    return NOTHING if value is None else Cell(text=said(value), value=value)


def share_cells(found: Shares) -> Row:
    """Precision, recall, specificity and F1."""
    return tuple(
        value_cell(one, said=share) for one in (found.precision, found.recall, found.specificity, found.f1)
    )
