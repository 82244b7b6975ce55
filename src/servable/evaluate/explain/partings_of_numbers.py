"""Where the ways of a record's other fields part, and the numbers that are made of them."""

from collections.abc import Iterator, Mapping
from typing import Final

from servable.evaluate.explain.found import Explanation, FeatureSeen, FieldSeen
from servable.evaluate.explain.partings import (
    Parting,
    Sides,
    Step,
    digits,
    is_close,
)
from servable.preprocess import Origin
from servable.schema import Kind

_OF_TABLES: Final = (Origin.BIN, Origin.INTEGER, Origin.MISSING_BIN, Origin.DEFAULT)
_NOUNS: Final[Mapping[Kind, str]] = {
    Kind.NUMERIC: "a number",
    Kind.CATEGORICAL: "a category",
    Kind.TEXT: "a text",
}


def field_partings(ours: Explanation, theirs: Explanation, sides: Sides) -> Iterator[Parting]:
    """Fields that are read as something else, before any step."""
    others = {field.name: field for field in theirs.fields}
    yield from _texts_of_one(ours, theirs, (sides.ours, sides.theirs))
    yield from _texts_of_one(theirs, ours, (sides.theirs, sides.ours))
    for field in ours.fields:
        other = others.get(field.name)
        if other is None or not (field.is_read or other.is_read):
            continue
        if field.kind is not other.kind or not _is_same(field.bound, other.bound):
            yield Parting(
                step=Step.FIELDS,
                field=field.name,
                sentence=f'field "{field.name}": {sides.ours} reads {_read(field)}, {sides.theirs} '
                f"{_read(other)}.",
                ours=field.bound,
                theirs=other.bound,
                follows=False,
            )


def vector_partings(ours: Explanation, theirs: Explanation, sides: Sides) -> Iterator[Parting]:
    """Numbers of one field that differ, and vectors that hold other fields or hold them in another order."""
    others = {feature.name: feature for feature in theirs.vector}
    for feature in ours.vector:
        other = others.get(feature.name)
        if other is not None and not is_close(feature.value, other.value):
            yield _feature(feature, other, sides)
    names, their_names = ([each.name for each in side.vector] for side in (ours, theirs))
    if names != their_names:
        yield _order(names, their_names, sides)


def _texts_of_one(one: Explanation, other: Explanation, names: tuple[str, str]) -> Iterator[Parting]:
    """Texts that only one of the two models reads."""
    texts = {text.field for text in other.texts}
    for text in one.texts:
        if text.field not in texts:
            yield Parting(
                step=Step.FIELDS,
                field=text.field,
                sentence=f'text "{text.field}": {names[0]} reads it, {names[1]} does not.',
                ours=text.text,
                theirs=None,
                follows=False,
            )


def _is_same(ours: str | float | None, theirs: str | float | None) -> bool:
    """Whether both read the same of a cell."""
    if isinstance(ours, float | int) and isinstance(theirs, float | int):
        return is_close(ours, theirs)
    return ours == theirs


def _read(field: FieldSeen) -> str:
    noun = _NOUNS[field.kind]
    if field.bound is None:
        return f"{noun} that is missing ({field.missing_by})"
    if isinstance(field.bound, str):
        return f'{noun}, "{field.bound}"'
    return f"{noun}, {digits(field.bound)}"


def _feature(ours: FeatureSeen, theirs: FeatureSeen, sides: Sides) -> Parting:
    origins = (ours.origin, theirs.origin)
    is_missing = any(origin in (Origin.IMPUTED, Origin.MISSING) for origin in origins)
    of_table = all(origin in _OF_TABLES for origin in origins)
    step = Step.RISK_TABLE if of_table else Step.IMPUTATION if is_missing else Step.FIELDS
    return Parting(
        step=step,
        field=ours.name,
        sentence=f'field "{ours.name}", {_given(ours)}: {sides.ours} reads {came_from(ours)}; {sides.theirs} '
        f"{came_from(theirs)}.",
        ours=ours.value,
        theirs=theirs.value,
        follows=step is Step.FIELDS or not _is_same(ours.given, theirs.given),  # it was read otherwise
    )


def _given(feature: FeatureSeen) -> str:
    if feature.given is None:
        return "missing"
    return f'"{feature.given}"' if isinstance(feature.given, str) else digits(feature.given)


def came_from(feature: FeatureSeen) -> str:
    """A number with where it comes from, in words."""
    value = digits(feature.value)
    match feature.origin:
        case Origin.BIN:
            return f'the bin "{feature.bin}", {value}'
        case Origin.INTEGER:
            return f'the bin "{feature.bin}" of the same integer, {value}'
        case Origin.NUMBER:
            return f"the number, {value}"
        case Origin.MISSING:
            return "nothing, because it has no imputation value" if feature.value is None else value
        case _:
            return f"{feature.origin}, {value}"


def _order(names: list[str], others: list[str], sides: Sides) -> Parting:
    ours, theirs = ([name for name in a if name not in b] for a, b in ((names, others), (others, names)))
    said = [
        *([f"only {sides.ours} reads {', '.join(ours)}"] if ours else []),
        *([f"only {sides.theirs} reads {', '.join(theirs)}"] if theirs else []),
    ]
    if not said:
        at = next(at for at, pair in enumerate(zip(names, others, strict=True)) if pair[0] != pair[1])
        said = [
            f'the order is another: at place {at} {sides.ours} reads "{names[at]}", {sides.theirs} '
            f'"{others[at]}"'
        ]
    return Parting(
        step=Step.VECTOR,
        field="",
        sentence=f"numbers of the model: {'; '.join(said)}.",
        ours=names,
        theirs=others,
        follows=False,
    )
