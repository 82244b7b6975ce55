"""Named values as horizontal bars, with a line at the value to hold them against."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from servable.report.markup import Markup
from servable.report.numbers import significant
from servable.report.rows import MARGIN, Span, bar, frame, name_at, value_at

_ROW: Final = 30
_THICK: Final = 14
_RIGHT: Final = 612.0
_DIGITS: Final = 8


@dataclass(frozen=True, slots=True)
class Bar:
    """A value under its name."""

    name: str
    value: float


def bars(rows: Sequence[Bar], *, reference: float | None, name: str, title: str) -> Markup:
    """A bar for each value, from 0 to it, with the number behind; a dashed line at the reference.

    Args:
        rows: at least one; from top to bottom.
        reference: what they are held against, or None.
        name: of the figure, of its own on a page.
        title: what the figure is.
    """
    values = [*(row.value for row in rows), *([] if reference is None else [reference])]
    span = Span.of(values, right=_RIGHT)
    height = 2 * MARGIN + _ROW * len(rows)
    said = ", ".join(f"{row.name} {significant(row.value)}" for row in rows)
    tops = [MARGIN + place * _ROW for place in range(len(rows))]
    drawn = [
        bar(span, row.value, top=top + (_ROW - _THICK) / 2, thick=_THICK, mark="bar")
        for row, top in zip(rows, tops, strict=True)
    ]
    words = [_words(row, top + _ROW / 2 + 5, span) for row, top in zip(rows, tops, strict=True)]
    # numbers last, because the line of the reference may go through where they stand
    layers = [*drawn, _reference(reference, span, height), *words]
    return frame(layers, height=height, name=name, title=title, description=f"{said}.")


def _words(row: Bar, line: float, span: Span) -> Markup:
    behind = max(span.place(0.0), span.place(row.value)) + 8
    return name_at(line, row.name) + value_at(behind, line, _short(row.value))


def _short(value: float) -> str:
    text = significant(value)
    return text if len(text) <= _DIGITS else f"{value:.1e}".replace("-", "\N{MINUS SIGN}")


def _reference(value: float | None, span: Span, height: int) -> Markup:
    if value is None:
        return Markup("")
    return Markup('<path class="planned" d="M{:.1f} {:g}V{:g}"/>').format(
        span.place(value), MARGIN / 2, height - MARGIN / 2
    )
