"""A page as one HTML file: no network, no script, every text escaped, equal bytes for equal pages.

Whatever a stranger wrote stays text: it is escaped by default, and characters that would change how
the text around them reads (controls, reversed writing direction) are shown by their number.
"""

import unicodedata
from functools import cache
from typing import Final

from servable.report.blocks import Page
from servable.report.markup import Environment, Markup, PackageLoader, StrictUndefined

_TEMPLATE: Final = "page.html.jinja"
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs"})
_LAYOUT: Final = frozenset({"\n", "\t"})


def render(page: Page) -> str:
    """The page as HTML text."""
    return _environment().get_template(_TEMPLATE).render(page=page)


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("servable.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_visible,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _visible(value: object) -> object:
    """The same value; of a text, characters that cannot be seen by their number."""
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    if value.isprintable():
        return value
    return "".join(_seen(character) for character in value)


def _seen(character: str) -> str:
    if character in _LAYOUT or unicodedata.category(character) not in _UNSEEN:
        return character
    return f"\\u{{{ord(character):x}}}"
