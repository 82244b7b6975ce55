"""`servable diff`."""

import json
from pathlib import Path

import click

from servable.cli.options import ALLOW_DOWNLOAD, AS_JSON, COLUMNS, DEVICE, ON_DAMAGE
from servable.cli.pages import HTML, require_page, write_page
from servable.cli.progress import progress

_DIFFERENT = 1


@click.command("diff")
@click.argument("a", type=click.Path(path_type=Path))
@click.argument("b", type=click.Path(path_type=Path))
@click.option(
    "--sample",
    type=click.Path(path_type=Path),
    metavar="TABLE",
    help="Score the rows of this .csv, .ndjson, .json or .parquet; no label is needed.  [default: the golden "
    "requests of both, else records derived from both]",
)
@click.option(
    "--rows",
    type=click.IntRange(min=1),
    default=10_000,
    show_default=True,
    help="How many records are scored at most: the first ones.",
)
@click.option(
    "--show-records",
    is_flag=True,
    help="Show the cells of the records that move most, too; else their rows and ids alone.",
)
@COLUMNS
@DEVICE
@ON_DAMAGE
@ALLOW_DOWNLOAD
@HTML
@AS_JSON
def command(
    a: Path,
    b: Path,
    sample: Path | None,
    rows: int,
    show_records: bool,
    columns: Path | None,
    device: str,
    on_damage: str,
    allow_download: bool,
    html: Path | None,
    as_json: bool,
) -> int:
    """Compare the artifacts A and B, of any layout: what differs, and how scores move between them.

    Compared are fields, text steps and tokenizers, risk tables and imputation values, weights or trees,
    calibrators, engines and golden records; and the scores of the same records.

    Ends with 0 if nothing differs that can move a score, with 1 if something does, with 2 for bad input.
    A training output and the pack of it end with 0: another engine moves the last digits of a score alone.

    \b
    Example:
      servable diff trained model.tar.gz
      servable diff last-week.tar.gz model.tar.gz --sample customers.csv --html diff.html
    """
    from servable.artifact import is_lone_booster  # noqa: PLC0415  # numpy
    from servable.evaluate import (  # noqa: PLC0415  # numpy
        Cells,
        DiffSettings,
        diff,
        diff_lines,
        open_side,
    )

    if html is not None:  # what would refuse the page refuses it before anything is scored
        require_page(html, inputs=[a, b, sample])
    # a list of columns is for a booster alone; where there is none, whoever reads the list says so
    alone = [path for path in (a, b) if columns is not None and is_lone_booster(path)] or [a, b]
    one, other = (
        open_side(
            path,
            on_damage=on_damage,
            device=device,
            allow_download=allow_download,
            columns=columns if path in alone else None,
        )
        for path in (a, b)
    )
    cells = Cells.SHOWN if show_records else Cells.WITHHELD
    settings = DiffSettings(table=sample, rows=rows, cells=cells)
    with progress() as report:
        found = diff(one, other, settings=settings, progress=report)
    said = found.to_plain()
    if html is not None:
        from servable.evaluate.diff.page import diff_page  # noqa: PLC0415  # jinja2

        write_page(html, diff_page(found), said)
    click.echo(json.dumps(said, indent=2) if as_json else "\n".join(diff_lines(found)))
    return _DIFFERENT if found.moves_scores else 0
