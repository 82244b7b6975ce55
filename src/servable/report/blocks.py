"""What a page is made of: plain values, without a word of markup except finished figures.

Every text may come from a stranger; the template escapes it (`render`).
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from servable.report.markup import Markup


class Tone(StrEnum):
    """What a thing means to the reader; words always say it too, colour is never alone."""

    GOOD = "good"
    BAD = "bad"
    UNSURE = "unsure"
    VOID = "void"
    PLAIN = "plain"
    QUIET = "quiet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One cell of a table, or one fact.

    Attributes:
        text: as a person reads it.
        value: the number behind the text with all its digits, for machines and for tests.
        note: a smaller second line.
        tone: a verdict has one; else plain.
        rows: how many rows of the table it stands for; the rows below leave it out.
        is_code: whether it is a digest or another thing to be copied.
        shade: how dark its ground is, from 0 for none to 5; the number in it says the same.
    """

    text: str
    value: float | None = None
    note: str = ""
    tone: Tone = Tone.PLAIN
    rows: int = 1
    is_code: bool = False
    shade: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column's title; numbers stand at its right side."""

    title: str
    is_number: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows under titles.

    Attributes:
        caption: what it shows, for those who do not see the heading above it.
        columns: left to right; the first holds the names of the rows.
        rows: a row may leave out cells that one above it stands for.
        is_stacked: whether a narrow screen shows each row as a card; else it scrolls.
        title: a heading, where the section has more than this.
    """

    kind: ClassVar[str] = "table"
    title: str = ""
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    is_stacked: bool = False

    def titled(self, row: tuple[Cell, ...]) -> list[tuple[Column, Cell]]:
        """The cells of a row, each with its column; what a row leaves out is on its left."""
        return list(zip(self.columns[len(self.columns) - len(row) :], row, strict=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Names and their values."""

    kind: ClassVar[str] = "facts"
    title: str = ""
    items: tuple[tuple[str, Cell], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One entry of a figure's legend; `mark` is the class of the marks it explains."""

    mark: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A drawing with its legend and one sentence below; a heading, where the section has more than this."""

    kind: ClassVar[str] = "figure"
    title: str = ""
    svg: Markup
    keys: tuple[Key, ...]
    caption: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Gallery:
    """Figures of one kind, each with its heading, side by side where there is room."""

    kind: ClassVar[str] = "gallery"
    figures: tuple[Figure, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """Text as somebody else wrote it, line by line."""

    kind: ClassVar[str] = "quote"
    title: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Paragraph:
    """A sentence."""

    kind: ClassVar[str] = "paragraph"
    text: str
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True, slots=True, kw_only=True)
class Points:
    """Sentences of equal weight, each with its own mark."""

    kind: ClassVar[str] = "points"
    items: tuple[str, ...]


Block = Table | Facts | Figure | Gallery | Quote | Paragraph | Points


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Blocks under a heading, with a sentence that says how to read them."""

    title: str
    lead: str = ""
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Banner:
    """The head of a page: the verdict before everything else.

    Attributes:
        kicker: what kind of report, and of what.
        verdict: one word; a page without a verdict has the name of what it is about.
        meaning: the verdict for those who do not know the word.
        tone: its colour.
        sentence: the verdict with its numbers.
        reasons: what decided, a sentence each.
        facts: the few things that a reader must know of.
        is_named: whether `verdict` is a name, which may be long and is set smaller.
    """

    kicker: str
    verdict: str
    tone: Tone
    is_named: bool = False
    meaning: str = ""
    sentence: str
    reasons: tuple[str, ...] = ()
    facts: tuple[tuple[str, Cell], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A report."""

    title: str
    banner: Banner
    sections: tuple[Section, ...]
    footer: str
