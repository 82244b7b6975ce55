"""The page of a proof, for people. Every number is one of `proof.json`; the dots are its samples.

It decides nothing and is not part of what `recheck` compares.
"""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from servable.prove.claims import LATENCY
from servable.prove.page_origin import origin
from servable.prove.page_tables import claims_table, errors, gates_table, golden_table, latency_table, named
from servable.prove.reasons import reasons
from servable.prove.samples import Outcome, Samples
from servable.prove.summary import sentence
from servable.prove.verdict import Verdict
from servable.report import (
    Banner,
    Block,
    Cell,
    Curve,
    Figure,
    Key,
    Page,
    Paragraph,
    Section,
    TimedRequests,
    Tone,
    count,
    latency_over_time,
    percentile_plot,
    render,
    significant,
)

MOST_POINTS: Final = 2_000
_SHORT_DIGEST: Final = 19  # "sha256:" and 12 digits
_TONES: Final = {
    Verdict.PASS: Tone.GOOD,
    Verdict.FAIL: Tone.BAD,
    Verdict.INCONCLUSIVE: Tone.UNSURE,
    Verdict.INVALID: Tone.VOID,
}


def proof_page(document: Mapping[str, Any], samples: Samples) -> str:
    """The page as one HTML file, the same bytes for the same proof.

    Args:
        document: the JSON values of `proof.json`.
        samples: those that the proof rests on.
    """
    subject, verdict = document["subject"], Verdict(document["verdict"])
    return render(
        Page(
            title=f"{verdict}: {subject['name']}, proof of an endpoint",
            banner=_banner(document, verdict),
            sections=(
                Section(
                    title="Claims",
                    lead=f"A claim passes only if its {named(document)} bound meets the limit, "
                    "not merely what was observed.",
                    blocks=(claims_table(document),),
                ),
                Section(
                    title="Is the run valid?",
                    lead="Gates watch the prover itself. Disturbance can only make an endpoint look worse, "
                    "so a broken gate spoils no PASS; only G1 and G10 spoil every verdict.",
                    blocks=(gates_table(document), *_warnings(document)),
                ),
                *_latency_sections(document, samples),
                Section(
                    title="Golden answers",
                    lead="Every golden record over HTTP, in each content type and mode, "
                    "against the scores that were packed with the model.",
                    blocks=golden_table(document),
                ),
                Section(
                    title="Errors",
                    lead="Whatever was not answered correctly and in time counts as an error.",
                    blocks=errors(document),
                ),
                Section(
                    title="Where this comes from",
                    lead="The plan was fixed before the first request. With the seed it can be run again; "
                    "with the samples the verdict can be computed again.",
                    blocks=origin(document),
                ),
            ),
            footer=f"Schema {document['schema']}. Drawn from proof.json and {document['samples']['file']}, "
            "which lie beside this page and are what counts.",
        )
    )


def _banner(document: Mapping[str, Any], verdict: Verdict) -> Banner:
    subject, plan = document["subject"], document["plan"]
    said = sentence(document).replace("<=", "\N{LESS-THAN OR EQUAL TO}")
    return Banner(
        kicker=f"Proof of an endpoint of {subject['name']}",
        verdict=str(verdict),
        tone=_TONES[verdict],
        sentence=f"{said[0].upper()}{said[1:]}.",
        reasons=reasons(document),
        facts=(
            (
                "Model",
                Cell(
                    text=subject["name"],
                    note=f"{subject['artifact_digest'][:_SHORT_DIGEST]}\N{HORIZONTAL ELLIPSIS}",
                ),
            ),
            ("Endpoint", _endpoint(document["target"])),
            ("Assurance", _assurance(plan["assurance"])),
            ("Plan declared", Cell(text=plan["declared_at"].replace("T", " ").replace("Z", " UTC"))),
        ),
    )


def _endpoint(target: Mapping[str, Any]) -> Cell:
    kind = "Own process" if target["kind"] == "process" else "Running endpoint"
    return Cell(text=kind, note="on the prover's machine" if target["colocated"] else "on another machine")


