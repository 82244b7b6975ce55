"""Who answers a payload: the engine of the training output, or the packed one and why."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from servable.artifact import Artifact, OnDamage, TokenizerSearch, read_artifact
from servable.engines import Device
from servable.errors import Unavailable, shown
from servable.payload.golden.document import PACKED
from servable.payload.golden.job import GoldenJob
from servable.payload.golden.likeness import not_the_reference, require_same_model
from servable.scorer import Scorer, scorer_of

_NO_LIBRARY: Final = "engine.extra"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """What answers.

    Attributes:
        scorer: it.
        kind: of its engine; `packed` for the packed engine.
        reason: why it is this one, in words.
    """

    scorer: Scorer
    kind: str
    reason: str


def read_for(job: GoldenJob, path: str) -> Artifact:
    """An artifact as the job says that it is to be read.

    Raises:
        NotFound, BadInput, Damaged, Unavailable: as `read_artifact`.
    """
    search = TokenizerSearch.of(os.environ, folder=job.tokenizers, allow_download=job.allow_download)
    is_reference = path == (job.reference or job.artifact)
    columns = Path(job.columns) if job.columns is not None and is_reference else None
    return read_artifact(Path(path), on_damage=job.on_damage, tokenizers=search, columns=columns)


def open_reference(job: GoldenJob, artifact: Artifact) -> Reference:
    """What answers for an artifact, with its model loaded; never on a GPU, whose last digits differ.

    Raises:
        BadInput: `golden.reference` for a reference that is not the training output that a packed artifact
            was made of.
        NotFound, Damaged, Unavailable: as `servable.load`.
    """
    if artifact.manifest is None:
        if job.reference is not None:
            fix = "leave `--reference` out, or name the packed artifact first"
            raise not_the_reference(
                "none, since the artifact is a training output itself", shown(job.reference), fix
            )
        kind = artifact.engine.kind.value
        return Reference(
            scorer=_scorer(artifact, job.on_damage),
            kind=kind,
            reason="the engine of the artifact, which is a training output",
        )
    if job.reference is None:
        reason = "no training output was named, so the packed engine answered for itself"
        return Reference(scorer=_scorer(artifact, job.on_damage), kind=PACKED, reason=reason)
    training = read_for(job, job.reference)
    require_fit(training, artifact)
    kind = training.engine.kind.value
    try:
        scorer = _scorer(training, job.on_damage)
    except Unavailable as error:
        if error.code != _NO_LIBRARY:
            raise
        problem = error.problems[0]
        reason = (
            f"the packed engine answered for itself, because {kind} cannot run here "
            f"({problem.where}: expected {problem.expected}, found {problem.found})"
        )
        return Reference(scorer=_scorer(artifact, job.on_damage), kind=PACKED, reason=reason)
    require_same_model(scorer, artifact)
    return Reference(
        scorer=scorer,
        kind=kind,
        reason="the engine of the training output",
    )


def require_fit(training: Artifact, packed: Artifact) -> None:
    """Refuse a training output that reads other requests, or knows other classes, than the packed artifact.

    Raises:
        BadInput: `golden.reference`, naming the first thing that differs.
    """
    if training.manifest is not None:
        raise not_the_reference(
            "a training output", "a packed artifact", "name the folder or archive that training wrote"
        )
    ours, theirs = _traits(packed), _traits(training)
    for what, expected in ours.items():
        if theirs[what] != expected:
            raise not_the_reference(
                f"{what} as the packed artifact has them, {shown(expected)}", shown(theirs[what])
            )


def _traits(artifact: Artifact) -> dict[str, object]:
    """By name in words, what decides about how a request is read."""
    schema = artifact.schema
    return {
        "fields": [(field.name, field.kind.value) for field in schema.fields],
        "classes": list(schema.classes),
        "columns of a CSV": None if schema.csv_columns is None else list(schema.csv_columns),
        "spellings of a missing number": sorted(schema.null_spellings),
        "text steps": {
            text.field: [*text.steps, text.max_tokens, text.max_chunks] for text in artifact.texts
        },
    }


def _scorer(artifact: Artifact, on_damage: OnDamage) -> Scorer:
    return scorer_of(artifact, on_damage=on_damage, device=Device.CPU)
