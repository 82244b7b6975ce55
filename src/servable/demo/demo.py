"""The whole line on one table: train, pack, derive requests, serve, prove."""

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from servable.demo.data import demo_table
from servable.errors import BadInput, Problem
from servable.pack import pack
from servable.payload import generate
from servable.prove import Objective, Proof, prove
from servable.train import TableSettings, XGBoostSettings, train

_MARK = ".servable-demo"

Progress = Callable[[str, int, int], None]


def run_demo(
    output: Path, *, environment: Mapping[str, str], say: Callable[[str], None], progress: Progress
) -> Proof:
    """Runs every step into `output` and returns the proof; says after each step what came of it.

    Raises:
        BadInput: `demo.output` if `output` holds something that no demo made.
    """
    _clear(output)
    table = demo_table(output, environment)
    say(f"data      {table.origin}")
    trained = train(
        table.path,
        output / "training-output",
        columns=TableSettings(label=table.label),
        settings=XGBoostSettings(),
        progress=progress,
    )
    _say(say, "train", trained.summary_lines())
    packed = pack(trained.output, output / "model.tar.gz", progress=progress)
    _say(say, "pack", packed.summary_lines())
    payload = generate(
        packed.output, output / "payload.tar.gz", content_types=["application/json", "text/csv"]
    )
    _say(say, "payload", payload.summary_lines())
    proof = prove(
        packed.output,
        objective=Objective(rate_per_s=20, max_latency_ms=100, max_error_rate=0.01),
        output=output / "proof",
        payload=payload.archive,
        progress=progress,
    )
    _say(say, "prove", proof.summary_lines())
    return proof


def _say(say: Callable[[str], None], step: str, lines: list[str]) -> None:
    for number, line in enumerate(lines):
        say(f"{step if number == 0 else '':<9} {line}")


def _clear(output: Path) -> None:
    """An empty folder; what an earlier demo left is removed, anything else is not touched."""
    if output.exists() and any(output.iterdir()):
        if not (output / _MARK).is_file():
            raise BadInput(
                Problem(
                    code="demo.output",
                    where=str(output),
                    expected="a folder that is empty or that an earlier demo wrote",
                    found="other files",
                    fix="pass another folder with `-o`",
                )
            )
        shutil.rmtree(output)
    output.mkdir(parents=True, exist_ok=True)
    (output / _MARK).touch()
