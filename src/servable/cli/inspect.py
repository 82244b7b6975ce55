"""`servable inspect`."""

import json
from pathlib import Path

import click

from servable.cli.options import ALLOW_DOWNLOAD, ARTIFACT, AS_JSON, COLUMNS, ON_DAMAGE


@click.command("inspect")
@ARTIFACT
@COLUMNS
@ON_DAMAGE
@ALLOW_DOWNLOAD
@click.option("--html", type=click.Path(path_type=Path), help="Write a page for people, too: one HTML file.")
@AS_JSON
def command(
    artifact: Path,
    columns: Path | None,
    on_damage: str,
    allow_download: bool,
    html: Path | None,
    as_json: bool,
) -> None:
    """Show what ARTIFACT holds: layout, fields, tables, texts, calibrator, golden records, engine, files.

    Everything odd is told in one sentence each: what was passed over (degraded), what to look at before a
    score is trusted (warning), what is sound and yet not what everybody expects (note, remark).

    \b
    Example:
      servable inspect model.tar.gz
      servable inspect model.tar.gz --html model.html
    """
    from servable.artifact import atomic_write, require_writable  # noqa: PLC0415  # numpy
    from servable.inspection import describe, description_lines  # noqa: PLC0415  # the same
    from servable.scorer import load  # noqa: PLC0415  # the same

    if html is not None:  # what would refuse the page refuses it before a model is loaded
        from servable.inspection.page import description_page  # noqa: PLC0415  # jinja2

        require_writable(html)
    scorer = load(artifact, on_damage=on_damage, allow_download=allow_download, columns=columns)
    description = describe(scorer)
    if html is not None:
        atomic_write(html, description_page(scorer, description).encode())
    said = description.to_plain()
    click.echo(json.dumps(said, indent=2) if as_json else "\n".join(description_lines(description)))
