"""Pages made by hand, and what a test wants to know of a page's text."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

from servable.report import Banner, Cell, Column, Page, Paragraph, Section, Table, Tone, render

_EMPTY = frozenset({"meta", "path", "rect", "circle"})


@dataclass
class Seen(HTMLParser):
    """Tags, attributes, numbers and words of a page, as a browser without a style would have them."""

    tags: list[str] = field(default_factory=list)
    attributes: list[tuple[str, str | None]] = field(default_factory=list)
    open: list[str] = field(default_factory=list)
    words: dict[str, list[str]] = field(default_factory=dict)
    numbers: list[tuple[float, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._value: float | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in _EMPTY:
            self.open.append(tag)
        if tag == "data":
            self._value = float(dict(attrs)["value"] or "nan")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not data.strip():
            return
        self.words.setdefault(self.open[-1] if self.open else "", []).append(data)
        if self._value is not None:
            self.numbers.append((self._value, data))
            self._value = None

    def text(self) -> str:
        return "\n".join(word for tag, words in self.words.items() if tag != "style" for word in words)


def seen(html: str) -> Seen:
    parser = Seen()
    parser.feed(html)
    parser.close()
    assert parser.open == []
    return parser


def a_page(text: str = "fine", *, tone: Tone = Tone.GOOD) -> Page:
    """A page whose every place for text holds this text."""
    cell = Cell(text=text, note=text, tone=tone)
    table = Table(caption=text, columns=(Column(title=text), Column(title=text)), rows=((cell, cell),))
    return Page(
        title=text,
        banner=Banner(
            kicker=text, verdict=text, tone=tone, sentence=text, reasons=(text,), facts=((text, cell),)
        ),
        sections=(Section(title=text, lead=text, blocks=(table, Paragraph(text=text))),),
        footer=text,
    )


def rendered(text: str = "fine") -> str:
    return render(a_page(text))
