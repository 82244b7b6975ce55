"""Everything odd about an artifact, warnings first."""

from collections.abc import Iterator
from typing import Final

from servable.artifact import EngineKind
from servable.inspection.oddities_of_calibration import oddities_of_calibration
from servable.inspection.oddities_of_columns import oddities_of_columns
from servable.inspection.oddities_of_tables import oddities_of_tables
from servable.inspection.oddities_of_texts import oddities_of_texts
from servable.inspection.oddity import Oddity, Weight, note, warning
from servable.scorer import Scorer

_ENGINE: Final = "engine"


def oddities(scorer: Scorer) -> tuple[Oddity, ...]:
    """What a user should know before a score is trusted, warnings first."""
    found = [
        *oddities_of_columns(scorer),
        *oddities_of_tables(scorer),
        *oddities_of_texts(scorer),
        *oddities_of_calibration(scorer),
        *_of_engine(scorer),
        *_of_golden(scorer),
    ]
    return tuple(sorted(found, key=lambda oddity: oddity.weight is not Weight.WARNING))


def _of_engine(scorer: Scorer) -> Iterator[Oddity]:
    artifact = scorer.artifact
    kind, extra = artifact.engine.kind, artifact.engine.kind.extra
    if extra and artifact.manifest is not None:
        yield warning(
            "engine.extra",
            _ENGINE,
            f"{kind}, because no graph gave the same scores: whoever serves it needs servable[{extra}]",
        )
    elif extra:
        yield note(
            "engine.extra",
            _ENGINE,
            f"{kind} needs servable[{extra}] where it serves; `servable pack` makes an artifact without that",
        )
    if kind is EngineKind.ONNX_WHOLE:
        yield note(
            "engine.whole-graph",
            _ENGINE,
            f"scores come from {artifact.engine.file}, and the weights beside it are not read",
        )


def _of_golden(scorer: Scorer) -> Iterator[Oddity]:
    golden = scorer.artifact.golden
    if golden is None:
        yield warning(
            "golden.none",
            "golden records",
            "there are none, so an endpoint of this artifact cannot be proved right",
        )
    elif not golden.holds_real_records:
        yield note(
            "golden.derived",
            "golden records",
            "all are derived from the artifact's own tables, so a proof compares scores of records that "
            "nobody has sent",
        )
