"""Which records are plain: every content type carries them alike, so that one speaks for all."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from servable.schema import MAX_CELL_CHARS, Kind, Schema

NUMBERS: Final = frozenset([int, float, type(None)])
"""Types of the cells of a numeric field that hold a number or none."""

_MOST_KNOWN: Final = 100_000
_LONGEST_KNOWN: Final = 100


class PlainRule:
    """A plain record holds finite numbers, words of printable characters and missing values alone."""

    def __init__(self, schema: Schema) -> None:
        """For records of this schema."""
        self._numeric = schema.names(Kind.NUMERIC)
        self._strings = schema.names(Kind.CATEGORICAL, Kind.TEXT)
        self._limit = schema.number_limit
        self._known: set[object] = {None}

    def holds_for(self, records: Sequence[Mapping[str, Any]]) -> bool:
        """Whether each of these records is plain."""
        return all(map(self._is_plain, records))

    def _is_plain(self, record: Mapping[str, Any]) -> bool:
        words = [record[name] for name in self._strings]
        if not self._known.issuperset(words) and not all(map(self._is_plain_word, words)):
            return False
        cells = [record[name] for name in self._numeric]
        if not NUMBERS.issuperset(map(type, cells)):
            return False
        numbers = [cell for cell in cells if cell is not None]
        return not numbers or (
            -self._limit <= min(numbers)
            and max(numbers) <= self._limit
            and (total := sum(numbers)) == total  # else one is NaN
        )

    def _is_plain_word(self, word: object) -> bool:
        if word in self._known:
            return True
        # the empty string is missing in a CSV; line breaks, marks of a byte order and halves of surrogate
        # pairs are no printable characters
        if not (isinstance(word, str) and 0 < len(word) <= MAX_CELL_CHARS and word.isprintable()):
            return False
        if len(word) <= _LONGEST_KNOWN and len(self._known) < _MOST_KNOWN:
            self._known.add(word)
        return True
