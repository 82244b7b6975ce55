"""A packed artifact without an engine, samples made by hand, and endpoints that lie, stall and die."""

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from servable.artifact import (
    MANIFEST,
    EngineEntry,
    FieldEntry,
    GoldenEntry,
    GoldenSet,
    Manifest,
    SchemaEntry,
    Tolerances,
    canonical_json,
    file_entries,
    read_artifact,
)
from servable.codecs import REQUEST_TYPES, encode_answer
from servable.payload import payload_requests
from servable.prove import Objective, Proof, Verdict, Warmup, prove
from servable.prove.plan import Plan, shuffled
from servable.prove.requests import SHUFFLED_ROWS, golden_requests
from servable.prove.samples import Outcome, Samples
from servable.records import Predictions

SCRIPT = Path(__file__).with_name("endpoints.py")
SEED = 11
RECORDS = 24
UNCARRIED = 3
"""Records with an empty category, which a headerless CSV cannot tell from a missing one."""

GENEROUS = Objective(rate_per_s=200, max_latency_ms=1000, max_error_rate=0.01)
SHORT = Warmup(min_s=0.3, requests_per_type=10)


def golden_set(records: int = RECORDS) -> GoldenSet:
    """Records of two fields with scores that a generator drew."""
    random = np.random.default_rng(3)
    towns = ["Ulm", "Aachen", 'Bad "Ems"', "K\u00f6ln, Deutz", None]
    requests = [
        {"id": index, "age": None if index == 5 else index + 0.5, "town": towns[index % len(towns)]}
        for index in range(records - UNCARRIED)
    ] + [{"id": -1, "age": 90 + index, "town": ""} for index in range(UNCARRIED)]
    raw = random.random(records).astype(np.float32)
    calibrated = (raw * np.float32(0.9)).astype(np.float32)
    packed = Predictions(
        raw=np.stack([1 - raw, raw], axis=1), calibrated=np.stack([1 - calibrated, calibrated], axis=1)
    )
    return GoldenSet(
        requests=tuple(canonical_json(request) for request in requests),
        reference=packed,
        packed=packed,
        source="train",
        derived=UNCARRIED,
    )


def write_artifact(folder: Path, golden: GoldenSet | None = None) -> Path:
    """A packed artifact whose engine nobody can run: an endpoint double answers in its place."""
    golden = golden or golden_set()
    members = {
        "trees.onnx": b"no engine",
        "tables/risk.json": canonical_json({"town": {"bins": {"Ulm": 0.5}, "default_bin": 0.1}}),
        "tables/impute.json": canonical_json({"age": 40.0}),
        **golden.to_files(),
    }
    manifest = Manifest(
        format=1,
        name="double",
        family="xgboost",
        schema=SchemaEntry(
            fields=(FieldEntry(name="age", kind="numeric"), FieldEntry(name="town", kind="categorical")),
            classes=("no", "yes"),
            id_name="id",
            csv_columns=("id", "age", "town"),
            null_spellings=("",),
        ),
        features=("age", "town"),
        engine=EngineEntry(kind="onnx-trees", file="trees.onnx", intra_op_threads=1, score_dtype="float32"),
        golden=GoldenEntry(source=golden.source, records=len(golden), derived_records=golden.derived),
        tolerances=Tolerances(raw_p999=1e-5, raw_max=1e-4, reason="law 1"),
        libraries={"numpy": np.__version__},
        files=file_entries(members),
    )
    members[MANIFEST] = canonical_json(manifest.to_plain())
    for name, data in members.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


TableAnswer = tuple[str, str, int]
"""Body, content type and status of an answer; a status of 0 ends the endpoint."""


