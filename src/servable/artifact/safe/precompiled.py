"""SentencePiece's table of replacements, as a `tokenizer.json` holds it: whether all of it leads to a text.

Whoever looks a character up steps from place to place of an array, as the array says, and ends at a place
in a text. Its library looks neither of them up twice.

Source: the format of `precompiled_charsmap` in SentencePiece, a double array (Darts) and the texts.
"""

import binascii
from typing import Final

import numpy as np

_HEADER_BYTES, _UNIT_BYTES = 4, 4
_BLOCK: Final = 256  # places that one step may choose between, by a byte of the text
_IS_TEXT: Final = np.uint32(1 << 31)
_LONGEST_TEXT: Final = 256

Fault = tuple[str, str]
"""What was expected and what was found."""


def fault_of_charsmap(encoded: object) -> Fault | None:
    """What is wrong with a table in base 64, or None where nothing is."""
    try:
        data = binascii.a2b_base64(encoded, strict_mode=True) if isinstance(encoded, str) else b""
    except (binascii.Error, ValueError):
        data = b""
    array_bytes = int.from_bytes(data[:_HEADER_BYTES], "little")
    texts = data[_HEADER_BYTES + array_bytes :]
    is_whole = 0 < array_bytes <= len(data) - _HEADER_BYTES
    if not is_whole or array_bytes % (_BLOCK * _UNIT_BYTES):
        return "a table of replacements in base 64", "another text"
    units = np.frombuffer(data, "<u4", array_bytes // _UNIT_BYTES, _HEADER_BYTES)
    is_text = units & _IS_TEXT != 0
    # the first of the places that a step may choose between; the shift of the offset stands beside it
    offsets = (units >> np.uint32(10)) << ((units & np.uint32(1 << 9)) >> np.uint32(6))
    steps = np.arange(len(units), dtype=np.uint32) ^ offsets
    if (steps[~is_text] >= len(units)).any():
        return "steps within the table", "one that leads out of it"
    return _fault_of_texts(texts, np.unique(units[is_text] & ~_IS_TEXT))


def _fault_of_texts(texts: bytes, starts: "np.typing.NDArray[np.uint32]") -> Fault | None:
    try:
        texts.decode("utf-8")
    except UnicodeDecodeError:
        return "replacements in UTF-8", "other bytes"
    data = np.frombuffer(texts, np.uint8)
    if len(starts) and starts[-1] > len(data):
        return "places within the replacements", "one behind them"
    inside = data[starts[starts < len(data)]]
    if ((inside & 0xC0) == 0x80).any():
        return "places at the start of a character", "one within it"
    if max(map(len, texts.split(b"\0")), default=0) > _LONGEST_TEXT:
        return f"replacements of at most {_LONGEST_TEXT} bytes", "a longer one"
    return None
