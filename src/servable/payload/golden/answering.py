"""A payload answered: each file through decoding, binding and scoring, as an endpoint does it."""

import hashlib
from collections.abc import Iterable
from importlib.metadata import distributions
from pathlib import Path
from typing import Final

import numpy as np

from servable.artifact import EngineKind
from servable.codecs import decode_answer, decode_request, encode_answer
from servable.errors import BadInput, Problem, ServableError
from servable.payload import script
from servable.payload.archive import Payload, PayloadRequest, read_payload
from servable.payload.facts import facts_of
from servable.payload.golden.document import (
    FORMAT,
    GoldenDocument,
    GoldenFile,
    GoldenRefusal,
    GoldenTolerance,
    StoredBody,
)
from servable.payload.golden.job import GoldenJob
from servable.payload.golden.reference import Reference, open_reference, read_for
from servable.payload.golden.sidecar import GoldenAnswers
from servable.payload.golden.tolerance import calibrated_within, tolerance_of
from servable.payload.illegal import IllegalRequest, illegal_requests
from servable.progress import Progress, told
from servable.records import Predictions
from servable.scorer import Scorer

_BLOCK: Final = 256
_ALWAYS: Final = ("numpy", "servable")
_LIBRARIES: Final = {
    EngineKind.TORCH: ("tokenizers", "torch"),
    EngineKind.XGBOOST: ("xgboost", "xgboost-cpu"),
    EngineKind.LIGHTGBM: ("lightgbm",),
    EngineKind.ONNX_TREES: ("onnxruntime",),
    EngineKind.ONNX_NETWORK: ("onnxruntime", "tokenizers"),
    EngineKind.ONNX_WHOLE: ("onnxruntime", "tokenizers"),
}
_ENDINGS: Final = {"application/json": ".json", "text/csv": ".csv"}


def answer_payload(job: GoldenJob, *, progress: Progress) -> GoldenAnswers:
    """The golden answers that a job asks for.

    Raises:
        BadInput: `payload.*`, `golden.reference`, or what is wrong with a file of the payload, by its name.
        NotFound, Damaged, Unavailable: as `servable.load`.
    """
    with told(progress, "load the reference"):
        artifact = read_for(job, job.artifact)
        payload = read_payload(Path(job.payload), schema=artifact.schema)
        if payload.sha256 is None:
            raise _no_archive(job.payload)
        reference = open_reference(job, artifact)
    tolerance = tolerance_of(artifact, reference=reference.kind)
    answered = list(_answered(payload, reference, job=job, tolerance=tolerance, progress=progress))
    refusals = list(_refusals(illegal_requests(facts_of(artifact))))
    document = GoldenDocument(
        format=FORMAT,
        artifact=artifact.digest,
        payload=payload.sha256,
        reference=reference.kind,
        reason=reference.reason,
        tolerance=tolerance,
        libraries=_versions(reference.scorer.artifact.engine.kind),
        files=tuple(file for file, _ in answered),
        illegal=tuple(refusal for refusal, _ in refusals),
    )
    bodies = {file.response.file: body for file, body in answered}
    bodies |= {refusal.body.file: body for refusal, body in refusals}
    return GoldenAnswers(document=document, bodies=bodies)


def _answered(
    payload: Payload, reference: Reference, *, job: GoldenJob, tolerance: GoldenTolerance, progress: Progress
) -> Iterable[tuple[GoldenFile, bytes]]:
    total = len(payload.requests)
    progress("golden answers", 0, total)
    for place, request in enumerate(payload.requests, start=1):
        predictions = _scored(request, reference.scorer)
        body, accept = encode_answer(predictions, request.accept)
        raw = decode_answer(body, accept).raw  # as whoever compares with it will read it
        file = GoldenFile(
            name=request.name,
            case=job.cases.get(request.name, ""),
            content_type=request.content_type,
            accept=accept,
            records=request.records,
            sha256=request.sha256,
            response=_stored(f"expected/{Path(request.name).stem}{_ENDINGS[accept]}", body),
            calibrated_within=calibrated_within(reference.scorer.calibrator, raw, limit=tolerance.raw),
        )
        yield file, body
        progress("golden answers", place, total)


def _scored(request: PayloadRequest, scorer: Scorer) -> Predictions:
    """The scores of a file, in blocks that bound the memory that a network takes."""
    try:
        records = scorer.schema.bind(decode_request(request.body, request.content_type))
        blocks = [
            scorer.score_records(records.take(np.arange(start, min(start + _BLOCK, len(records)))))
            for start in range(0, len(records), _BLOCK)
        ]
    except ServableError as error:
        raise error.inside(f"payload archive, {request.name}") from error
    return Predictions(
        raw=np.concatenate([block.raw for block in blocks]),
        calibrated=np.concatenate([block.calibrated for block in blocks]),
        ids=records.ids,
    )


def _refusals(illegal: Iterable[IllegalRequest]) -> Iterable[tuple[GoldenRefusal, bytes]]:
    for request in illegal:
        form = script.CONTENT_TYPES.get(request.content_type)
        ending = ".body" if form is None else form.ending
        refusal = GoldenRefusal(
            case=request.case,
            content_type=request.content_type,
            body=_stored(f"illegal/{request.case}{ending}", request.data),
            status=request.status,
            field=request.field,
            record=request.record,
            why=request.why,
        )
        yield refusal, request.data


def _stored(name: str, data: bytes) -> StoredBody:
    return StoredBody(file=name, sha256=hashlib.sha256(data).hexdigest())


def _versions(kind: EngineKind) -> dict[str, str]:
    """Versions of the libraries that scores come from; XGBoost is installed under one of two names."""
    found = {distribution.name: distribution.version for distribution in distributions()}
    return {name: found[name] for name in sorted((*_ALWAYS, *_LIBRARIES[kind])) if name in found}


def _no_archive(path: str) -> BadInput:
    return BadInput(
        Problem(
            code="payload.file",
            where=path,
            expected="a payload archive, whose digest golden answers name",
            found="a folder",
            fix="pack it with `servable payload`",
        )
    )