def write_table(
    path: Path,
    artifact: Path,
    payload: Mapping[str, bytes] | None = None,
    *,
    others: Mapping[bytes, TableAnswer] | None = None,
) -> Path:
    """The right answer to every request that a proof of this artifact with `SEED` sends.

    Args:
        path: of the file.
        artifact: the packed artifact.
        payload: further requests that are legal, by the names of their files.
        others: answers by request, in the place of the right ones.
    """
    read = read_artifact(artifact)
    assert read.golden is not None
    table: dict[str, TableAnswer] = {}
    for content_type in REQUEST_TYPES:
        made = golden_requests(read.golden.requests, schema=read.schema, content_type=content_type)
        order = [made.rows[place] for place in shuffled(len(made.rows), seed=SEED)]
        batches = [*made.batches(made.rows, most=1), *made.batches(made.rows)]
        for rows, body in [*batches, *made.batches(order, most=SHUFFLED_ROWS)]:
            table[hashlib.sha256(body).hexdigest()] = _answer(read.golden.expected, rows, made.accept)
    for file in payload_requests(payload, schema=read.schema) if payload else []:
        key = hashlib.sha256(file.body).hexdigest()
        table[key] = _answer(read.golden.expected, range(file.records), file.accept)
    table |= {hashlib.sha256(body).hexdigest(): answer for body, answer in (others or {}).items()}
    path.write_text(json.dumps(table))
    return path


def _answer(predictions: Predictions, rows: Sequence[int], accept: str) -> TableAnswer:
    index = list(rows)
    chosen = Predictions(raw=predictions.raw[index], calibrated=predictions.calibrated[index])
    body, content_type = encode_answer(chosen, accept)
    return body.decode(), content_type, 200


def command(table: Path, artifact: Path, *, fault: str = "none", after: int = 0, port: int = 0) -> list[str]:
    """The command line of an endpoint double."""
    return [
        *(sys.executable, str(SCRIPT), "--table", str(table), "--digest", read_artifact(artifact).digest),
        *("--fault", fault, "--after", str(after), "--port", str(port)),
    ]


@contextmanager
def running(table: Path, artifact: Path, *, fault: str = "none", after: int = 0) -> Iterator[str]:
    """The URL of an endpoint double while the block runs."""
    process = subprocess.Popen(
        command(table, artifact, fault=fault, after=after), stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        port = int(process.stdout.readline())
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def prove_briefly(artifact: Path, output: Path, *, objective: Objective = GENEROUS, **options: Any) -> Proof:
    """A proof with as few requests as can pass, and a short warm-up."""
    return prove(
        artifact,
        objective=objective,
        output=output,
        seed=SEED,
        warmup=SHORT,
        min_duration_s=0.0,
        **options,
    )


def prove_undisturbed(
    table: Path, artifact: Path, output: Path, *, fault: str, after: int = 0, **options: Any
) -> Proof:
    """A proof of an endpoint double; where the machine disturbed the run, it is run again, twice at most."""
    for _ in range(3):
        with running(table, artifact, fault=fault, after=after) as url:
            proof = prove_briefly(artifact, output, url=url, **options)
        if proof.verdict is not Verdict.INVALID:
            break
    return proof


def claims_of(proof: Proof) -> dict[str, Any]:
    """The claims of a proof by id."""
    return {claim["id"]: claim for claim in proof.document["claims"]}


def a_plan(n: int, *, rate: float = 100.0, warmup_n: int = 0, **changes: Any) -> Plan:
    """A plan of so many measured requests without a warm-up."""
    values: dict[str, Any] = {
        "seed": 1,
        "rate_per_s": rate,
        "n": n,
        "duration_s": n / rate,
        "warmup_n": warmup_n,
        "warmup_s": warmup_n / rate,
        "timeout_s": 4.0,
        "body_classes": (1,),
        "content_types": ("application/json",),
    }
    return Plan(**{**values, **changes})


def a_run(
    n: int, *, rate: float = 100.0, response_ms: float = 10.0, slow: int = 0, slow_ms: float = 900.0
) -> Samples:
    """Samples of evenly spaced requests that were all answered, the first `slow` of them slowly."""
    scheduled = (np.arange(n) * 1e9 / rate).astype(np.int64)
    samples = Samples.planned(scheduled, np.zeros(n, dtype=np.int32))
    samples.sent_ns[:] = scheduled
    samples.done_ns[:] = scheduled + round(response_ms * 1e6)
    samples.done_ns[:slow] = scheduled[:slow] + round(slow_ms * 1e6)
    samples.first_byte_ns[:] = samples.done_ns
    samples.status[:] = 200
    samples.outcome[:] = Outcome.OK
    return samples
