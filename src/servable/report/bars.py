"""Named values as horizontal bars, with a line at the value to hold them against."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from servable.report.markup import Markup
from servable.report.numbers import significant
from servable.report.svg import WIDTH
from servable.report.visible import visible

_ROW: Final = 30
_THICK: Final = 14
_MARGIN: Final = 6
_NAMES: Final = 232.0
_LEFT, _RIGHT = 244.0, 612.0
_LETTERS: Final = 20.0
_DIGITS: Final = 8
_BROAD: Final = frozenset("mwMW@%&")


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
    scale = _Scale.of(values)
    height = 2 * _MARGIN + _ROW * len(rows)
    said = ", ".join(f"{visible(row.name)} {significant(row.value)}" for row in rows)
    head = Markup(
        '<svg class="plot" viewBox="0 0 {} {}" role="img" aria-labelledby="{}-title {}-desc">'
        '<title id="{}-title">{}</title><desc id="{}-desc">{}.</desc>'
    ).format(WIDTH, height, name, name, name, visible(title), name, said)
    drawn = [_bar(row, place, scale) for place, row in enumerate(rows)]
    words = [_words(row, place, scale) for place, row in enumerate(rows)]
    # numbers last, because the line of the reference may go through where they stand
    layers = Markup("").join([*drawn, _reference(reference, scale, height), *words])
    return head + layers + Markup("</svg>")


@dataclass(frozen=True, slots=True)
class _Scale:
    """From values to places; halves are subtracted, because a whole difference might be infinite."""

    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "_Scale":
        low, high = min(0.0, *values), max(0.0, *values)
        return cls(low, high if high > low else low + 1.0)

    def place(self, value: float) -> float:
        part = (value / 2 - self.low / 2) / (self.high / 2 - self.low / 2)
        return _LEFT + part * (_RIGHT - _LEFT)


def _bar(row: Bar, place: int, scale: _Scale) -> Markup:
    zero, end = scale.place(0.0), scale.place(row.value)
    return Markup('<rect class="bar" x="{:.1f}" y="{:g}" width="{:.1f}" height="{:g}"/>').format(
        min(zero, end), _MARGIN + place * _ROW + (_ROW - _THICK) / 2, max(1.0, abs(end - zero)), _THICK
    )


def _words(row: Bar, place: int, scale: _Scale) -> Markup:
    line = _MARGIN + place * _ROW + _ROW / 2 + 5
    behind = max(scale.place(0.0), scale.place(row.value)) + 8
    return Markup(
        '<text class="name end" x="{:g}" y="{:g}">{}</text><text class="value" x="{:.1f}" y="{:g}">{}</text>'
    ).format(_NAMES, line, shortened(visible(row.name)), behind, line, _short(row.value))


def _short(value: float) -> str:
    text = significant(value)
    return text if len(text) <= _DIGITS else f"{value:.1e}".replace("-", "\N{MINUS SIGN}")


def _reference(value: float | None, scale: _Scale, height: int) -> Markup:
    if value is None:
        return Markup("")
    return Markup('<path class="planned" d="M{:.1f} {:g}V{:g}"/>').format(
        scale.place(value), _MARGIN / 2, height - _MARGIN / 2
    )


def shortened(text: str) -> str:
    """A name that fits beside its bar, cut with an ellipsis if need be; broad letters need more room."""
    room = _LETTERS
    for place, letter in enumerate(text):
        room -= _breadth(letter)
        if room < 0:
            return f"{text[: max(1, place - 1)]}\N{HORIZONTAL ELLIPSIS}"
    return text


def _breadth(letter: str) -> float:
    if unicodedata.east_asian_width(letter) in {"W", "F"}:
        return 2.0
    return 1.5 if letter.isupper() or letter in _BROAD else 1.0
