"""How texts become tokens, as two artifacts do it."""

import hashlib
from dataclasses import dataclass

from servable.artifact import Artifact, StoredText, vocabulary_size
from servable.evaluate.diff.change import Change, Pair, changed


@dataclass(frozen=True, slots=True, kw_only=True)
class TextDiff:
    """What differs about one text field that both artifacts have.

    Attributes:
        field: its name.
        changes: of its steps, limits and tokenizer; at least one.
        left_out: steps of A that B does not have, in A's order.
        put_in: steps of B that A does not have, in B's order.
    """

    field: str
    changes: tuple[Change, ...]
    left_out: tuple[str, ...]
    put_in: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TextsDiff:
    """What differs about the text fields that both artifacts have.

    Attributes:
        equal: how many of them do not differ.
        texts: those that do, in A's order.
    """

    equal: int
    texts: tuple[TextDiff, ...]

    @property
    def is_equal(self) -> bool:
        """Whether nothing differs."""
        return not self.texts

    @property
    def moves_scores(self) -> bool:
        """Whether a text may become other tokens."""
        return bool(self.texts)


def texts_diff(a: Artifact, b: Artifact) -> TextsDiff:
    """The text fields of both artifacts whose steps, limits or tokenizers differ."""
    of_b = {text.field: text for text in b.texts}
    common = [(text, of_b[text.field]) for text in a.texts if text.field in of_b]
    found = [_text(*texts) for texts in common]
    return TextsDiff(
        equal=sum(not text.changes for text in found), texts=tuple(text for text in found if text.changes)
    )


def _text(a: StoredText, b: StoredText) -> TextDiff:
    pairs = [
        Pair("steps", a.steps, b.steps),
        Pair("tokens of a chunk", a.max_tokens, b.max_tokens),
        Pair("chunks of a text", a.max_chunks, b.max_chunks),
        Pair("tokenizer's sha256", *(hashlib.sha256(side.tokenizer).hexdigest() for side in (a, b))),
        Pair(
            "tokenizer's vocabulary",
            *(vocabulary_size(side.tokenizer, where=side.where) for side in (a, b)),
        ),
    ]
    return TextDiff(
        field=a.field,
        changes=changed(pairs, moves_scores=True),
        left_out=tuple(step for step in a.steps if step not in b.steps),
        put_in=tuple(step for step in b.steps if step not in a.steps),
    )
