"""A page for people, and beside it its numbers for machines."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import click

from servable.errors import BadInput, Problem

_OTHER_NAME = "give the page another name; its numbers are written beside it with the ending .json"

HTML = click.option(
    "--html",
    type=click.Path(path_type=Path),
    help="Write a page for people, too: one HTML file, and its numbers beside it as JSON.",
)


def require_page(path: Path, *, inputs: Iterable[Path | None]) -> None:
    """Nothing, if a page and its numbers can be written; asked before the work that they are of.

    Args:
        path: of the page.
        inputs: files that the verb reads, which neither may replace.

    Raises:
        BadInput: `page.name` for a name that does not end in .html, `page.target` where the page or its
            numbers would replace an input or another program's file.
        NotFound, BadInput: if the folder is none, or a folder stands in their place.
        Unavailable: if the extra `prove` is not installed.
    """
    import servable.report  # noqa: F401, PLC0415  # jinja2
    from servable.artifact import require_writable  # noqa: PLC0415  # numpy

    if path.suffix.lower() not in (".html", ".htm"):
        raise _refusal(
            "page.name",
            path.name,
            "a name that ends in .html",
            "another",
            "name the page so; its numbers are written beside it with the ending .json",
        )
    read = {given.resolve() for given in inputs if given is not None}
    for target in (path, _numbers(path)):
        require_writable(target)
        if target.resolve() in read:
            raise _refusal("page.target", str(target), "a place for the output", "an input", _OTHER_NAME)
    if _numbers(path).exists() and not path.exists():
        raise _refusal(
            "page.target",
            str(_numbers(path)),
            "nothing, or the numbers of the page",
            "another file",
            _OTHER_NAME,
        )


def write_page(path: Path, page: str, numbers: Mapping[str, Any]) -> None:
    """The numbers of a page as JSON beside it, and then the page."""
    from servable.artifact import atomic_write, pretty_json  # noqa: PLC0415  # numpy

    atomic_write(_numbers(path), pretty_json(dict(numbers)))
    atomic_write(path, page.encode())


def _numbers(page: Path) -> Path:
    return page.with_suffix(".json")


def _refusal(code: str, where: str, expected: str, found: str, fix: str) -> BadInput:
    return BadInput(Problem(code=code, where=f"--html, {where}", expected=expected, found=found, fix=fix))
