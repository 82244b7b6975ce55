"""A page for people, and beside it its numbers for machines."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

HTML = click.option(
    "--html",
    type=click.Path(path_type=Path),
    help="Write a page for people, too: one HTML file, and its numbers beside it as JSON.",
)


def require_page(path: Path) -> None:
    """Nothing, if a page and its numbers can be written; asked before the work that they are of.

    Raises:
        BadInput: for a name that does not end in .html, which would also be that of the numbers.
        Unavailable: if the folder takes no file, or the extra `prove` is not installed.
    """
    import servable.report  # noqa: F401, PLC0415  # jinja2
    from servable.artifact import require_writable  # noqa: PLC0415  # numpy
    from servable.errors import BadInput, Problem  # noqa: PLC0415  # the same

    if path.suffix.lower() not in (".html", ".htm"):
        raise BadInput(
            Problem(
                code="page.name",
                where="--html",
                expected="a name that ends in .html",
                found=path.name,
                fix="name the page so; its numbers are written beside it with the ending .json",
            )
        )
    require_writable(path)


def write_page(path: Path, page: str, numbers: Mapping[str, Any]) -> None:
    """The numbers of a page as JSON beside it, and then the page."""
    from servable.artifact import atomic_write, pretty_json  # noqa: PLC0415  # numpy

    atomic_write(path.with_suffix(".json"), pretty_json(dict(numbers)))
    atomic_write(path, page.encode())
