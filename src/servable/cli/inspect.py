"""`servable inspect`."""

import json
from pathlib import Path

import click

from servable.cli.options import ARTIFACT, AS_JSON, ON_DAMAGE


@click.command("inspect")
@ARTIFACT
@ON_DAMAGE
@AS_JSON
def command(artifact: Path, on_damage: str, as_json: bool) -> None:
    """Show what ARTIFACT holds: fields, tables, engine, calibrator, golden records, warnings.

    \b
    Example:
      servable inspect model.tar.gz
    """
    from servable.inspection import describe, description_lines  # noqa: PLC0415  # numpy
    from servable.scorer import load  # noqa: PLC0415  # the same

    description = describe(load(artifact, on_damage=on_damage))
    click.echo(json.dumps(description, indent=2) if as_json else "\n".join(description_lines(description)))
