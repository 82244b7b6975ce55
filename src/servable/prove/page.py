"""The page of a proof, for people. Every number is one of `proof.json`; the dots are its samples.

It decides nothing and is not part of what `recheck` compares.
"""

from collections.abc import Mapping
from typing import Any, Final

from servable.prove.page_golden import golden_answers
from servable.prove.page_latency import by_percentile, over_time
from servable.prove.page_load import load, time_of
from servable.prove.page_origin import origin
from servable.prove.page_payload import payload_sections
from servable.prove.page_scope import unsaid
from servable.prove.page_tables import claims_table, errors, gates_table, latency_table, named
from servable.prove.reasons import reasons
from servable.prove.samples import Samples
from servable.prove.summary import sentence
from servable.prove.verdict import Verdict
from servable.report import Banner, Cell, Page, Paragraph, Section, Tone, render

_SHORT_DIGEST: Final = 17  # "sha256:" and 10 digits
_TONES: Final = {
    Verdict.PASS: Tone.GOOD,
    Verdict.FAIL: Tone.BAD,
    Verdict.INCONCLUSIVE: Tone.UNSURE,
    Verdict.INVALID: Tone.VOID,
}
_MEANINGS: Final = {
    Verdict.PASS: "Right scores, few enough errors, fast enough, at the rate asked for.",
    Verdict.FAIL: "At least one claim is refuted by what was measured.",
    Verdict.INCONCLUSIVE: "No claim is refuted, but not every one is proven.",
    Verdict.INVALID: "No statement, neither for nor against the endpoint: prove again.",
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
                *_drawn_sections(document, samples),
                Section(
                    title="Golden answers",
                    lead="Every golden record over HTTP, in each content type and mode, "
                    "against the scores that were packed with the model.",
                    blocks=golden_answers(document),
                ),
                *payload_sections(document),
                Section(
                    title="Errors",
                    lead="Whatever was not answered correctly and in time counts as an error.",
                    blocks=errors(document),
                ),
                Section(
                    title="What this does not say",
                    lead="A proof is about what was measured, and about nothing else.",
                    blocks=(unsaid(document),),
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
        meaning=_MEANINGS[verdict],
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


def _drawn_sections(document: Mapping[str, Any], samples: Samples) -> tuple[Section, ...]:
    if not len(samples):
        nothing = Paragraph(text="No load was sent, so there is nothing to draw.", tone=Tone.QUIET)
        return (Section(title="Latency and load", blocks=(nothing,)),)
    x = time_of(document)
    return (
        Section(
            title="Latency over time",
            lead="From the time at which a request was due to the last byte of its answer.",
            blocks=(over_time(document, samples, x=x),),
        ),
        Section(
            title="Latency by percentile",
            lead="Each further nine takes the same room. Service time leaves out how late a request was "
            "sent; where only one line is seen, the two agree.",
            blocks=(*by_percentile(document, samples), latency_table(document)),
        ),
        Section(
            title="Rate and load over time",
            lead="Requests are sent when they are due, whether or not earlier ones are answered. "
            "An endpoint that cannot keep up lets them pile up.",
            blocks=load(document, samples, x=x),
        ),
    )
