"""`servable predict`."""

import sys
from pathlib import Path

import click

from servable.cli.options import ALLOW_DOWNLOAD, ARTIFACT, COLUMNS, DEVICE, ON_DAMAGE


@click.command("predict")
@ARTIFACT
@click.argument("table", type=click.Path(path_type=Path))
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="File to write.  [default: standard output]"
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line instead of CSV.")
@COLUMNS
@DEVICE
@ON_DAMAGE
@ALLOW_DOWNLOAD
def command(
    artifact: Path,
    table: Path,
    output: Path | None,
    as_json: bool,
    columns: Path | None,
    device: str,
    on_damage: str,
    allow_download: bool,
) -> None:
    """Score TABLE (.csv, .ndjson, .json or .parquet) with ARTIFACT, in process.

    Writes the id, the raw and the calibrated score of each class and the label of every record, as
    it reads.

    \b
    Example:
      servable predict model.tar.gz records.csv -o scores.csv
    """
    from servable.artifact import atomic_writer  # noqa: PLC0415  # numpy
    from servable.prediction import predict, write_csv, write_ndjson  # noqa: PLC0415  # the same
    from servable.scorer import load  # noqa: PLC0415  # the same

    scorer = load(
        artifact, on_damage=on_damage, device=device, allow_download=allow_download, columns=columns
    )
    write = write_ndjson if as_json else write_csv
    blocks = predict(scorer, table)
    id_name = scorer.schema.id_name
    if output is None:
        write(sys.stdout, id_name, blocks)
        return
    with atomic_writer(output) as file:
        write(file, id_name, blocks)
