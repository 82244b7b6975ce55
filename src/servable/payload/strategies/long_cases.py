"""Cases whose texts stand at a model's limits of tokens and chunks, for which a cell may have no room."""

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Final

from servable.payload.facts import ModelFacts
from servable.payload.strategies import Strategy
from servable.payload.strategies.dialogues import is_chunked, of_chunks, of_tokens

AROUND_TOKENS: Final = "texts-around-the-most-tokens"
MOST_CHUNKS: Final = "texts-of-the-most-chunks"
MORE_CHUNKS: Final = "more-chunks-than-the-limit"

_MORE: Final = 3


def texts_of(case: str, facts: ModelFacts) -> dict[str, str]:
    """The longest text of a case by field, where a cell has room for it."""
    return {name: text for name, text in _LONGEST[case](facts).items() if text is not None}


def without_room(strategy: Strategy, facts: ModelFacts) -> Iterator[tuple[str, list[str]]]:
    """Cases of a strategy with the fields that they leave out, because a cell has no room for the text."""
    for case in _CASES.get(strategy, ()):
        if fields := [name for name, text in _LONGEST[case](facts).items() if text is None]:
            yield case, fields


def _most_tokens(facts: ModelFacts) -> dict[str, str | None]:
    return {name: of_tokens(stored, stored.max_tokens + 1) for name, stored in facts.texts.items()}


def _most_chunks(facts: ModelFacts) -> dict[str, str | None]:
    return _chunks(facts, more=0)


def _more_chunks(facts: ModelFacts) -> dict[str, str | None]:
    return _chunks(facts, more=_MORE)


def _chunks(facts: ModelFacts, *, more: int) -> dict[str, str | None]:
    return {
        name: of_chunks(stored, stored.max_chunks + more)
        for name, stored in facts.texts.items()
        if stored.max_chunks is not None and is_chunked(stored)
    }


_LONGEST: Final[Mapping[str, Callable[[ModelFacts], dict[str, str | None]]]] = MappingProxyType(
    {AROUND_TOKENS: _most_tokens, MOST_CHUNKS: _most_chunks, MORE_CHUNKS: _more_chunks}
)
_CASES: Final[Mapping[Strategy, tuple[str, ...]]] = MappingProxyType(
    {Strategy.BOUNDARY: (AROUND_TOKENS, MOST_CHUNKS), Strategy.HOSTILE: (MORE_CHUNKS,)}
)
