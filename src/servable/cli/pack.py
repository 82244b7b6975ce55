"""`servable pack`."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from servable.cli.options import ALLOW_DOWNLOAD, ARTIFACT, AS_JSON, COLUMNS, ON_DAMAGE, output
from servable.cli.progress import progress

if TYPE_CHECKING:
    from servable.pack import GoldenChoice


@click.command("pack")
@ARTIFACT
@output("Archive to write, ending in .tar.gz.")
@click.option("--name", help="Name of the model.  [default: the training output's]")
@click.option(
    "--golden",
    metavar="real|synthetic|none|TABLE",
    help="Golden records: `real` ones that training kept, else derived ones; `synthetic`, derived from the "
    "model's own tables and nobody's data; `none`; or rows of TABLE, a .csv with a header, .ndjson, .json "
    "or .parquet, which is then the profile for `servable drift` if 500 or more of its rows are new to the "
    "model.  [default: real]",
)
@click.option(
    "--golden-answers",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Golden records from FILE, an .ndjson of requests and the answers that another endpoint gave to "
    "them; the packed model must give these answers.",
)
@click.option(
    "--compare",
    type=click.Choice(["all", "raw"]),
    help="What of each answer of --golden-answers is compared: `all`, or `raw` scores and the label alone, "
    "for an endpoint whose calibration never acted.  [default: all]",
)
@COLUMNS
@ON_DAMAGE
@ALLOW_DOWNLOAD
@AS_JSON
def command(
    artifact: Path,
    output: Path,
    name: str | None,
    golden: str | None,
    golden_answers: Path | None,
    compare: str | None,
    columns: Path | None,
    on_damage: str,
    allow_download: bool,
    as_json: bool,
) -> None:
    """Pack the training output ARTIFACT into one archive that serves without the training libraries.

    Trees become one ONNX graph, a network one for its encoder and one for its head. Graphs and original
    are compared on the golden records, and at every split or at texts of many lengths. The golden records
    go in with both answers. With `--golden none` an endpoint of the archive cannot be proved right.

    The tokenizer of a network is looked for in the folder `tokenizer` of ARTIFACT, in the folder that
    SERVABLE_TOKENIZER_PATH names (its tokenizer.json and config.json, or folders with these by name), in
    the cache of the Hugging Face hub, and with `--allow-download` on the hub.

    \b
    Example:
      servable pack trained -o model.tar.gz
      servable pack old-model -o model.tar.gz --golden-answers answers-of-the-old-endpoint.ndjson
      servable pack xgboost_model.ubj --columns columns.txt -o model.tar.gz
    """
    from servable.artifact import OnDamage  # noqa: PLC0415  # numpy
    from servable.pack import pack  # noqa: PLC0415  # xgboost, onnx

    choice = _choice(golden, golden_answers, compare)
    with progress() as report:
        result = pack(
            artifact,
            output,
            name=name,
            golden=choice,
            on_damage=OnDamage(on_damage),
            allow_download=allow_download,
            columns=columns,
            progress=report,
        )
    if as_json:
        manifest = {"digest": result.manifest.digest, "manifest": result.manifest.to_plain()}
        click.echo(json.dumps({"output": str(output)} | manifest, indent=2))
    else:
        click.echo("\n".join(result.summary_lines()))


def _choice(golden: str | None, answers: Path | None, compare: str | None) -> "GoldenChoice":
    """The golden records that the options ask for; a word is never the name of a table."""
    from servable.pack import (  # noqa: PLC0415  # msgspec
        Compared,
        DerivedRecords,
        KeptRecords,
        NoRecords,
        RecordedRequests,
        RecordsOfTable,
    )

    if answers is not None:
        if golden is not None:
            raise click.UsageError("`--golden` and `--golden-answers` both name golden records; pass one")
        return RecordedRequests(answers, compared=Compared(compare or Compared.ALL))
    if compare is not None:
        raise click.UsageError("`--compare` is about recorded answers; pass `--golden-answers` with it")
    match golden:
        case None | "real":
            return KeptRecords()
        case "synthetic":
            return DerivedRecords()
        case "none":
            return NoRecords()
        case table:
            return RecordsOfTable(Path(table))
