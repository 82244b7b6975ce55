"""What figures of named rows have in common: the names at the left, a span of values, the frame."""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from servable.report.axes import WIDTH
from servable.report.markup import Markup
from servable.report.visible import visible

MARGIN: Final = 6
FIRST: Final = 244.0
_NAMES: Final = 232.0
_LETTERS: Final = 20.0
_BROAD: Final = frozenset("mwMW@%&")


@dataclass(frozen=True, slots=True)
class Span:
    """From values to places; halves are subtracted, because a whole difference might be infinite.

    Attributes:
        low: value at the left end.
        high: value at the right end, above `low`.
        right: place of the right end; the left one is `FIRST`.
    """

    low: float
    high: float
    right: float

    @classmethod
    def of(cls, values: Sequence[float], *, right: float) -> "Span":
        """The span of all values and 0."""
        low, high = min(0.0, *values), max(0.0, *values)
        return cls(low, high if high > low else low + 1.0, right)

    def place(self, value: float) -> float:
        """Where a value stands, from the left side of the drawing."""
        part = (value / 2 - self.low / 2) / (self.high / 2 - self.low / 2)
        return FIRST + part * (self.right - FIRST)


def bar(span: Span, value: float, *, top: float, thick: float, mark: str) -> Markup:
    """A bar from 0 to a value, wide enough to be seen."""
    zero, end = span.place(0.0), span.place(value)
    return Markup('<rect class="{}" x="{:.1f}" y="{:g}" width="{:.1f}" height="{:g}"/>').format(
        mark, min(zero, end), top, max(1.0, abs(end - zero)), thick
    )


def name_at(line: float, text: str) -> Markup:
    """A name that ends where the bars begin, cut to its room."""
    return Markup('<text class="name end" x="{:g}" y="{:g}">{}</text>').format(
        _NAMES, line, shortened(visible(text))
    )


def value_at(across: float, line: float, text: str, *, mark: str = "value") -> Markup:
    """A number beside its bar."""
    return Markup('<text class="{}" x="{:.1f}" y="{:g}">{}</text>').format(mark, across, line, text)


def frame(layers: Iterable[Markup], *, height: float, name: str, title: str, description: str) -> Markup:
    """The whole figure, with words for those who do not see it.

    Args:
        layers: marks, the lowest first.
        height: of the drawing.
        name: of its own on a page; letters and hyphens.
        title: what the figure is.
        description: what it shows.
    """
    head = Markup(
        '<svg class="plot" viewBox="0 0 {} {:g}" role="img" aria-labelledby="{}-title {}-desc">'
        '<title id="{}-title">{}</title><desc id="{}-desc">{}</desc>'
    ).format(WIDTH, height, name, name, name, visible(title), name, visible(description))
    return head + Markup("").join(layers) + Markup("</svg>")


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
