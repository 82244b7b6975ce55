"""The text of an HTML fragment, as the step `html_normalizer` defines it.

A tokenizer of our own, because the interpreter's parser changes between releases and a model was
fitted with one of them. Its rules are those of CPython 3.11's `html.parser` under Beautiful Soup
4.15, faults included, because the training that the artifact records had them too:

* text nodes are stripped, empty ones dropped, the rest joined by one blank; every tag, comment,
  doctype and processing instruction ends a text node;
* the content of `script`, `style`, `template`, `rt` and `rp` is not text, CDATA sections are;
* a named reference counts only if its whole name is known; an unknown one loses its semicolon;
* what cannot be a tag is text, and an unfinished construct at the end stays as it is.
"""

import re
from html.entities import html5

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
_TAG_NAME = re.compile("[a-zA-Z][^\t\n\r\f />\0]*")
_COMMENT_END = re.compile(r"--\s*>")
_SECTION_NAME = re.compile(r"[a-zA-Z][\w.-]*\s*", re.ASCII)
_CDATA_LIKE = frozenset(["cdata", "ignore", "include", "rcdata", "temp"])
_CONDITIONS = frozenset(["else", "endif", "if"])


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
        self._open: list[str] = []
        self._closed_voids: list[str] = []
        # the parser reads until something is unfinished, then once more from there, to the end
        self._is_last_pass = False

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
        close = self._markup.find(">", at + 1) + 1
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
        if _TAG_NAME.match(markup, at + 1):
            return self._start_tag(at)
        if markup.startswith("</", at):
            return self._end_tag(at)
        if markup.startswith("<!--", at):
            close = _COMMENT_END.search(markup, at + 4)
            return self._skip(close.end() if close else None)
        if markup.startswith("<![", at):
            return self._marked_section(at)
        if markup.startswith(("<!", "<?"), at):
            return self._skip(self._after(">", at + 2))
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

    def _after(self, what: str, at: int) -> int | None:
        return self._markup.find(what, at) + 1 or None

    def _start_tag(self, at: int) -> int | None:
        name_end = self._end_of_name(at + 1)
        end = _end_of_attributes(self._markup, name_end)
        if end is None:
            return None
        if self._markup[end : end + 1] != ">":
            self._current.append(self._markup[at:end])  # a tag that cannot go on is text
            return end
        name = self._markup[at + 1 : name_end].lower()
        self._end_node()
        if self._is_self_closing(name_end, end):
            return end + 1
        if name in _VOID:
            self._closed_voids.append(name)
            return end + 1
        self._open.append(name)
        return self._end_of_raw(name, end + 1) if name in _RAW else end + 1

    def _end_of_name(self, at: int) -> int:
        match = _TAG_NAME.match(self._markup, at)
        return match.end() if match else at

    def _is_self_closing(self, name_end: int, close: int) -> bool:
        """Whether a tag ends in `/>`; the slash at the end of a bare attribute value is the value's."""
        return self._markup[close - 1] == "/" and not _ends_in_bare_value(self._markup, name_end, close)

    def _end_of_raw(self, name: str, at: int) -> int:
        """Where the closing tag of a script or style begins; without one, nothing more is text."""
        close = re.compile(rf"</\s*{name}\s*>", re.IGNORECASE).search(self._markup, at)
        return close.start() if close else len(self._markup)

    def _end_tag(self, at: int) -> int | None:
        if self._after(">", at + 1) is None:
            return None
        spaced = re.compile(r"</\s*([a-zA-Z][-.a-zA-Z0-9:_]*)\s*>").match(self._markup, at)
        if spaced:
            self._close(spaced[1].lower())
            return spaced.end()
        name = _TAG_NAME.match(self._markup, at + 2)
        if name is None:
            return at + 3 if self._markup.startswith("</>", at) else self._skip(self._after(">", at + 2))
        self._close(name[0].lower())
        return self._after(">", name.end())

    def _close(self, name: str) -> None:
        """Ends a tag and what is open inside it; a second end of an empty element is no event."""
        if name in self._closed_voids:
            self._closed_voids.remove(name)
            return
        self._end_node()
        if name in self._open:
            while self._open.pop() != name:
                pass

    def _marked_section(self, at: int) -> int | None:
        match = _SECTION_NAME.match(self._markup, at + 3)
        name = match[0].strip().lower() if match else ""
        if at + 3 == len(self._markup) or (match and match.end() == len(self._markup)):
            return None
        if name not in _CDATA_LIKE | _CONDITIONS:  # later interpreters read a comment here, 3.11 gives up
            return self._skip(self._after(">", at + 3))
        close = re.compile(r"\]\s*\]\s*>" if name in _CDATA_LIKE else r"\]\s*>").search(self._markup, at + 3)
        if close is None:
            return None
        self._end_node()
        content = self._markup[at + 3 : close.start()]
        if content.upper().startswith("CDATA["):
            self._add_node(content[len("CDATA[") :])  # text wherever it stands
        return close.end()

    def _end_node(self) -> None:
        if not _SILENT.intersection(self._open):
            self._add_node("".join(self._current))
        self._current.clear()

    def _add_node(self, node: str) -> None:
        if node := node.strip():
            self._nodes.append(node)


def _character(code: int) -> str:
    """The character of a numeric reference; 128 to 159 are read as Windows-1252 where that has one."""
    if code == 0 or 0xD800 <= code <= 0xDFFF or code > 0x10FFFF:
        return _REPLACEMENT
    if 128 <= code <= 159:
        return bytes([code]).decode("windows-1252", errors="ignore") or chr(code)
    return chr(code)


def _end_of_attributes(markup: str, at: int) -> int | None:
    """Where the attributes of a start tag end: at its `>`, or where it cannot go on; None if unfinished."""
    at = _after_attributes(markup, at)[0]
    following = markup[at : at + 1]
    if following == ">":
        return at
    if following == "/":
        return at + 1 if markup.startswith("/>", at) else None
    if following in ("", "=") or (following.isascii() and following.isalpha()):
        return None
    return at


def _ends_in_bare_value(markup: str, name_end: int, close: int) -> bool:
    end, bare_value_end = _after_attributes(markup, name_end)
    return bare_value_end == close or end < close - 1


def _after_attributes(markup: str, at: int) -> tuple[int, int]:
    """Where the attributes end, and where the last bare value ended (-1 if there was none)."""
    size, bare_value_end = len(markup), -1
    while at < size and (markup[at].isspace() or markup[at] == "/"):
        at += 1
    while at < size and markup[at] not in "/>" and not markup[at].isspace():
        before = markup[at - 1]
        if before not in "'\"/" and not before.isspace():
            break
        at += 1
        while at < size and markup[at] not in "/=>" and not markup[at].isspace():
            at += 1
        at, is_bare = _after_value(markup, at)
        if is_bare:
            bare_value_end = at
        while at < size and (markup[at].isspace() or (markup[at] == "/" and markup[at + 1 : at + 2] != ">")):
            at += 1
    return at, bare_value_end


def _after_value(markup: str, at: int) -> tuple[int, bool]:
    """Where the value of an attribute whose name ends at `at` ends, and whether it stands without quotes."""
    first_sign = _skip_space(markup, at)
    if not markup.startswith("=", first_sign):
        return at, False
    after_signs = first_sign
    while markup.startswith("=", after_signs):
        after_signs += 1
    value = _skip_space(markup, after_signs)
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
    while value < len(markup) and markup[value] != ">" and not markup[value].isspace():
        value += 1
    return value, True


def _skip_space(markup: str, at: int) -> int:
    while at < len(markup) and markup[at].isspace():
        at += 1
    return at
