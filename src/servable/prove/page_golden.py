"""The golden answers on a proof's page: by content type and mode, and what differed."""

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any, Final

from servable.prove.claims import GOLDEN
from servable.prove.parity import ParityRule
from servable.report import Block, Cell, Column, Paragraph, Quote, Table, Tone, count, significant

_RULES: Final = {
    ParityRule.SAME_BUILD: "each score equal as float32 or at most two units in the last place away, "
    "and the same label",
    ParityRule.OTHER_MACHINE: "each score at most 0.00001 away, and the same label unless the two best "
    "classes lie as close as that",
}
_WORST: Final = 5
_DELTA: Final = "|\N{GREEK SMALL LETTER DELTA}|"


def golden_answers(document: Mapping[str, Any]) -> tuple[Block, ...]:
    """What was compared in a sentence, a row for each content type and mode, and what differed."""
    lines = document["parity"]
    if not lines:
        return (Paragraph(text="No golden record was sent.", tone=Tone.QUIET),)
    claim = next(claim for claim in document["claims"] if claim["id"] == GOLDEN)
    failures = (
        Quote(title=f"First failure: {line['content_type']}, {line['mode']}", text=line["first_failure"])
        for line in lines
        if line["first_failure"]
    )
    rules = dict.fromkeys(_RULES[ParityRule(line["rule"])] for line in lines)
    return (
        Paragraph(text=_said(claim)),
        Paragraph(text=f"Right means {'; or '.join(rules)}.", tone=Tone.QUIET),
        _by_type(lines),
        *_worst(lines),
        *failures,
    )


def _said(claim: Mapping[str, Any]) -> str:
    before = f"{count(claim['acceptable'])} of {count(claim['rows'])} answers are right before the load"
    equal = "all of them" if claim["bit_equal"] == claim["rows"] else count(claim["bit_equal"])
    right = claim["under_load"] - claim["wrong_under_load"]
    return f"{before}, {equal} bit-equal; under load {count(right)} of {count(claim['under_load'])}."


def _by_type(lines: list[Mapping[str, Any]]) -> Table:
    numbers = ("Rows", "Right", "Bit-equal", "Other label", f"max {_DELTA} raw", "calibrated")
    return Table(
        caption="Golden answers by content type and mode",
        columns=(
            Column(title="Content type"),
            Column(title="Mode"),
            *(Column(title=title, is_number=True) for title in numbers),
        ),
        rows=tuple(
            row
            for _, group in groupby(lines, key=lambda line: line["content_type"])
            for row in _rows(list(group))
        ),
    )


def _rows(lines: list[Mapping[str, Any]]) -> Iterator[tuple[Cell, ...]]:
    for place, line in enumerate(lines):
        left_out = f"; cannot carry {count(line['left_out'])} of them" if line["left_out"] else ""
        is_right = line["acceptable"] == line["records"]
        note = f"answered as {line['accept']}{left_out}"
        first = Cell(text=line["content_type"], note=note, rows=len(lines))
        cells = (
            Cell(text=line["mode"]),
            Cell(text=count(line["records"]), value=line["records"]),
            Cell(
                text=count(line["acceptable"]),
                value=line["acceptable"],
                tone=Tone.PLAIN if is_right else Tone.BAD,
            ),
            Cell(text=count(line["bit_equal"]), value=line["bit_equal"]),
            Cell(text=count(line["flips"]), value=line["flips"]),
            _difference(line["max_abs_raw"]),
            _difference(line["max_abs_calibrated"]),
        )
        yield cells if place else (first, *cells)


def _worst(lines: list[Mapping[str, Any]]) -> tuple[Table, ...]:
    """The golden records whose answers differ most, if any does."""
    found = [(line, row) for line in lines for row in line["worst"]]
    found.sort(
        key=lambda item: (
            item[1]["label"] == item[1]["expected_label"],
            -max(item[1]["raw_difference"], item[1]["calibrated_difference"]),
        )
    )
    if not found:
        return ()
    titles = ("Record", "Sent as", "Mode", f"{_DELTA} raw", f"{_DELTA} calibrated", "Label", "Expected")
    return (
        Table(
            title="The largest differences",
            caption="The largest differences",
            columns=tuple(
                Column(title=title, is_number=title.startswith(("Record", _DELTA))) for title in titles
            ),
            rows=tuple(
                (
                    Cell(text=count(row["record"]), value=row["record"]),
                    Cell(text=line["content_type"]),
                    Cell(text=line["mode"]),
                    _difference(row["raw_difference"]),
                    _difference(row["calibrated_difference"]),
                    Cell(text=row["label"] or "no answer"),
                    Cell(text=row["expected_label"]),
                )
                for line, row in found[:_WORST]
            ),
            is_stacked=True,
        ),
    )


def _difference(value: float) -> Cell:
    return Cell(text=significant(value), value=value)
