"""A payload of two files, its golden answers made by hand, and illegal requests with their right answers."""

import hashlib
import json
from pathlib import Path

from prove_doubles import TableAnswer, write_table

from servable.artifact import read_artifact, write_tar_gz
from servable.payload import payload_requests, read_payload
from servable.payload.golden.document import (
    GoldenDocument,
    GoldenFile,
    GoldenRefusal,
    GoldenTolerance,
    StoredBody,
)
from servable.payload.golden.sidecar import GoldenAnswers, write_answers

MEMBERS = {
    "payload_application_json_0.json": b'{"age": 7.25, "town": "Payload"}',
    "payload_text_csv_0.csv": b"1,8.25,Payload\n2,9.25,Payload\n",
}
CASES = {"payload_application_json_0.json": "typical", "payload_text_csv_0.csv": "two-records"}
JSON_FILE = MEMBERS["payload_application_json_0.json"]

IN_WORDS, BROKEN = b'{"age": "old", "town": "Ulm"}', b'{"age": 7'
REFUSED: dict[bytes, TableAnswer] = {
    IN_WORDS: ('{"error": "record 0, field \\"age\\": expected a number"}', "application/json", 400),
    BROKEN: ('{"error": "Invalid JSON format"}', "application/json", 400),
}


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def right_answers(folder: Path, artifact: Path) -> dict[bytes, TableAnswer]:
    """The answers of an endpoint that does everything right to the files of the payload."""
    table = json.loads(write_table(folder / "right.json", artifact, MEMBERS).read_text())
    return {body: tuple(table[sha256(body)]) for body in MEMBERS.values()}


def write_payload(folder: Path) -> Path:
    """The payload archive."""
    path = folder / "payload.tar.gz"
    write_tar_gz(path, MEMBERS)
    return path


def some_answers(folder: Path, artifact: Path, *, reference: str = "xgboost") -> GoldenAnswers:
    """Golden answers of the payload in `payload.tar.gz` of a folder, and two illegal requests."""
    right = right_answers(folder, artifact)
    requests = payload_requests(MEMBERS)
    bodies = {f"expected/{request.name}": right[request.body][0].encode() for request in requests}
    illegal = {"number-in-words": (IN_WORDS, "age", 0), "broken-json": (BROKEN, None, None)}
    document = GoldenDocument(
        format=1,
        artifact=read_artifact(artifact).digest,
        payload=read_payload(folder / "payload.tar.gz").sha256 or "",
        reference=reference,
        reason="it was at hand",
        tolerance=GoldenTolerance(raw=1e-4, reason="two engines"),
        libraries={},
        files=tuple(
            GoldenFile(
                name=request.name,
                case=CASES[request.name],
                content_type=request.content_type,
                accept=request.accept,
                records=request.records,
                sha256=request.sha256,
                response=_stored(f"expected/{request.name}", bodies[f"expected/{request.name}"]),
                calibrated_within=1e-4,
            )
            for request in requests
        ),
        illegal=tuple(
            GoldenRefusal(
                case=case,
                content_type="application/json",
                body=_stored(f"illegal/{case}.json", body),
                status=400,
                field=field,
                record=record,
                why="it is illegal",
            )
            for case, (body, field, record) in illegal.items()
        ),
    )
    bodies |= {f"illegal/{case}.json": body for case, (body, *_) in illegal.items()}
    return GoldenAnswers(document=document, bodies=bodies)


def write_golden(folder: Path, artifact: Path, *, reference: str = "xgboost") -> Path:
    """The sidecar of the payload in the same folder."""
    path = folder / "golden.tar.gz"
    write_answers(path, some_answers(folder, artifact, reference=reference))
    return path


def _stored(name: str, data: bytes) -> StoredBody:
    return StoredBody(file=name, sha256=sha256(data))
