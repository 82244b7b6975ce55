"""Lines of a LightGBM model: `key=value`, a value being blank-separated numbers, or a key alone."""

import re
from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from servable.artifact.boosters.damaged_model import damaged_model
from servable.errors import shown

_COUNT: Final = re.compile(r"[0-9]{1,9}", re.ASCII)
_NUMBERS: Final = re.compile(r"[0-9.eE +-]*", re.ASCII)
_INFINITY: Final = "inf"


def lines_by_key(text: str, where: str) -> dict[str, str]:
    """The values of all lines, by key; blank lines are passed over.

    Raises:
        Damaged: `booster.model` for a key that stands there twice.
    """
    found: dict[str, str] = {}
    for line in text.split("\n"):
        if not line:
            continue
        key, _, value = line.partition("=")
        if key in found:
            raise damaged_model(where, "each key once", f"{shown(key)} again")
        found[key] = value
    return found


def value_of(lines: Mapping[str, str], key: str, where: str) -> str:
    """The value of a key; Damaged where there is none."""
    if key not in lines:
        raise damaged_model(where, f"a line `{key}=`", "none")
    return lines[key]


def count_of(lines: Mapping[str, str], key: str, where: str) -> int:
    """A number of at most nine digits."""
    value = value_of(lines, key, where)
    if not _COUNT.fullmatch(value):
        raise damaged_model(f"{where}, {key}", "a count", shown(value))
    return int(value)


def integers_of(lines: Mapping[str, str], key: str, count: int, where: str) -> NDArray[np.int64]:
    """`[count]` integers."""
    words = _words(lines, key, count, where)
    try:
        return np.array(list(map(int, words)), dtype=np.int64)
    except (ValueError, OverflowError) as error:
        raise damaged_model(f"{where}, {key}", "integers", "something else") from error


def floats_of(lines: Mapping[str, str], key: str, count: int, where: str) -> NDArray[np.float64]:
    """`[count]` finite numbers."""
    found = _floats(_words(lines, key, count, where), f"{where}, {key}")
    if not np.isfinite(found).all():
        raise damaged_model(f"{where}, {key}", "finite numbers", "one beyond float64")
    return found


def bounds_of(lines: Mapping[str, str], key: str, count: int, where: str) -> NDArray[np.float64]:
    """`[count]` numbers that others are held against, infinity among them: every number is below it."""
    words = value_of(lines, key, where).split()
    finite = {key: " ".join("0" if word == _INFINITY else word for word in words)}
    infinite = np.array([word == _INFINITY for word in words], dtype=bool)
    return np.where(infinite, np.inf, floats_of(finite, key, count, where))


def _floats(words: list[str], where: str) -> NDArray[np.float64]:
    try:
        return np.array(list(map(float, words)), dtype=np.float64)
    except ValueError as error:
        raise damaged_model(where, "numbers", "something else") from error


def _words(lines: Mapping[str, str], key: str, count: int, where: str) -> list[str]:
    value = value_of(lines, key, where)
    if not _NUMBERS.fullmatch(value):
        raise damaged_model(f"{where}, {key}", "numbers", "something else")
    words = value.split()
    if len(words) != count:
        raise damaged_model(f"{where}, {key}", f"{count} numbers", str(len(words)))
    return words
