"""The text of an HTML fragment, as the step `html_normalizer` defines it.

A tokenizer of our own, because the interpreter's parser changes between releases and a model was
fitted with one of them. Its rules are those of CPython 3.11's `html.parser` under Beautiful Soup
4.15, faults included, because the training that the artifact records had them too:

* text nodes are stripped, empty ones dropped, the rest joined by one blank; every tag, comment,
  doctype and processing instruction ends a text node;
* the content of `script`, `style`, `template`, `rt` and `rp` is not text, CDATA sections are;
* a named reference counts only if its whole name is known; an unknown one loses its semicolon;
* what cannot be a tag is text, and an unfinished construct at the end stays as it is.

The time that a fragment takes grows with its length, whatever it holds.
"""

import re
from collections import Counter
from functools import cached_property
from html.entities import html5
from typing import Final

from servable.preprocess.text.start_tags import StartTags

_VOID = frozenset(
    [
        *("area", "base", "basefont", "bgsound", "br", "col", "command", "embed", "frame", "hr", "image"),
        *("img", "input", "isindex", "keygen", "link", "menuitem", "meta", "nextid", "param", "source"),
        *("spacer", "track", "wbr"),
    ]
)
_RAW = frozenset(["script", "style"])
_SILENT = _RAW | {"template", "rt", "rp"}

_CHARACTERS = {name.removesuffix(";"): characters for name, characters in html5.items()}
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"

_MARKUP = re.compile("[&<]")
_NUMERIC_REFERENCE = re.compile("&#([xX]?)([0-9a-fA-F]+)")
_NAMED_REFERENCE = re.compile("&([a-zA-Z][a-zA-Z0-9.-]*)")
_LETTER = re.compile("[a-zA-Z]")
_COMMENT_END = re.compile(r"--\s*>")
_SECTION_NAME = re.compile(r"[a-zA-Z][\w.-]*\s*", re.ASCII)
_CDATA_LIKE = frozenset(["cdata", "ignore", "include", "rcdata", "temp"])
_CONDITIONS = frozenset(["else", "endif", "if"])
_CDATA_END = re.compile(r"\]\s*\]\s*>")
_CONDITION_END = re.compile(r"\]\s*>")
_MAX_DIGITS: Final = 8
"""Of a numeric reference: with so many and a first one above 0, it is beyond every character."""


def text_of_html(markup: str) -> str:
    """The text nodes of a fragment, stripped and joined by one blank."""
    if _MARKUP.search(markup) is None:
        return markup.strip()
    return _Fragment(markup).text()


