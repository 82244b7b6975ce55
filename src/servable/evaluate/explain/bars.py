"""What each field adds to a score as bars of characters that every terminal has."""

import textwrap
from collections.abc import Iterator
from typing import Final

from servable.evaluate.explain.effects import Effects, FieldEffect, MeanChange
from servable.evaluate.explain.words import OCCLUSION
from servable.wording import counted, plain

_WIDTH: Final = 100
_BAR: Final = 30
_HALF: Final = 15
_MOST_NAME: Final = 24
_MOST_FIELDS: Final = 40
_UNREAD: Final = "not read by the model"
_HEADS: Final = f"{'size':<6}  {'95 %':<18}  {'mean':<7}  {'95 %':<20}  labels"
_HEADS_OF_FEW: Final = f"{'size':<6}  {'mean':<7}  labels"


def effect_lines(effects: Effects) -> Iterator[str]:
    """A bar for each field: of several records the mean size of what it adds, of one what it adds."""
    shown = effects.fields[:_MOST_FIELDS]
    width = min(_MOST_NAME, max((len(plain(each.field)) for each in shown), default=0))
    largest = max((each.size.value for each in shown), default=0.0) or 1.0
    is_one, is_few = effects.rows == 1, bool(effects.sentence)
    yield "what each field adds: the score with it minus the score without it"
    yield f"  of {plain(effects.score)}, {counted(effects.rows, 'record')}"
    yield ""
    if not is_one:
        yield f"  {'field':<{width}}  {_HEADS_OF_FEW if is_few else _HEADS}"
    for each in shown:
        said = _of_one(each, largest) if is_one else _of_many(each, largest)
        yield f"  {_name(each.field):<{width}}  {said}".rstrip()
    if left_out := len(effects.fields) - len(shown):
        yield f"  and {counted(left_out, 'field')} that add less (--json has all)"
    yield ""
    if effects.sentence:
        yield f"  {effects.sentence}"
    yield from textwrap.wrap(OCCLUSION, _WIDTH, initial_indent="  ", subsequent_indent="  ")


def _of_one(effect: FieldEffect, largest: float) -> str:
    """The change of one record: a bar to the right where the field raises the score, else to the left."""
    length = _length(effect.size.value, largest, _HALF)
    left, right = ("", "#" * length) if effect.change.value >= 0 else ("#" * length, "")
    stands = f"instead: {plain(effect.stands)}" if effect.is_read else _UNREAD
    flips = ", and another label" if effect.flips else ""
    return f"{effect.change.value:+.4f}  {left:>{_HALF}}|{right:<{_HALF}}  {stands}{flips}"


def _of_many(effect: FieldEffect, largest: float) -> str:
    bar = "#" * _length(effect.size.value, largest, _BAR)
    labels = f"{effect.flips} change" if effect.is_read else _UNREAD
    size, change = (
        f"  {_interval(found, sign):<{width}}" if found.low is not None else ""
        for found, sign, width in ((effect.size, "", 18), (effect.change, "+", 20))
    )
    return f"{effect.size.value:.4f}{size}  {effect.change.value:+.4f}{change}  {labels:<12}{bar}"


def _interval(found: MeanChange, sign: str) -> str:
    if found.low is None or found.high is None:
        return ""
    return f"[{found.low:{sign}.4f}, {found.high:{sign}.4f}]"


def _length(size: float, largest: float, room: int) -> int:
    """Characters of a bar."""
    return round(room * size / largest)


def _name(name: str) -> str:
    name = plain(name)
    return name if len(name) <= _MOST_NAME else f"{name[: _MOST_NAME - 3]}..."
