"""What belongs to two artifacts beside their fields, tables and weights: engine, profile, origin, remarks."""

import hashlib
from dataclasses import dataclass
from typing import Final

from servable.artifact import Artifact, Profile, canonical_json
from servable.evaluate.diff.change import Change, Pair, changed
from servable.evaluate.diff.side import Side
from servable.inspection import layout_of

_SHORT_DIGEST: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What an artifact is called, and what it is.

    Attributes:
        digest: its identity.
        layout: `packed`, or that of a training output.
    """

    name: str
    digest: str
    family: str
    layout: str
    engine: str


def facts_of(artifact: Artifact) -> Facts:
    """Name, identity and kind of an artifact."""
    return Facts(
        name=artifact.name,
        digest=artifact.digest,
        family=artifact.family,
        layout=layout_of(artifact).value,
        engine=artifact.engine.kind.value,
    )


def engine_changes(a: Side, b: Side) -> tuple[Change, ...]:
    """What differs about what computes the scores.

    Another engine of the same numbers moves the last digits of a score, which is no difference between
    two models; another family is one.
    """
    one, other = a.artifact, b.artifact
    pairs = [
        Pair("layout", layout_of(one).value, layout_of(other).value),
        Pair("engine", one.engine.kind.value, other.engine.kind.value),
        Pair("threads of the engine", one.engine.intra_op_threads, other.engine.intra_op_threads),
        Pair("precision of scores", one.engine.score_dtype, other.engine.score_dtype),
        *_tolerances(one, other),
    ]
    family = Pair("family", one.family, other.family)
    return (*changed([family], moves_scores=True), *changed(pairs, moves_scores=False))


def about_changes(a: Side, b: Side) -> tuple[Change, ...]:
    """What differs about name, origin, libraries, profile, and what is odd or was passed over."""
    one, other = a.artifact, b.artifact
    pairs = [
        Pair("name", one.name, other.name),
        Pair("profile", _profile(one.profile), _profile(other.profile)),
        *_libraries(one, other),
        Pair("passed over", a.degradations, b.degradations),
        Pair("remarks", one.remarks, other.remarks),
    ]
    return changed(pairs, moves_scores=False)


def differing_files(a: Side, b: Side) -> tuple[str, ...]:
    """Names of files that differ between two artifacts of one layout, or that one of them lacks.

    Of two layouts every file would be told.
    """
    one, other = a.artifact, b.artifact
    if one.digest == other.digest or layout_of(one) is not layout_of(other):
        return ()
    digests_a, digests_b = (
        {name: side.files.sha256(name) for name in side.files.names()} for side in (one, other)
    )
    return tuple(
        name for name in sorted({*digests_a, *digests_b}) if digests_a.get(name) != digests_b.get(name)
    )


def _tolerances(a: Artifact, b: Artifact) -> list[Pair]:
    """Of two packed artifacts: how far the packed engine may be from its reference."""
    if a.manifest is None or b.manifest is None:
        return []
    one, other = a.manifest.tolerances, b.manifest.tolerances
    return [
        Pair("tolerance of 999 in 1,000 raw scores", one.raw_p999, other.raw_p999),
        Pair("tolerance of all raw scores", one.raw_max, other.raw_max),
    ]


def _profile(profile: Profile | None) -> str:
    if profile is None:
        return "none"
    digest = hashlib.sha256(canonical_json(profile.to_plain())).hexdigest()
    return f"of {profile.rows:,} rows ({profile.source}), sha256 {digest[:_SHORT_DIGEST]}"


def _libraries(a: Artifact, b: Artifact) -> list[Pair]:
    """Versions of what two artifacts were packed with, library by library."""
    if a.manifest is None or b.manifest is None:
        return []
    one, other = a.manifest.libraries, b.manifest.libraries
    return [Pair(f"library {name}", one.get(name), other.get(name)) for name in sorted({*one, *other})]
