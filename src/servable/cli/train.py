"""`servable train`."""

import json
from dataclasses import asdict
from pathlib import Path

import click

from servable.cli.options import AS_JSON, names, output
from servable.cli.progress import progress


@click.command("train")
@click.argument("table", type=click.Path(path_type=Path))
@click.option("--label", required=True, help="Column to predict; it must have two classes.")
@click.option("--family", type=click.Choice(["xgboost"]), required=True, help="What to train.")
@output("Folder to write; it must not exist yet, or be empty.")
@click.option("--id", "id_column", help="Column that identifies a row: key of the split, echoed by predict.")
@click.option("--categorical", help="Columns of numbers that are categories, separated by commas.")
@click.option("--drop", help="Columns to leave out, separated by commas.")
@click.option("--name", help="Name of the model.  [default: the table's file name]")
@click.option("--max-depth", default=6, show_default=True, help="Depth of a tree.")
@click.option("--eta", default=0.1, show_default=True, help="Learning rate.")
@click.option("--num-round", default=500, show_default=True, help="Trees at most.")
@click.option(
    "--early-stopping-rounds", default=25, show_default=True, help="Patience on validation log-loss."
)
@click.option(
    "--smooth-factor", default=0.01, show_default=True, help="Pseudo-rows of a risk table, as a share."
)
@click.option("--count-threshold", default=5, show_default=True, help="Rows that a category needs for a bin.")
@click.option("--seed", default=0, show_default=True, help="Seed of every draw.")
@AS_JSON
def command(
    table: Path,
    label: str,
    family: str,
    output: Path,
    id_column: str | None,
    categorical: str | None,
    drop: str | None,
    name: str | None,
    max_depth: int,
    eta: float,
    num_round: int,
    early_stopping_rounds: int,
    smooth_factor: float,
    count_threshold: int,
    seed: int,
    as_json: bool,
) -> None:
    """Train a classifier on TABLE (.csv with a header, .ndjson, .json or .parquet).

    Rows are split by the hash of their key into train, valid, calib and test. Risk tables and
    imputation values are fitted on train, the number of trees on valid, the calibrator on calib;
    the figures are taken on test.

    \b
    Example:
      servable train adult.parquet --label income --family xgboost -o trained
    """
    from servable.train import TableSettings, XGBoostSettings, train  # noqa: PLC0415  # xgboost

    columns = TableSettings(
        label=label,
        id_column=id_column,
        categorical=names(categorical),
        drop=names(drop),
        smooth_factor=smooth_factor,
        count_threshold=count_threshold,
    )
    settings = XGBoostSettings(
        max_depth=max_depth,
        eta=eta,
        num_round=num_round,
        early_stopping_rounds=early_stopping_rounds,
        seed=seed,
    )
    with progress() as report:
        result = train(table, output, columns=columns, settings=settings, name=name, progress=report)
    if as_json:
        click.echo(json.dumps(asdict(result) | {"output": str(output)}, indent=2))
    else:
        click.echo("\n".join(result.summary_lines()))