def _assurance(assurance: str) -> Cell:
    note = "bounds hold if requests are independent of each other" if assurance == "iid" else ""
    return Cell(text=assurance, note=note)


def _warnings(document: Mapping[str, Any]) -> list[Paragraph]:
    return [Paragraph(text=f"Warning: {text}.", tone=Tone.UNSURE) for text in document["warnings"]]


def _latency_sections(document: Mapping[str, Any], samples: Samples) -> tuple[Section, ...]:
    over_time, by_percentile = "Latency over time", "Latency by percentile"
    if not len(samples):
        nothing = Paragraph(text="No load was sent, so there is nothing to draw.", tone=Tone.QUIET)
        return (Section(title="Latency", blocks=(nothing,)),)
    return (
        Section(
            title=over_time,
            lead="From the time a request was meant to be sent to the last byte of its answer.",
            blocks=(_over_time(document, samples),),
        ),
        Section(
            title=by_percentile,
            lead="Each further nine takes the same room. "
            "Service time leaves out how late a request was sent.",
            blocks=(*_by_percentile(document, samples), latency_table(document)),
        ),
    )


def _over_time(document: Mapping[str, Any], samples: Samples) -> Figure:
    plan, p99_ms = document["plan"], document["latency_ms"]["response"]["p99"]
    is_error = samples.outcome != Outcome.OK
    requests = TimedRequests(
        at_s=samples.scheduled_ns / 1e9,
        latency_ms=np.where(
            samples.done_ns >= 0, (samples.done_ns - samples.scheduled_ns) / 1e6, np.float64(np.inf)
        ),
        is_error=is_error,
        is_warmup=np.arange(len(samples)) < plan["warmup_n"],
        notable_ms=np.inf if p99_ms is None else p99_ms,
    )
    drawn = latency_over_time(
        requests, limit_ms=_limit_ms(document), most=MOST_POINTS, name="latency-over-time"
    )
    keys = [Key(mark="dot", text="answered"), Key(mark="dot-warm", text="warm-up, not judged")]
    if is_error.any():
        keys.append(Key(mark="cross", text="error"))
    return Figure(svg=drawn, keys=(*keys, Key(mark="limit", text="limit")), caption=_drawn(len(samples)))


def _drawn(requests: int) -> str:
    if requests <= MOST_POINTS:
        return f"All {count(requests)} requests are drawn."
    return (
        f"{count(MOST_POINTS)} of {count(requests)} requests are drawn: "
        "errors and latencies over p99 first, the others evenly."
    )


def _by_percentile(document: Mapping[str, Any], samples: Samples) -> list[Block]:
    measured = samples[document["plan"]["warmup_n"] :]
    answered = measured[measured.outcome == Outcome.OK]
    if not len(answered):
        return [Paragraph(text="No measured request was answered correctly.", tone=Tone.QUIET)]
    slo = document["slo"]
    bound_ms = next(claim["p99_upper_ms"] for claim in document["claims"] if claim["id"] == LATENCY)
    drawn = percentile_plot(
        [
            Curve(latency_ms=_ordered_ms(answered.done_ns - answered.scheduled_ns), mark="response"),
            Curve(latency_ms=_ordered_ms(answered.done_ns - answered.sent_ns), mark="service"),
        ],
        limit_ms=_limit_ms(document),
        percentile=slo["latency_percentile"],
        bound_ms=bound_ms,
        name="latency-by-percentile",
    )
    judged = f"p{100.0 * slo['latency_percentile']:g}"
    caption = f"{count(len(answered))} measured requests that were answered correctly."
    keys = [
        Key(mark="response", text="response time"),
        Key(mark="service", text="service time"),
        Key(mark="limit", text="limit"),
    ]
    if bound_ms is not None:
        keys.append(Key(mark="whisker", text=f"{named(document)} bound"))
        caption += f" The bar at {judged} reaches its upper bound, {significant(bound_ms, 'ms')}."
    return [Figure(svg=drawn, keys=tuple(keys), caption=caption)]


def _ordered_ms(times_ns: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.sort(times_ns) / 1e6


def _limit_ms(document: Mapping[str, Any]) -> float:
    return float(document["slo"]["max_latency_in_millisecond"])
