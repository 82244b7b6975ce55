"""Oddities of the calibrator: where calibrated scores say less, or something else, than they seem to."""

from collections.abc import Iterator
from typing import Final

import numpy as np

from servable.artifact import read_training_facts
from servable.calibration import SMALLEST_GAP, Calibrator, CalibratorKind, LookupTable
from servable.inspection.oddity import Oddity, note, warning
from servable.records import FloatArray
from servable.scorer import Scorer
from servable.wording import counted, listed, number

_MOST_IN_ONE_SEGMENT: Final = 0.2
_LEAST_RECORDS: Final = 50
"""Fewer golden scores say nothing about where scores gather."""

_SOME_SCORES: Final = np.array([0.1, 0.5, 0.9])


def oddities_of_calibration(scorer: Scorer) -> Iterator[Oddity]:
    """Calibrators that do nothing, tables that say less than they seem to."""
    calibrator, classes = scorer.calibrator, scorer.schema.classes
    if calibrator is None:
        return
    yield from _unused(scorer, calibrator)
    if calibrator.kind.is_of_two_classes and len(classes) > 2:
        yield warning(
            "calibration.without-effect",
            "calibrator",
            f"it is one for two classes ({calibrator.kind}) and has no effect on {len(classes)}: "
            "calibrated scores are the raw ones",
        )
        return
    if calibrator.kind is CalibratorKind.PERCENTILE:
        yield note(
            "calibration.percentile",
            "calibrator",
            "calibrated scores are ranks among the scores that it was fitted on, not probabilities",
        )
    if calibrator.kind is CalibratorKind.MULTICLASS:
        yield from _without_table(scorer, calibrator)
    yield from _flat(scorer, calibrator)
    for index, table in calibrator.tables.items():
        where = place(scorer, index)
        if calibrator.kind is not CalibratorKind.PERCENTILE:  # whose ends are ranks, and no certainties
            yield from _certain(where, table)
        yield from _of_knots(where, table)
    scores = _gathered(scorer)
    if scores is not None:
        for index, table in calibrator.tables.items():
            yield from _one_segment(place(scorer, index), table, scores[:, index])


def place(scorer: Scorer, index: int) -> str:
    """A calibration table as the place of an oddity."""
    classes = scorer.schema.classes
    return "calibrator" if len(classes) == 2 else f'calibrator of class "{classes[index]}"'


def _unused(scorer: Scorer, calibrator: Calibrator) -> Iterator[Oddity]:
    for stored in scorer.artifact.calibrations:
        if stored.kind == calibrator.kind:
            continue
        if len(scorer.schema.classes) > 2 and CalibratorKind(stored.kind).is_of_two_classes:
            yield note(
                "calibration.unused", stored.where, "it is there and not used: it is one for two classes"
            )
        else:
            yield note(
                "calibration.unused",
                stored.where,
                f"it is there and not used, because the calibrator of kind {calibrator.kind} goes before it",
            )


def _without_table(scorer: Scorer, calibrator: Calibrator) -> Iterator[Oddity]:
    without = [name for index, name in enumerate(scorer.schema.classes) if index not in calibrator.tables]
    if without:
        yield warning(
            "calibration.class-without-table",
            "calibrator",
            f"there is no table of {listed(without)}: the raw score passes, and is then divided by the sum "
            "over all classes like the calibrated ones",
            names=without,
        )


def _flat(scorer: Scorer, calibrator: Calibrator) -> Iterator[Oddity]:
    answers: dict[str, FloatArray] = {
        place(scorer, index): table.y for index, table in calibrator.tables.items()
    }
    if calibrator.curve is not None and len(scorer.schema.classes) == 2:
        answers = {"calibrator": calibrator.apply(np.column_stack([1.0 - _SOME_SCORES, _SOME_SCORES]))[:, 1]}
    for where, calibrated in answers.items():
        if calibrated.min() == calibrated.max():
            yield warning(
                "calibration.flat",
                where,
                f"every raw score becomes {number(float(calibrated[0]))}, so a calibrated score tells no "
                "record from another",
            )


def _certain(where: str, table: LookupTable) -> Iterator[Oddity]:
    ends = [f"{end:g}" for end in (0.0, 1.0) if end in table.y]
    if ends:
        yield warning(
            "calibration.certainty",
            where,
            f"it answers exactly {' and '.join(ends)}, a certainty for which one wrong record costs an "
            "infinite log-loss",
        )


def _of_knots(where: str, table: LookupTable) -> Iterator[Oddity]:
    outside = int(((table.x < 0.0) | (table.x > 1.0)).sum())
    if outside:
        yield warning(
            "calibration.outside",
            where,
            f"{outside} of {counted(len(table.x), 'knot')} {'lies' if outside == 1 else 'lie'} outside of 0 "
            f"to 1, from {number(float(table.x[0]))} to {number(float(table.x[-1]))}, where no probability "
            "is: it was perhaps fitted on other scores than the model gives",
        )
    steps = np.flatnonzero(np.diff(table.x) < SMALLEST_GAP)
    if len(steps):
        yield note(
            "calibration.step",
            where,
            f"at the raw score {number(float(table.x[steps[0]]))} the calibrated one jumps, because it is a "
            "knot more than once; the first of them answers",
        )


def _gathered(scorer: Scorer) -> FloatArray | None:
    """Raw scores of real golden records, if they can tell where scores gather and nobody else has looked."""
    golden = scorer.artifact.golden
    if golden is None or not golden.holds_real_records or _is_bounded(scorer):
        return None
    real = len(golden) - golden.derived
    return golden.expected.raw[:real] if real >= _LEAST_RECORDS else None


def _is_bounded(scorer: Scorer) -> bool:
    """Whether training wrote down how far the table is from the curve that it was made of."""
    manifest = scorer.artifact.manifest
    facts = (read_training_facts(scorer.artifact.files) if manifest is None else manifest.training) or {}
    fitted = facts.get("calibration")
    return isinstance(fitted, dict) and "knot_error" in fitted


def _one_segment(where: str, table: LookupTable, scores: FloatArray) -> Iterator[Oddity]:
    segments = np.searchsorted(table.x, scores, side="left")
    numbers = np.bincount(segments, minlength=len(table.x) + 1)
    fullest = int(numbers.argmax())
    share = float(numbers[fullest]) / len(scores)
    if share <= _MOST_IN_ONE_SEGMENT:
        return
    if 0 < fullest < len(table.x):
        between = f"between two knots, {number(float(table.x[fullest - 1]))} and "
        between += f"{number(float(table.x[fullest]))}, where it is one straight line"
    else:
        edge = "below its first" if fullest == 0 else "above its last"
        between = f"{edge} knot, where every score becomes the same"
    yield warning(
        "calibration.one-segment",
        where,
        f"{100 * share:.0f} % of the real golden scores lie {between}: it is coarse where the scores are",
    )
