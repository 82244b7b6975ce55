"""`servable calibrate`."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from servable.cli.options import ALLOW_DOWNLOAD, ARTIFACT, AS_JSON, DEVICE, ON_DAMAGE, output
from servable.cli.progress import progress

if TYPE_CHECKING:
    from servable.train import RowsOfScores, RowsOfTable

_AUTO = "auto"
_METHODS = (_AUTO, "none", "platt", "beta", "isotonic", "temperature", "percentile")


@click.command("calibrate")
@ARTIFACT
@click.argument("table", type=click.Path(path_type=Path), required=False)
@click.option(
    "--scores",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Instead of TABLE: raw scores as `servable predict` writes them (raw_0, raw_1, ...), or for two "
    "classes a column `score` with those of class 1, and the column of the labels.",
)
@output("The copy to write: a folder, or an archive if its name ends in .tar.gz. Nothing may be there yet.")
@click.option(
    "--method",
    type=click.Choice(_METHODS),
    default=_AUTO,
    show_default=True,
    help="How to fit; auto compares by cross-validation, and keeps the raw scores where nothing is gained.",
)
@click.option("--label", help="Column of the labels.  [default: the one that training predicted]")
@click.option(
    "--part",
    type=click.Choice(["train", "valid", "calib", "test"]),
    help="Only the rows of this part of the split that training recorded.",
)
@click.option(
    "--allow-training-rows", is_flag=True, help="Fit on rows, too, that training used: it flatters the model."
)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Seed of the folds.")
@DEVICE
@ON_DAMAGE
@ALLOW_DOWNLOAD
@AS_JSON
def command(
    artifact: Path,
    table: Path | None,
    scores: Path | None,
    output: Path,
    method: str,
    label: str | None,
    part: str | None,
    allow_training_rows: bool,
    seed: int,
    device: str,
    on_damage: str,
    allow_download: bool,
    as_json: bool,
) -> None:
    """Fit the calibrator of ARTIFACT again, on the labelled rows of TABLE, and write a copy that has it.

    TABLE is a .csv with a header, an .ndjson, .json or .parquet. ARTIFACT, a training output or a packed
    one, is not changed; the copy has the new calibrator and no other, or none if none is worth having.

    \b
    Example:
      servable calibrate trained customers.csv --part calib -o recalibrated
      servable predict model.tar.gz fresh.csv -o scores.csv    # then add the column of the labels
      servable calibrate model.tar.gz --scores scores.csv --label churned -o recalibrated.tar.gz
    """
    rows = _rows(table, scores, label=label, part=part, allow_training_rows=allow_training_rows)
    from servable.artifact import OnDamage  # noqa: PLC0415  # numpy
    from servable.calibration import Method  # noqa: PLC0415  # the same
    from servable.engines import Device  # noqa: PLC0415  # the same
    from servable.train import calibrate, calibration_lines  # noqa: PLC0415  # onnxruntime

    with progress() as report:
        result = calibrate(
            artifact,
            output,
            rows=rows,
            method=None if method == _AUTO else Method(method),
            seed=seed,
            on_damage=OnDamage(on_damage),
            device=Device(device),
            allow_download=allow_download,
            progress=report,
        )
    said = result.to_plain()
    click.echo(json.dumps(said, indent=2) if as_json else "\n".join(calibration_lines(result)))


def _rows(
    table: Path | None, scores: Path | None, *, label: str | None, part: str | None, allow_training_rows: bool
) -> "RowsOfTable | RowsOfScores":
    from servable.train import Part, RowsOfScores, RowsOfTable  # noqa: PLC0415  # onnxruntime

    if table is not None and scores is None:
        return RowsOfTable(
            path=table,
            label=label,
            part=None if part is None else Part(part),
            allows_training_rows=allow_training_rows,
        )
    if scores is None or table is not None:
        raise click.UsageError("name a TABLE to score, or a file of scores with `--scores`, and not both")
    if part is not None or allow_training_rows:
        raise click.UsageError("`--part` and `--allow-training-rows` are about the rows of a TABLE")
    return RowsOfScores(path=scores, label=label)
