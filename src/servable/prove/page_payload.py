"""Golden answers of a payload on a proof's page: files with their cases, and illegal requests."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from servable.payload import WIRE_WITHIN
from servable.prove.document import PAYLOAD_GOLDEN
from servable.prove.parity import ParityRule
from servable.prove.refusals import must_name
from servable.report import Block, Cell, Column, Facts, Paragraph, Section, Table, Tone, count, significant

_MOST_WRONG: Final = 300
_MOST_RIGHT: Final = 20
"""Rows of a table on the page; `proof.json` has all of them."""

_RULES_IN_WORDS: Final = {
    ParityRule.SAME_BUILD: "each score equal as float32 or at most two units in the last place away",
    ParityRule.OTHER_MACHINE: f"each score at most {significant(WIRE_WITHIN)} away",
}
_LIMITS: Final = {
    ParityRule.SAME_BUILD: "two units in the last place",
    ParityRule.OTHER_MACHINE: f"at most {significant(WIRE_WITHIN)} away",
}
_DELTA: Final = "|\N{GREEK SMALL LETTER DELTA}|"


def payload_cells(claim: Mapping[str, Any], found: Mapping[str, Any]) -> tuple[Cell, ...]:
    """The row of the claim on payload files, without its verdict.

    Args:
        claim: on them.
        found: what was recorded of them.
    """
    right, under_load = claim["under_load"] - claim["wrong_under_load"], claim["under_load"]
    largest = max(claim["max_abs_raw"], claim["max_abs_calibrated"])
    return (
        Cell(text="Payload answers", note="scores and labels"),
        Cell(text="all"),
        Cell(
            text=f"{count(claim['right'])} of {count(claim['files'])}",
            note=f"files; under load {count(right)} of {count(under_load)}",
        ),
        Cell(text="each compared", tone=Tone.QUIET, note=_LIMITS.get(found["rule"]) or _raw_limit(found)),
        Cell(text=significant(largest), value=largest, note=f"largest {_DELTA}"),
    )


def refusal_cells(claim: Mapping[str, Any]) -> tuple[Cell, ...]:
    """The row of the claim on illegal requests, without its verdict."""
    return (
        Cell(text="Refusals", note="illegal requests"),
        Cell(text="all"),
        Cell(
            text=f"{count(claim['named'])} of {count(claim['requests'])}",
            note=f"server lived on: {count(claim['lived_on'])}",
        ),
        Cell(text="each sent once", tone=Tone.QUIET),
        Cell(text="\N{EN DASH}", tone=Tone.QUIET),
    )


def payload_sections(document: Mapping[str, Any]) -> tuple[Section, ...]:
    """A section on payload files and one on illegal requests, where golden answers were given."""
    found = document.get(PAYLOAD_GOLDEN)
    if found is None:
        return ()
    files = Section(
        title="Payload",
        lead="Every file of the payload, before the load and under it, against its golden answer.",
        blocks=_files(found),
    )
    refusals = Section(
        title="Illegal requests",
        lead="Each is sent once, on a connection of its own, and a golden record right after it.",
        blocks=_refusals(found["refusals"]),
    )
    return files, refusals


def _files(found: Mapping[str, Any]) -> tuple[Block, ...]:
    lines = found["lines"]
    rule = _RULES_IN_WORDS.get(found["rule"])
    right = Cell(text=rule) if rule else Cell(text=_raw_limit(found), note=found["tolerance_reason"])
    facts = (
        ("Golden answers", Cell(text=found["digest"], is_code=True)),
        ("Payload, sha256", Cell(text=found["payload"], is_code=True)),
        ("Given by", Cell(text=found["reference"], note=found["reason"])),
        ("Right means", right),
    )
    if not lines:
        return (Facts(title="", items=facts), Paragraph(text="No file was sent.", tone=Tone.QUIET))
    numbers = ("Records", "Right", f"max {_DELTA} raw", f"max {_DELTA} calibrated")
    table = Table(
        caption="Payload files before the load",
        columns=(
            Column(title="Case"),
            *(Column(title=title, is_number=True) for title in numbers),
            Column(title="State"),
        ),
        rows=tuple(map(_file, _shown(lines))),
        is_stacked=True,
    )
    return (Facts(title="", items=facts), table, *_more(lines))


def _file(line: Mapping[str, Any]) -> tuple[Cell, ...]:
    within = line["calibrated_within"]
    return (
        Cell(text=line["case"] or "\N{EN DASH}", note=line["name"]),
        Cell(text=count(line["records"]), value=line["records"]),
        Cell(text=count(line["acceptable"]), value=line["acceptable"]),
        Cell(text=significant(line["max_abs_raw"]), value=line["max_abs_raw"]),
        Cell(
            text=significant(line["max_abs_calibrated"]),
            value=line["max_abs_calibrated"],
            note="" if within is None else f"at most {significant(within)}",
        ),
        _state(line),
    )


def _refusals(lines: Sequence[Mapping[str, Any]]) -> tuple[Block, ...]:
    if not lines:
        return (Paragraph(text="None was sent, so nothing is known of them.", tone=Tone.QUIET),)
    titles = ("Case", "Status", "Must name", "Server after it", "State")
    table = Table(
        caption="Illegal requests",
        columns=tuple(Column(title=title, is_number=title == "Status") for title in titles),
        rows=tuple(map(_refusal, _shown(lines))),
        is_stacked=True,
    )
    return (table, *_more(lines))


def _refusal(line: Mapping[str, Any]) -> tuple[Cell, ...]:
    lives = Cell(text="lives on") if line["lives_on"] else Cell(text="no right answer", tone=Tone.BAD)
    return (
        Cell(text=line["case"], note=" ".join(filter(None, (line["content_type"], line["answer"])))),
        Cell(text=count(line["status"]), value=line["status"], note=f"expected {line['expected_status']}"),
        Cell(text=must_name(field=line["field"], record=line["record"]) or "\N{EN DASH}"),
        lives,
        _state(line),
    )


def _state(line: Mapping[str, Any]) -> Cell:
    if line["failure"] is None:
        return Cell(text="right", tone=Tone.GOOD)
    return Cell(text="wrong", tone=Tone.BAD, note=line["failure"])


def _shown(lines: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """What the page shows of the lines: the wrong ones first, and some that are right."""
    wrong = [line for line in lines if line["failure"] is not None]
    right = [line for line in lines if line["failure"] is None]
    return wrong[:_MOST_WRONG] + right[:_MOST_RIGHT]


def _more(lines: Sequence[Mapping[str, Any]]) -> tuple[Paragraph, ...]:
    others = len(lines) - len(_shown(lines))
    if not others:
        return ()
    wrong = sum(line["failure"] is not None for line in lines)
    which = "all of them right" if wrong <= _MOST_WRONG else f"{count(wrong - _MOST_WRONG)} of them wrong"
    return (Paragraph(text=f"{count(others)} more stand in proof.json, {which}.", tone=Tone.QUIET),)


def _raw_limit(found: Mapping[str, Any]) -> str:
    return f"a raw score at most {significant(found['raw_within'])} away"
