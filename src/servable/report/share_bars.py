"""Shares of categories, each twice: as they were, and as they are now."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from servable.report.finite import require_finite
from servable.report.markup import Markup
from servable.report.numbers import share
from servable.report.rows import MARGIN, Span, bar, frame, name_at, value_at

_ROW: Final = 58
_THICK: Final = 16
_APART: Final = 24
_RIGHT: Final = 612.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SharePair:
    """Two shares of one category.

    Attributes:
        name: of the category.
        baseline: its share as it was, in [0, 1].
        fresh: its share now.
    """

    name: str
    baseline: float
    fresh: float


def share_bars(rows: Sequence[SharePair], *, labels: tuple[str, str], name: str, title: str) -> Markup:
    """Two bars for each category, one below the other, with their percentages behind.

    The upper bars have the mark `base` in a legend, the lower ones `bar`.

    Args:
        rows: at least one; from top to bottom.
        labels: of the upper and the lower bars, as in the legend: `("baseline", "fresh")`.
        name: of the figure, of its own on a page.
        title: what the figure is.
    """
    require_finite(title, *(end for row in rows for end in (row.baseline, row.fresh)))
    span = Span.of([end for row in rows for end in (row.baseline, row.fresh)], right=_RIGHT)
    layers = [_row(row, MARGIN + place * _ROW, span) for place, row in enumerate(rows)]
    said = "; ".join(
        f"{row.name}: {labels[0]} {share(row.baseline)}, {labels[1]} {share(row.fresh)}" for row in rows
    )
    height = 2 * MARGIN + _ROW * len(rows)
    return frame(layers, height=height, name=name, title=title, description=f"{said}.")


def _row(row: SharePair, top: float, span: Span) -> Markup:
    middle = top + _ROW / 2
    upper, lower = middle - _APART / 2, middle + _APART / 2
    return Markup("").join(
        [
            bar(span, row.baseline, top=upper - _THICK / 2, thick=_THICK, mark="base"),
            bar(span, row.fresh, top=lower - _THICK / 2, thick=_THICK, mark="bar"),
            name_at(middle + 5, row.name),
            value_at(span.place(row.baseline) + 8, upper + 5, share(row.baseline)),
            value_at(span.place(row.fresh) + 8, lower + 5, share(row.fresh)),
        ]
    )
