"""Texts of a wanted length, made of plain sentences and marked as a splitter of messages wants them."""

from collections.abc import Iterator, Sequence
from math import gcd
from typing import Final

from servable.payload.strategies.dialogues import marks_of

_SUBJECTS: Final = (
    *("The parcel", "My last order", "The new app", "This subscription", "The replacement", "The booking"),
    *("Our second visit", "The repair", "My monthly invoice", "The charger", "The whole service"),
)
_EVENTS: Final = (
    *("was better than I had expected", "took a week longer than promised", "was just as described"),
    *(
        "did not work after the second day",
        "cost more than the page had said",
        "made a good first impression",
    ),
    *(
        "was changed without any notice",
        "is not what I remember from last year",
        "needed two calls and an email",
    ),
    *("caused more trouble than it was worth", "turned out to be a pleasant surprise"),
    *("looked different from the pictures", "was worth every cent of its price"),
)
_REACTIONS: Final = (
    *(
        "so I wrote to the support team",
        "and nobody could tell me why",
        "but the answer was friendly and quick",
    ),
    *("which my family found quite funny", "and I would choose it again", "so please have a look at it"),
    *("but I got half of the money back", "and a friend of mine says the same"),
)
_COUNT: Final = len(_SUBJECTS) * len(_EVENTS) * len(_REACTIONS)
_SENTENCES: Final = tuple(
    f"{_SUBJECTS[at % len(_SUBJECTS)]} {_EVENTS[at % len(_EVENTS)]}, {_REACTIONS[at % len(_REACTIONS)]}."
    for at in range(_COUNT)
)
"""All of them, once each: no two of the three numbers of phrases have a divisor in common."""

_STEPS: Final = tuple(step for step in range(1, _COUNT) if gcd(step, _COUNT) == 1)
"""From a sentence to the next one of a text, by which all three of its phrases change."""

_REMARKS: Final = (
    *("Ok.", "Fine.", "Thanks!", "Not good.", "Works well.", "Never again.", "As described."),
    *("Still waiting.", "Happy with it.", "No answer so far.", "Good for the price.", "A little too small."),
    *("Arrived in one piece.", "Not what I had ordered.", "Thank you for your help."),
    *("Better than the last one.", "I am not sure about it yet.", "Nobody has called me back yet."),
    *(
        "My neighbour has the same one.",
        "We have used it every day since.",
        "How long do I have to wait for it?",
    ),
    *("The colour is not that of the picture.", "It does what it should and nothing more."),
)
"""Short sentences, the shortest first, for what has no room for a long one."""

_CUT_SHARE: Final = 0.15
"""Of a wanted length, how much a text may lack and needs no remarks."""

_MESSAGE_CHARS: Final = (40, 200, 90, 320, 140)
"""Lengths of messages in turn, short questions and long answers."""

_SHORTEST_MESSAGE: Final = 30
"""With its marks; what is left of a wanted length below it stays free."""

_NEXT_MESSAGE: Final = 101
"""Sentences from the beginning of a message to that of the next one, more than a message has."""


def text_of(*, chars: int, begin: int, steps: Sequence[str]) -> str:
    """A text of about so many characters, its marks included.

    Args:
        chars: at least one word comes, however few they are.
        begin: which of the texts, any number of 0 or more; those of numbers that follow one another differ.
        steps: of the text field; its splitter, if it has one, says how messages are marked.
    """
    marks = marks_of(steps)
    if not marks:
        return _told(chars, begin)
    messages: list[str] = []
    used = 0
    while used + _SHORTEST_MESSAGE <= chars or not messages:
        turn = len(messages)
        opening, closing = marks[turn % len(marks)]
        wanted = min(_MESSAGE_CHARS[(begin + turn) % 5], chars - used - len(opening) - len(closing))
        messages.append(f"{opening}{_told(wanted, begin + turn * _NEXT_MESSAGE)}{closing}")
        used += len(messages[-1])
    return "".join(messages).strip()


def _told(chars: int, begin: int) -> str:
    """Sentences one after the other, the last one cut so that all have room."""
    at, step = begin % _COUNT, _STEPS[begin // _COUNT % len(_STEPS)]
    sentences: list[str] = []
    length = -1
    while length < chars:
        sentences.append(_SENTENCES[at])
        length += len(_SENTENCES[at]) + 1
        at = (at + step) % _COUNT
    return _cut(" ".join(sentences), chars, begin)


def _cut(text: str, chars: int, begin: int) -> str:
    """A text up to the last end of a sentence or of a part of one, and remarks where much is left."""
    if len(text) <= chars and text:
        return text
    least = max(0, chars - int(chars * _CUT_SHARE) - 1)
    ends = (text.rfind(mark, least, max(chars, 0)) for mark in ".,")
    if (end := next((end for end in ends if end > 0), 0)) > 0:
        return f"{text[:end]}."
    end = max(text.rfind(mark, 0, max(chars, 0)) for mark in ".,")
    parts = [f"{text[:end]}."] if end > 0 else []
    return " ".join([*parts, *_remarks(chars - sum(len(part) + 1 for part in parts), begin)]) or _REMARKS[0]


def _remarks(chars: int, begin: int) -> Iterator[str]:
    """Different remarks that come to at most so many characters together, joined by blanks."""
    fitting = [remark for remark in _REMARKS if len(remark) <= chars]
    while fitting:
        longer = fitting[len(fitting) // 2 :]
        remark = longer[begin % len(longer)]
        yield remark
        begin //= len(longer)
        chars -= len(remark) + 1
        fitting = [other for other in fitting if len(other) <= chars and other != remark]
