"""An explanation as lines of text, for a terminal: steps numbered, long texts wrapped and cut."""

import textwrap
from collections.abc import Iterator, Sequence
from typing import Final

from servable.evaluate.explain.bars import effect_lines
from servable.evaluate.explain.explain import RecordReport, TableReport
from servable.evaluate.explain.found import CellSeen, CellType, Explanation, FieldSeen, ModelSeen, TextSeen
from servable.evaluate.explain.partings import Comparison
from servable.evaluate.explain.partings_of_numbers import came_from
from servable.evaluate.explain.words import limits_in_words, loss_in_words
from servable.wording import counted, plain

_WIDTH: Final = 100
_MOST_NAME: Final = 24
_MOST_CHARACTERS: Final = 400
_MOST_PARTS: Final = 12
_MOST_TOKENS: Final = 60


def explanation_lines(report: RecordReport | TableReport) -> list[str]:
    """The report as text."""
    return _record(report) if isinstance(report, RecordReport) else _table(report)


def _record(report: RecordReport) -> list[str]:
    found = report.explanation
    identity = "" if found.identity is None else f", id {plain(found.identity)}"
    lines = [f"record {found.record} of {plain(found.source)}{identity}, through {_model(found.model)}"]
    lines += [f"  degraded: {plain(sentence)}" for sentence in found.model.degradations]
    if report.comparison is not None:
        lines += ["", *_comparison(report.comparison)]
    for number, (title, body) in enumerate(_steps(found), start=1):
        lines += ["", f"{number}. {plain(title)}", *body]
    return [*lines, "", *effect_lines(report.effects)]


def _table(report: TableReport) -> list[str]:
    return [
        f"{plain(report.source)}, {counted(report.total, 'row')}, through {_model(report.model)}",
        f"  rows asked: {report.chosen}",
        *(f"  degraded: {plain(sentence)}" for sentence in report.model.degradations),
        "",
        *effect_lines(report.effects),
    ]


def _model(model: ModelSeen) -> str:
    return f"{plain(model.file)} ({plain(model.family)}, {model.digest[:17]})"


def _comparison(comparison: Comparison) -> Iterator[str]:
    for name, what in (comparison.ours, comparison.theirs):
        yield f"{name}: {plain(what)}"
    yield from _wrapped(comparison.sentence, indent="")
    for number, parting in enumerate(comparison.partings, start=1):
        step = f"[{parting.place}, follows]" if parting.follows else f"[{parting.place}]"
        yield from _wrapped(f"{step} {parting.sentence}", indent="   ", first=f"{number:>3}. ")
    for note in comparison.notes:
        yield from _wrapped(f"note: {note}", indent="  ")


def _steps(found: Explanation) -> Iterator[tuple[str, list[str]]]:
    yield "cells, as they came and as they are read", [*_fields(found.fields)]
    for text in found.texts:
        for at, step in enumerate(text.steps):
            before = text.steps[at - 1].value if at else text.text
            unchanged = ["     unchanged"] if step.value == before else []
            yield f'text "{text.field}", {step.name}', unchanged or [*_parts(step.value)]
        yield f'text "{text.field}", chunks', [*_chunks(text)]
    if found.vector:
        yield "numbers, in the order in which the model reads them", [*_vector(found)]
    yield from _scores(found)


def _fields(fields: Sequence[FieldSeen]) -> Iterator[str]:
    width = min(_MOST_NAME, max((len(plain(field.name)) for field in fields), default=0))
    for field in fields:
        unread = "" if field.is_read else "  (not read by the model)"
        name = f"{plain(field.name):<{width}}"
        if field.separator is None:
            yield from _wrapped(f"{_cell(field.cells[0])} -> {_bound(field)}{unread}", first=f"     {name}  ")
            continue
        joined = ", ".join(plain(cell.column) for cell in field.cells)
        yield f"     {name}  joined of {joined}, with {field.separator!r} between them"
        for cell in field.cells:
            yield from _wrapped(f"{plain(cell.column)}: {_cell(cell)}", indent="       ")
        yield from _wrapped(f"-> {_bound(field)}{unread}", indent="       ")


