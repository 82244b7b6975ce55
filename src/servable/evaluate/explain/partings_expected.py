"""Where the way of a record here parts from the one on the training side, as far as that is told."""

from collections.abc import Iterator

import numpy as np

from servable.calibration import Calibrator, calibrate_or_keep
from servable.evaluate.explain.expected import Expected, Scores
from servable.evaluate.explain.found import Explanation, FeatureSeen
from servable.evaluate.explain.partings import (
    Comparison,
    Parting,
    Sides,
    Step,
    are_close,
    concluded,
    digits,
    in_order,
    is_close,
)
from servable.evaluate.explain.partings_of_numbers import came_from
from servable.evaluate.explain.partings_of_scores import between
from servable.evaluate.explain.partings_of_texts import first_token, token_ids
from servable.evaluate.explain.scores import shortest
from servable.evaluate.explain.way import Way
from servable.preprocess import Origin

_SIDES = Sides(ours="the artifact", theirs="the training side")


def compared_with_expected(way: Way, expected: Expected) -> Comparison:
    """Every step at which a record's way parts from what the training side has for it."""
    inputs = in_order(_texts(way.found, expected), _numbers(way.found, expected))
    is_told = _are_inputs_told(way.found, expected)
    scores = tuple(_scores(way, expected, are_inputs_equal=is_told and not inputs))
    partings = (*inputs, *scores)
    return Comparison(
        ours=(_SIDES.ours, way.found.model.file),
        theirs=(_SIDES.theirs, expected.source),
        sentence=concluded(partings, _SIDES),
        partings=partings,
        notes=tuple(_notes(expected, is_placed=is_told or all(each.step is not Step.RAW for each in scores))),
    )


def _texts(found: Explanation, expected: Expected) -> Iterator[Parting]:
    for text in found.texts:
        ids = expected.texts.get(text.field)
        if ids is not None and token_ids(text) != [list(chunk) for chunk in ids]:
            yield Parting(
                step=Step.TOKENS,
                field=text.field,
                sentence=f"{first_token(text, ids, _SIDES)}; a step, the chunker or the tokenizer differs.",
                ours=token_ids(text),
                theirs=[list(chunk) for chunk in ids],
                follows=False,
                is_placed=False,
            )


def _numbers(found: Explanation, expected: Expected) -> Iterator[Parting]:
    told = [feature for feature in found.vector if feature.name in expected.tabular]
    ours = [feature.value for feature in told]
    theirs = [expected.tabular[feature.name] for feature in told]
    parted = [
        feature for feature, value in zip(told, theirs, strict=True) if not is_close(feature.value, value)
    ]
    if parted and expected.is_ordered and _are_alike(ours, theirs):
        yield Parting(
            step=Step.VECTOR,
            field="",
            sentence="numbers of the model: both read the same ones in another order; the artifact reads "
            f"{', '.join(feature.name for feature in told)}.",
            ours=[digits(value) for value in ours],
            theirs=[digits(value) for value in theirs],
            follows=False,
        )
        return
    for feature in parted:
        yield _number(feature, expected.tabular[feature.name])


def _are_alike(ours: list[float | None], theirs: list[float | None]) -> bool:
    """Whether both are the same numbers in some order."""
    one, other = (
        sorted(values, key=lambda value: (value is None, value or 0.0)) for values in (ours, theirs)
    )
    return all(is_close(a, b) for a, b in zip(one, other, strict=True))


def _number(feature: FeatureSeen, theirs: float | None) -> Parting:
    match feature.origin:
        case Origin.NUMBER:
            step = Step.VECTOR
        case Origin.IMPUTED | Origin.MISSING:
            step = Step.IMPUTATION
        case _:
            step = Step.RISK_TABLE
    return Parting(
        step=step,
        field=feature.name,
        sentence=f'field "{feature.name}": the artifact reads {came_from(feature)}; the training side '
        f"{digits(theirs)}.",
        ours=feature.value,
        theirs=theirs,
        follows=False,
        is_placed=False,  # it may have been read as something else
    )


def _scores(way: Way, expected: Expected, *, are_inputs_equal: bool) -> Iterator[Parting]:
    ours = way.found.scores
    raw, calibrated = (_of_classes(scores) for scores in (expected.raw, expected.calibrated))
    is_raw_equal = raw is not None and are_close(ours.raw, raw)
    if raw is not None and not is_raw_equal:
        why = (
            "although both models read the same: the weights differ"
            if are_inputs_equal
            else "so they part before the calibrator"
        )
        yield Parting(
            step=Step.RAW,
            field="",
            sentence=f"raw scores: {between(ours.raw, raw, _SIDES)}, {why}.",
            ours=list(ours.raw),
            theirs=list(raw),
            follows=False,
            is_placed=are_inputs_equal,
        )
    if calibrated is None or are_close(ours.calibrated, calibrated):
        return
    crossed = None if raw is None else _calibrated(raw, way.scorer.calibrator)
    follows = crossed is not None and are_close(crossed, calibrated)
    if follows and is_raw_equal:  # what rounding has left of the raw scores makes the difference
        return
    if raw is None:
        why = (
            "; without the raw scores it cannot be told whether the calibrator differs or something before it"
        )
    elif follows:
        why = "; of their raw scores the calibrator here makes the same, so it follows"
    else:
        why = (
            ", although the raw scores are equal: the calibrators differ"
            if is_raw_equal
            else ("; of their raw scores the calibrator here makes something else, so it differs, too")
        )
    yield Parting(
        step=Step.CALIBRATOR,
        field="",
        sentence=f"calibrated scores: {between(ours.calibrated, calibrated, _SIDES)}{why}.",
        ours=list(ours.calibrated),
        theirs=list(calibrated),
        follows=follows,
        is_placed=raw is not None,
    )


def _of_classes(scores: Scores | None) -> Scores | None:
    """A score for each class; of two, the one of class 1 says both."""
    return (1.0 - scores[0], scores[0]) if scores is not None and len(scores) == 1 else scores


def _calibrated(raw: Scores, calibrator: Calibrator | None) -> Scores:
    return raw if calibrator is None else shortest(calibrate_or_keep(calibrator, np.array([raw])).scores[0])


def _are_inputs_told(found: Explanation, expected: Expected) -> bool:
    """Whether the training side tells all that its model read."""
    texts, names = ({each.field for each in found.texts}, {each.name for each in found.vector})
    return texts <= expected.texts.keys() and names <= expected.tabular.keys()


def _notes(expected: Expected, *, is_placed: bool) -> Iterator[str]:
    if not is_placed:
        yield (
            "The training side does not tell all that its model read (`inputs`), so where before the raw "
            "scores they part cannot be told."
        )
    if expected.raw is None:
        yield "The training side does not tell raw scores."
    if expected.calibrated is None:
        yield "The training side does not tell calibrated scores."
