"""A comparison with a profile as a page for people: what it comes to, and each field twice."""

from collections.abc import Sequence
from typing import Final

from servable.evaluate.cells import NOTHING
from servable.evaluate.drift.figures import figures_of, spread_figure
from servable.evaluate.drift.found import (
    Drift,
    DriftVerdict,
    FieldDrift,
    ShareChange,
    Sign,
    Spread,
)
from servable.evaluate.drift.words import MEANING
from servable.report import (
    Banner,
    Block,
    Cell,
    Column,
    Facts,
    Gallery,
    Page,
    Paragraph,
    Points,
    Section,
    Table,
    Tone,
    count,
    render,
    share,
    significant,
)
from servable.wording import capital, counted

_MOST_FIELDS: Final = 300
_MOST_FIGURES: Final = 40
_TONES: Final = {
    DriftVerdict.SILENT: Tone.GOOD,
    DriftVerdict.ALARM: Tone.BAD,
    DriftVerdict.TOO_FEW: Tone.UNSURE,
}
_MEANINGS: Final = {
    DriftVerdict.SILENT: "Nothing has changed beyond what chance does.",
    DriftVerdict.ALARM: "Something has changed that chance does not change.",
    DriftVerdict.TOO_FEW: "There are too few rows to tell.",
}
_SILENT_IN_PART: Final = "What could be judged has not changed beyond what chance does."
_COLUMNS: Final = (
    Column(title="Field"),
    Column(title="PSI", is_number=True),
    Column(title="Missing", is_number=True),
    Column(title="Unknown or cut", is_number=True),
)


def drift_page(found: Drift) -> str:
    """The page as one HTML file, the same bytes for the same findings."""
    return render(
        Page(
            title=f"{found.verdict}: {found.table}, drift from the profile of {found.model}",
            banner=banner(found),
            sections=(
                Section(title="Alarms", lead=MEANING, blocks=(_alarms(found),)),
                *_section(
                    "Too few rows to judge",
                    "These figures are shown and raise no alarm.",
                    _sentences(found.unjudged),
                ),
                *_section(
                    "Warnings", "What the model lacks may move its scores.", _sentences(found.degradations)
                ),
                Section(
                    title="Fields",
                    lead="Each field with its gravest PSI, the gravest field first. A category that training "
                    "did not know falls to the default bin; of a text that is too long the end is cut. Below "
                    "each share of fresh rows stands that of the profile.",
                    blocks=_fields(found.fields),
                ),
                *_section(
                    "Answers",
                    "Raw scores, and labels where both sides have them. Each bin takes the same room.",
                    _answers(found),
                ),
                *_section(
                    "Fields as they were and as they are",
                    "The area is the profile, whose rows fill its bins about equally; the line is fresh.",
                    _drawn(found.fields),
                ),
                Section(
                    title="How this is told",
                    lead="A statement about these rows, as if they had been drawn one by one.",
                    blocks=(Points(items=_method(found)),),
                ),
                Section(
                    title="Where this comes from",
                    lead="The profile is part of the artifact and holds no record.",
                    blocks=(_origin(found),),
                ),
            ),
            footer="Every number of this page stands in the JSON file beside it.",
        )
    )


def banner(found: Drift) -> Banner:
    """What the page begins with."""
    alarms = len(found.alarms)
    return Banner(
        kicker=f"Drift from the profile of {found.model}",
        verdict=str(found.verdict).upper(),
        tone=_TONES[found.verdict],
        meaning=_meaning(found),
        sentence=f"{counted(found.fresh_rows, 'row')} of {found.table} beside {found.profile}.",
        reasons=tuple(alarm.sentence for alarm in found.alarms[:3]),
        facts=(
            ("Alarms", Cell(text=count(alarms), value=alarms)),
            ("Fields", Cell(text=count(len(found.fields)), value=len(found.fields))),
            ("Fresh rows", Cell(text=count(found.fresh_rows), value=found.fresh_rows)),
            ("Profile", Cell(text=count(found.baseline_rows), value=found.baseline_rows, note="rows")),
        ),
    )


def _meaning(found: Drift) -> str:
    if found.verdict is DriftVerdict.SILENT and found.unjudged:
        return _SILENT_IN_PART
    return _MEANINGS[found.verdict]


def _alarms(found: Drift) -> Block:
    if found.alarms:
        return Points(items=tuple(alarm.sentence for alarm in found.alarms))
    return Paragraph(text="None.", tone=Tone.UNSURE if found.unjudged else Tone.PLAIN)


