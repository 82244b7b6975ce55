"""The tables of a proof's page: claims, gates, latencies, errors."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from servable.prove.claims import ERRORS, GOLDEN, LATENCY, RATE, ClaimVerdict
from servable.prove.document import PAYLOAD_GOLDEN, payload_of
from servable.prove.page_payload import payload_cells, refusal_cells
from servable.prove.payload_claims import PAYLOAD, REFUSALS
from servable.report import (
    Block,
    Cell,
    Column,
    Paragraph,
    Quote,
    Table,
    Tone,
    count,
    share,
    significant,
)

_TONES: Final = {
    ClaimVerdict.PASS: Tone.GOOD,
    ClaimVerdict.FAIL: Tone.BAD,
    ClaimVerdict.INCONCLUSIVE: Tone.UNSURE,
    ClaimVerdict.NOT_EVALUATED: Tone.VOID,
}
_CLAIMS: Final = {LATENCY: "latency", ERRORS: "errors", RATE: "rate", GOLDEN: "golden answers"}
_ERRORS: Final = {
    "status": "a status other than 2xx",
    "timeout": "no whole answer in time",
    "connection": "refused, reset, or closed before the answer was whole",
    "malformed": "not the agreed form",
    "wrong": "not the scores and labels that are expected",
    "local": "the prover's machine had no file, port or memory for it",
    "none": "no outcome: the run broke off",
}
_AT_LEAST: Final = frozenset({"G1"})
_NONE: Final = Cell(text="\N{EN DASH}", tone=Tone.QUIET)
_LATENCIES: Final = ("p50", "p90", "p99", "p999", "max")


def named(document: Mapping[str, Any]) -> str:
    """The confidence as the name of a bound, `95 %`."""
    return share(document["slo"]["confidence"])


def claims_table(document: Mapping[str, Any]) -> Table:
    """A row for each claim: limit, observed, bound, margin, verdict."""
    claims = {claim["id"]: claim for claim in document["claims"]}
    percentile = f"p{100.0 * document['slo']['latency_percentile']:g}"
    broken = [gate for gate in document["validity"]["gates"] if gate["ok"] is False]
    cells = {
        LATENCY: _latency_cells(claims[LATENCY], percentile),
        ERRORS: _error_cells(claims[ERRORS]),
        RATE: _rate_cells(claims[RATE]),
        GOLDEN: _golden_cells(claims[GOLDEN]),
    }
    if PAYLOAD in claims:
        cells[PAYLOAD] = payload_cells(claims[PAYLOAD], document[PAYLOAD_GOLDEN])
    if REFUSALS in claims:
        cells[REFUSALS] = refusal_cells(claims[REFUSALS])
    titles = ("Claim", "Limit", "Observed", f"{named(document)} bound", "Margin", "Verdict")
    return Table(
        caption="Claims",
        columns=tuple(Column(title=title, is_number=title in titles[1:5]) for title in titles),
        rows=tuple((*row, _verdict(claims[item], broken)) for item, row in cells.items()),
        is_stacked=True,
    )


def _latency_cells(claim: Mapping[str, Any], percentile: str) -> tuple[Cell, ...]:
    upper_ms, limit_ms = claim["p99_upper_ms"], claim["limit_ms"]
    return (
        Cell(text="Latency", note=f"{percentile}, from the time it was due"),
        Cell(text=significant(limit_ms, "ms"), value=limit_ms, note=f"{share(claim['limit'])} may be over"),
        Cell(
            text=significant(claim["p99_point_ms"], "ms"),
            value=claim["p99_point_ms"],
            note=f"{count(claim['k'])} of {count(claim['n'])} over",
        ),
        Cell(text=significant(upper_ms, "ms"), value=upper_ms, note=f"share over: {share(claim['upper'])}"),
        _below(upper_ms, limit_ms) if upper_ms is not None else _below(claim["upper"], claim["limit"]),
    )


def _error_cells(claim: Mapping[str, Any]) -> tuple[Cell, ...]:
    note = {"zero_observed": "0 cannot be proven, only not refuted", "vacuous": "says nothing"}
    observed = claim["k"] / claim["n"] if claim["n"] else None
    return (
        Cell(text="Errors", note="share of planned requests"),
        Cell(text=share(claim["limit"]), value=claim["limit"], note=note.get(claim["claim_kind"], "")),
        Cell(text=share(observed), note=f"{count(claim['k'])} of {count(claim['n'])} failed"),
        Cell(text=share(claim["upper"]), value=claim["upper"]),
        _below(claim["upper"], claim["limit"]),
    )


def _rate_cells(claim: Mapping[str, Any]) -> tuple[Cell, ...]:
    finished, needed = claim["finished_per_s"], claim["finished_needed_per_s"]
    margin = _NONE
    if claim["verdict"] != ClaimVerdict.NOT_EVALUATED and needed > 0.0:
        margin = Cell(
            text=share(abs(finished / needed - 1.0)), note="above" if finished >= needed else "below"
        )
    return (
        Cell(
            text="Rate",
            note=f"did not hold: {', '.join(claim['broken'])}" if claim["broken"] else "finished per second",
        ),
        Cell(
            text=f"{significant(claim['limit'])}/s",
            value=claim["limit"],
            note=f"offered {significant(claim['offered'])}/s",
        ),
        Cell(
            text=f"{significant(finished)}/s",
            value=finished,
            note=f"{count(claim['in_flight_end'])} under way at the end",
        ),
        Cell(text=f"{significant(needed)}/s", value=needed, note="needed, no bound"),
        margin,
    )


def _golden_cells(claim: Mapping[str, Any]) -> tuple[Cell, ...]:
    right, under_load = claim["under_load"] - claim["wrong_under_load"], claim["under_load"]
    return (
        Cell(text="Golden answers", note="scores and labels"),
        Cell(text="all"),
        Cell(
            text=f"{count(claim['acceptable'])} of {count(claim['rows'])}",
            note=f"under load {count(right)} of {count(under_load)}",
        ),
        Cell(text="each compared", tone=Tone.QUIET),
        Cell(
            text=significant(claim["max_abs_diff"]),
            value=claim["max_abs_diff"],
            note="largest |\N{GREEK SMALL LETTER DELTA}|",
        ),
    )


def _below(bound: float | None, limit: float) -> Cell:
    """How far a bound is from its limit, as a share of the limit."""
    if bound is None or limit == 0.0:
        return _NONE
    return Cell(text=share(abs(1.0 - bound / limit)), note="below" if bound <= limit else "above")


def _verdict(claim: Mapping[str, Any], broken: Sequence[Mapping[str, Any]]) -> Cell:
    """The verdict of a claim; where a broken gate takes its meaning away, with the gate."""
    verdict = ClaimVerdict(claim["verdict"])
    spoilers = [
        gate["id"]
        for gate in broken
        if len(gate["spoils"]) == len(_CLAIMS)
        or (verdict == ClaimVerdict.FAIL and claim["id"] in gate["spoils"])
    ]
    if spoilers and verdict != ClaimVerdict.NOT_EVALUATED and not claim.get("endpoint_died"):
        return Cell(text=str(verdict), tone=Tone.VOID, note=f"spoiled by {', '.join(spoilers)}")
    return Cell(text=str(verdict), tone=_TONES[verdict])


def gates_table(document: Mapping[str, Any]) -> Table:
    """A row for each gate: what it measures, its limit, whether it held, what it would spoil."""
    return Table(
        caption="Validity gates",
        columns=(
            Column(title="Gate"),
            Column(title="Measured"),
            Column(title="Value", is_number=True),
            Column(title="Limit", is_number=True),
            Column(title="State"),
        ),
        rows=tuple(
            _gate_row(gate, decides=gate["id"] in document["verdict_reason"])
            for gate in document["validity"]["gates"]
        ),
        is_stacked=True,
    )


def _gate_row(gate: Mapping[str, Any], *, decides: bool) -> tuple[Cell, ...]:
    sign = "\N{GREATER-THAN OR EQUAL TO}" if gate["id"] in _AT_LEAST else "\N{LESS-THAN OR EQUAL TO}"
    return (
        Cell(text=gate["id"]),
        Cell(text=gate["name"], note=gate["note"]),
        Cell(text=significant(gate["value"]), value=gate["value"]),
        Cell(
            text=f"{sign} {significant(gate['limit'])}",
            value=gate["limit"],
        ),
        _gate_state(gate, decides=decides),
    )


def _gate_state(gate: Mapping[str, Any], *, decides: bool) -> Cell:
    """Held or broken; a broken gate is bad only where the verdict rests on it."""
    if gate["ok"] is not False:
        return Cell(text="held", tone=Tone.GOOD) if gate["ok"] else Cell(text="not judged", tone=Tone.UNSURE)
    spoils = ", ".join(_CLAIMS[claim] for claim in gate["spoils"])
    every = "every verdict" if len(gate["spoils"]) == len(_CLAIMS) else f"a FAIL of {spoils}"
    if decides:
        return Cell(text="BROKEN", tone=Tone.BAD, note=f"spoils {every}")
    return Cell(text="BROKEN", tone=Tone.UNSURE, note=f"no harm here: it spoils only {every}")


def latency_table(document: Mapping[str, Any]) -> Table:
    """Percentiles of latency, service time, send lag and the warm-up."""
    latency = document["latency_ms"]
    measures = {
        ("Latency", "from the time it was due"): latency["response"],
        ("Service time", "from the time it was sent"): latency["service"],
        ("Send lag", "from due to sent"): latency["send_lag"],
        ("Latency in the warm-up", ""): latency["warmup"]["response"],
    }
    titles = ("p50, ms", "p90, ms", "p99, ms", "p99.9, ms", "max, ms")
    return Table(
        caption="Latencies",
        columns=(Column(title="Measure"), *(Column(title=title, is_number=True) for title in titles)),
        rows=tuple(
            (
                Cell(text=name, note=note),
                *(Cell(text=significant(of[key]), value=of[key]) for key in _LATENCIES),
            )
            for (name, note), of in measures.items()
        ),
        is_stacked=True,
    )


def errors(document: Mapping[str, Any]) -> tuple[Block, ...]:
    """Errors by kind with the first answer of each, refused payload bodies, the endpoint's last words."""
    claim = next(claim for claim in document["claims"] if claim["id"] == ERRORS)
    blocks: list[Block] = [_kinds(claim)]
    blocks += [
        Quote(title=f"First answer, {example['kind']} ({example['content_type']})", text=example["answer"])
        for example in document["error_examples"]
    ]
    blocks += [
        Quote(title=f"Sample request {body['name']}{_case(body)}, before the load", text=body["failure"])
        for body in payload_of(document)
        if body["failure"]
    ]
    target = document["target"]
    died = target["died"]
    if died is not None:
        title = f"The endpoint's process ended by itself, exit code {died['exit_code']}; its last lines"
        blocks.append(Quote(title=title, text="\n".join(died["log"])))
    elif target["log"]:
        blocks.append(Quote(title="The endpoint's last lines", text="\n".join(target["log"])))
    return tuple(blocks)


def _case(body: Mapping[str, Any]) -> str:
    return f" ({body['case']})" if body.get("case") else ""


def _kinds(claim: Mapping[str, Any]) -> Block:
    if not claim["n"]:
        return Paragraph(text="No load was sent.", tone=Tone.QUIET)
    if not claim["kinds"]:
        return Paragraph(text=f"None among {count(claim['n'])} measured requests.")
    return Table(
        caption="Errors by kind",
        columns=(
            Column(title="Kind"),
            Column(title="Meaning"),
            Column(title="Requests", is_number=True),
            Column(title="Share", is_number=True),
        ),
        rows=tuple(
            (
                Cell(text=kind),
                Cell(text=_ERRORS.get(kind, "")),
                Cell(text=count(number), value=number),
                Cell(text=share(number / claim["n"])),
            )
            for kind, number in claim["kinds"].items()
        ),
        is_stacked=True,
    )
