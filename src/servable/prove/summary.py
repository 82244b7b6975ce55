"""A proof in a few lines of text. Every number comes from `proof.json`."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from servable.prove.claims import ERRORS, GOLDEN, LATENCY, RATE
from servable.prove.document import PAYLOAD_GOLDEN, payload_of
from servable.prove.payload_claims import PAYLOAD, REFUSALS
from servable.prove.verdict import Verdict

_EXAMPLE_LENGTH: Final = 120
_NAMES: Final = {
    LATENCY: "latency",
    ERRORS: "errors",
    RATE: "rate",
    GOLDEN: "golden",
    PAYLOAD: "payload",
    REFUSALS: "refusals",
}


def summary_lines(document: Mapping[str, Any], *, where: str, page: str | None = None) -> list[str]:
    """Verdict and why, claims, golden answers, gates that broke, where the proof lies.

    Args:
        document: the JSON values of `proof.json`.
        where: its path.
        page: the path of its page, if it has one.
    """
    claims = {claim["id"]: claim for claim in document["claims"]}
    return [
        _verdict_line(document, claims),
        _subject_line(document["subject"]),
        *_claim_lines(document, claims),
        *_golden_lines(document, claims[GOLDEN]),
        *_payload_lines(document, claims),
        *_example_lines(document),
        *_endpoint_lines(document["target"]),
        *_gate_lines(document),
        *(f"warning: {text}" for text in document["warnings"]),
        f"proof: {where}",
        *([f"page:  {page}"] if page else []),
    ]


def sentence(document: Mapping[str, Any]) -> str:
    """Why the verdict is what it is, in half a sentence that begins in lower case."""
    claims = {claim["id"]: claim for claim in document["claims"]}
    return _why(Verdict(document["verdict"]), document, claims)


def _verdict_line(document: Mapping[str, Any], claims: Mapping[str, Any]) -> str:
    verdict = Verdict(document["verdict"])
    return f"{verdict} (assurance {document['plan']['assurance']}): {_why(verdict, document, claims)}"


def _subject_line(subject: Mapping[str, Any]) -> str:
    line = f"model    {subject['name']} {subject['artifact_digest']}"
    data = subject.get("data")
    return f"{line}; data {data['name']}, {data['rows']:,} rows, sha256:{data['sha256']}" if data else line


def _why(verdict: Verdict, document: Mapping[str, Any], claims: Mapping[str, Any]) -> str:
    plan, latency, reason = document["plan"], claims[LATENCY], document["verdict_reason"]
    run = f"at {plan['rate_per_s']:g} requests/s for {plan['duration_s']:.4g} s"
    if verdict is Verdict.PASS:
        sure = f"{document['slo']['confidence']:.4g}"
        return (
            f"{run}, {_percentile(document)} <= {latency['p99_upper_ms']:.4g} ms at confidence {sure} "
            f"if requests are independent of each other; limit {latency['limit_ms']:g} ms"
        )
    if verdict is Verdict.FAIL:
        return f"{run}, not met: {_listed(reason)}"
    if verdict is Verdict.INCONCLUSIVE:
        return f"{run}, the evidence on {_listed(reason)} decides neither way"
    if reason == ["reached"]:
        return "the endpoint was not ready in time; nothing is known about it"
    return f"the run says nothing about the endpoint, because of {_listed(reason)}"


def _claim_lines(document: Mapping[str, Any], claims: Mapping[str, Any]) -> Iterator[str]:
    latency, errors, rate = claims[LATENCY], claims[ERRORS], claims[RATE]
    seen = "nothing measured"
    if latency["p99_point_ms"] is not None:
        seen = (
            f"{_percentile(document)} {latency['p99_point_ms']:.4g} ms, {latency['k']} of {latency['n']} over"
        )
    yield _line(
        latency,
        limit=f"{_percentile(document)} {latency['limit_ms']:g} ms",
        observed=seen,
        bound=f"share over <= {_share(latency['upper'])}, limit {_share(latency['limit'])}",
    )
    kinds = ", ".join(f"{count} {kind}" for kind, count in errors["kinds"].items())
    yield _line(
        errors,
        limit=_share(errors["limit"]),
        observed=f"{errors['k']} of {errors['n']}{f' ({kinds})' if kinds else ''}",
        bound=f"share <= {_share(errors['upper'])}{_kind_note(errors['claim_kind'])}",
    )
    broken = f"; broken: {', '.join(rate['broken'])}" if rate["broken"] else ""
    yield _line(
        rate,
        limit=f"{rate['limit']:g}/s",
        observed=f"offered {rate['offered']:g}/s, finished {rate['finished_per_s']:.4g}/s",
        bound=f"{rate['in_flight_end']} under way at the end{broken}",
    )


def _line(claim: Mapping[str, Any], *, limit: str, observed: str, bound: str) -> str:
    more = claim.get("extra_s")
    undecided = claim["verdict"] == "INCONCLUSIVE" and "extra_s" in claim
    hint = "no length of run would decide at this share" if more is None else _more(more)
    return (
        f"{_NAMES[claim['id']]:<8} {claim['verdict']}: limit {limit} | observed {observed} | {bound}"
        f"{f' | {hint}' if undecided else ''}"
    )


def _more(seconds: float) -> str:
    return f"{seconds:.0f} s more would decide, if the observed share held"


def _kind_note(kind: str) -> str:
    return {
        "zero_observed": " (a limit of 0 cannot be proven: none was seen)",
        "vacuous": " (a limit of 100 % says nothing)",
    }.get(kind, "")


def _golden_lines(document: Mapping[str, Any], golden: Mapping[str, Any]) -> Iterator[str]:
    wrong = golden["wrong_under_load"]
    yield (
        f"golden   {golden['verdict']}: {golden['acceptable']} of {golden['rows']} answers right before "
        f"and {golden['under_load'] - wrong} of {golden['under_load']} under load"
    )
    for line in document["parity"]:
        left_out = f", {line['left_out']} left out" if line["left_out"] else ""
        flips = f", {line['flips']} labels differ" if line["flips"] else ""
        failure = f", first failure: {line['first_failure']}" if line["first_failure"] else ""
        yield (
            f"  {line['content_type']} {line['mode']}: {line['bit_equal']} of {line['records']} bit-equal, "
            f"max |d| raw {line['max_abs_raw']:.2g} calibrated {line['max_abs_calibrated']:.2g}"
            f"{flips}{left_out}{failure}"
        )


def _payload_lines(document: Mapping[str, Any], claims: Mapping[str, Any]) -> Iterator[str]:
    """Golden answers of the payload, where there were any: claims, who gave them, refusals that failed."""
    if PAYLOAD not in claims:
        return
    claim, found = claims[PAYLOAD], document[PAYLOAD_GOLDEN]
    right = claim["under_load"] - claim["wrong_under_load"]
    yield (
        f"payload  {claim['verdict']}: {claim['right']} of {claim['files']} files answered rightly before "
        f"and {right} of {claim['under_load']} requests under load"
    )
    yield (
        f"  golden answers of {found['reference']} ({found['reason']}): {claim['bit_equal']} of "
        f"{claim['records']} records bit-equal, max |d| raw {claim['max_abs_raw']:.2g} calibrated "
        f"{claim['max_abs_calibrated']:.2g}{_flips(claim)}"
    )
    claim = claims[REFUSALS]
    yield f"refusals {claim['verdict']}: {_refused(claim, found)}"
    for line in found["refusals"]:
        if line["failure"]:
            yield f"  {line['case']} ({line['content_type']}): {line['failure']}"


def _refused(claim: Mapping[str, Any], found: Mapping[str, Any]) -> str:
    if not claim["requests"]:
        return "none was sent" if found["illegal"] else "the golden answers hold no illegal request"
    return (
        f"{claim['named']} of {claim['requests']} illegal requests refused as they must be, and the server "
        f"lived on after {claim['lived_on']}"
    )


def _flips(claim: Mapping[str, Any]) -> str:
    return f", {claim['flips']} labels differ" if claim["flips"] else ""


def _example_lines(document: Mapping[str, Any]) -> Iterator[str]:
    """The first answer of each kind of error, and payload bodies that were refused before the load."""
    for example in document.get("error_examples", ()):
        answer = " ".join(example["answer"].split())
        yield f"first {example['kind']} ({example['content_type']}): {answer[:_EXAMPLE_LENGTH]}"
    for body in payload_of(document):
        if body["failure"]:
            case = f" ({body['case']})" if body.get("case") else ""
            yield f"payload {body['name']}{case}: {body['failure']} before load"


def _endpoint_lines(target: Mapping[str, Any]) -> Iterator[str]:
    died = target["died"]
    if died is not None:
        yield f"the endpoint's process ended by itself, exit code {died['exit_code']}; its last lines:"
    elif target["log"]:
        yield "the endpoint's last lines:"
    for line in (died or target)["log"]:
        yield f"  {line}"


def _gate_lines(document: Mapping[str, Any]) -> Iterator[str]:
    for gate in document["validity"]["gates"]:
        if gate["ok"] is False:
            note = f"; {gate['note']}" if gate["note"] else ""
            measure = f"{gate['name']} {gate['value']:.4g}, limit {gate['limit']:g}"
            yield f"gate {gate['id']} broke: {measure}{note}"


def _percentile(document: Mapping[str, Any]) -> str:
    return f"p{100.0 * document['slo']['latency_percentile']:g}"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{100.0 * value:.3g} %"


def _listed(ids: list[str]) -> str:
    return ", ".join(_NAMES.get(item, item) for item in ids)
