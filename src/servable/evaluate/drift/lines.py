"""A comparison with a profile as lines of text."""

from collections.abc import Iterator, Sequence
from typing import Final

from servable.evaluate.drift.found import Aspect, Drift, DriftVerdict, ShareChange, Sign, Spread
from servable.evaluate.drift.words import MEANING, percent

_MOST_NAME: Final = 32
_WIDTHS: Final = (12, 8, 8, 20, 20)
_TITLES: Final = ("", "PSI", "limit", "missing", "unknown or cut")
_VERDICTS: Final = {
    DriftVerdict.SILENT: "silent: nothing has changed beyond what chance does",
    DriftVerdict.ALARM: "alarm",
    DriftVerdict.TOO_FEW: "too few rows for an alarm",
}


def drift_lines(found: Drift) -> list[str]:
    """The comparison as text: what it comes to, the alarms, the figures of each field, what they mean."""
    blocks = (
        [f"{_plain(found.table)} beside the profile of {_plain(found.model)}: {_VERDICTS[found.verdict]}"],
        [*_rows(found)],
        [f"  alarm: {_plain(sentence)}" for sentence in found.alarms],
        [*_table(found)],
        [MEANING],
    )
    lines = [line for block in blocks if block for line in (*block, "")]
    return lines[:-1]


def _rows(found: Drift) -> Iterator[str]:
    yield f"  profile     {found.profile}"
    scored = "" if found.fresh_scored == found.fresh_rows else f", of which {found.fresh_scored:,} are scored"
    yield f"  fresh       {found.fresh_rows:,} rows{scored}"
    if found.unlabelled:
        yield f"  unlabelled  {found.unlabelled:,} rows have no label that the model knows"
    if found.verdict is DriftVerdict.TOO_FEW:
        yield (
            f"  too few     {found.fresh_rows:,} rows are fewer than {found.least_rows:,}: chance alone "
            "moves the figures, and none raises an alarm"
        )


def _table(found: Drift) -> Iterator[str]:
    others = [*found.scores, *([] if found.labels is None else [found.labels])]
    rows = [
        *((each.name, each.kind, each.spreads, each.shares, each.is_alarm) for each in found.fields),
        *((_named(each), each.aspect, (each,), (), each.is_alarm) for each in others),
    ]
    width = min(_MOST_NAME, max(len(_plain(name)) for name, *_ in rows))
    yield _row("field", width, ("kind", *_TITLES[1:]), is_alarm=False)
    for name, kind, spreads, shares, is_alarm in rows:
        yield _row(_plain(name), width, (str(kind), *_cells(spreads, shares)), is_alarm=is_alarm)


def _named(spread: Spread) -> str:
    return f"score of {spread.name}" if spread.aspect is Aspect.SCORES else spread.name


def _cells(spreads: Sequence[Spread], shares: Sequence[ShareChange]) -> Iterator[str]:
    gravest = max(spreads, key=lambda spread: spread.weight, default=None)
    yield "-" if gravest is None else f"{gravest.psi:.3f}"
    yield "-" if gravest is None else f"{gravest.limit:.3f}"
    for signs in ((Sign.MISSING, Sign.EMPTY), (Sign.UNKNOWN, Sign.CUT)):
        change = next((change for change in shares if change.sign in signs), None)
        yield "-" if change is None else f"{percent(change.baseline)} -> {percent(change.fresh)}"


def _row(name: str, width: int, cells: Sequence[str], *, is_alarm: bool) -> str:
    kind, *figures = cells
    aligned = "".join(f"{cell:>{room}}" for cell, room in zip(figures, _WIDTHS[1:], strict=True))
    mark = "  ALARM" if is_alarm else ""
    return f"  {name:<{width}}  {kind:<{_WIDTHS[0]}}{aligned}{mark}".rstrip()


def _plain(text: str) -> str:
    """A stranger's text on one line; what cannot be printed as its escape."""
    return text if text.isprintable() else repr(text)[1:-1]
