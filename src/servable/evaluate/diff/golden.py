"""The golden records of two artifacts."""

import hashlib
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from servable.artifact import Artifact, GoldenSet

PACKED, REFERENCE = "packed", "reference"

_BREAK: Final = b"\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldenFacts:
    """Golden records: source, how many, how many of them derived; sha256 of requests, and of all of it."""

    source: str
    records: int
    derived: int
    requests_digest: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldenDiff:
    """What differs between two golden sets.

    Attributes:
        a, b: None where there is none.
        in_common: requests that both hold.
        side: whose answers to those were compared: of the packed engines, where both artifacts hold these,
            else of the training side; empty where nothing is in common.
        moved: answers in common that differ, in raw or calibrated scores.
        largest: the largest absolute difference between two of those scores.
    """

    a: GoldenFacts | None
    b: GoldenFacts | None
    in_common: int
    side: str
    moved: int
    largest: float

    @property
    def is_equal(self) -> bool:
        """Whether requests and compared answers are the same."""
        if self.a is None or self.b is None:
            return self.a is self.b
        return self.a.requests_digest == self.b.requests_digest and not self.moved


def golden_diff(a: Artifact, b: Artifact) -> GoldenDiff:
    """The golden sets of A and B."""
    facts_a, facts_b = _facts(a.golden), _facts(b.golden)
    if a.golden is None or b.golden is None:
        return GoldenDiff(a=facts_a, b=facts_b, in_common=0, side="", moved=0, largest=0.0)
    place = {request: row for row, request in enumerate(b.golden.requests)}
    rows = [(row, place[request]) for row, request in enumerate(a.golden.requests) if request in place]
    is_packed = a.golden.packed is not None and b.golden.packed is not None
    of_a, of_b = (_answers(golden, is_packed=is_packed) for golden in (a.golden, b.golden))
    if not rows or of_a.shape[1] != of_b.shape[1]:
        return GoldenDiff(a=facts_a, b=facts_b, in_common=len(rows), side="", moved=0, largest=0.0)
    apart = np.abs(of_b[[other for _, other in rows]] - of_a[[row for row, _ in rows]])
    return GoldenDiff(
        a=facts_a,
        b=facts_b,
        in_common=len(rows),
        side=PACKED if is_packed else REFERENCE,
        moved=int(np.count_nonzero(apart.any(axis=1))),
        largest=float(apart.max()),
    )


def _facts(golden: GoldenSet | None) -> GoldenFacts | None:
    if golden is None:
        return None
    files = golden.to_files()
    requests = _BREAK.join(golden.requests)
    return GoldenFacts(
        source=golden.source,
        records=len(golden),
        derived=golden.derived,
        requests_digest=f"sha256:{hashlib.sha256(requests).hexdigest()}",
        digest=f"sha256:{hashlib.sha256(b''.join(files[name] for name in sorted(files))).hexdigest()}",
    )


def _answers(golden: GoldenSet, *, is_packed: bool) -> NDArray[np.float64]:
    """`[n, 2 * classes]` raw and calibrated scores."""
    answers = golden.packed if is_packed and golden.packed is not None else golden.reference
    return np.concatenate([answers.raw, answers.calibrated], axis=1).astype(np.float64)
