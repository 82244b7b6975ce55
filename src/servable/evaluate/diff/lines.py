"""A comparison as text: the verdict, how scores move, and then the parts that differ, by what they do."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from servable.evaluate.diff.about import Facts
from servable.evaluate.diff.diff import Diff
from servable.evaluate.diff.part_lines import (
    Line,
    about_lines,
    calibrators_lines,
    changes_lines,
    fields_lines,
    golden_lines,
    scores_lines,
    tables_lines,
    texts_lines,
)
from servable.evaluate.diff.verdict import DiffVerdict
from servable.evaluate.diff.weights_lines import weights_lines
from servable.wording import counted, plain

_LEAST_LABEL, _MOST_LABEL = 12, 34


class Part(NamedTuple):
    """A part of a comparison.

    Attributes:
        title: what it is about.
        equal: how it is told in one line where nothing differs.
        moves_scores: whether it differs in what can move a score.
        is_equal: whether nothing differs.
        lines: what does.
    """

    title: str
    equal: str
    moves_scores: bool
    is_equal: bool
    lines: tuple[Line, ...]


def diff_lines(found: Diff) -> list[str]:
    """The comparison as lines; parts that do not differ share one."""
    lines = [_side("A", found.a), _side("B", found.b), "", found.sentence, ""]
    if found.scores is not None and found.verdict is DiffVerdict.MOVED:
        lines += ["how scores move", *_labelled(scores_lines(found.scores)), ""]
    parts = parts_of(found)
    for part in sorted(parts, key=lambda part: not part.moves_scores):
        if not part.is_equal:
            suffix = "" if part.moves_scores else " (moves no score)"
            lines += [f"{part.title}{suffix}", *_labelled(part.lines), ""]
    equal = [part.equal for part in parts if part.is_equal]
    if equal:
        lines += [f"the same: {'; '.join(equal)}", ""]
    return [plain(line) for line in lines[:-1]]


def parts_of(found: Diff) -> tuple[Part, ...]:
    """The parts of a comparison, in the order in which a record passes them."""
    fields, texts, tables = found.fields, found.texts, found.tables
    calibrators, weights, golden = found.calibrators, found.weights, found.golden
    is_family = any(change.moves_scores for change in found.engine)
    return (
        Part(
            "fields",
            counted(fields.fields, "field"),
            fields.moves_scores,
            fields.is_equal,
            tuple(fields_lines(fields)),
        ),
        Part("texts", _texts(found), texts.moves_scores, texts.is_equal, tuple(texts_lines(texts))),
        Part("tables", _tables(found), tables.moves_scores, tables.is_equal, tuple(tables_lines(tables))),
        Part("weights", "weights", weights.moves_scores, _is_told(found), tuple(weights_lines(weights))),
        Part(
            "calibrator",
            "no calibrator" if calibrators.a is None else "calibrator",
            calibrators.moves_scores,
            calibrators.is_equal,
            tuple(calibrators_lines(calibrators)),
        ),
        Part("engine", "engine", is_family, not found.engine, tuple(changes_lines(found.engine))),
        Part(
            "golden records",
            "no golden records" if golden.a is None else "golden records",
            False,
            golden.is_equal,
            tuple(golden_lines(golden)),
        ),
        Part(
            "about",
            "name, profile, libraries, remarks",
            False,
            not (found.about or found.files),
            tuple(about_lines(found.about, found.files)),
        ),
    )


def _texts(found: Diff) -> str:
    return counted(found.texts.equal, "text") if found.texts.equal else "no texts"


def _tables(found: Diff) -> str:
    tables, imputed = found.tables.equal, found.tables.equal_imputations
    return f"{counted(tables, 'risk table')}, {counted(imputed, 'imputation value')}"


def _is_told(found: Diff) -> bool:
    """Whether there is nothing to tell of the weights: they are equal, all of them."""
    return found.weights.is_equal and found.weights.is_whole


def _side(name: str, facts: Facts) -> str:
    return f"{name}  {facts.name} ({facts.family}, {facts.layout}), {facts.digest}"


def _labelled(lines: Iterable[Line]) -> Iterator[str]:
    told = [*lines]
    labels = [len(label) for label, _ in told if len(label) <= _MOST_LABEL]
    width = max(_LEAST_LABEL, *labels, 0)
    return (f"  {label:<{width}}  {words}" for label, words in told)
