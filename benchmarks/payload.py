"""What sample requests take: the start of the script beside that of an interpreter, and many samples.

python benchmarks/payload.py
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import payload_samples
from endpoints import machine
from servable.payload import script

FIELDS = 20
PAIRS = 20


def main() -> None:
    """Measures and prints; nothing is asserted, because a slow machine is no fault of the code."""
    print(machine())
    with tempfile.TemporaryDirectory() as folder:
        _start(Path(folder))
        payload_samples.measure(Path(folder))


def _start(folder: Path) -> None:
    """The command, with a JSON and a CSV sample; the floor imports what it cannot do without."""
    model = folder / "model"
    model.mkdir()
    lists = {"tab_field_list": [f"number_{n}" for n in range(FIELDS)], "cat_field_list": []}
    (model / script.HYPERPARAMETERS).write_text(json.dumps(lists))
    python = [sys.executable, "-c"]
    arguments = ["--model-input", str(model), "--output-dir", str(folder / "out")]
    environ = os.environ | {
        "CONTENT_TYPES": "application/json,text/csv",
        "WORKING_DIRECTORY": str(folder / "work"),
        # as an installed package, which is compiled once
        "PYTHONPYCACHEPREFIX": str(folder / "compiled"),
    }
    environ.pop("PYTHONDONTWRITEBYTECODE", None)
    commands = {
        "servable-payload": [str(Path(sys.executable).with_name("servable-payload")), *arguments],
        "as a single file, compiled each time": [sys.executable, script.__file__, *arguments],
        "import json, logging, tarfile alone": [*python, "import json, logging, tarfile"],
    }
    print(f"{FIELDS} fields, a JSON and a CSV sample, beyond `python -c pass`, median of {PAIRS} pairs:")
    for name, command in commands.items():
        extra_ms, least_ms = _beyond([*python, "pass"], command, environ)
        target = " (target 60)" if name == "servable-payload" else ""
        print(f"  {name}: {extra_ms:.0f} ms{target}, at least {least_ms:.0f} ms")


def _beyond(floor: Sequence[str], command: Sequence[str], environ: dict[str, str]) -> tuple[float, float]:
    """Median of the differences of pairs, and the difference of the shortest times, in milliseconds."""
    pairs = [(_run_ms(floor, environ), _run_ms(command, environ)) for _ in range(PAIRS + 1)][1:]
    floors, times = zip(*pairs, strict=True)
    return statistics.median(ours - floor for floor, ours in pairs), min(times) - min(floors)


def _run_ms(command: Sequence[str], environ: dict[str, str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, env=environ, stderr=subprocess.DEVNULL, check=True)
    return (time.perf_counter() - started) * 1000


if __name__ == "__main__":
    main()
