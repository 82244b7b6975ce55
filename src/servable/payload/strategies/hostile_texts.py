"""Texts that stumble what reads them: one for each hazard, all of them legal in a category or a text field.

The hazards are those of characters (Unicode), of the notations that a text passes through on its way
(JSON, CSV, HTML, a tokenizer's own marks), and of length.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

LONG_TEXT_CHARS: Final = 60_000
"""Of a long text: below the most that a cell may hold, far beyond what any model here reads."""

_LINE: Final = "The zipper broke on the second day & nobody answered; order no. 4711 is still open. "

TEXTS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "html": (
            '<!DOCTYPE html><div class="a b"><p>Dear&nbsp;team,<br/><b>late</b> <i>again</i></p>'
            "<script>if (1 < 2) { alert('x') }</script><style>p { color: red }</style><!-- a note --></div>",
            "a < b <p <b>never closed</i> <a href='x' <!-- no end",
        ),
        "html-entities": (
            "&amp; &lt;b&gt; &quot;q&quot; &nbsp;&#8230;&#x1F600; &copy2; &notanentity; &amp &#0; &#xD800; "
            "&#1114112; &#99999999; &;",
        ),
        "emoji-with-joiners": (
            "\U0001f469\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466 \U0001f44d\U0001f3fd "
            "\U0001f3f3\ufe0f\u200d\U0001f308 \U0001f1e9\U0001f1ea 1\ufe0f\u20e3 \u2764\ufe0f fine",
            "\u200d\ufe0f\U0001f3fd",
        ),
        "right-to-left": (
            "\u0627\u0644\u0637\u0644\u0628 \u0645\u062a\u0623\u062e\u0631 4711 "
            "\u05d4\u05d4\u05d6\u05de\u05e0\u05d4 \u05d1\u05d0\u05d9\u05d7\u05d5\u05e8",
            "abc \u202e\u2067cba\u2069\u202c \u200f\u200e end",
        ),
        "combining-marks": (
            "cafe\u0301 caf\u00e9 A\u030a \u212b \u1e9b\u0323",
            "z" + "\u0300\u0301\u0302\u0330\u0489" * 40 + "algo",
        ),
        "cjk": (
            "\u5f88\u597d\u7684\u4ea7\u54c1\u3002\u914d\u9001\u592a\u6162",
            "\u3068\u3066\u3082\u826f\u3044 \uff8a\uff9d\uff76\uff78 \uff21\uff11 "
            "\uc88b\uc544\uc694 \u1112\u1161\u11ab",
        ),
        "beyond-the-basic-plane": ("\U0001d49c\U0001d4d1 \U00010348 \U000e0041 \U0010fffd",),
        "noncharacters": ("\ufdd0 \uffff \U0010ffff \ufffe end",),
        "line-separators": ("one\u2028two\u2029three\u0085four\x0bfive\x0csix",),
        "nul": ("nul \x00 inside", "\x00"),
        "control-characters": ("".join(map(chr, (*range(1, 9), *range(14, 32), 127, *range(128, 160)))),),
        "byte-order-mark": ("\ufeffbegins with a mark", "ends with one\ufeff"),
        "number-sign": ("# no comment", "#1 #2 # three"),
        "quotes": ('He said "no", \'twice\', ""again""', '"', '"""', "`a` \u201eb\u201c \u00abc\u00bb"),
        "commas": ("one,two,,three;four\tfive|six", ","),
        "newlines": ("one\ntwo\r\nthree\rfour\n\n", "\n", "\r\n"),
        "backslashes": ('C:\\new\\table \\u0041 \\" \\\\', "\\"),
        "spreadsheet-formulas": ("=1+1", '=HYPERLINK("https://example.com")', "@SUM(A1)", "+4711", "-4711"),
        "json-as-text": ('{"predictions": [{"legacy-score": "0.5"}]}', "[]", "null", "true"),
        "numbers-as-text": ("10", "10.0", "1e3", "-0", "NaN", "Infinity", "0x10", "1_000"),
        "words-for-missing": ("nan", "NaN", "None", "NULL", "null", "NA", "N/A", "<NA>"),
        "marks-of-tokenizers": (
            "[CLS] one [SEP] two [PAD] [MASK] [UNK]",
            "<s> one </s> <pad> <unk> <|endoftext|> ##ing \u2581 \u0120",
        ),
        "a-word-without-end": ("a" * 5_000, "\u5f88" * 500),
        "template-placeholders": ("{timestamp} {0} {} %s %(x)s ${HOME} {{ 7 * 7 }}",),
    }
)
"""By hazard; where there are several texts, each becomes a record of the same request."""

BLANKS: Final = (" ", " \t\r\n ", "\u00a0\u3000\u2003", "\u200b")
"""Texts that show nothing."""

UNMATCHED_MARKERS: Final = (
    "[bom] never ended",
    "never begun [eom]",
    "[eom] the wrong way round [bom]",
    "[bom][bom] begun twice [eom][eom] outside",
    "[bom] [eom][bom][eom]",
    "[BOM] in capitals [EOM] [ bom ] with blanks [ eom ]",
    "[bom [eom] cut off]",
    "[customer]: [agent]: [bot]:",
    "[customer] no colon [agent] either",
    "before the first [bot]: said [CUSTOMER]: in capitals",
)
"""Dialogues whose markers do not match, of both markings that text steps know."""


def long_text() -> str:
    """A text of exactly `LONG_TEXT_CHARS` characters."""
    return (_LINE * (LONG_TEXT_CHARS // len(_LINE) + 1))[:LONG_TEXT_CHARS]
