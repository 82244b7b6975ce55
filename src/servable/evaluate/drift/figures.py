"""The figures of a drift page: two distributions of each field."""

from typing import Final

import numpy as np

from servable.evaluate.drift.found import Aspect, Bin, BinKind, FieldDrift, Spread
from servable.report import Distribution, Figure, Key, SharePair, histogram_pair, share_bars, significant

MOST_BARS: Final = 8
"""Categories of one figure."""

_BASELINE, _FRESH = "profile", "fresh"
_TITLES: Final = {
    Aspect.NUMBERS: "value",
    Aspect.CHARACTERS: "characters",
    Aspect.TOKENS: "tokens",
    Aspect.SCORES: "raw score",
}


def figures_of(fields: tuple[FieldDrift, ...]) -> tuple[Figure, ...]:
    """The figures of these fields, in their order."""
    spreads = [spread for field in fields for spread in field.spreads]
    return tuple(spread_figure(spread, name=f"field-{place}") for place, spread in enumerate(spreads))


def spread_figure(spread: Spread, *, name: str) -> Figure:
    """One spread as it was and as it is.

    Args:
        spread: of a field, of scores or of labels.
        name: of the figure, of its own on a page.
    """
    heading = _heading(spread)
    caption = f"PSI {significant(spread.psi)}; chance comes to {significant(spread.chance)} at most."
    if spread.bounds is None:
        filled = _filled(spread.bins)
        shown = _most_changed(filled)
        more = " Those that changed most are shown." if len(shown) < len(filled) else ""
        return Figure(
            title=heading,
            svg=share_bars(
                [
                    SharePair(name=each.name, baseline=each.baseline_share, fresh=each.fresh_share)
                    for each in shown
                ],
                labels=(_BASELINE, _FRESH),
                name=name,
                title=heading,
            ),
            keys=(Key(mark="base", text=_BASELINE), Key(mark="bar", text=_FRESH)),
            caption=f"{caption}{more}",
        )
    return Figure(
        title=heading,
        svg=histogram_pair(
            _distribution(spread, _BASELINE, [each.baseline_share for each in spread.bins]),
            _distribution(spread, _FRESH, [each.fresh_share for each in spread.bins]),
            edges=np.array([-np.inf, *spread.bounds, np.inf]),
            x_title=_TITLES.get(spread.aspect, ""),
            name=name,
            title=heading,
        ),
        keys=(Key(mark="base", text=_BASELINE), Key(mark="response", text=_FRESH)),
        caption=caption,
    )


def _heading(spread: Spread) -> str:
    match spread.aspect:
        case Aspect.SCORES:
            return f"Scores of class {spread.name}"
        case Aspect.CHARACTERS | Aspect.TOKENS:
            return f"{spread.name}, {spread.aspect}"
        case _:
            return spread.name


def _filled(bins: tuple[Bin, ...]) -> list[Bin]:
    """Bins that have rows at all; empty ones say nothing."""
    return [each for each in bins if each.baseline or each.fresh]


def _most_changed(filled: list[Bin]) -> list[Bin]:
    """The bins of which most rows came or went, in their order."""
    most = sorted(filled, key=lambda each: -abs(each.fresh_share - each.baseline_share))[:MOST_BARS]
    return [each for each in filled if each in most]


def _distribution(spread: Spread, label: str, shares: list[float]) -> Distribution:
    has_missing = spread.bins[-1].kind is BinKind.MISSING
    inner = shares[:-1] if has_missing else shares
    return Distribution(label=label, shares=np.array(inner), missing=shares[-1] if has_missing else None)