def _cell(cell: CellSeen) -> str:
    if cell.type is CellType.NULL:
        return "null"
    return f"{cell.type} {_quoted(cell.value) if isinstance(cell.value, str) else cell.value}"


def _bound(field: FieldSeen) -> str:
    if field.bound is None:
        return f"missing, {field.missing_by}"
    if isinstance(field.bound, str):
        return f"{field.kind} {_quoted(field.bound)}"
    return f"number {field.bound:.10g}"


def _parts(value: str | list[str]) -> Iterator[str]:
    """A text, or the messages that a splitter found in it."""
    if isinstance(value, str):
        yield from _wrapped(_quoted(value), indent="     ")
        return
    for number, message in enumerate(value[:_MOST_PARTS]):
        yield from _wrapped(_quoted(message), first=f"{number:>6}. ", indent="        ")
    yield from _more(len(value) - _MOST_PARTS, "message")
    if not value:
        yield "     no message"


def _chunks(text: TextSeen) -> Iterator[str]:
    yield f"     {limits_in_words(text)}"
    yield from _wrapped(loss_in_words(text), indent="     ")
    for chunk in text.chunks[:_MOST_PARTS]:
        tokens = " ".join(chunk.tokens[:_MOST_TOKENS])
        more = len(chunk.tokens) - _MOST_TOKENS
        tokens += f" ... {more} more" if more > 0 else ""
        cut = f", {chunk.cut_tokens} behind them cut" if chunk.cut_tokens else ""
        said = f"{counted(len(chunk.tokens), 'token')}{cut}: {plain(tokens)}"
        yield from _wrapped(said, first=f"{chunk.place:>6}. ", indent="        ")
    yield from _more(len(text.chunks) - _MOST_PARTS, "chunk")


def _more(left_out: int, noun: str) -> Iterator[str]:
    if left_out > 0:
        yield f"        and {counted(left_out, noun)} more (--json has all)"


def _vector(found: Explanation) -> Iterator[str]:
    width = min(_MOST_NAME, max(len(plain(feature.name)) for feature in found.vector))
    for feature in found.vector:
        given = "missing" if feature.given is None else _given(feature.given)
        said = f"{given} -> {came_from(feature)}"
        yield from _wrapped(
            said, first=f"{feature.place:>6}. {plain(feature.name):<{width}}  ", indent="        "
        )


def _given(value: str | float) -> str:
    return _quoted(value) if isinstance(value, str) else f"{value:.10g}"


def _scores(found: Explanation) -> Iterator[tuple[str, list[str]]]:
    classes, scores = found.model.classes, found.scores
    yield (
        "raw scores",
        [
            f"     class {index}, {_quoted(name)}: {score!r}"
            for index, (name, score) in enumerate(zip(classes, scores.raw, strict=True))
        ],
    )
    yield (
        "calibrated scores",
        [
            *(f"     class {index}: {score!r}" for index, score in enumerate(scores.calibrated)),
            *(
                line
                for sentence in scores.calibration.sentences
                for line in _wrapped(sentence, indent="     ")
            ),
        ],
    )
    label = f"class {scores.label}, {_quoted(classes[scores.label])}, the likeliest by the raw scores"
    yield "label", [f"     {label}"]


def _quoted(text: str) -> str:
    """A text in quotes on one line, cut if it is long."""
    if len(text) <= _MOST_CHARACTERS:
        return f'"{plain(text)}"'
    return f'"{plain(text[:_MOST_CHARACTERS])}"... ({len(text):,} characters)'


def _wrapped(text: str, *, indent: str = "       ", first: str | None = None) -> list[str]:
    return textwrap.wrap(
        plain(text),
        _WIDTH,
        initial_indent=indent if first is None else first,
        subsequent_indent=f"{indent}  ",
        break_on_hyphens=False,
    )
