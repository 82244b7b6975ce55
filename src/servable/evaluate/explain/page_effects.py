"""What each field adds to a score, drawn and in a table."""

from typing import Final

from servable.evaluate.explain.effects import Effects, FieldEffect, MeanChange
from servable.evaluate.explain.words import OCCLUSION
from servable.report import (
    Block,
    Cell,
    Column,
    Effect,
    Figure,
    Key,
    Paragraph,
    Section,
    Table,
    Tone,
    count,
    effect_bars,
    signed,
    significant,
)

_MOST_BARS: Final = 40
_RISE: Final = Key(mark="rise", text="the field raises the score")
_FALL: Final = Key(mark="fall", text="the field lowers it")
_INTERVAL: Final = Key(mark="whisker", text="95 % interval of the mean")


def effects_section(effects: Effects) -> Section:
    """The section of a page that tells what moves a score."""
    blocks: tuple[Block, ...] = (_one(effects),) if effects.rows == 1 else _many(effects)
    if effects.sentence:
        blocks = (Paragraph(text=effects.sentence, tone=Tone.UNSURE), *blocks)
    return Section(title="What moves the score", lead=OCCLUSION, blocks=(*blocks, _table(effects)))


def _one(effects: Effects) -> Figure:
    rows = [Effect(name=each.field, value=each.change.value) for each in effects.fields[:_MOST_BARS]]
    return Figure(
        svg=effect_bars(rows, name="effects", title="What each field adds to the score"),
        keys=(_RISE, _FALL),
        caption=f"Of {effects.score}: the score with the field minus the score without it.",
    )


def _many(effects: Effects) -> tuple[Figure, ...]:
    shown = effects.fields[:_MOST_BARS]
    interval = () if effects.sentence else (_INTERVAL,)
    return (
        Figure(
            title="How much",
            svg=effect_bars(
                [_effect(each.field, each.size) for each in shown],
                name="sizes",
                title="Mean size of what each field adds to the score",
                written=significant,
            ),
            keys=(Key(mark="rise", text="mean size"), *interval),
            caption=f"Of {effects.score}, whatever the direction.",
        ),
        Figure(
            title="In which direction",
            svg=effect_bars(
                [_effect(each.field, each.change) for each in shown],
                name="directions",
                title="Mean of what each field adds to the score",
            ),
            keys=(_RISE, _FALL, *interval),
            caption="What raises some scores and lowers others comes to nothing here and to much above.",
        ),
    )


def _effect(name: str, found: MeanChange) -> Effect:
    return Effect(name=name, value=found.value, low=found.low, high=found.high)


def _table(effects: Effects) -> Table:
    is_one = effects.rows == 1
    figures = ("Adds",) if is_one else ("Mean size", "Mean")
    return Table(
        caption="What each field adds",
        columns=(
            Column(title="Field"),
            Column(title="In its place"),
            *(Column(title=title, is_number=True) for title in figures),
            Column(title="Labels that change", is_number=True),
        ),
        rows=tuple((*_named(each), *_figures(each, effects.rows)) for each in effects.fields),
        is_stacked=True,
    )


def _named(effect: FieldEffect) -> tuple[Cell, ...]:
    unread = "" if effect.is_read else ", not read by the model"
    tone = Tone.PLAIN if effect.is_read else Tone.QUIET
    return Cell(text=effect.field, note=f"{effect.kind}{unread}", tone=tone), Cell(text=effect.stands)


def _figures(effect: FieldEffect, records: int) -> tuple[Cell, ...]:
    size = Cell(text=significant(effect.size.value), value=effect.size.value, note=_interval(effect.size))
    change = Cell(text=signed(effect.change.value), value=effect.change.value, note=_interval(effect.change))
    flips = Cell(text=count(effect.flips), value=effect.flips)
    return (change, flips) if records == 1 else (size, change, flips)


def _interval(found: MeanChange) -> str:
    if found.low is None or found.high is None:
        return ""
    return f"{significant(found.low)} to {significant(found.high)}"
