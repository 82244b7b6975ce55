"""The parts of a comparison in words; a page and a terminal say them alike."""

from servable.evaluate.diff.calibrators import CalibratorFacts
from servable.evaluate.diff.change import Change, Plain
from servable.evaluate.diff.golden import GoldenFacts
from servable.evaluate.diff.movement import Movement
from servable.evaluate.diff.movers import InputDiff, Mover, PartsAt
from servable.preprocess import MISSING_BIN
from servable.wording import counted, number

OPERATORS_DIFFER = "differ: the graphs need not compute the same with the same numbers"

_MOST_NAMED = 12
_PARTS = {
    PartsAt.INPUTS: "the models read different things",
    PartsAt.ORDER: "the models read the same things in another order",
    PartsAt.MODEL: "the model answers the same inputs otherwise",
    PartsAt.CALIBRATION: "the calibrator answers the same raw scores otherwise",
}


def signed(value: float) -> str:
    """A number with its sign, four significant digits."""
    return f"{value:+z.4g}"


def value_in_words(value: Plain) -> str:
    """What an artifact has: nothing is `none`, no name at all is `nothing`; of many names the first ones."""
    if value is None:
        return "none"
    if isinstance(value, tuple):
        more = len(value) - _MOST_NAMED
        shown = ", ".join(name or '""' for name in value[:_MOST_NAMED])
        return (f"{shown} and {more} more" if more > 0 else shown) or "nothing"
    return value if isinstance(value, str) else f"{value:,}" if isinstance(value, int) else number(value)


def change_in_words(change: Change) -> str:
    """What A has and what B has."""
    return f"{value_in_words(change.a)} -> {value_in_words(change.b)}"


def category_in_words(category: str) -> str:
    """A bin's name; that of missing categories is told."""
    return f"{category} (missing)" if category == MISSING_BIN else category


def moved(a: float | None, b: float | None) -> str:
    """Two numbers, a dash for none."""
    one, other = ("-" if value is None else number(value) for value in (a, b))
    return f"{one} -> {other}"


def movement_in_words(found: Movement) -> str:
    """Mean and quantiles of changes."""
    quantiles = ", ".join(f"of {100 * item.share:g} % {number(item.change)}" for item in found.quantiles)
    return (
        f"mean {signed(found.mean)}, without signs {number(found.mean_absolute)}; at most {quantiles}, "
        f"of all {number(found.largest)}"
    )


def calibrator_in_words(found: CalibratorFacts | None) -> str:
    """Kind, knots and parameters."""
    if found is None:
        return "none"
    parts = [
        *(
            f"{knots:,} knots{f' of {name}' if len(found.knots) > 1 else ''}"
            for name, knots in found.knots.items()
        ),
        *(f"{name} {number(value)}" for name, value in found.parameters.items()),
    ]
    return ", ".join([found.kind, *parts])


def golden_in_words(found: GoldenFacts | None) -> str:
    """Source and number."""
    if found is None:
        return "none"
    return f"{counted(found.records, 'record')} ({found.source}; {found.derived:,} derived)"


def mover_in_words(found: Mover) -> str:
    """A record's place, how its score moves, its labels, and where the two part."""
    identity = "" if found.identity is None else f" ({found.identity})"
    label = "" if found.label_a == found.label_b else f", label {found.label_a} -> {found.label_b}"
    return (
        f"row {found.row:,}{identity}: {moved(found.calibrated_a, found.calibrated_b)} of class {found.name} "
        f"(raw {moved(found.raw_a, found.raw_b)}){label}; {parting_in_words(found)}"
    )


def parting_in_words(found: Mover) -> str:
    """Where two artifacts part for a record."""
    if not found.inputs:
        return _PARTS[found.parts_at]
    return "; ".join(map(input_in_words, found.inputs))


def input_in_words(found: InputDiff) -> str:
    """What a field became for each model."""
    one, other = (value if isinstance(value, str) else number(value) for value in (found.a, found.b))
    return f"{found.field} {one}, with other numbers" if one == other else f"{found.field} {one} -> {other}"
