"""Whether a packed model gives the answers that were recorded from another endpoint."""

import numpy as np
from numpy.typing import NDArray

from servable.codecs import label_of
from servable.errors import Problem
from servable.pack.recorded import RecordedAnswers
from servable.records import Predictions

MIGRATION_PAGE = "docs/migration.md"


def agreeing(recorded: RecordedAnswers, packed: Predictions) -> NDArray[np.bool_]:
    """`[n]` whether what is compared of each answer is what was recorded."""
    return (_excess(recorded, packed) <= 0) & ~_labels_differ(recorded, packed)


def disagreement(recorded: RecordedAnswers, packed: Predictions) -> Problem:
    """The record that differs most, how many differ, and what to do; one must differ.

    Requests that the model refuses are among those that differ; the first is named with the refusal.
    """
    differing = ~agreeing(recorded, packed)
    count = int(differing.sum()) + len(recorded.refused)
    if differing.any():
        worst = int(np.argmax(np.where(differing, _excess(recorded, packed), -np.inf)))
        line, rank, place = int(recorded.lines[worst]), "worst", ""
        expected, found = _difference(recorded, packed, worst)
    else:
        first = recorded.refused[0]
        line, rank, place = first.line, "first", f", request, {first.problem.where}"
        expected, found = first.problem.expected, first.problem.found
    only_calibrated = bool(differing.any()) and not _raw_differs(recorded, packed).any()
    if only_calibrated:
        found += " (only calibrated scores differ)"
    if differing.any() and recorded.refused:
        found += _refusals(recorded)
    return Problem(
        code="pack.answers",
        where=f"{recorded.file} line {line}{place}"
        + (f", the {rank} of {count} of {len(recorded)} that differ" if count > 1 else ""),
        expected=expected,
        found=found,
        fix=_advice(only_calibrated=only_calibrated, some_agree=not differing.all()),
    )


def _refusals(recorded: RecordedAnswers) -> str:
    """How many requests are refused, and the schema's own sentence for the first."""
    first, count = recorded.refused[0], len(recorded.refused)
    problem = first.problem
    return (
        f", and {count} {'request' if count == 1 else 'requests'} that this model refuses "
        f"(line {first.line}, {problem.where}: expected {problem.expected}, found {problem.found})"
    )


def _advice(*, only_calibrated: bool, some_agree: bool) -> str:
    """What helps; packing those that agree does not, where none does."""
    advice = [f"see in {MIGRATION_PAGE} which answers change and why"]
    if only_calibrated:
        advice.append("pass `--compare raw` if calibration never acted there")
    if some_agree:
        advice.append("pass `--on-damage warn` to pack the records that agree")
    elif not only_calibrated:
        advice.append("pass answers that were recorded from this model")
    return ", or ".join(advice)


def _difference(recorded: RecordedAnswers, packed: Predictions, row: int) -> tuple[str, str]:
    """What was recorded for a record, and what the packed model gives."""
    for kind, scores, found in (
        ("raw", recorded.raw, packed.raw[row]),
        ("calibrated", recorded.calibrated, packed.calibrated[row]),
    ):
        if scores is None:
            continue
        expected = scores.values[row]
        gaps = np.abs(found.astype(np.float64) - expected)
        if gaps.max() > scores.tolerance:
            at = 1 if len(gaps) == 2 else int(gaps.argmax())  # of two classes only the second is recorded
            return (
                f"the {kind} score {expected[at]} of class {at}, within {scores.tolerance:.2g}",
                str(found[at]),
            )
    return f"the label {label_of(recorded.labels[row])}", label_of(packed.label[row])


def _excess(recorded: RecordedAnswers, packed: Predictions) -> NDArray[np.float64]:
    """`[n]` by how much scores differ beyond what is tolerated, the worse of those that are compared."""
    raw = recorded.raw.excess(packed.raw)
    if recorded.calibrated is None:
        return raw
    excess: NDArray[np.float64] = np.maximum(raw, recorded.calibrated.excess(packed.calibrated))
    return excess


def _raw_differs(recorded: RecordedAnswers, packed: Predictions) -> NDArray[np.bool_]:
    """`[n]` whether raw scores or labels do."""
    differ: NDArray[np.bool_] = recorded.raw.excess(packed.raw) > 0
    return differ | _labels_differ(recorded, packed)


def _labels_differ(recorded: RecordedAnswers, packed: Predictions) -> NDArray[np.bool_]:
    """`[n]` whether they do, and not only because two classes score the same within the tolerance."""
    rows = np.arange(len(recorded.labels))
    lead = packed.raw[rows, packed.label] - packed.raw[rows, recorded.labels]
    differ: NDArray[np.bool_] = lead > 2 * recorded.raw.tolerance
    return differ
