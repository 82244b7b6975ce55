"""Single recorded calls of functions: what was stored, what ours gives, and what must differ.

An entry is compared with what was stored, unless `departures.py` says that it must differ: then with the
value that stands there.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Final

from conformance_replay import Tally

from servable.errors import ServableError


class Refused:
    """What comes of a call that is refused."""

    def __repr__(self) -> str:
        return "a refusal"


REFUSED: Final = Refused()


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One recorded call.

    Attributes:
        path: `group/name/...` within its file.
        stored: what the other implementation gave; `REFUSED` if it raised.
        ours: calls the function of ours.
        tolerance: absolute, of every number.
        facts: what the right value of a departure may be computed from.
    """

    path: str
    stored: object
    ours: Callable[[], object]
    tolerance: float = 0.0
    facts: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """Entries whose stored value is not the right one.

    Attributes:
        entries: pattern of their paths.
        because: the decision or the fault that demands it.
        right: the right value, or a function that computes it from an entry's facts.
    """

    file: str
    entries: str
    because: str
    right: object | Callable[[Mapping[str, Any]], object]

    def right_of(self, entry: Entry) -> object:
        return self.right(entry.facts or {}) if callable(self.right) else self.right


def replay_entries(file: str, entries: Iterable[Entry], departures: Sequence[Departure]) -> Tally:
    """Calls ours for every entry and counts what agrees."""
    tally = Tally(file)
    for entry in entries:
        tally.requests += 1
        departure = departure_of(file, entry, departures)
        right = entry.stored if departure is None else departure.right_of(entry)
        found = outcome(entry.ours)
        if not same(right, found, entry.tolerance):
            why = "stored" if departure is None else departure.because
            tally.disagreements.append(f"{entry.path} ({why}): expected {right!r}, found {found!r}")
        elif departure is None:
            tally.stored += 1
        else:
            tally.expected += 1
    return tally


def departure_of(file: str, entry: Entry, departures: Sequence[Departure]) -> Departure | None:
    """The first departure that an entry falls under."""
    return next((d for d in departures if d.file == file and fnmatchcase(entry.path, d.entries)), None)


def outcome(call: Callable[[], object]) -> object:
    """What a call gives; a refusal in the project's words is an outcome, anything else raised a fault."""
    try:
        return call()
    except ServableError:
        return REFUSED
    except Exception as error:  # a fault of ours, which the replay reports
        return error


def stored(value: object) -> object:
    """A stored value, an exception as a refusal."""
    if isinstance(value, dict) and (value.keys() == {"exception"} or value.keys() == {"type", "message"}):
        return REFUSED
    return value


def same(right: object, found: object, tolerance: float) -> bool:
    """Whether two values are equal, numbers within a tolerance and NaN to NaN."""
    if isinstance(right, bool) or isinstance(found, bool):
        return right is found
    if isinstance(right, int | float) and isinstance(found, int | float):
        both_nan = math.isnan(right) and math.isnan(found)
        return both_nan or right == found or abs(right - found) <= tolerance
    if isinstance(right, list | tuple) and isinstance(found, list | tuple):
        return len(right) == len(found) and all(
            same(a, b, tolerance) for a, b in zip(right, found, strict=True)
        )
    if isinstance(right, dict) and isinstance(found, dict):
        return right.keys() == found.keys() and all(same(right[key], found[key], tolerance) for key in right)
    return type(right) is type(found) and right == found
