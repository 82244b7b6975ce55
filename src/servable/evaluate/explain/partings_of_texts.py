"""Where the ways of one text part: a step, the chunker, or the tokenizer."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from servable.evaluate.explain.found import TextSeen
from servable.evaluate.explain.partings import Parting, Sides, Step, around_parting
from servable.wording import counted


@dataclass(frozen=True, slots=True, kw_only=True)
class CrossedText:
    """What the other side makes of what this side's steps have left of a text.

    Attributes:
        chunked: by the other side's limits of chunks and this side's tokenizer.
        tokenized: by the other side's limits and tokenizer.
    """

    chunked: TextSeen
    tokenized: TextSeen


def text_partings(ours: TextSeen, theirs: TextSeen, crossed: CrossedText, sides: Sides) -> Iterator[Parting]:
    """The partings of one text field that both sides read; none if the encoders read the same."""
    if token_ids(ours) == token_ids(theirs):
        return
    is_left_same = is_same_left(ours, theirs)
    if not is_left_same:
        yield _step(ours, theirs, sides)
    of = "" if is_left_same else f"of what the steps of {sides.ours} leave: "
    is_of_chunks = token_ids(ours) != token_ids(crossed.chunked)
    is_of_tokenizer = token_ids(crossed.chunked) != token_ids(crossed.tokenized)
    if is_of_chunks:
        yield _chunking(ours, crossed.chunked, sides, of)
    if is_of_tokenizer:
        yield _tokenizer(crossed.chunked, crossed.tokenized, sides, of)
    if not (is_of_chunks or is_of_tokenizer):
        yield _tokens(ours, theirs, sides)


def text_notes(ours: TextSeen, theirs: TextSeen, sides: Sides) -> Iterator[str]:
    """What differs about a text's way without an effect on this text."""
    where = f'text "{ours.field}"'
    is_left_same, is_read_same = is_same_left(ours, theirs), token_ids(ours) == token_ids(theirs)
    if _names(ours) != _names(theirs) and (is_left_same or is_read_same):
        lists = f"{sides.ours}: {_listed(_names(ours))}; {sides.theirs}: {_listed(_names(theirs))}"
        what = "this text" if is_left_same else "the tokens of this text"
        yield f"{where}: the steps differ without an effect on {what} ({lists})."
    if not is_read_same:
        return
    if limits(ours) != limits(theirs):
        yield f"{where}: the limits of chunks differ without an effect on this text."
    if ours.tokenizer != theirs.tokenizer:
        yield f"{where}: the tokenizers differ without an effect on this text."


def first_token(
    ours: TextSeen, ids: Sequence[Sequence[int]], sides: Sides, *, named: TextSeen | None = None
) -> str:
    """The first token that differs from those of another side, in words.

    Args:
        ours: a text with its tokens.
        ids: token ids of the other side by chunk, not the same ones.
        sides: their names.
        named: the other side's text, which knows what its tokens are called; None if nobody does.
    """
    own, where = token_ids(ours), f'text "{ours.field}"'
    chunk = next((at for at, (a, b) in enumerate(zip(own, ids, strict=False)) if a != list(b)), None)
    if chunk is None:
        return f"{where}: {sides.ours} reads {counted(len(own), 'chunk')}, {sides.theirs} {len(ids)}"
    a, b = own[chunk], ids[chunk]
    at = next((at for at, pair in enumerate(zip(a, b, strict=False)) if pair[0] != pair[1]), None)
    where += f", chunk {chunk}"
    if at is None:
        return f"{where}: {sides.ours} reads {counted(len(a), 'token')}, {sides.theirs} {len(b)}"
    name = f'"{ours.chunks[chunk].tokens[at]}"'
    other = "" if named is None else f'"{named.chunks[chunk].tokens[at]}", '
    said = f"{sides.ours} reads {name}, number {a[at]}, {sides.theirs} {other}number {b[at]}"
    return f"{where}, token {at}: {said}"


def token_ids(text: TextSeen) -> list[list[int]]:
    """The token ids of each chunk."""
    return [list(chunk.token_ids) for chunk in text.chunks]


