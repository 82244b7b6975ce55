"""Every number on a page stands in the JSON beside it: what a test of a page asks.

The rule, for whoever writes a page:

- A number with all its digits (`Cell.value`) is a number of the JSON, or the length of one of its lists.
- A number within text is such a number as `significant`, `signed` or `count` write it (four significant
  digits, or all of a whole number; its sign may be said in words), or a share as `share` writes it in
  percent; or it occurs as a number in a text or in a key of the JSON.
- Passed over are the labels of ticks, names beside bars (they may be cut), and what is set as code.
- What is neither ("95 %" of an interval) goes into the JSON as well, or is named by the test as allowed.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser

from servable.report import count, share, significant

_NUMBER = re.compile(
    r"(?<![\w.\-\N{MINUS SIGN}])[+\-\N{MINUS SIGN}]?"
    r"((?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:e[+\-\N{MINUS SIGN}]?\d+)?)(\s?%)?(?!\w|\.\d)"
)
_VOID = frozenset({"meta", "link", "br"})
_PASSED_OVER = frozenset({"style", "code"})
_MARKS_PASSED_OVER = frozenset({"tick", "name"})


@dataclass
class _Page(HTMLParser):
    """The numbers of data elements, and pieces of visible text."""

    values: list[float] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    open: list[tuple[str, bool]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        marks = set((dict(attrs).get("class") or "").split())
        if tag == "data":
            self.values.append(float(dict(attrs)["value"] or "nan"))
        if tag not in _VOID:
            is_label = tag == "text" and bool(marks & _MARKS_PASSED_OVER)
            self.open.append((tag, is_label or tag in _PASSED_OVER))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Nothing: what ends where it begins holds no text."""

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        if data.strip() and not any(is_passed_over for _, is_passed_over in self.open):
            self.texts.append(data)


def numbers_of(html: str) -> list[float]:
    """Every number that a page shows: first those with all digits, then those within text, shares as such."""
    page = _read(html)
    return [*page.values, *(_value(found) for text in page.texts for found in _NUMBER.finditer(text))]


def assert_in_json(html: str, plain: object, *, allowed: Collection[str] = ()) -> None:
    """Nothing, if every number of a page stands in what is written beside it.

    Args:
        html: the page.
        plain: what becomes its JSON: mappings, lists, texts and numbers.
        allowed: numbers as they are written in text that are no figures: "95 %".
    """
    page = _read(html)
    numbers = list(_numbers(plain))
    exact = set(numbers)
    known = {*_written(numbers), *_spoken(plain), *(_squeezed(text) for text in allowed)}
    strange = [f"{value!r} (data)" for value in page.values if value not in exact]
    for text in page.texts:
        for found in _NUMBER.finditer(text):
            if _squeezed(found[1] + (found[2] or "")) not in known:
                strange.append(f"{found[0]!r} in {text.strip()!r}")
    assert not strange, f"not in the JSON beside the page: {'; '.join(strange)}"


def _read(html: str) -> _Page:
    page = _Page()
    page.feed(html)
    page.close()
    return page


def _value(found: re.Match[str]) -> float:
    value = float(found[0].removesuffix(found[2] or "").replace(",", "").replace("\N{MINUS SIGN}", "-"))
    return value / 100.0 if found[2] else value


def _numbers(plain: object) -> Iterator[float]:
    """The numbers of a document, and how many things its lists hold."""
    if isinstance(plain, Mapping):
        for value in plain.values():
            yield from _numbers(value)
    elif isinstance(plain, list | tuple):
        yield float(len(plain))
        for value in plain:
            yield from _numbers(value)
    elif isinstance(plain, int | float) and not isinstance(plain, bool):
        yield float(plain)


def _written(numbers: list[float]) -> Iterator[str]:
    for value in {abs(value) for value in numbers}:
        yield _squeezed(significant(value))
        yield _squeezed(share(value))
        yield _squeezed(f"{value!r}")
        if value.is_integer():
            yield _squeezed(count(int(value)))


def _spoken(plain: object) -> Iterator[str]:
    """Numbers as they occur in the texts and keys of a document."""
    if isinstance(plain, str):
        for found in _NUMBER.finditer(plain):
            yield _squeezed(found[1] + (found[2] or ""))
    elif isinstance(plain, Mapping):
        for key, value in plain.items():
            yield from (*_spoken(str(key)), *_spoken(value))
    elif isinstance(plain, list | tuple):
        for value in plain:
            yield from _spoken(value)


def _squeezed(text: str) -> str:
    """A number without what only helps to read it."""
    return re.sub(r"[\s,+]", "", text).replace("\N{MINUS SIGN}", "-")