def _sentences(found: tuple[str, ...]) -> tuple[Block, ...]:
    return (Points(items=tuple(f"{capital(sentence)}." for sentence in found)),) if found else ()


def _fields(fields: Sequence[FieldDrift]) -> tuple[Block, ...]:
    shown = fields[:_MOST_FIELDS]
    table = Table(
        caption="Fields", columns=_COLUMNS, rows=tuple(_row(field) for field in shown), is_stacked=True
    )
    left_out = len(fields) - len(shown)
    if not left_out:
        return (table,)
    return (
        table,
        Paragraph(text="And more, which stand in the JSON file beside this page.", tone=Tone.QUIET),
    )


def _row(field: FieldDrift) -> tuple[Cell, ...]:
    note = str(field.kind) if field.is_read else f"{field.kind}, not read by the model"
    return (
        Cell(text=field.name, note=note, tone=_tone(field.is_alarm)),
        _psi(field.spreads),
        _share(field.shares, Sign.MISSING, Sign.EMPTY),
        _share(field.shares, Sign.UNKNOWN, Sign.CUT),
    )


def _psi(spreads: Sequence[Spread]) -> Cell:
    gravest = max(spreads, key=lambda spread: spread.weight, default=None)
    if gravest is None:
        return NOTHING
    note = f"{'above' if gravest.is_alarm else 'alarm above'} {significant(gravest.limit)}"
    if not gravest.is_judged:
        note = "too few rows to judge"
    return Cell(text=significant(gravest.psi), value=gravest.psi, tone=_tone(gravest.is_alarm), note=note)


def _share(changes: Sequence[ShareChange], *signs: Sign) -> Cell:
    change = next((change for change in changes if change.sign in signs), None)
    if change is None:
        return NOTHING
    return Cell(
        text=share(change.fresh),
        value=change.fresh,
        tone=_tone(change.is_alarm),
        note=f"{_said_of(change)}profile {share(change.baseline)}",
    )


def _said_of(change: ShareChange) -> str:
    if not change.is_judged:
        return "too few rows to judge, "
    return "alarm, " if change.is_alarm else ""


def _tone(is_alarm: bool) -> Tone:
    return Tone.BAD if is_alarm else Tone.PLAIN


def _answers(found: Drift) -> tuple[Block, ...]:
    spreads = [*found.scores, *([] if found.labels is None else [found.labels])]
    figures = [
        spread_figure(spread, name=f"answer-{place}") for place, spread in enumerate(spreads[:_MOST_FIGURES])
    ]
    return (Gallery(figures=tuple(figures)),) if figures else ()


def _drawn(fields: Sequence[FieldDrift]) -> tuple[Block, ...]:
    figures = figures_of(tuple(fields))
    if not figures:
        return ()
    left_out = figures[_MOST_FIGURES:]
    more = [Paragraph(text="The others stand in the JSON file beside this page.", tone=Tone.QUIET)]
    return (Gallery(figures=figures[:_MOST_FIGURES]), *(more if left_out else []))


def _method(found: Drift) -> tuple[str, ...]:
    return (
        f"PSI is the sum of (a \N{MINUS SIGN} b) ln(a / b) over the bins, with the shares a of the profile "
        f"and b of fresh data, none taken to be below {significant(found.floor)}.",
        f"What chance comes to is told by {count(found.draws)} pairs of samples of these sizes, drawn (seed "
        f"{found.seed}) from both sides together: of tables without drift at most {share(found.level)} "
        "raise any alarm.",
        f"An alarm is a PSI above that and above {significant(found.least_psi)}, or a share whose interval "
        f"leaves out no change and that changed by {share(found.least_points)} or more; with "
        f"{count(found.least_rows)} rows or more of the profile and as many fresh ones.",
        "Rows of one customer are alike, and vary more than chance says here.",
    )


def _origin(found: Drift) -> Facts:
    unlabelled = Cell(text=count(found.unlabelled), value=found.unlabelled)
    return Facts(
        items=(
            ("Model", Cell(text=found.model)),
            ("Digest", Cell(text=found.digest, is_code=True)),
            ("Profile", Cell(text=found.profile)),
            ("Fresh data", Cell(text=found.table)),
            ("Scored", Cell(text=count(found.fresh_scored), value=found.fresh_scored, note="fresh rows")),
            *((("Without a label", unlabelled),) if found.unlabelled else ()),
        )
    )


def _section(title: str, lead: str, blocks: tuple[Block, ...]) -> tuple[Section, ...]:
    return (Section(title=title, lead=lead, blocks=blocks),) if blocks else ()
