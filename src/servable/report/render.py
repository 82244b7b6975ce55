"""A page as one HTML file: no network, no script, every text escaped, equal bytes for equal pages.

Whatever a stranger wrote stays text: it is escaped by default, and characters that would change how
the text around them reads (controls, reversed writing direction) are shown by their number.
"""

from functools import cache
from typing import Final

from servable.report.blocks import Page
from servable.report.markup import Environment, Markup, PackageLoader, StrictUndefined
from servable.report.visible import visible

_TEMPLATE: Final = "page.html.jinja"


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
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value
