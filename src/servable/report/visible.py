"""Text as it may stand on a page: what cannot be seen, or would turn what stands around it, by its number."""

import unicodedata
from typing import Final

_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs"})
_LAYOUT: Final = frozenset({"\n", "\t"})


def visible(text: str) -> str:
    """The same text, with controls, marks of writing direction and half characters by their number."""
    return text if text.isprintable() else "".join(_seen(character) for character in text)


def _seen(character: str) -> str:
    if character in _LAYOUT or unicodedata.category(character) not in _UNSEEN:
        return character
    return f"\\u{{{ord(character):x}}}"