def _step(ours: TextSeen, theirs: TextSeen, sides: Sides) -> Parting:
    """The first step whose presence, absence or place makes the texts differ."""
    names, others = _names(ours), _names(theirs)
    a, b, said = ours.left, theirs.left, ""
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, names, others, autojunk=False).get_opcodes():
        if tag == "equal" or _after(ours, i2) == _after(theirs, j2):
            continue
        a, b = _after(ours, i2), _after(theirs, j2)
        said = _difference(names, others, names[i1:i2], others[j1:j2], sides)
        break
    one, other = around_parting(a, b)
    why = said or "the steps are the same, and the texts differ before them"
    return Parting(
        step=Step.TEXT_STEP,
        field=ours.field,
        sentence=f'text "{ours.field}": {why}; {sides.ours} goes on with {one}, {sides.theirs} with {other}.',
        ours=a,
        theirs=b,
        follows=not said,
    )


def _difference(names: list[str], others: list[str], ours: list[str], theirs: list[str], sides: Sides) -> str:
    """What differs about two lists of steps, at the place where some of one stand for some of the other."""
    if sorted(names) == sorted(others):
        return f"the order of the steps is another ({_listed(names)} and {_listed(others)})"
    if not theirs:
        return f"{sides.theirs} leaves out {_listed(ours)}, which {sides.ours} runs"
    if not ours:
        return f"{sides.theirs} runs {_listed(theirs)}, which {sides.ours} leaves out"
    return f"{sides.ours} runs {_listed(ours)} where {sides.theirs} runs {_listed(theirs)}"


def _chunking(ours: TextSeen, theirs: TextSeen, sides: Sides, of: str) -> Parting:
    return Parting(
        step=Step.CHUNKING,
        field=ours.field,
        sentence=f'{of}text "{ours.field}": {sides.ours} reads {_chunked(ours)}; {sides.theirs} reads '
        f"{_chunked(theirs)}.",
        ours=[chunk.text for chunk in ours.chunks],
        theirs=[chunk.text for chunk in theirs.chunks],
        follows=False,
    )


def _tokenizer(ours: TextSeen, theirs: TextSeen, sides: Sides, of: str) -> Parting:
    ids = token_ids(theirs)
    return Parting(
        step=Step.TOKENIZER,
        field=ours.field,
        sentence=f"{of}{first_token(ours, ids, sides, named=theirs)}; the tokenizers differ.",
        ours=token_ids(ours),
        theirs=ids,
        follows=False,
    )


def _tokens(ours: TextSeen, theirs: TextSeen, sides: Sides) -> Parting:
    """Tokens that differ because the texts before them do."""
    ids = token_ids(theirs)
    why = f"of what the steps of {sides.ours} leave both make the same, so it follows"
    return Parting(
        step=Step.TOKENS,
        field=ours.field,
        sentence=f"{first_token(ours, ids, sides, named=theirs)}; {why}.",
        ours=token_ids(ours),
        theirs=ids,
        follows=True,
    )


def _chunked(text: TextSeen) -> str:
    most = f"of at most {text.max_tokens} tokens"
    if text.is_chunked and text.max_chunks is not None:
        most += f", at most {counted(text.max_chunks, 'chunk')}"
    packed = "" if text.is_chunked else " without a chunker"
    cut = f" and {text.cut_tokens} cut" if text.cut_tokens else ""
    return f"{counted(len(text.chunks), 'chunk')}{packed} ({most}), {counted(text.tokens, 'token')}{cut}"


def is_same_left(ours: TextSeen, theirs: TextSeen) -> bool:
    """Whether the steps left the same; for the chunker, a text that nothing has split is one message."""
    if ours.left == theirs.left:
        return True
    one, other = ([text.left] if isinstance(text.left, str) else text.left for text in (ours, theirs))
    return one == other and (ours.is_chunked or theirs.is_chunked)


def _after(text: TextSeen, steps: int) -> str | list[str]:
    return text.steps[steps - 1].value if steps else text.text


def _names(text: TextSeen) -> list[str]:
    return [step.name for step in text.steps]


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) or "none"


def limits(text: TextSeen) -> tuple[bool, int, int | None]:
    """What bounds the chunks of a text: whether it is chunked, tokens of a chunk, chunks."""
    return text.is_chunked, text.max_tokens, text.max_chunks
