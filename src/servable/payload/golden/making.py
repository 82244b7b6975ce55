"""`write_golden`: a payload answered by the training-side engine in a process of its own, as a sidecar."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from servable.artifact import OnDamage, require_writable
from servable.errors import BadInput, Problem, shown
from servable.payload.golden.document import GoldenDocument
from servable.payload.golden.job import GoldenJob
from servable.payload.golden.process import answer_apart
from servable.payload.golden.sidecar import SIDECAR, write_answers
from servable.payload.places import require_apart
from servable.progress import Progress, silent, told


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldenSummary:
    """What `write_golden` wrote.

    Attributes:
        path: the sidecar.
        size_bytes: its size.
        document: its `golden.json`.
    """

    path: Path
    size_bytes: int
    document: GoldenDocument

    def summary_lines(self) -> list[str]:
        """What a person wants to know, the file first."""
        document = self.document
        records = sum(file.records for file in document.files)
        return [
            f"{self.path} ({self.size_bytes:,} bytes)",
            f"reference: {document.reference} ({document.reason})",
            f"{len(document.files)} files answered ({records:,} records), "
            f"{len(document.illegal)} requests that must be refused",
        ]

    def to_plain(self) -> dict[str, Any]:
        """The summary as JSON values."""
        document = self.document
        return {
            "golden": str(self.path),
            "golden_bytes": self.size_bytes,
            "digest": document.digest,
            "reference": document.reference,
            "reason": document.reason,
            "files": len(document.files),
            "records": sum(file.records for file in document.files),
            "illegal": len(document.illegal),
        }


def write_golden(
    payload: Path,
    artifact: Path,
    *,
    reference: Path | None = None,
    output: Path | None = None,
    cases: Mapping[str, str] | None = None,
    on_damage: OnDamage = OnDamage.REFUSE,
    tokenizers: Path | None = None,
    allow_download: bool = False,
    columns: Path | None = None,
    progress: Progress = silent,
) -> GoldenSummary:
    """Writes the golden answers of a payload archive beside it, and says who gave them.

    The files are scored in a process of its own, which is ended with this call whatever happens. The
    sidecar appears whole or not at all, and its bytes depend on payload, artifacts and libraries alone.

    Args:
        payload: the archive as `generate` wrote it.
        artifact: what it was made for; packed, or as training left it.
        reference: the training output that a packed `artifact` was made of: its own engine answers.
            Without one a training output answers for itself, and a packed artifact by its packed engine.
            The packed engine stands in, too, where the extra that the reference needs is not installed.
        output: the sidecar.  [default: golden.tar.gz beside the payload]
        cases: what each file of the payload shows, by name.
        on_damage: what to do about a missing or broken file of artifact or reference.
        tokenizers: as in `servable.load`.
        allow_download: the same.
        columns: the same, of the reference, else of the artifact.
        progress: told of each file.

    Raises:
        BadInput: `payload.target` for a place that is an input or inside one, `payload.*` for a payload that
            cannot be used, `golden.case` for a case that cannot be printed, `golden.reference` for a training
            output of another model; nothing is written then.
        NotFound, Damaged, Unavailable: as `servable.load`.
    """
    target = output or payload.with_name(SIDECAR)
    require_apart([target], [payload, artifact, reference])
    require_writable(target)
    _require_printable((cases or {}).values())
    job = GoldenJob(
        payload=str(payload),
        artifact=str(artifact),
        reference=None if reference is None else str(reference),
        cases=dict(cases or {}),
        on_damage=on_damage,
        tokenizers=None if tokenizers is None else str(tokenizers),
        allow_download=allow_download,
        columns=None if columns is None else str(columns),
    )
    answers = answer_apart(job, progress=progress)
    with told(progress, "write golden answers"):
        write_answers(target, answers)
    return GoldenSummary(path=target, size_bytes=target.stat().st_size, document=answers.document)


def _require_printable(cases: Iterable[str]) -> None:
    for case in cases:
        if not (case.isascii() and case.isprintable()):
            raise BadInput(
                Problem(
                    code="golden.case",
                    where="case of a payload file",
                    expected="printable ASCII, because it is printed as it stands",
                    found=shown(case),
                    fix="name it in words joined by hyphens",
                )
            )
