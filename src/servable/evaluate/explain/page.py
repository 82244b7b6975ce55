"""An explanation as a page for people. It shows the record itself, texts included."""

from typing import Final

from servable.evaluate.explain.explain import RecordReport, TableReport
from servable.evaluate.explain.found import CellSeen, CellType, Explanation, FieldSeen, ModelSeen, TextSeen
from servable.evaluate.explain.page_effects import effects_section
from servable.evaluate.explain.partings import Comparison, Parting
from servable.evaluate.explain.words import limits_in_words, loss_in_words
from servable.report import (
    Banner,
    Block,
    Cell,
    Column,
    Facts,
    Page,
    Paragraph,
    Points,
    Quote,
    Section,
    Table,
    Tone,
    count,
    render,
    significant,
)

_MOST_CHARACTERS: Final = 5_000
_MOST_PARTS: Final = 40
_NOTHING: Final = Cell(text="\N{EN DASH}", tone=Tone.QUIET)
_NUMBERS_BESIDE: Final = "Every number of this page stands in the JSON file beside it."


def explanation_page(report: RecordReport | TableReport) -> str:
    """The page as one HTML file, the same bytes for the same report."""
    return render(_of_record(report) if isinstance(report, RecordReport) else _of_table(report))


def _of_record(report: RecordReport) -> Page:
    found = report.explanation
    return Page(
        title=f"Record {found.record} of {found.source}, seen by {found.model.file}",
        banner=_banner(report),
        sections=(
            *(() if report.comparison is None else (_comparison(report.comparison),)),
            Section(
                title="Cells",
                lead="As they came, and as they are read.",
                blocks=(_cells(found),),
            ),
            *(_text(text) for text in found.texts),
            *((_vector(found),) if found.vector else ()),
            _scores(found),
            effects_section(report.effects),
            _origin(found.model),
        ),
        footer=f"This page holds the record, texts included. {_NUMBERS_BESIDE}",
    )


def _of_table(report: TableReport) -> Page:
    return Page(
        title=f"What moves the scores of {report.source}, seen by {report.model.file}",
        banner=Banner(
            kicker="Explanation of a table",
            verdict=report.source,
            is_named=True,
            tone=Tone.PLAIN,
            sentence=f"Rows asked: {report.chosen}.",
            facts=(
                ("Rows", Cell(text=count(report.total), value=report.total)),
                ("Asked", Cell(text=count(report.effects.rows), value=report.effects.rows)),
                ("Model", Cell(text=report.model.file, note=report.model.family)),
            ),
        ),
        sections=(effects_section(report.effects), _origin(report.model)),
        footer=f"This page holds no record. {_NUMBERS_BESIDE}",
    )


def _banner(report: RecordReport) -> Banner:
    found, comparison = report.explanation, report.comparison
    scores, label = found.scores, found.scores.label
    identity = "" if found.identity is None else f" (id {found.identity})"
    tone = Tone.PLAIN if comparison is None else Tone.GOOD if comparison.is_equal else Tone.BAD
    raw, calibrated = scores.raw[label], scores.calibrated[label]
    return Banner(
        kicker="Explanation of a record",
        verdict=f"Record {found.record} of {found.source}{identity}",
        is_named=True,
        tone=tone,
        sentence="What the model saw of it, step by step." if comparison is None else comparison.sentence,
        facts=(
            ("Label", Cell(text=found.model.classes[label], note=f"class {label}")),
            ("Raw score", Cell(text=significant(raw), value=raw)),
            ("Calibrated", Cell(text=significant(calibrated), value=calibrated)),
            ("Model", Cell(text=found.model.file, note=found.model.family)),
        ),
    )


def _comparison(comparison: Comparison) -> Section:
    blocks: list[Block] = [
        Facts(items=tuple((name, Cell(text=what)) for name, what in (comparison.ours, comparison.theirs)))
    ]
    if comparison.partings:
        blocks.append(
            Table(
                caption="Steps that part",
                columns=(Column(title="Step"), Column(title="What differs")),
                rows=tuple(_parting(parting) for parting in comparison.partings),
                is_stacked=True,
            )
        )
    if comparison.notes:
        blocks.append(Points(items=comparison.notes))
    return Section(title="Where the ways part", lead=comparison.sentence, blocks=tuple(blocks))


def _parting(parting: Parting) -> tuple[Cell, ...]:
    note = "follows from a step before" if parting.follows else parting.field
    tone = Tone.QUIET if parting.follows else Tone.BAD
    return Cell(text=parting.place, note=note, tone=tone), Cell(text=parting.sentence)


def _cells(found: Explanation) -> Table:
    return Table(
        caption="Cells",
        columns=(Column(title="Field"), Column(title="As it came"), Column(title="As it is read")),
        rows=tuple(row for field in found.fields for row in _field(field)),
        is_stacked=True,
    )


