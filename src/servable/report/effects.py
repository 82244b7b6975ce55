"""What each of several things adds to a score or takes from it: bars on both sides of zero."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from servable.report.finite import require_finite
from servable.report.markup import Markup
from servable.report.numbers import signed
from servable.report.rows import MARGIN, Span, bar, frame, name_at, value_at

_ROW: Final = 30
_THICK: Final = 14
_RIGHT, _VALUES = 570.0, 714.0
_FOOT: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """A signed value under its name.

    Attributes:
        name: of a field, for instance.
        value: by how much.
        low: lower end of its interval, or None.
        high: upper end, or None.
    """

    name: str
    value: float
    low: float | None = None
    high: float | None = None


def effect_bars(
    rows: Sequence[Effect], *, name: str, title: str, written: Callable[[float], str] = signed
) -> Markup:
    """A bar for each effect, from 0 to the right or to the left, its interval on it, its number behind.

    Bars to the right have the mark `rise` in a legend, those to the left `fall`, intervals `whisker`.

    Args:
        rows: at least one; from top to bottom.
        name: of the figure, of its own on a page.
        title: what the figure is.
        written: how a value reads; `significant` for sizes, which have no sign.
    """
    require_finite(title, *(end for row in rows for end in (row.value, row.low, row.high)))
    ends = [end for row in rows for end in (row.value, row.low, row.high) if end is not None]
    span = Span.of(ends, right=_RIGHT)
    height = 2 * MARGIN + _ROW * len(rows)
    layers = [_zero(span, height)]
    layers += [_row(row, MARGIN + place * _ROW, span, written) for place, row in enumerate(rows)]
    said = ", ".join(_said(row, written) for row in rows)
    return frame(layers, height=height, name=name, title=title, description=f"{said}.")


def _row(row: Effect, top: float, span: Span, written: Callable[[float], str]) -> Markup:
    mark = "fall" if row.value < 0.0 else "rise"
    middle = top + _ROW / 2
    return (
        bar(span, row.value, top=middle - _THICK / 2, thick=_THICK, mark=mark)
        + _interval(row, middle, span)
        + name_at(middle + 5, row.name)
        + value_at(_VALUES, middle + 5, written(row.value), mark="value end")
    )


def _interval(row: Effect, middle: float, span: Span) -> Markup:
    if row.low is None or row.high is None:
        return Markup("")
    left, right = span.place(row.low), span.place(row.high)
    foot = f"v{2 * _FOOT}m0 -{_FOOT}"
    return Markup('<path class="whisker" d="M{:.1f} {:g}{}H{:.1f}m0 -{}v{}"/>').format(
        left, middle - _FOOT, foot, right, _FOOT, 2 * _FOOT
    )


def _zero(span: Span, height: float) -> Markup:
    return Markup('<path class="zero" d="M{:.1f} {:g}V{:g}"/>').format(
        span.place(0.0), MARGIN / 2, height - MARGIN / 2
    )


def _said(row: Effect, written: Callable[[float], str]) -> str:
    said = f"{row.name} {written(row.value)}"
    if row.low is None or row.high is None:
        return said
    return f"{said} (from {written(row.low)} to {written(row.high)})"
