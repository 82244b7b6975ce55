"""Arguments and options that several verbs share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

Verb = TypeVar("Verb", bound=Callable[..., Any])

ARTIFACT = click.argument("artifact", type=click.Path(path_type=Path))
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
ON_DAMAGE = click.option(
    "--on-damage",
    type=click.Choice(["refuse", "warn"]),
    default="refuse",
    show_default=True,
    help="What to do about a missing or broken file.",
)

DEVICE = click.option(
    "--device",
    type=click.Choice(["auto", "cpu", "cuda"]),
    default="auto",
    show_default=True,
    help="Where a network computes; auto takes a GPU where there is one.",
)

ALLOW_DOWNLOAD = click.option(
    "--allow-download",
    is_flag=True,
    help="Fetch a tokenizer that is neither in the model nor on this machine from the Hugging Face hub.",
)

COLUMNS = click.option(
    "--columns",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="For a booster that stands alone: its columns, one name a line.  [default: the booster's own names]",
)


def output(help_text: str, *, default: str | None = None) -> Callable[[Verb], Verb]:
    """`-o`/`--output`, required unless there is a default."""
    # to click, a default of None is a value too, with which nothing would be missing
    given: dict[str, Any] = {"required": True} if default is None else {"default": default}
    return click.option(
        "-o", "--output", type=click.Path(path_type=Path), show_default=True, help=help_text, **given
    )


def names(text: str | None) -> tuple[str, ...]:
    """The names in a comma-separated list."""
    return tuple(name.strip() for name in (text or "").split(",") if name.strip())
