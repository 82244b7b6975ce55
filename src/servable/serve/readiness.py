"""Golden records, scored once more in the process that will serve, before it says that it is ready.

The way is the whole one of a request: bytes, decode, bind, score. It also makes the first real
request as fast as the later ones.
"""

from collections.abc import Callable

import numpy as np

from servable.artifact import GoldenSet
from servable.codecs import decode_request
from servable.errors import Damaged, Problem
from servable.records import FloatArray
from servable.serve.scoring import Scoring

BUDGET_S = 0.1
TOLERANCE = 1e-5
"""Absolute; what the artifact's own engine may differ by on another build or machine."""


def replay_golden(scorer: Scoring, golden: GoldenSet, clock: Callable[[], float]) -> int:
    """How many golden records were scored as they should be: at least one, then for at most 0.1 s.

    Args:
        scorer: the scorer that will serve.
        golden: requests and the scores that an endpoint of this artifact must give.
        clock: seconds on a clock that never goes back.

    Raises:
        Damaged: `golden.score` if a raw or calibrated score differs by more than 1e-5.
    """
    started_s = clock()
    for index, request in enumerate(golden.requests):
        found = scorer.score_records(scorer.schema.bind(decode_request(request, "application/json")))
        _require_close("raw", index, golden.expected.raw[index], found.raw[0])
        _require_close("calibrated", index, golden.expected.calibrated[index], found.calibrated[0])
        if clock() - started_s >= BUDGET_S:
            return index + 1
    return len(golden)


def _require_close(kind: str, index: int, expected: FloatArray, found: FloatArray) -> None:
    if expected.shape == found.shape and bool(np.all(np.abs(found - expected) <= TOLERANCE)):
        return
    raise Damaged(
        Problem(
            code="golden.score",
            where=f"golden record {index}, {kind} score",
            expected=f"{_shown(expected)} within {TOLERANCE:g}",
            found=_shown(found),
            fix="pack the artifact again with the versions that are installed here",
        )
    )


def _shown(scores: FloatArray) -> str:
    return f"[{', '.join(str(score) for score in scores.tolist())}]"
