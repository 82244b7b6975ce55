"""Text steps: named transformations of one text, composed in the order that an artifact records.

Names and meanings are those of the handler that the artifacts were written for, faults included,
because the weights were fitted with them (decision 0006).
"""

import re
from collections.abc import Callable, Iterator, Sequence

from servable.errors import Damaged, Problem, shown
from servable.preprocess.text.html import text_of_html
from servable.preprocess.traces import Messages

CHUNKER, TOKENIZER = "dialogue_chunker", "tokenizer"
ONE_CHUNK = "one_chunk"

_BEGIN, _END = "[bom]", "[eom]"
_CHAT_MARK = re.compile(r"\[(bot|customer|agent)\]:")
_SPACE = re.compile(r"\s+")
# the last range covers CJK, kana and Hangul too: models were fitted on texts without them
_EMOJI = re.compile(
    "[\U0001f600-\U0001f64f\U0001f300-\U0001f5ff\U0001f680-\U0001f6ff\U0001f1e0-\U0001f1ff"
    "\u2702-\u27b0\u24c2-\U0001f251]+"
)


def split_dialogue(text: str) -> list[str]:
    """Messages between `[bom]` and `[eom]`, stripped, empty ones dropped; text outside is lost."""
    messages: list[str] = []
    begin = text.find(_BEGIN)
    while begin >= 0 and (end := text.find(_END, begin)) >= 0:
        if message := text[begin + len(_BEGIN) : end].strip():
            messages.append(message)
        begin = text.find(_BEGIN, end)
    return messages


def split_chat(text: str) -> list[str]:
    """Messages behind `[bot]:`, `[customer]:` and `[agent]:`, as `[role]: content`, empty ones dropped."""
    _, *parts = _CHAT_MARK.split(text)
    pairs = zip(parts[::2], parts[1::2], strict=True)
    return [f"[{role}]: {content.strip()}" for role, content in pairs if content.strip()]


def keep_whole(text: str) -> list[str]:
    """The text as its one message, blank or not; without a chunker it is one chunk, cut by the tokenizer."""
    return [text]


def remove_emoji(text: str) -> str:
    """The text without runs of emoji; nothing is put in their place."""
    return _EMOJI.sub("", text)


def normalize(text: str) -> str:
    """Stripped, in lower case, every run of white space one blank."""
    return _SPACE.sub(" ", text.strip().lower())


def upper(text: str) -> str:
    """Stripped, in upper case, every run of white space one blank."""
    return _SPACE.sub(" ", text.strip().upper())


_SPLIT: dict[str, Callable[[str], list[str]]] = {
    "dialogue_splitter": split_dialogue,
    "cs_chat_splitter": split_chat,
    ONE_CHUNK: keep_whole,
}
_CHANGE: dict[str, Callable[[str], str]] = {
    "html_normalizer": text_of_html,
    "emoji_remover": remove_emoji,
    "text_normalizer": normalize,
    "text_upper": upper,
}
# the adapter's work, one string per message, is done by the splitter before it
_NOTHING = frozenset(["cs_adapter"])


class Composed:
    """Steps as one function of a text."""

    def __init__(self, steps: Sequence[tuple[str, Callable[[Messages], Messages]]]) -> None:
        self._steps = tuple(steps)
        self._functions = tuple(function for _, function in steps)

    def __call__(self, text: str) -> Messages:
        """What the last step leaves of a text; the text itself without any step."""
        value: Messages = text
        for function in self._functions:
            value = function(value)
        return value

    def each(self, text: str) -> Iterator[tuple[str, Messages]]:
        """The name of each step and what it leaves of a text; the last is what a call answers."""
        value: Messages = text
        for name, function in self._steps:
            value = function(value)
            yield name, value


def compose(steps: Sequence[str], *, where: str) -> Composed:
    """The steps before chunking and tokenizing, as one function.

    Raises:
        Damaged: `text.step` for an unknown step or one that cannot follow those before it.
    """
    functions: list[tuple[str, Callable[[Messages], Messages]]] = []
    is_split = False
    for step in steps:
        if step in _SPLIT:
            if is_split:
                raise _refusal(where, step, "a splitter once")
            is_split = True
            functions.append((step, _on_text(_SPLIT[step])))
        elif step in _CHANGE:
            if step == "text_upper" and is_split:
                raise _refusal(where, step, "text_upper before any splitter, because it takes no list")
            functions.append((step, _on_each(_CHANGE[step])))
        elif step in _NOTHING:
            functions.append((step, _as_it_is))
        else:
            known = ", ".join([*_SPLIT, *_CHANGE, *_NOTHING, CHUNKER, TOKENIZER])
            raise _refusal(where, step, f"one of {known}")
    return Composed(functions)


def _as_it_is(value: Messages) -> Messages:
    return value


def _on_text(function: Callable[[str], list[str]]) -> Callable[[Messages], Messages]:
    return lambda value: function(value) if isinstance(value, str) else value


def _on_each(function: Callable[[str], str]) -> Callable[[Messages], Messages]:
    return lambda value: function(value) if isinstance(value, str) else [function(item) for item in value]


def _refusal(where: str, step: str, expected: str) -> Damaged:
    return Damaged(
        Problem(
            code="text.step",
            where=where,
            expected=expected,
            found=shown(step),
            fix="use the step list that the model was trained with",
        )
    )
