"""`servable drift`."""

import json
from pathlib import Path

import click

from servable.cli.options import ALLOW_DOWNLOAD, ARTIFACT, AS_JSON, DEVICE, ON_DAMAGE
from servable.cli.pages import HTML, require_page, write_page
from servable.cli.progress import progress

_ALARM, _TOO_FEW = 1, 3


@click.command("drift")
@ARTIFACT
@click.argument("table", type=click.Path(path_type=Path))
@click.option(
    "--seed",
    default=0,
    show_default=True,
    help="Of the draws that tell what chance comes to.",
)
@DEVICE
@ON_DAMAGE
@ALLOW_DOWNLOAD
@HTML
@AS_JSON
def command(
    artifact: Path,
    table: Path,
    seed: int,
    device: str,
    on_damage: str,
    allow_download: bool,
    html: Path | None,
    as_json: bool,
) -> int:
    """Compare TABLE (.csv, .ndjson, .json or .parquet) with the data that ARTIFACT was made for.

    That data is its profile, which `train` writes, and `pack --golden TABLE` of a table if 500 or more of its
    rows are new to the model. Compared are how the values of each field and the raw scores are spread (PSI),
    and the shares of missing values, of categories that training did not know and of texts that are cut. An
    alarm is a change that chance does not make, in 95 of 100 tables without drift none, and that is large
    enough to matter: PSI above 0.1, or 5 points of a share. Below 500 rows on either side there are figures
    and no alarm. A column of labels is compared too, if there is one.

    An alarm about a field is about what feeds the model; one about scores says that something has happened
    to its answers; how bad it is, only labels say: see `servable evaluate`.

    Exit code 0: silent; 1: alarm; 3: too few rows, in all or of scores.

    \b
    Example:
      servable drift model.tar.gz this-week.csv
      servable drift model.tar.gz this-week.csv --html drift.html
    """
    if html is not None:
        require_page(html, inputs=[artifact, table])
    from servable.evaluate import DriftVerdict, drift, drift_lines, profile_to_compare  # noqa: PLC0415  # numpy
    from servable.scorer import load  # noqa: PLC0415  # the same

    scorer = load(artifact, on_damage=on_damage, device=device, allow_download=allow_download)
    profile_to_compare(scorer)
    with progress() as report:
        found = drift(scorer, table, seed=seed, progress=report)
    plain = found.to_plain()
    if html is not None:
        from servable.evaluate.drift.page import drift_page  # noqa: PLC0415  # jinja2

        write_page(html, drift_page(found), plain)
    click.echo(json.dumps(plain, indent=2) if as_json else "\n".join(drift_lines(found)))
    return {DriftVerdict.ALARM: _ALARM, DriftVerdict.TOO_FEW: _TOO_FEW}.get(found.verdict, 0)
