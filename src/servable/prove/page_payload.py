"""Golden answers of a payload on a proof's page: files with their cases, and illegal requests."""

from collections.abc import Mapping
from typing import Any, Final

from servable.prove.document import PAYLOAD_GOLDEN
from servable.prove.parity import ParityRule
from servable.prove.payload_claims import REFUSALS
from servable.report import Block, Cell, Column, Facts, Paragraph, Section, Table, Tone, count, significant

_MOST_ROWS: Final = 300
"""Rows of a table on the page; `proof.json` has all of them."""

_WIRE: Final = {
    ParityRule.SAME_BUILD: "each score equal as float32 or at most two units in the last place away",
    ParityRule.OTHER_MACHINE: "each score at most 0.00001 away",
}
_DELTA: Final = "|\N{GREEK SMALL LETTER DELTA}|"


def payload_cells(claim: Mapping[str, Any]) -> tuple[Cell, ...]:
    """The row of the claim on payload files, without its verdict."""
    right, under_load = claim["under_load"] - claim["wrong_under_load"], claim["under_load"]
    largest = max(claim["max_abs_raw"], claim["max_abs_calibrated"])
    return (
        Cell(text="Payload answers", note="scores and labels"),
        Cell(text="all"),
        Cell(
            text=f"{count(claim['right'])} of {count(claim['files'])}",
            note=f"files; under load {count(right)} of {count(under_load)}",
        ),
        Cell(text="exact", tone=Tone.QUIET, note="each is compared"),
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
        Cell(text="exact", tone=Tone.QUIET, note="each is sent once"),
        Cell(text="\N{EN DASH}", tone=Tone.QUIET),
    )


def payload_sections(document: Mapping[str, Any]) -> tuple[Section, ...]:
    """A section on payload files and one on illegal requests, where golden answers were given."""
    found = document.get(PAYLOAD_GOLDEN)
    if found is None:
        return ()
    claims = {claim["id"]: claim for claim in document["claims"]}
    files = Section(
        title="Payload",
        lead="Every file of the payload, before the load and under it, against its golden answer.",
        blocks=_files(found),
    )
    if REFUSALS not in claims:
        return (files,)
    refusals = Section(
        title="Illegal requests",
        lead="Each is sent once, on a connection of its own, and a golden record right after it.",
        blocks=_refusals(found["refusals"]),
    )
    return files, refusals


def _files(found: Mapping[str, Any]) -> tuple[Block, ...]:
    lines = sorted(found["lines"], key=lambda line: line["failure"] is None)
    rule = _WIRE.get(found["rule"], f"a raw score at most {significant(found['raw_within'])} away")
    facts = (
        ("Golden answers", Cell(text=found["digest"], is_code=True)),
        ("Payload, sha256", Cell(text=found["payload"], is_code=True)),
        ("Given by", Cell(text=found["reference"], note=found["reason"])),
        ("Right means", Cell(text=rule, note=found["tolerance_reason"])),
    )
    if not lines:
        return (Facts(title="", items=facts), Paragraph(text="No file was sent.", tone=Tone.QUIET))
    numbers = ("Records", "Right", f"max {_DELTA} raw", "calibrated")
    table = Table(
        caption="Payload files before the load",
        columns=(
            Column(title="Case"),
            *(Column(title=title, is_number=True) for title in numbers),
            Column(title="State"),
        ),
        rows=tuple(_file(line) for line in lines[:_MOST_ROWS]),
        is_stacked=True,
    )
    return (Facts(title="", items=facts), table, *_more(len(lines)))


def _file(line: Mapping[str, Any]) -> tuple[Cell, ...]:
    return (
        Cell(text=line["case"] or "\N{EN DASH}", note=line["name"]),
        Cell(text=count(line["records"]), value=line["records"]),
        Cell(text=count(line["acceptable"]), value=line["acceptable"]),
        Cell(text=significant(line["max_abs_raw"]), value=line["max_abs_raw"]),
        Cell(text=significant(line["max_abs_calibrated"]), value=line["max_abs_calibrated"]),
        _state(line),
    )


def _refusals(lines: list[Mapping[str, Any]]) -> tuple[Block, ...]:
    ordered = sorted(lines, key=lambda line: line["failure"] is None)
    titles = ("Case", "Status", "Must name", "Server after it", "State")
    table = Table(
        caption="Illegal requests",
        columns=tuple(Column(title=title, is_number=title == "Status") for title in titles),
        rows=tuple(_refusal(line) for line in ordered[:_MOST_ROWS]),
        is_stacked=True,
    )
    return (table, *_more(len(lines)))


def _refusal(line: Mapping[str, Any]) -> tuple[Cell, ...]:
    lives = Cell(text="lives on") if line["lives_on"] else Cell(text="no right answer", tone=Tone.BAD)
    return (
        Cell(text=line["case"], note=" ".join(filter(None, (line["content_type"], line["answer"])))),
        Cell(text=count(line["status"]), value=line["status"], note=f"expected {line['expected_status']}"),
        Cell(text=line["field"] or "\N{EN DASH}"),
        lives,
        _state(line),
    )


def _state(line: Mapping[str, Any]) -> Cell:
    if line["failure"] is None:
        return Cell(text="right", tone=Tone.GOOD)
    return Cell(text="wrong", tone=Tone.BAD, note=line["failure"])


def _more(lines: int) -> tuple[Paragraph, ...]:
    if lines <= _MOST_ROWS:
        return ()
    text = f"The others, {count(lines - _MOST_ROWS)}, stand in proof.json."
    return (Paragraph(text=text, tone=Tone.QUIET),)
