"""What many realistic samples take, by content type, beside plain encoders of the same records.

    python benchmarks/payload_samples.py

The floor of a content type is the encoder that people would take, called once for each record: `json.dumps`,
`csv.writer`, `write_parquet` of a table of one row. Memory is that of a process of its own for each number of
samples.
"""

import csv
import io
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from arro3.core import Array, DataType
from arro3.core import Table as ArrowTable
from arro3.io import write_parquet

from endpoints import machine
from servable.artifact import read_artifact
from servable.payload import Strategy, generate
from servable.payload.facts import facts_of
from servable.payload.strategies.realistic import realistic_samples

FIELDS, ROWS, SAMPLES = 500, 400, 1000
FEW, MANY = 100, 2000
FLOOR_SAMPLES = 100
ROUNDS = 3
TYPES = ("application/json", "text/csv", "application/x-ndjson", "application/x-parquet")

Record = Mapping[str, Any]


def main() -> None:
    """Measures and prints; nothing is asserted, because a slow machine is no fault of the code."""
    if len(sys.argv) == 4:
        _print_memory(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
        return
    print(machine())
    with tempfile.TemporaryDirectory() as folder:
        measure(Path(folder))


def measure(folder: Path) -> None:
    """Prints the times of samples of a small model of many fields, which is trained for it."""
    model, output = _trained(folder), folder / "payload.tar.gz"
    print(f"{SAMPLES} realistic samples of {FIELDS} fields, a file for each sample and content type:")
    print(f"  {', '.join(TYPES)}: {_least_s(model, output, TYPES):.2f} s (target 3)")
    facts = facts_of(read_artifact(model))
    records = [each.records[0] for each in realistic_samples(facts, count=FLOOR_SAMPLES, seed=1)]
    for content_type in TYPES:
        ours = _least_s(model, output, (content_type,))
        floor = _encoding_s(records, _ENCODERS[content_type]) * SAMPLES / FLOOR_SAMPLES
        print(f"  {content_type} alone: {ours:.2f} s, its encoder alone {floor:.2f} s")
    few, many = (_memory_mb(model, output, samples) for samples in (FEW, MANY))
    print(f"  memory at its highest: {few:.0f} MB for {FEW} samples, {many:.0f} MB for {MANY}")


def _trained(folder: Path) -> Path:
    draws = random.Random(1)  # noqa: S311  # a table, not a secret
    table = folder / "table.csv"
    half = FIELDS // 2
    with table.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow([f"number_{n}" for n in range(half)] + [f"category_{n}" for n in range(half)] + ["y"])
        for _ in range(ROWS):
            numbers = [round(draws.lognormvariate(3, 1), 2) for _ in range(half)]
            categories = [f"value {draws.randrange(20)}" for _ in range(half)]
            rows.writerow([*numbers, *categories, draws.randrange(2)])
    command = [sys.executable, "-m", "servable", "train", str(table), "--label", "y", "--family", "xgboost"]
    model = folder / "trained"
    subprocess.run([*command, "--num-round", "2", "-o", str(model)], check=True, stdout=subprocess.DEVNULL)
    return model


def _least_s(model: Path, output: Path, content_types: tuple[str, ...]) -> float:
    times = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        generate(model, output, strategy=Strategy.REALISTIC, samples=SAMPLES, content_types=content_types)
        times.append(time.perf_counter() - started)
    return min(times)


def _encoding_s(records: list[Record], encode: Callable[[Record], object]) -> float:
    started = time.perf_counter()
    for record in records:
        encode(record)
    return time.perf_counter() - started


def _csv(record: Record) -> str:
    row = io.StringIO(newline="")
    csv.writer(row).writerow(record.values())
    return row.getvalue()


def _parquet(record: Record) -> bytes:
    arrays = [
        Array([cell], DataType.utf8() if isinstance(cell, str) else DataType.float64())
        for cell in record.values()
    ]
    file = io.BytesIO()
    write_parquet(ArrowTable.from_arrays(arrays, names=list(record)), file, skip_arrow_metadata=True)
    return file.getvalue()


_ENCODERS: dict[str, Callable[[Record], object]] = {
    "application/json": json.dumps,
    "text/csv": _csv,
    "application/x-ndjson": json.dumps,
    "application/x-parquet": _parquet,
}


def _memory_mb(model: Path, output: Path, samples: int) -> float:
    command = [sys.executable, __file__, str(model), str(output), str(samples)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def _print_memory(model: Path, output: Path, samples: int) -> None:
    generate(model, output, strategy=Strategy.REALISTIC, samples=samples, content_types=TYPES)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


if __name__ == "__main__":
    main()
