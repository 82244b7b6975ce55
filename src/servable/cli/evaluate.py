"""`servable evaluate`."""

import json
from pathlib import Path

import click

from servable.cli.options import ALLOW_DOWNLOAD, ARTIFACT, AS_JSON, COLUMNS, DEVICE, ON_DAMAGE, names
from servable.cli.pages import HTML, require_page, write_page
from servable.cli.progress import progress


@click.command("evaluate")
@ARTIFACT
@click.argument("table", type=click.Path(path_type=Path))
@click.option("--label", help="Column of the labels.  [default: the one that training predicted]")
@click.option(
    "--part",
    type=click.Choice(["train", "valid", "calib", "test"]),
    help="Only the rows of this part of the split that training recorded.  [default: all]",
)
@click.option(
    "--group",
    help="Column whose rows belong together: the bootstrap draws whole groups.  [default: the one by which "
    "training kept rows in one part, where TABLE has it]",
)
@click.option("--slice", "slices", help="Fields or other columns to cut the rows by, separated by commas.")
@click.option(
    "--threshold",
    "thresholds",
    type=float,
    multiple=True,
    help="Answer class 1 from this score on, too; may be given again. Of two classes; shown anyway are one "
    "half and the threshold of the best F1.",
)
@click.option(
    "--against",
    type=click.Path(path_type=Path),
    metavar="ARTIFACT",
    help="Another model of the same classes: its figures on the same rows, and the differences.",
)
@click.option("--draws", default=1000, show_default=True, help="Of the bootstrap.")
@click.option("--seed", default=0, show_default=True, help="Seed of every draw.")
@COLUMNS
@DEVICE
@ON_DAMAGE
@ALLOW_DOWNLOAD
@HTML
@AS_JSON
def command(
    artifact: Path,
    table: Path,
    label: str | None,
    part: str | None,
    group: str | None,
    slices: str | None,
    thresholds: tuple[float, ...],
    against: Path | None,
    draws: int,
    seed: int,
    columns: Path | None,
    device: str,
    on_damage: str,
    allow_download: bool,
    html: Path | None,
    as_json: bool,
) -> None:
    """Measure what the scores of ARTIFACT are worth on TABLE (.csv, .ndjson, .json or .parquet).

    AUC, log-loss, Brier score and calibration of the raw and of the calibrated scores, each with its
    interval and beside the base rate; how labels and thresholds answer; slices of the rows. Figures mean
    what they say only on rows that the model has not seen: a warning tells where it has.

    \b
    Example:
      servable evaluate trained table.csv --part test
      servable evaluate model.tar.gz march.csv --slice region,age --against old.tar.gz --html march.html
    """
    if html is not None:
        require_page(html, inputs=[artifact, table, against])
    from servable.artifact import OnDamage  # noqa: PLC0415  # numpy
    from servable.evaluate import EvaluationSettings, evaluate, evaluation_lines  # noqa: PLC0415  # the same
    from servable.scorer import load  # noqa: PLC0415  # the same
    from servable.train import Part  # noqa: PLC0415  # the same

    settings = EvaluationSettings(
        label=label,
        part=None if part is None else Part(part),
        group=group,
        slices=names(slices),
        thresholds=thresholds,
        draws=draws,
        seed=seed,
    )
    scorer = load(
        artifact, on_damage=on_damage, device=device, allow_download=allow_download, columns=columns
    )
    other = None
    if against is not None:
        other = load(against, on_damage=on_damage, device=device, allow_download=allow_download)
    with progress() as report:
        evaluation = evaluate(
            scorer,
            table,
            settings=settings,
            against=other,
            on_damage=OnDamage(on_damage),
            progress=report,
        )
    plain = evaluation.to_plain()
    if html is not None:
        from servable.evaluate.evaluation.page import evaluation_page  # noqa: PLC0415  # jinja2

        write_page(html, evaluation_page(evaluation), plain)
    click.echo(json.dumps(plain, indent=2) if as_json else "\n".join(evaluation_lines(evaluation)))
