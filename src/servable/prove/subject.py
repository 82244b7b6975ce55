"""What a proof is about: an artifact, its golden answers, and the requests that are made of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from servable.artifact import Artifact, read_archive, read_artifact
from servable.codecs import REQUEST_TYPES
from servable.errors import BadInput, Problem, shown
from servable.prove.ammunition import Body, golden_bodies, payload_body
from servable.prove.endpoint import Target
from servable.prove.environment import is_same_build
from servable.prove.parity import ParityRule
from servable.prove.requests import GoldenRequests, PayloadBody, golden_requests, payload_bodies
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
        payload: bodies of a payload archive.
        rule: how far a served score may be from the packed one.
    """

    artifact: Artifact
    predictions: Predictions
    golden: tuple[GoldenRequests, ...]
    payload: tuple[PayloadBody, ...]
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
            for body in golden_bodies(requests, predictions=self.predictions, target=target)
        ]
        payload = [
            payload_body(body, target=target, first=first)
            for body, first in zip(self.payload, first_answers, strict=True)
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
    path: Path, *, content_types: Sequence[str], payload: Path | None, is_own_endpoint: bool
) -> Subject:
    """The subject in an artifact.

    Args:
        path: a packed artifact with a golden set.
        content_types: types in which golden requests are sent, each once.
        payload: a payload archive.
        is_own_endpoint: whether this installation will serve it, so that scores must be bit-equal.

    Raises:
        BadInput: `prove.content-types`, `prove.golden`, `payload.*`.
        NotFound, Damaged: as `read_artifact` and `read_archive`.
    """
    unknown = [name for name in content_types if name not in REQUEST_TYPES]
    if unknown or not content_types or len(set(content_types)) != len(content_types):
        expected = f"one or more of {', '.join(REQUEST_TYPES)}, each once"
        _refuse("content-types", expected, shown(list(content_types)), "correct the list")
    artifact = read_artifact(path)
    if artifact.golden is None:
        _refuse("golden", "golden records", "none", "pack the model again with `--golden synthetic`")
    if artifact.golden.packed is None or artifact.manifest is None:
        _refuse("golden", "a packed artifact", "a training output", "pack it with `servable pack`")
    golden = tuple(
        golden_requests(artifact.golden.requests, schema=artifact.schema, content_type=content_type)
        for content_type in content_types
    )
    if not any(requests.rows for requests in golden):
        found = f"none of {len(artifact.golden)} in {', '.join(content_types)}"
        _refuse("content-types", "a type that can carry golden records", found, "add application/json")
    manifest = artifact.manifest
    is_same = (
        is_own_endpoint and manifest.tolerances.is_bit_equal_on_wire and is_same_build(manifest.libraries)
    )
    return Subject(
        artifact=artifact,
        predictions=artifact.golden.packed,
        golden=golden,
        payload=() if payload is None else tuple(payload_bodies(read_archive(payload))),
        rule=ParityRule.SAME_BUILD if is_same else ParityRule.OTHER_MACHINE,
    )


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
