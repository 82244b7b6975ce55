"""`servable payload export-script`."""

import json
from pathlib import Path

import click

from servable.cli.options import AS_JSON, output


@click.command("export-script")
@output("File to write, such as payload.py.")
@AS_JSON
def export_script(output: Path, as_json: bool) -> None:
    """Write the script that makes `default` samples in a container, as one file that needs Python alone.

    It is configured by variables of the environment; `python payload.py --help` lists them. The same script
    is installed as the command `servable-payload`.

    \b
    Example:
      servable payload export-script -o payload.py
      python payload.py --model-input trained --output-dir out
    """
    from servable import payload  # noqa: PLC0415  # numpy

    script = payload.export_script(output)
    click.echo(json.dumps(script.to_plain(), indent=2) if as_json else "\n".join(script.summary_lines()))