class _Fragment:
    """One fragment while it is read: the text nodes so far, and which tags are open."""

    def __init__(self, markup: str) -> None:
        self._markup = markup
        self._nodes: list[str] = []
        self._current: list[str] = []
        self._open = _OpenTags()
        self._closed_voids: Counter[str] = Counter()
        self._last_close = markup.rfind(">")
        self._absent: set[re.Pattern[str]] = set()
        # the parser reads until something is unfinished, then once more from there, to the end
        self._is_last_pass = False

    @cached_property
    def _start_tags(self) -> StartTags:
        return StartTags(self._markup)

    def text(self) -> str:
        at = 0
        while at < len(self._markup):
            at = self._step(at)
        self._end_node()
        return " ".join(self._nodes)

    def _step(self, at: int) -> int:
        """Reads one construct and returns where the next one begins."""
        match = _MARKUP.search(self._markup, at)
        start = match.start() if match else len(self._markup)
        if start > at:
            self._current.append(self._markup[at:start])
            return start
        if self._markup[at] == "&":
            return self._reference(at)
        end = self._tag(at)
        if end is not None:
            return end
        # unfinished: it is text up to the end of the tag that it would be, or up to the next one
        self._is_last_pass = True
        close = self._after_close(at + 1)
        following = self._markup.find("<", at + 1)
        end = close or (following if following > 0 else at + 1)
        self._current.append(self._markup[at:end])
        return end

    # References

    def _reference(self, at: int) -> int:
        if self._markup.startswith("&#", at):
            return self._numeric_reference(at)
        match = _NAMED_REFERENCE.match(self._markup, at)
        if match is None:
            self._current.append("&")
            return at + 1
        # a name may end before a dot or a hyphen, but not before a letter or a digit
        name, end = match[1], match.end()
        if end == len(self._markup):
            shorter = name[:-1] if name[-1] in ".-" else re.sub("[.-][a-zA-Z0-9]*$", "", name)
            if shorter in (name, ""):
                return self._unfinished_reference(at)
            end -= len(name) - len(shorter)
            name = shorter
        self._current.append(_CHARACTERS.get(name, f"&{name}"))
        return end + self._markup.startswith(";", end)

    def _unfinished_reference(self, at: int) -> int:
        """A name at the very end stays as it is; a single letter there loses its ampersand."""
        rest = self._markup[at:]
        self._current.append(rest[1:] if len(rest) == 2 else rest)
        return len(self._markup)

    def _numeric_reference(self, at: int) -> int:
        match = _NUMERIC_REFERENCE.match(self._markup, at)
        digits = match[2] if match else ""
        if match and not match[1]:
            decimal = re.match("[0-9]*", digits)
            digits = decimal[0] if decimal else ""
        end = at + 2 + (len(match[1]) if match else 0) + len(digits)
        followed_by_hex = end < len(self._markup) and self._markup[end] in "abcdefABCDEF"
        if not digits or end == len(self._markup) or followed_by_hex:
            return self._broken_numeric_reference(at)
        assert match is not None  # noqa: S101  # there are digits
        digits = digits.lstrip("0")[:_MAX_DIGITS] or "0"
        self._current.append(_character(int(digits, 16 if match[1] else 10)))
        return end + self._markup.startswith(";", end)

    def _broken_numeric_reference(self, at: int) -> int:
        """`&#` is text; so is everything behind it, without a semicolon there or in the last pass."""
        if ";" in self._markup[at:] and not self._is_last_pass:
            self._is_last_pass = True
            self._current.append("&#")
            return at + 2
        self._current.append(self._markup[at:])
        return len(self._markup)

    # Tags

    def _tag(self, at: int) -> int | None:
        """Reads what begins with `<`; None if it is unfinished."""
        markup = self._markup
        if _LETTER.match(markup, at + 1):
            return self._start_tag(at)
        if markup.startswith("</", at):
            return self._end_tag(at)
        if markup.startswith("<!--", at):
            close = self._next(_COMMENT_END, at + 4)
            return self._skip(close.end() if close else None)
        if markup.startswith("<![", at):
            return self._marked_section(at)
        if markup.startswith(("<!", "<?"), at):
            return self._skip(self._after_close(at + 2))
        return self._lone_sign(at)

    def _lone_sign(self, at: int) -> int | None:
        if at + 1 == len(self._markup):
            return None
        self._current.append("<")
        return at + 1

    def _skip(self, end: int | None) -> int | None:
        """Something that is no text but ends a text node."""
        if end is not None:
            self._end_node()
        return end

    def _after_close(self, at: int) -> int | None:
        """Where the next `>` ends."""
        return self._markup.find(">", at) + 1 if at <= self._last_close else None

    def _next(self, pattern: re.Pattern[str], at: int) -> re.Match[str] | None:
        """The next match; what was looked for in vain is not looked for again further on."""
        match = None if pattern in self._absent else pattern.search(self._markup, at)
        if match is None:
            self._absent.add(pattern)
        return match

    def _start_tag(self, at: int) -> int | None:
        name_end = self._start_tags.name_end(at + 1)
        end = self._start_tags.end(name_end)
        if end is None:
            return None
        if self._markup[end : end + 1] != ">":
            self._current.append(self._markup[at:end])  # a tag that cannot go on is text
            return end
        name = self._markup[at + 1 : name_end].lower()
        self._end_node()
        if self._start_tags.is_self_closing(name_end, end):
            return end + 1
        if name in _VOID:
            self._closed_voids[name] += 1
            return end + 1
        self._open.add(name)
        return self._end_of_raw(name, end + 1) if name in _RAW else end + 1

    def _end_of_raw(self, name: str, at: int) -> int:
        """Where the closing tag of a script or style begins; without one, nothing more is text."""
        close = re.compile(rf"</\s*{name}\s*>", re.IGNORECASE).search(self._markup, at)
        return close.start() if close else len(self._markup)

    def _end_tag(self, at: int) -> int | None:
        if self._after_close(at + 1) is None:
            return None
        spaced = re.compile(r"</\s*([a-zA-Z][-.a-zA-Z0-9:_]*)\s*>").match(self._markup, at)
        if spaced:
            self._close(spaced[1].lower())
            return spaced.end()
        if _LETTER.match(self._markup, at + 2) is None:
            return at + 3 if self._markup.startswith("</>", at) else self._skip(self._after_close(at + 2))
        name_end = self._start_tags.name_end(at + 2)
        self._close(self._markup[at + 2 : name_end].lower())
        return self._after_close(name_end)

    def _close(self, name: str) -> None:
        """Ends a tag and what is open inside it; a second end of an empty element is no event."""
        if self._closed_voids[name]:
            self._closed_voids[name] -= 1
            return
        self._end_node()
        self._open.close(name)

    def _marked_section(self, at: int) -> int | None:
        match = _SECTION_NAME.match(self._markup, at + 3)
        name = match[0].strip().lower() if match else ""
        if at + 3 == len(self._markup) or (match and match.end() == len(self._markup)):
            return None
        if name not in _CDATA_LIKE | _CONDITIONS:  # later interpreters read a comment here, 3.11 gives up
            return self._skip(self._after_close(at + 3))
        close = self._next(_CDATA_END if name in _CDATA_LIKE else _CONDITION_END, at + 3)
        if close is None:
            return None
        self._end_node()
        content = self._markup[at + 3 : close.start()]
        if content.upper().startswith("CDATA["):
            self._add_node(content[len("CDATA[") :])  # text wherever it stands
        return close.end()

    def _end_node(self) -> None:
        if not self._open.are_silent:
            self._add_node("".join(self._current))
        self._current.clear()

    def _add_node(self, node: str) -> None:
        if node := node.strip():
            self._nodes.append(node)


class _OpenTags:
    """The names of the tags that are open, the innermost last."""

    def __init__(self) -> None:
        self._names: list[str] = []
        self._counts: Counter[str] = Counter()
        self._silent = 0

    @property
    def are_silent(self) -> bool:
        """Whether what stands inside them is no text."""
        return self._silent > 0

    def add(self, name: str) -> None:
        self._names.append(name)
        self._counts[name] += 1
        self._silent += name in _SILENT

    def close(self, name: str) -> None:
        """Ends the innermost one of this name and all inside it; nothing if there is none."""
        if not self._counts[name]:
            return
        ended = ""
        while ended != name:
            ended = self._names.pop()
            self._counts[ended] -= 1
            self._silent -= ended in _SILENT


def _character(code: int) -> str:
    """The character of a numeric reference; 128 to 159 are read as Windows-1252 where that has one."""
    if code == 0 or 0xD800 <= code <= 0xDFFF or code > 0x10FFFF:
        return _REPLACEMENT
    if 128 <= code <= 159:
        return bytes([code]).decode("windows-1252", errors="ignore") or chr(code)
    return chr(code)
