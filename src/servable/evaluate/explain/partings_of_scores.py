"""Where scores part: in the model, in the calibrator, or before both of them."""

from collections.abc import Iterator
from dataclasses import dataclass

from servable.evaluate.explain.found import Explanation
from servable.evaluate.explain.partings import Parting, Sides, Step, are_close, digits

Scores = tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossed:
    """What the other side's model and calibrator make of what this side hands to its own.

    Attributes:
        raw: raw scores of the other model; None if it cannot read that.
        calibrated: what the other calibrator makes of this side's raw scores; None for other classes.
    """

    raw: Scores | None
    calibrated: Scores | None


def class_partings(ours: Explanation, theirs: Explanation, sides: Sides) -> Iterator[Parting]:
    """Classes of other names, or in another order, so that the same scores say something else."""
    a, b = ours.model.classes, theirs.model.classes
    if a == b:
        return
    why = "the same names in another order" if sorted(a) == sorted(b) else "the names differ"
    at = next((at for at, pair in enumerate(zip(a, b, strict=False)) if pair[0] != pair[1]), None)
    said = (
        f'class {at} is "{a[at]}" for {sides.ours}, "{b[at]}" for {sides.theirs}'
        if at is not None
        else f"{sides.ours} has {len(a)} of them, {sides.theirs} {len(b)}"
    )
    yield Parting(
        step=Step.CLASSES,
        field="",
        sentence=f"classes: {said}; {why}.",
        ours=list(a),
        theirs=list(b),
        follows=False,
    )


def score_partings(
    ours: Explanation, theirs: Explanation, crossed: Crossed, sides: Sides, *, are_inputs_equal: bool
) -> Iterator[Parting]:
    """Raw scores, calibrated scores and labels that differ.

    Args:
        ours: one side.
        theirs: the other.
        crossed: the other side's model and calibrator on this side's inputs.
        sides: their names.
        are_inputs_equal: whether both models read the same.
    """
    a, b = ours.scores, theirs.scores
    is_raw_equal = are_close(a.raw, b.raw)
    if not is_raw_equal:
        is_own = are_inputs_equal or (crossed.raw is not None and not are_close(a.raw, crossed.raw))
        yield Parting(
            step=Step.RAW,
            field="",
            sentence=_raw(a.raw, b.raw, crossed.raw, sides, are_inputs_equal=are_inputs_equal),
            ours=list(a.raw),
            theirs=list(b.raw),
            follows=not is_own,
        )
    is_own = crossed.calibrated is not None and not are_close(a.calibrated, crossed.calibrated)
    if is_own or not (is_raw_equal or are_close(a.calibrated, b.calibrated)):
        yield _calibrated(ours, theirs, crossed.calibrated if is_own else None, sides)
    one, other = (side.model.classes[side.scores.label] for side in (ours, theirs))
    if one != other:
        yield Parting(
            step=Step.LABEL,
            field="",
            sentence=f'label: {sides.ours} answers class {a.label}, "{one}"; {sides.theirs} class {b.label}, '
            f'"{other}".',
            ours=one,
            theirs=other,
            follows=True,
        )


def _raw(
    ours: Scores, theirs: Scores, crossed: Scores | None, sides: Sides, *, are_inputs_equal: bool
) -> str:
    said = f"raw scores: {between(ours, theirs, sides)}"
    if are_inputs_equal:
        return f"{said}, although both models read the same: the weights differ."
    if crossed is None:
        why = f"the model of {sides.theirs} cannot read what {sides.ours} reads"
        return f"{said}; whether the weights differ, too, cannot be told, because {why}."
    if are_close(ours, crossed):
        return f"{said}; of what {sides.ours} reads both models make the same, so it follows from the inputs."
    worst = furthest(ours, crossed)
    return (
        f"{said}; of what {sides.ours} reads the model of {sides.theirs} makes {digits(crossed[worst])} for "
        f"class {worst}, so the weights differ, too."
    )


def _calibrated(ours: Explanation, theirs: Explanation, crossed: Scores | None, sides: Sides) -> Parting:
    a, b = ours.scores, theirs.scores
    if crossed is None:
        said = f"{between(a.calibrated, b.calibrated, sides)}, as the raw scores before it"
    else:
        worst = furthest(a.calibrated, crossed)
        said = (
            f"of the raw score {digits(a.raw[worst])} of class {worst} {sides.ours} makes "
            f"{digits(a.calibrated[worst])} ({_kind(ours)}), {sides.theirs} {digits(crossed[worst])} "
            f"({_kind(theirs)})"
        )
    return Parting(
        step=Step.CALIBRATOR,
        field="",
        sentence=f"calibrated scores: {said}.",
        ours=list(a.calibrated),
        theirs=list(b.calibrated if crossed is None else crossed),
        follows=crossed is None,
    )


def _kind(side: Explanation) -> str:
    kind = side.scores.calibration.kind
    return "no calibrator" if kind is None else f"calibrator of kind {kind}"


def furthest(ours: Scores, theirs: Scores) -> int:
    """The class whose scores differ most; of two class 1, since both differ alike."""
    if len(ours) != len(theirs):
        return 0
    if len(ours) == 2:
        return 1
    return max(range(len(ours)), key=lambda index: abs(ours[index] - theirs[index]))


def between(ours: Scores, theirs: Scores, sides: Sides) -> str:
    """Both scores of the class whose scores differ most, in words."""
    if len(ours) != len(theirs):
        return f"{sides.ours} has {len(ours)} classes, {sides.theirs} {len(theirs)}"
    worst = furthest(ours, theirs)
    one, other = digits(ours[worst]), digits(theirs[worst])
    return f"for class {worst} {sides.ours} answers {one}, {sides.theirs} {other}"
