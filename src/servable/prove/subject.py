"""What a proof is about: an artifact, its golden answers, and the requests that are made of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from servable.artifact import Artifact, read_artifact
from servable.codecs import REQUEST_TYPES
from servable.errors import BadInput, Problem, shown
from servable.payload import GoldenAnswers, read_golden_answers, read_payload
from servable.prove.ammunition import Body, golden_bodies, payload_body
from servable.prove.endpoint import Target
from servable.prove.environment import is_same_build
from servable.prove.parity import ParityRule
from servable.prove.payload_files import AskedFile, payload_files
from servable.prove.requests import GoldenRequests, golden_requests
from servable.prove.response import Response
from servable.prove.samples import Outcome
from servable.records import Predictions


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Subject:
    """An artifact with the requests of its proof.

    Attributes:
        artifact: what is proven.
        predictions: the packed engine's own answers to the golden records.
        golden: the golden records of each content type.
        payload: files of a payload archive.
        answers: golden answers of that payload, or None.
        rule: how far a served score may be from the packed one.
    """

    artifact: Artifact
    predictions: Predictions
    golden: tuple[GoldenRequests, ...]
    payload: tuple[AskedFile, ...]
    answers: GoldenAnswers | None
    rule: ParityRule

    @property
    def libraries(self) -> Mapping[str, str]:
        """Versions of the libraries that packed the artifact."""
        manifest = self.artifact.manifest
        return {} if manifest is None else manifest.libraries

    def bodies(self, first_answers: Sequence[Response | Outcome], target: Target) -> list[Body]:
        """The bodies of the load, class after class; payload bodies with their first answers."""
        golden = [
            body
            for requests in self.golden
            for body in golden_bodies(requests, predictions=self.predictions, target=target, rule=self.rule)
        ]
        payload = [
            payload_body(file, target=target, first=first)
            for file, first in zip(self.payload, first_answers, strict=True)
        ]
        return golden + payload

    def describe(self) -> dict[str, Any]:
        """The artifact and its data as a proof names them."""
        artifact, golden = self.artifact, self.artifact.golden
        facts: dict[str, Any] = {
            "artifact_digest": artifact.digest,
            "name": artifact.name,
            "family": artifact.family,
            "golden_source": None if golden is None else golden.source,
            "golden_rows": len(self.predictions),
        }
        training = (artifact.manifest.training if artifact.manifest else None) or {}
        return facts | ({"data": training["data"]} if "data" in training else {})


def read_subject(
    path: Path,
    *,
    content_types: Sequence[str],
    payload: Path | None,
    golden: Path | None,
    is_own_endpoint: bool,
) -> Subject:
    """The subject in an artifact.

    Args:
        path: a packed artifact with a golden set.
        content_types: types in which golden requests are sent, each once.
        payload: a payload archive, or a folder with its files.
        golden: golden answers of that payload.
        is_own_endpoint: whether this installation will serve it, so that scores must be bit-equal.

    Raises:
        BadInput: `prove.content-types`, `prove.golden`, `prove.payload`, `payload.*`, `golden.artifact`,
            `golden.payload`, `golden.tolerance`.
        NotFound, Damaged: as `read_artifact`, `read_payload` and `read_golden_answers`.
    """
    unknown = [name for name in content_types if name not in REQUEST_TYPES]
    if unknown or not content_types or len(set(content_types)) != len(content_types):
        expected = f"one or more of {', '.join(REQUEST_TYPES)}, each once"
        _refuse("content-types", expected, shown(list(content_types)), "correct the list")
    if golden is not None and payload is None:
        _refuse("payload", "the payload that the golden answers are of", "none", "pass `--payload`, too")
    artifact = read_artifact(path)
    if artifact.golden is None:
        _refuse("golden", "golden records", "none", "pack the model again with `--golden synthetic`")
    if artifact.golden.packed is None or artifact.manifest is None:
        _refuse("golden", "a packed artifact", "a training output", "pack it with `servable pack`")
    replayed = tuple(
        golden_requests(artifact.golden.requests, schema=artifact.schema, content_type=content_type)
        for content_type in content_types
    )
    if not any(requests.rows for requests in replayed):
        found = f"none of {len(artifact.golden)} in {', '.join(content_types)}"
        _refuse("content-types", "a type that can carry golden records", found, "add application/json")
    manifest = artifact.manifest
    is_same = (
        is_own_endpoint and manifest.tolerances.is_bit_equal_on_wire and is_same_build(manifest.libraries)
    )
    rule = ParityRule.SAME_BUILD if is_same else ParityRule.OTHER_MACHINE
    answers, files = _payload(payload, golden, artifact=artifact, rule=rule)
    return Subject(
        artifact=artifact,
        predictions=artifact.golden.packed,
        golden=replayed,
        payload=files,
        answers=answers,
        rule=rule,
    )


def _payload(
    path: Path | None, golden: Path | None, *, artifact: Artifact, rule: ParityRule
) -> tuple[GoldenAnswers | None, tuple[AskedFile, ...]]:
    """Golden answers and files of a payload; answers of another one, or that allow too much, are refused."""
    if path is None:
        return None, ()
    payload = read_payload(path, schema=artifact.schema)
    answers = None if golden is None else read_golden_answers(golden)
    if answers is not None:
        answers.require_artifact(artifact.digest)
        answers.require_payload(payload)
        answers.require_tolerance(artifact)
    return answers, tuple(payload_files(payload, answers=answers, rule=rule))


def _refuse(name: str, expected: str, found: str, fix: str) -> NoReturn:
    raise BadInput(
        Problem(
            code=f"prove.{name}",
            where=f"the proof's {name}",
            expected=expected,
            found=found,
            fix=fix,
        )
    )
