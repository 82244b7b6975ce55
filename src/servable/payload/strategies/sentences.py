"""Texts of a wanted length, made of plain sentences and marked as a splitter of messages wants them."""

from collections.abc import Sequence
from itertools import accumulate
from typing import Final

from servable.artifact import told
from servable.payload.texts import CHAT, DIALOGUE

_SENTENCES: Final = tuple(told(1, first=first) for first in range(140))
_STORY: Final = " ".join((*_SENTENCES, *_SENTENCES, ""))
_BEGINS: Final = tuple(accumulate((len(sentence) + 1 for sentence in _SENTENCES), initial=0))[:-1]
_ROUND_CHARS: Final = len(_STORY) // 2

_MESSAGE_CHARS: Final = (40, 200, 90, 320, 140)
"""Lengths of messages in turn, short questions and long answers."""

_SHORTEST_MESSAGE: Final = 30
"""With its marks; what is left of a wanted length below it stays free."""

_SPEAKERS: Final = ("[customer]: ", "[agent]: ", "[customer]: ", "[bot]: ")


def text_of(*, chars: int, begin: int, steps: Sequence[str]) -> str:
    """A text of about so many characters, its marks included.

    Args:
        chars: at least one word comes, however few they are.
        begin: where in the sentences it begins, any number.
        steps: of the text field; its splitter, if it has one, says how messages are marked.
    """
    splitter = next((step for step in steps if step in (DIALOGUE, CHAT)), None)
    if splitter is None:
        return _told(chars, begin)
    messages: list[str] = []
    used = 0
    while used + _SHORTEST_MESSAGE <= chars or not messages:
        turn = len(messages)
        opening, closing = ("[bom] ", " [eom]") if splitter == DIALOGUE else (_SPEAKERS[turn % 4], " ")
        wanted = min(_MESSAGE_CHARS[(begin + turn) % 5], chars - used - len(opening) - len(closing))
        messages.append(f"{opening}{_told(wanted, begin + turn * 3)}{closing}")
        used += len(messages[-1])
    return "".join(messages).strip()


def _told(chars: int, begin: int) -> str:
    """Sentences cut behind the last whole word that fits; at least one word."""
    start = _BEGINS[begin % len(_BEGINS)]
    rounds, rest = divmod(max(chars, 1), _ROUND_CHARS)
    story = _STORY[start : start + _ROUND_CHARS] * rounds + _STORY[start : start + rest + 1]
    end = story.rfind(" ", 0, chars + 1)
    return story[:end] if end > 0 else _SENTENCES[begin % len(_SENTENCES)].partition(" ")[0]
