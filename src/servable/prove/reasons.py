"""Why a proof has its verdict, a sentence for each claim or gate that decided. Text, no markup."""

from collections.abc import Mapping
from typing import Any

from servable.prove.claims import ERRORS, GOLDEN, LATENCY, RATE
from servable.prove.payload_claims import PAYLOAD, REFUSALS
from servable.prove.verdict import Verdict
from servable.report import count, share, significant


def reasons(document: Mapping[str, Any]) -> tuple[str, ...]:
    """A sentence for each claim or gate of `verdict_reason`; after a PASS only that on latency."""
    claims = {claim["id"]: claim for claim in document["claims"]}
    gates = {gate["id"]: gate for gate in document["validity"]["gates"]}
    ids = [LATENCY] if document["verdict"] == Verdict.PASS else document["verdict_reason"]
    found = [_gate(gates[item]) for item in ids if item in gates]
    return (*found, *(_SENTENCES[item](claims[item]) for item in ids if item in claims))


def _gate(gate: Mapping[str, Any]) -> str:
    note = f"; {gate['note']}" if gate["note"] else ""
    measured = f"{significant(gate['value'])}, limit {significant(gate['limit'])}"
    return f"Gate {gate['id']}, {gate['name']}: {measured}{note}."


def _latency(claim: Mapping[str, Any]) -> str:
    if claim["upper"] is None:
        return "Latency: no request was answered, so nothing is known of it."
    seen = f"{count(claim['k'])} of {count(claim['n'])} requests took longer than"
    return f"Latency: {seen} {significant(claim['limit_ms'], 'ms')}; {_between(claim)}"


def _errors(claim: Mapping[str, Any]) -> str:
    if claim["endpoint_died"]:
        return "Errors: the endpoint's process ended by itself during the run."
    if claim["upper"] is None:
        return "Errors: no load was sent, so nothing is known of them."
    return f"Errors: {count(claim['k'])} of {count(claim['n'])} requests failed; {_between(claim)}"


def _between(claim: Mapping[str, Any]) -> str:
    if claim["verdict"] == "FAIL":
        return f"their share is above {share(claim['lower'])}, allowed is {share(claim['limit'])}."
    known = f"their share is at most {share(claim['upper'])}, allowed is {share(claim['limit'])}."
    if claim["verdict"] == "PASS":
        return known
    if claim["extra_s"] is None:
        return f"{known} No length of run would decide at this share."
    return f"{known} {significant(claim['extra_s'], 's')} more would decide, if the observed share held."


def _rate(claim: Mapping[str, Any]) -> str:
    kept = f"finished {significant(claim['finished_per_s'])}/s of {significant(claim['offered'])}/s offered"
    return f"Rate: {kept}; did not hold: {', '.join(claim['broken']) or 'nothing was sent'}."


def _golden(claim: Mapping[str, Any]) -> str:
    before = (
        f"{count(claim['acceptable'])} of {count(claim['rows'])} golden answers were right before the load"
    )
    return f"Golden answers: {before}, {count(claim['wrong_under_load'])} answers were wrong under load."


def _payload(claim: Mapping[str, Any]) -> str:
    before = f"{count(claim['right'])} of {count(claim['files'])} files were answered rightly before the load"
    return f"Payload: {before}, {count(claim['wrong_under_load'])} answers were wrong under load."


def _refusals(claim: Mapping[str, Any]) -> str:
    if not claim["requests"]:
        return "Refusals: no illegal request was sent, so nothing is known of them."
    named = f"{count(claim['named'])} of {count(claim['requests'])} illegal requests were refused rightly"
    return f"Refusals: {named}, and the server lived on after {count(claim['lived_on'])}."


_SENTENCES = {
    LATENCY: _latency,
    ERRORS: _errors,
    RATE: _rate,
    GOLDEN: _golden,
    PAYLOAD: _payload,
    REFUSALS: _refusals,
}
