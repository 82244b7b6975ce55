"""Parts of an explanation in words, as the lines and the page both say them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from servable.evaluate.explain.found import KnotsSeen, TextSeen
from servable.evaluate.explain.partings import digits
from servable.wording import counted

OCCLUSION: Final = (
    "Each field in turn is taken away, and the score is asked for again. That tells what this model makes of "
    "a field beside the others as they are. It is no statement about causes, and fields that say the same "
    "share what they add: without one of them the model still has the other."
)


def limits_in_words(text: TextSeen) -> str:
    """What a chunk may hold."""
    most = "as many chunks as it gives"
    if text.is_chunked and text.max_chunks is not None:
        most = f"at most {counted(text.max_chunks, 'chunk')}"
    messages = counted(len(text.messages), "message")
    packed = f"{messages} packed into chunks" if text.is_chunked else "no chunker: each part is a chunk"
    return f"{packed}; {most}, each of at most {text.max_tokens:,} tokens with the special ones"


def loss_in_words(text: TextSeen) -> str:
    """What the encoder reads and what it never sees."""
    read = f"{counted(text.tokens, 'token')} in {counted(len(text.chunks), 'chunk')}"
    if not (text.cut_tokens or text.lost_messages):
        return f"{read}; nothing is cut"
    lost = [
        *([f"{counted(text.lost_messages, 'message')} behind the last chunk"] if text.lost_messages else []),
        *([f"in all {counted(text.cut_tokens, 'token')}"] if text.cut_tokens else []),
    ]
    return f"{read}; cut: {', '.join(lost)}"


def calibration_in_words(
    kind: str | None, knots: Sequence[KnotsSeen], parameters: Mapping[str, float], *, is_raw: bool
) -> Iterator[str]:
    """Which knots or parameters answered; the arguments are those of `CalibrationSeen`."""
    if kind is None:
        yield "There is no calibrator: calibrated scores are the raw ones."
        return
    if is_raw:
        yield f"The calibrator of kind {kind} has no answer here: the raw scores stand for it."
        return
    if parameters:
        said = ", ".join(f"{name} {digits(value)}" for name, value in parameters.items())
        yield f"Calibrator of kind {kind}: {said}."
    for each in knots:
        yield f"Calibrator of kind {kind}: {_knots(each)}."


def _knots(knots: KnotsSeen) -> str:
    asked = f"class {knots.index}, raw {digits(knots.raw)}"
    (x0, y0), (x1, y1) = knots.low, knots.high
    if knots.low == knots.high:
        end = "first" if knots.raw <= x0 else "last"
        return (
            f"{asked}, is at or beyond the {end} knot ({digits(x0)}, {digits(y0)}) -> {digits(knots.answer)}"
        )
    return (
        f"{asked}, lies between the knots ({digits(x0)}, {digits(y0)}) and ({digits(x1)}, {digits(y1)}) "
        f"and is answered by {digits(knots.answer)}"
    )
