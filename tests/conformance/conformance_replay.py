"""Replays the requests of a recorded case and compares scores, refusals and what the model is given.

What does not match is a disagreement, and so is a request that was not sent.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from recorded_suite import Case, Outcome, Recorded, Refusal, Scores, Steps, Undecided
from roads import Opened, Road

from servable.errors import BadInput, Damaged, ServableError

TOLERANCE = 1e-5
"""Absolute, for raw and calibrated probabilities alike."""


@dataclass(slots=True)
class Tally:
    """What a replay found; every request is counted once.

    Attributes:
        requests: all there are.
        stored: agreements with the stored answer.
        expected: agreements with the right answer where the stored one is not.
        compared_steps: requests whose tokens, chunks and numbers were compared too.
        disagreements: one sentence each.
        largest: difference between two probabilities.
    """

    name: str
    requests: int = 0
    stored: int = 0
    expected: int = 0
    compared_steps: int = 0
    disagreements: list[str] = field(default_factory=list)
    largest: float = 0.0

    def line(self) -> str:
        """One row of the replay's table."""
        counts = (self.requests, self.stored, self.expected, self.compared_steps, len(self.disagreements))
        return f"{self.name:<38}" + "".join(f"{count:>17,}" for count in counts)


COLUMNS = ("requests", "as stored", "as expected", "inputs compared", "disagreements")
HEADER = f"{'case':<38}" + "".join(f"{title:>17}" for title in COLUMNS)


def replay_case(case: Case, road: Road, *, artifact: Path | None = None) -> Tally:
    """Loads the artifact of a case, or one that was made of it, and sends it every request."""
    requests = case.requests()
    files = case.request_files()
    opened = road.open(artifact or case.artifact)
    tally = replay(requests, opened, name=case.name, known_steps=case.text_steps)
    tally.requests = len(files | {request.key for request in requests})
    unsent = sorted(files - {request.key for request in requests})
    tally.disagreements[:0] = [f"{key}: not sent, because the case does not list it" for key in unsent]
    return tally


def replay(
    requests: Iterable[Recorded],
    opened: Opened | Exception,
    *,
    name: str,
    known_steps: frozenset[str] = frozenset(),
) -> Tally:
    """Sends each request to an opened artifact, or to one that could not be opened."""
    tally = Tally(name)
    for request in requests:
        tally.requests += 1
        if isinstance(opened, Exception):
            fault = _fault_of_load(request.outcome, opened, known_steps)
        else:
            fault = _fault(request, opened, tally)
        if fault:
            tally.disagreements.append(f"{request.key} ({request.source}): {fault}")
        elif request.source == "stored":
            tally.stored += 1
        else:
            tally.expected += 1
    return tally


def _fault_of_load(wanted: Outcome, error: Exception, known_steps: frozenset[str]) -> str | None:
    """A refusal of the artifact answers a request only if its own steps are the fault, and it says which."""
    names_a_step = isinstance(error, Damaged) and any(step in str(error) for step in known_steps)
    if isinstance(wanted, Refusal) and wanted.at_load and names_a_step:
        return None
    return f"the artifact does not load: {type(error).__name__}: {error}"


def _fault(request: Recorded, opened: Opened, tally: Tally) -> str | None:
    wanted = request.outcome
    if isinstance(wanted, Undecided):
        return wanted.why
    try:
        found = opened.answer(request.body, request.content_type)
    except BadInput as error:
        return _fault_of_refusal(wanted, error)
    except Exception as error:  # a fault of ours, which the replay reports
        if isinstance(wanted, Refusal) and wanted.at_load and isinstance(error, ServableError):
            return None
        return f"{type(error).__name__}: {error}"
    if isinstance(wanted, Refusal):
        return f"expected a refusal, found scores {found.raw.tolist()}"
    return _fault_of_scores(wanted, found, tally) or _fault_of_steps(request, opened, tally)


def _fault_of_scores(wanted: Scores, found: Scores, tally: Tally) -> str | None:
    for kind, right, all_classes in (
        ("raw", wanted.raw, found.raw),
        ("calibrated", wanted.calibrated, found.calibrated),
    ):
        ours = all_classes[:, 1] if right.ndim == 1 else all_classes
        if right.shape != ours.shape:
            return f"{kind}: expected the shape {right.shape}, found {ours.shape}"
        difference = float(np.abs(right - ours).max())
        if not difference <= TOLERANCE:
            return f"{kind}: off by {difference:.2g}, expected {right.tolist()}, found {ours.tolist()}"
        tally.largest = max(tally.largest, difference)
    return None


def _fault_of_refusal(wanted: Scores | Refusal, error: BadInput) -> str | None:
    if isinstance(wanted, Scores):
        return f"expected scores {wanted.raw.tolist()}, found the refusal: {error}"
    sentences = [str(problem) for problem in error.problems]
    place = r"" if wanted.record is None else rf"\brecord {wanted.record}\b"
    name = "" if wanted.field is None else f'"{wanted.field}"'
    if any(re.search(place, sentence) and name in sentence for sentence in sentences):
        return None
    return f"expected a refusal that names {place} {name}, found: {sentences}"


def _fault_of_steps(request: Recorded, opened: Opened, tally: Tally) -> str | None:
    wanted = request.steps
    if wanted is None:
        return None
    found = opened.steps(request.body, request.content_type)
    tally.compared_steps += 1
    return _difference(wanted, found)


def _difference(wanted: Steps, found: Steps) -> str | None:
    for kind, right, ours in (("chunks", wanted.chunks, found.chunks), ("token ids", wanted.ids, found.ids)):
        for name, rows in (right or {}).items():
            if (ours or {}).get(name) != rows:
                return f'{kind} of "{name}": expected {rows}, found {(ours or {}).get(name)}'
    if wanted.tabular is None:
        return None
    if wanted.features != found.features:
        return f"tabular columns: expected {wanted.features}, found {found.features}"
    if found.tabular is None or not _equal(wanted.tabular, found.tabular):
        ours_listed = None if found.tabular is None else found.tabular.tolist()
        return f"tabular values: expected {wanted.tabular.tolist()}, found {ours_listed}"
    return None


def _equal(right: NDArray[np.float32], ours: NDArray[np.float32]) -> bool:
    return right.shape == ours.shape and np.array_equal(right, ours, equal_nan=True)
