"""The texts of derived records: what people write, and what text pipelines stumble over.

Short, plain, long and beyond every usual token limit; HTML, letters beyond ASCII, quotes and line breaks,
nothing but blanks; chats in the two markings that text steps know, one of them of several chunks.
"""

from typing import Final

_SENTENCE = "The jacket fits well and keeps me warm, but the zipper got stuck after two weeks."

_PARAGRAPH = (
    "I ordered this on Monday and it arrived on Thursday, well packed and with a printed receipt. The colour "
    "is a little darker than in the picture, which I like. It runs small: I usually take a medium and had to "
    "send it back for a large. The exchange took five days and cost $4.50, and customer service answered "
    "within an hour. All in all I'd buy it again, though not at the full price of 89.99."
)

_SUBJECTS = ("The parcel", "My order", "The second shipment", "The replacement", "This subscription")
_EVENTS = (
    "arrived late and without its invoice",
    "was delivered to the neighbours on the third floor",
    "had a torn label and a scratch near the handle",
    "worked for a while and then stopped without any warning",
    "was charged twice and refunded only in part",
    "came exactly as described and on the promised day",
    "is still on its way according to the tracking page",
)
_REACTIONS = (
    "so I wrote to the shop again.",
    "and nobody could tell me why.",
    "which my family found quite funny.",
    "but the reply was friendly and quick.",
)


def _told(sentences: int, *, first: int = 0) -> str:
    """Plain sentences in a row, about 13 words each; no two of any 140 that follow one another are equal."""
    return " ".join(
        f"{_SUBJECTS[step % 5]} {_EVENTS[step % 7]}, {_REACTIONS[step % 4]}"
        for step in range(first, first + sentences)
    )


_LONG_DIALOGUE = "".join(f"[bom] {_told(3, first=3 * message)} [eom]" for message in range(24))

TEXTS: Final = (
    _SENTENCE,
    _PARAGRAPH,
    "ok",
    "[bom] Hello, where is my order 4711? [eom][bom] It left our warehouse today, <b>sorry</b> for the wait. "
    "[eom][bom] [eom][bom] Thank you! [eom]",
    _told(70),
    "<p>Dear&nbsp;team,</p><p>5 &lt; 7 &amp; <b>&quot;bold&quot;</b> claims&#8230;<br/>see "
    '<a href="https://example.com/?a=1&amp;b=2">here</a> <!-- a note --></p><script>alert("x")</script>',
    "Très déçue du café crème à Łódź, naïve façade; 很好的产品。とても良い 좋아요 "
    "\U0001f44d\U0001f3fd\U0001f600 \U0001f469\u200d\U0001f469\u200d\U0001f467 "
    "Ünïcödé ½ \ufb01 e\u0301 \u00a0end",
    "First line\nsecond line\r\n\r\n\tindented, \"quoted\", it's 'single', back\\slash; semi,colon\n",
    '[customer]: The app says "error 42". [bot]: Did you restart it? [customer]: Yes, twice.\n'
    "[agent]: I have reset your account, please try again.",
    _LONG_DIALOGUE,
    " \t\n ",
)
"""In the order in which records take them; the first is the plainest."""
