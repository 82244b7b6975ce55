"""Words and numbers as people read them in a terminal, without anything that would move its cursor."""

from collections.abc import Sequence
from typing import Final

_UNITS: Final = ("kB", "MB", "GB")
_MOST_NAMES: Final = 5
_MOST_ENUMERATED: Final = 10
_MOST_CHARS: Final = 60


def plain(text: str) -> str:
    """A stranger's text on one line; what cannot be printed as its escape."""
    return text if text.isprintable() else repr(text)[1:-1]


def capital(text: str) -> str:
    """A text as the beginning of a sentence."""
    return f"{text[:1].upper()}{text[1:]}"


def number(value: float) -> str:
    """A number with four significant digits."""
    return f"{value:.4g}"


def percent(share: float) -> str:
    """A share in [0, 1] with one decimal: `82.2 %`."""
    return f"{100 * share:z.1f} %"


def cut(text: str, most: int) -> str:
    """A text of at most so many characters; a longer one with three dots for the rest."""
    return text if len(text) <= most else f"{text[: most - 3]}..."


def counted(amount: int, noun: str, nouns: str = "") -> str:
    """An amount with its noun: `1 record`, `2 records`, `3 categories`."""
    return f"{amount:,} {noun if amount == 1 else nouns or f'{noun}s'}"


def listed(names: Sequence[str]) -> str:
    """Names in quotes: `"a"`, `"a" and "b"`, the first five of many and how many more."""
    shown = [f'"{plain(name)}"' for name in names[:_MOST_NAMES]]
    if len(names) > _MOST_NAMES:
        shown.append(f"{len(names) - _MOST_NAMES} more")
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def enumerated(names: Sequence[str]) -> str:
    """Names without quotes, as an error lists columns: the first ten of many, each cut, and how many more."""
    first = ", ".join(cut(name, _MOST_CHARS) for name in names[:_MOST_ENUMERATED])
    more = len(names) - _MOST_ENUMERATED
    return f"{first} and {more:,} more" if more > 0 else first


def size_in_words(size_bytes: int) -> str:
    """A size in decimal units: `512 bytes`, `84.2 MB`."""
    size, power = float(size_bytes), 0
    while size >= 1000 and power < len(_UNITS):
        size, power = size / 1000, power + 1
    return f"{size:.1f} {_UNITS[power - 1]}" if power else counted(size_bytes, "byte")
