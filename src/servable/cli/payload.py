"""`servable payload`."""

import json
from dataclasses import asdict
from pathlib import Path

import click

from servable.cli.options import ARTIFACT, AS_JSON, names, output


@click.command("payload")
@ARTIFACT
@output("Archive to write, ending in .tar.gz.")
@click.option(
    "--content-types",
    default="application/json",
    show_default=True,
    help="One sample of each: application/json, text/csv; separated by commas.",
)
@click.option("--default-numeric-value", default=0.0, show_default=True, help="Value of every number.")
@click.option(
    "--default-text-value",
    help="Value of every text and category.  [default: a realistic text; DEFAULT_TEXT for a category]",
)
@click.option(
    "--special-field",
    "special_fields",
    multiple=True,
    metavar="FIELD=VALUE",
    help="Value of one text or category; {timestamp} is replaced. Repeatable.",
)
@AS_JSON
def command(
    artifact: Path,
    output: Path,
    content_types: str,
    default_numeric_value: float,
    default_text_value: str | None,
    special_fields: tuple[str, ...],
    as_json: bool,
) -> None:
    """Derive sample requests from ARTIFACT, one for each content type, and pack them.

    \b
    Example:
      servable payload model.tar.gz -o payload.tar.gz --content-types application/json,text/csv
    """
    from servable.payload import generate  # noqa: PLC0415  # only where it is used

    summary = generate(
        artifact,
        output,
        content_types=names(content_types),
        default_numeric_value=default_numeric_value,
        default_text_value=default_text_value,
        special_fields=dict(_pair(text) for text in special_fields),
    )
    if as_json:
        click.echo(json.dumps(asdict(summary) | {"archive": str(summary.archive)}, indent=2))
    else:
        click.echo("\n".join(summary.summary_lines()))


def _pair(text: str) -> tuple[str, str]:
    field, equals, value = text.partition("=")
    if not equals:
        raise click.BadParameter(f"expected FIELD=VALUE, found {text!r}", param_hint="--special-field")
    return field, value
