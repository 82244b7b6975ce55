"""Start tags of an HTML fragment: where their names and their attributes end.

The rules are those of `html.py`. What does not end is read once, and not again from every `<` inside
it: otherwise 20 kB of `<a x` would take 43 s, and one request could hold up all others.
"""

import re
from collections.abc import Iterator
from typing import Final

_NAME: Final = re.compile("[^\t\n\r\f />\0]*")
_GAP: Final = re.compile(r"[\s/]*")
_BARE_VALUE: Final = re.compile(r"[^>\s]*")
_ATTRIBUTE_NAME: Final = re.compile(r"[^/=>\s]*")
_BETWEEN_ATTRIBUTES: Final = re.compile(r"(?:\s|/(?!>))*")
_SPACE: Final = re.compile(r"\s*")
_SIGNS: Final = re.compile("=*")


class StartTags:
    """Reads the start tags of one fragment, in any order."""

    def __init__(self, markup: str) -> None:
        self._markup = markup
        self._names = _Runs(_NAME, markup)
        self._gaps = _Runs(_GAP, markup)
        self._bare_values = _Runs(_BARE_VALUE, markup)
        self._is_endless = bytearray(len(markup) + 1)

    def name_end(self, at: int) -> int:
        """Where the name ends that begins at `at`."""
        return self._names.end(at)

    def end(self, name_end: int) -> int | None:
        """Where the attributes end: at the tag's `>`, or where it cannot go on; None if it is unfinished."""
        passed: list[int] = []
        for at, _ in self._ends(name_end):
            if self._is_endless[at]:
                break
            passed.append(at)
        else:
            end = self._judged(at)
            if end is not None:
                return end
        for at in passed:
            self._is_endless[at] = True
        return None

    def is_self_closing(self, name_end: int, close: int) -> bool:
        """Whether a tag ends in `/>`; the slash at the end of a bare attribute value is the value's."""
        if self._markup[close - 1] != "/":
            return False
        *_, (end, bare_value_end) = self._ends(name_end)
        return bare_value_end != close and end >= close - 1

    def _judged(self, at: int) -> int | None:
        """What the end of the attributes at `at` means for the tag."""
        following = self._markup[at : at + 1]
        if following == ">":
            return at
        if following == "/":
            return at + 1 if self._markup.startswith("/>", at) else None
        if following in ("", "=") or (following.isascii() and following.isalpha()):
            return None
        return at

    def _ends(self, name_end: int) -> Iterator[tuple[int, int]]:
        """Behind the name and behind each attribute: the place, and where the last bare value ended (or -1).

        What comes behind a place depends on the place alone.
        """
        markup = self._markup
        at, bare_value_end = self._gaps.end(name_end), -1
        yield at, bare_value_end
        while at < len(markup) and markup[at] not in "/>" and not markup[at].isspace():
            before = markup[at - 1]
            if before not in "'\"/" and not before.isspace():
                return
            at, is_bare = self._after_value(_end(_ATTRIBUTE_NAME, markup, at + 1))
            if is_bare:
                bare_value_end = at
            at = _end(_BETWEEN_ATTRIBUTES, markup, at)
            yield at, bare_value_end

    def _after_value(self, at: int) -> tuple[int, bool]:
        """Where the value behind an attribute name that ends at `at` ends, and whether it has no quotes."""
        markup = self._markup
        first_sign = _end(_SPACE, markup, at)
        if not markup.startswith("=", first_sign):
            return at, False
        after_signs = _end(_SIGNS, markup, first_sign)
        value = _end(_SPACE, markup, after_signs)
        quote = markup[value : value + 1]
        if quote in ("'", '"'):
            close = markup.find(quote, value + 1)
            if close >= 0:
                return close + 1, False
            if value > after_signs:  # an open quote behind a blank: an empty value, then another attribute
                return value, False
            if after_signs - first_sign < 2:
                return at, False
            value = after_signs - 1  # `a=='b`: the value begins with the second sign
        return self._bare_values.end(value), True


class _Runs:
    """Runs of characters; each is read once, from wherever inside it one asks for its end."""

    def __init__(self, pattern: re.Pattern[str], markup: str) -> None:
        self._pattern = pattern
        self._markup = markup
        self._start = self._end = 0

    def end(self, at: int) -> int:
        """Where the run ends that holds `at`; `at` itself if there is none."""
        if not self._start <= at < self._end:
            self._start, self._end = at, _end(self._pattern, self._markup, at)
        return self._end


def _end(pattern: re.Pattern[str], markup: str, at: int) -> int:
    """Where the match of a pattern ends that always matches."""
    match = pattern.match(markup, at)
    return at if match is None else match.end()
