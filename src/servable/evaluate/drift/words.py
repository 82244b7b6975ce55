"""Findings as sentences, for people who have not seen the table."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from servable.evaluate.drift.chance import parts_of_psi
from servable.evaluate.drift.found import Alarm, Aspect, Bin, BinKind, Of, ShareChange, Sign, Spread
from servable.scorer import Scorer
from servable.wording import counted, percent

_MOVED: Final[Mapping[Aspect, str]] = {
    Aspect.NUMBERS: "the numbers have moved",
    Aspect.CATEGORIES: "the categories have moved",
    Aspect.CHARACTERS: "the texts have other lengths",
    Aspect.TOKENS: "the texts come to other numbers of tokens",
    Aspect.SCORES: "the raw scores have moved",
    Aspect.LABELS: "the classes have other shares",
}

MEANING: Final = (
    "An alarm about a field says that what the model is fed has changed, most often in the plumbing before "
    "it. One about scores says that something has happened to the model's answers. Only labels can say how "
    "bad it is: run `servable evaluate` on rows that have them."
)


@dataclass(frozen=True, slots=True)
class Words:
    """Sentences about the fields of one model."""

    scorer: Scorer

    def alarm(self, found: Spread | ShareChange) -> Alarm:
        """What a finding is about."""
        sentence = self._moved(found) if isinstance(found, Spread) else self._changed(found)
        return Alarm(of=found.of, name=found.name, about=found.about, weight=found.weight, sentence=sentence)

    def _moved(self, spread: Spread) -> str:
        """Where most of the change is."""
        most = _most_changed(spread)
        return (
            f"{_subject(spread)}: {_MOVED[spread.aspect]} (PSI {spread.psi:.2f}, alarm above "
            f"{spread.limit:.2f}): {percent(most.fresh_share)} of the rows "
            f"{_belong(spread, most)}, in the profile {percent(most.baseline_share)}"
        )

    def _changed(self, change: ShareChange) -> str:
        """What became of the rows of a kind."""
        return (
            f"{change.name}: {percent(change.fresh)} of the {self._consequence(change)} "
            f"(in the profile {percent(change.baseline)})"
        )

    def _consequence(self, change: ShareChange) -> str:
        name, preprocessor = change.name, self.scorer.preprocessor
        match change.sign:
            case Sign.UNKNOWN:
                return "rows have a category that training did not know and fall to the default bin"
            case Sign.EMPTY:
                return "rows have no text"
            case Sign.CUT:
                return "texts are longer than the model reads, and lose what is beyond"
            case Sign.MISSING:
                table = preprocessor.risk_tables.get(name)
                if table is not None:
                    fall = " and fall to the default bin" if table.falls_to_default(None) else ""
                    return f"rows have no category{fall}"
                if name not in preprocessor.features:
                    return "rows have no value"
                stands = preprocessor.imputation.get(name, preprocessor.missing)
                return "rows have no number" + (
                    "" if math.isnan(stands) else f" and are read as {stands:,.10g}"
                )


def is_told_by(found: Spread | ShareChange, alarms: Sequence[Spread | ShareChange]) -> bool:
    """Whether an alarm is about rows without a value above all, of which another alarm tells already."""
    if not isinstance(found, Spread) or _most_changed(found).kind is not BinKind.MISSING:
        return False
    signs = (Sign.MISSING, Sign.EMPTY)
    return any(
        isinstance(other, ShareChange) and other.name == found.name and other.sign in signs
        for other in alarms
    )


def unjudged_sentences(
    rows: tuple[int, int], every: Sequence[Spread | ShareChange], *, least: int, has_scores: bool
) -> tuple[str, ...]:
    """What has too few rows to be judged; of a whole table that has, one sentence.

    Args:
        rows: of the profile, and fresh ones.
        every: all findings.
        least: rows that are needed.
        has_scores: whether the profile has the scores of every class.
    """
    profile, fresh = rows
    few = [f"the profile has {counted(profile, 'row')}"] if profile < least else []
    if fresh < least:
        few.append(f"there {'is' if fresh == 1 else 'are'} {counted(fresh, 'fresh row')}")
    if few:
        return (
            f"{' and '.join(few)}, fewer than {least:,}: chance alone moves the figures, and none raises an "
            "alarm",
        )
    said = [] if has_scores else ["scores: the profile has too few of them"]
    said += [
        f"{_figure(found)}: {counted(found.fresh_rows, 'fresh row')}, fewer than {least:,}, "
        f"{'is' if found.fresh_rows == 1 else 'are'} too few to judge"
        for found in every
        if not found.is_judged
    ]
    return tuple(said)


def _figure(found: Spread | ShareChange) -> str:
    if isinstance(found, Spread) and found.of is not Of.FIELD:
        return _subject(found)
    return f"{found.name}, {found.about}"


def _subject(spread: Spread) -> str:
    return f'score of class "{spread.name}"' if spread.aspect is Aspect.SCORES else spread.name


def _most_changed(spread: Spread) -> Bin:
    """The bin that adds most to PSI."""
    counts = ([each.baseline for each in spread.bins], [each.fresh for each in spread.bins])
    parts = parts_of_psi(*(np.array(rows) for rows in counts))
    return spread.bins[int(parts.argmax())]


_IN_BIN: Final[Mapping[Aspect, str]] = {
    Aspect.NUMBERS: "are {}",
    Aspect.CATEGORIES: 'have "{}"',
    Aspect.CHARACTERS: "have {} characters",
    Aspect.TOKENS: "have {} tokens",
    Aspect.SCORES: "are {}",
    Aspect.LABELS: 'are of class "{}"',
}


def _belong(spread: Spread, most: Bin) -> str:
    if most.kind is BinKind.MISSING:
        return "have none" if spread.aspect is not Aspect.CHARACTERS else "have no text"
    if most.kind is BinKind.REST:
        return "have a category that is not among the profile's frequent ones"
    is_number = spread.aspect in (Aspect.NUMBERS, Aspect.SCORES)
    return _IN_BIN[spread.aspect].format(_range(most.name) if is_number else most.name)


def _range(name: str) -> str:
    return f"from {name}" if " to " in name else name