def _field(field: FieldSeen) -> list[tuple[Cell, ...]]:
    """A row for each cell; those that are joined share the field's name and what is read."""
    unread = "" if field.is_read else ", not read by the model"
    name = Cell(text=field.name, note=f"{field.kind}{unread}", rows=len(field.cells))
    came = [
        Cell(
            text=_came(cell),
            note=str(cell.type) if field.separator is None else f"{cell.column}, joined",
        )
        for cell in field.cells
    ]
    return [(name, came[0], _bound(field)), *((cell, _NOTHING) for cell in came[1:])]


def _came(cell: CellSeen) -> str:
    if cell.type is CellType.NULL:
        return "null"
    return _shortened(cell.value) if isinstance(cell.value, str) else str(cell.value)


def _bound(field: FieldSeen) -> Cell:
    if field.bound is None:
        return Cell(text="missing", note=field.missing_by, tone=Tone.UNSURE)
    if isinstance(field.bound, str):
        return Cell(text=_shortened(field.bound))
    return Cell(text=significant(field.bound), value=field.bound)


def _shortened(text: str) -> str:
    if len(text) <= _MOST_CHARACTERS:
        return text or "(empty)"
    return f"{text[:_MOST_CHARACTERS]}\N{HORIZONTAL ELLIPSIS} (cut here)"


def _text(text: TextSeen) -> Section:
    blocks: list[Block] = []
    before: str | list[str] = text.text
    for step in text.steps:
        if step.value == before:
            blocks.append(Paragraph(text=f"{step.name}: changes nothing here.", tone=Tone.QUIET))
        else:
            blocks.append(Quote(title=step.name, text=_parts(step.value)))
        before = step.value
    said = [limits_in_words(text), loss_in_words(text)]
    blocks.append(Points(items=tuple(f"{sentence[:1].upper()}{sentence[1:]}." for sentence in said)))
    for chunk in text.chunks[:_MOST_PARTS]:
        blocks.append(Quote(title=f"Tokens of chunk {chunk.place}", text=_shortened(" ".join(chunk.tokens))))
    if len(text.chunks) > _MOST_PARTS:
        blocks.append(Paragraph(text="And more, which stand in the JSON file.", tone=Tone.QUIET))
    return Section(
        title=f'Text "{text.field}"',
        lead="What each step left of it, in order, down to what the encoder reads.",
        blocks=tuple(blocks),
    )


def _parts(value: str | list[str]) -> str:
    """A text, or its messages line by line."""
    parts = [value] if isinstance(value, str) else value or ["no message"]
    return "\n".join(_shortened(part) for part in parts[:_MOST_PARTS])


def _vector(found: Explanation) -> Section:
    rows = tuple(
        (
            Cell(text=feature.name),
            Cell(text="missing" if feature.given is None else _given(feature.given)),
            Cell(text=str(feature.origin), note="" if feature.bin is None else feature.bin),
            Cell(text="missing", tone=Tone.QUIET)
            if feature.value is None
            else Cell(text=significant(feature.value), value=feature.value),
        )
        for feature in found.vector
    )
    columns = (Column(title="Field"), Column(title="Record"), Column(title="Read as"))
    return Section(
        title="Numbers",
        lead="In the order in which the model reads them.",
        blocks=(
            Table(
                caption="Numbers",
                columns=(*columns, Column(title="Number", is_number=True)),
                rows=rows,
                is_stacked=True,
            ),
        ),
    )


def _given(value: str | float) -> str:
    return value if isinstance(value, str) else significant(value)


def _scores(found: Explanation) -> Section:
    scores = found.scores
    rows = tuple(
        (
            Cell(text=name, note="the label" if index == scores.label else ""),
            Cell(text=significant(raw), value=raw),
            Cell(text=significant(calibrated), value=calibrated),
        )
        for index, (name, raw, calibrated) in enumerate(
            zip(found.model.classes, scores.raw, scores.calibrated, strict=True)
        )
    )
    return Section(
        title="Scores",
        lead="The label is the likeliest class by the raw scores.",
        blocks=(
            Table(
                caption="Scores",
                columns=(
                    Column(title="Class"),
                    Column(title="Raw", is_number=True),
                    Column(title="Calibrated", is_number=True),
                ),
                rows=rows,
            ),
            Points(items=scores.calibration.sentences),
        ),
    )


def _origin(model: ModelSeen) -> Section:
    facts = Facts(
        items=(
            ("Artifact", Cell(text=model.file)),
            ("Name", Cell(text=model.name)),
            ("Family", Cell(text=model.family)),
            ("Digest", Cell(text=model.digest, is_code=True)),
        )
    )
    passed_over = [Points(items=model.degradations)] if model.degradations else []
    return Section(title="The model", lead="What computed all this.", blocks=(facts, *passed_over))
