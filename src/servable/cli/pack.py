"""`servable pack`."""

import json
from pathlib import Path

import click

from servable.cli.options import ARTIFACT, AS_JSON, ON_DAMAGE, output
from servable.cli.progress import progress


@click.command("pack")
@ARTIFACT
@output("Archive to write, ending in .tar.gz.")
@click.option("--name", help="Name of the model.  [default: the training output's]")
@ON_DAMAGE
@AS_JSON
def command(artifact: Path, output: Path, name: str | None, on_damage: str, as_json: bool) -> None:
    """Pack the training output ARTIFACT into one archive that serves without the training libraries.

    Trees become one ONNX graph, a network one for its encoder and one for its head. Graphs and original
    are compared on the golden records, and at every split or every length of text. The golden records
    go in with both answers.

    A network whose training output has no folder `tokenizer` needs SERVABLE_TOKENIZER_PATH: a folder
    with its tokenizer.json and config.json, or with such folders by name.

    \b
    Example:
      servable pack trained -o model.tar.gz
    """
    from servable.artifact import OnDamage  # noqa: PLC0415  # numpy
    from servable.pack import pack  # noqa: PLC0415  # xgboost, onnx

    with progress() as report:
        result = pack(artifact, output, name=name, on_damage=OnDamage(on_damage), progress=report)
    if as_json:
        manifest = {"digest": result.manifest.digest, "manifest": result.manifest.to_plain()}
        click.echo(json.dumps({"output": str(output)} | manifest, indent=2))
    else:
        click.echo("\n".join(result.summary_lines()))
