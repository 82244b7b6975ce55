"""A comparison with a profile as lines of text."""

from collections.abc import Iterator, Sequence
from typing import Final

from servable.evaluate.drift.found import Aspect, Drift, DriftVerdict, ShareChange, Sign, Spread
from servable.evaluate.drift.words import MEANING
from servable.wording import counted, cut, percent, plain

_MOST_NAME: Final = 32
_WIDTHS: Final = (12, 8, 8, 20, 20)
_TITLES: Final = ("", "PSI", "limit", "missing", "unknown or cut")
_VERDICTS: Final = {
    DriftVerdict.SILENT: "silent: nothing has changed beyond what chance does",
    DriftVerdict.ALARM: "alarm",
    DriftVerdict.TOO_FEW: "too few rows",
}
_SILENT_IN_PART: Final = "silent: what could be judged has not changed beyond what chance does"


def drift_lines(found: Drift) -> list[str]:
    """The comparison as text: what it comes to, the alarms, the figures of each field, what they mean."""
    blocks = (
        [f"{plain(found.table)} beside the profile of {plain(found.model)}: {_verdict(found)}"],
        [*_rows(found)],
        [f"  warning: {plain(sentence)}" for sentence in found.degradations],
        [f"  alarm: {plain(alarm.sentence)}" for alarm in found.alarms],
        [*_table(found)],
        [MEANING],
    )
    lines = [line for block in blocks if block for line in (*block, "")]
    return lines[:-1]


def _verdict(found: Drift) -> str:
    if found.verdict is DriftVerdict.SILENT and found.unjudged:
        return _SILENT_IN_PART
    return _VERDICTS[found.verdict]


def _rows(found: Drift) -> Iterator[str]:
    yield f"  profile     {found.profile}"
    scored = "" if found.fresh_scored == found.fresh_rows else f", {found.fresh_scored:,} scored"
    yield f"  fresh       {counted(found.fresh_rows, 'row')}{scored}"
    if found.unlabelled:
        rows = counted(found.unlabelled, "row has", "rows have")
        yield f"  unlabelled  {rows} no label that the model knows"
    yield from (f"  too few     {plain(sentence)}" for sentence in found.unjudged)


def _table(found: Drift) -> Iterator[str]:
    others = [*found.scores, *([] if found.labels is None else [found.labels])]
    rows = [
        *((each.name, each.kind, each.spreads, each.shares) for each in found.fields),
        *((_named(each), each.aspect, (each,), ()) for each in others),
    ]
    width = min(_MOST_NAME, max(len(plain(name)) for name, *_ in rows))
    yield _row("field", width, ("kind", *_TITLES[1:]))
    for name, kind, spreads, shares in rows:
        yield _row(
            cut(plain(name), width),
            width,
            (str(kind), *_cells(spreads, shares)),
            mark=_mark((*spreads, *shares)),
        )


def _named(spread: Spread) -> str:
    return f"score of {spread.name}" if spread.aspect is Aspect.SCORES else spread.name


def _cells(spreads: Sequence[Spread], shares: Sequence[ShareChange]) -> Iterator[str]:
    gravest = max(spreads, key=lambda spread: spread.weight, default=None)
    yield "-" if gravest is None else f"{gravest.psi:.3f}"
    yield "-" if gravest is None else f"{gravest.limit:.3f}"
    for signs in ((Sign.MISSING, Sign.EMPTY), (Sign.UNKNOWN, Sign.CUT)):
        change = next((change for change in shares if change.sign in signs), None)
        yield "-" if change is None else f"{percent(change.baseline)} -> {percent(change.fresh)}"


def _mark(found: Sequence[Spread | ShareChange]) -> str:
    if any(each.is_alarm for each in found):
        return "  ALARM"
    return "" if all(each.is_judged for each in found) else "  too few rows to judge"


def _row(name: str, width: int, cells: Sequence[str], *, mark: str = "") -> str:
    kind, *figures = cells
    aligned = "".join(f"{cell:>{room}}" for cell, room in zip(figures, _WIDTHS[1:], strict=True))
    return f"  {name:<{width}}  {kind:<{_WIDTHS[0]}}{aligned}{mark}".rstrip()
