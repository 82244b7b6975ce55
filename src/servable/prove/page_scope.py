"""What a proof does not say, in sentences that depend on what was proven."""

from collections.abc import Iterator, Mapping
from typing import Any

from servable.prove.document import PAYLOAD_GOLDEN
from servable.report import Points, share, significant


def unsaid(document: Mapping[str, Any]) -> Points:
    """What a reader might take a proof for and must not."""
    return Points(items=tuple(_sentences(document)))


def _sentences(document: Mapping[str, Any]) -> Iterator[str]:
    plan, target = document["plan"], document["target"]
    judged = f"p{100.0 * document['slo']['latency_percentile']:g}"
    yield (
        "It holds for this artifact, these versions and this machine. Another processor, another number of "
        "cores or threads, or another model needs another proof."
    )
    yield (
        f"It says nothing of more than {significant(plan['rate_per_s'])} requests/s, nor of requests unlike "
        "those that were sent: larger ones may take longer."
    )
    yield (
        f"The measured time was {significant(plan['duration_s'], 's')}. Bad periods that come less often "
        "than about once in a third of that time are not excluded."
    )
    yield (
        "The bounds take requests as independent of each other. They are not quite: a stall hits all who "
        "arrive in it."
    )
    yield (
        f"An endpoint that is exactly at a limit passes with a chance of up to {share(plan['alpha'])}, and "
        "with a larger one if it is tried again and again; other runs are not counted here."
    )
    yield _percentiles(document, judged)
    yield from _golden(document["subject"])
    if document.get(PAYLOAD_GOLDEN, {}).get("rule", "within") != "within":
        yield (
            "The golden answers to the payload came of the packed engine itself: they show that the wire "
            "changes nothing, not that the packed engine scores as the training did."
        )
    yield _machine(target)
    if target["reached"] and target["before"] is None:
        yield "The endpoint does not tell what it serves; only its golden answers speak for it."
    yield (
        "The page and its files are not signed: digests show that they belong together, not who made them."
    )


def _percentiles(document: Mapping[str, Any], judged: str) -> str:
    if document["latency_ms"]["response"]["p999"] is None:
        return f"Only {judged} is judged. These are too few requests to say anything of p99.9."
    return f"Only {judged} is judged; other percentiles are what was observed, without a bound."


def _golden(subject: Mapping[str, Any]) -> Iterator[str]:
    yield (
        "Golden answers show that the endpoint scores as the packed model does, "
        "not that the model is right about the world."
    )
    if subject["golden_source"] == "schema":
        yield "The golden records were derived from the schema; none of them is a real one."


def _machine(target: Mapping[str, Any]) -> str:
    if target["colocated"]:
        return (
            "Prover and endpoint shared a machine: no network is in the latencies, and the prover took its "
            "part of the processors."
        )
    return "The network between prover and endpoint is in the latencies; from elsewhere they are others."
