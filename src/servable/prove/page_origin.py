"""The end of a proof's page: model, data, plan, endpoint, environment, and how to judge it again."""

from collections.abc import Mapping
from typing import Any, Final

from servable.prove.document import PAYLOAD_GOLDEN
from servable.report import Block, Cell, Facts, Quote, count, significant

_GOLDEN_SOURCES: Final = {
    "train": "of the test split; some may be derived from the schema",
    "table": "of a table that the packer chose; some may be derived from the schema",
    "endpoint": "recorded from another endpoint; some may be derived from the schema",
    "schema": "derived from the schema, none of them real",
}

Items = tuple[tuple[str, Cell], ...]


def origin(document: Mapping[str, Any]) -> tuple[Block, ...]:
    """Everything that a reader needs in order to run or judge it again."""
    data = document["subject"].get("data")
    return (
        Facts(title="Model", items=_model(document["subject"])),
        *([Facts(title="Data it was trained on", items=_data(data))] if data else []),
        Facts(title="Plan", items=_plan(document)),
        Facts(title="Endpoint", items=_endpoint(document["target"])),
        Facts(title="Environment of the prover", items=_environment(document)),
        Facts(title="Samples", items=_samples(document)),
        Quote(
            title="Compute the verdict again from the samples, with DIR the folder of this page",
            text="servable prove --recheck DIR",
        ),
        Quote(
            title="Prove again with the same plan; a plan with the same digest is the same",
            text=_command(document),
        ),
    )


def _model(subject: Mapping[str, Any]) -> Items:
    source = subject["golden_source"]
    return (
        ("Name", Cell(text=subject["name"])),
        ("Family", Cell(text=subject["family"])),
        ("Artifact digest", _code(subject["artifact_digest"])),
        ("Golden records", _number(subject["golden_rows"], note=_GOLDEN_SOURCES.get(source, ""))),
    )


def _data(data: Mapping[str, Any]) -> Items:
    items = [
        ("Name", Cell(text=data["name"])),
        ("Rows", _number(data["rows"])),
        ("sha256", _code(data["sha256"])),
    ]
    if "label" in data:
        items.append(("Label", Cell(text=str(data["label"]))))
    if "classes" in data:
        items.append(("Classes", Cell(text=", ".join(str(name) for name in data["classes"]))))
    return tuple(items)


def _plan(document: Mapping[str, Any]) -> Items:
    plan = document["plan"]
    return (
        ("Seed", _number(plan["seed"])),
        ("Measured requests", _number(plan["n"])),
        ("Measured time", _measure(plan["duration_s"], "s")),
        ("Offered rate", _measure(plan["rate_per_s"], "requests/s", note=f"arrivals: {plan['arrivals']}")),
        ("Warm-up", _measure(plan["warmup_s"], "s", note=f"{count(plan['warmup_n'])} requests")),
        ("Timeout", _measure(plan["timeout_s"], "s")),
        ("Confidence", _measure(document["slo"]["confidence"], "")),
        ("Plan digest", _code(plan["plan_digest"])),
    )


def _endpoint(target: Mapping[str, Any]) -> Items:
    kind = "started for this proof" if target["kind"] == "process" else "was running already"
    before, after = target["before"], target["after"]
    return (
        ("Process", Cell(text=kind)),
        ("Machine", Cell(text="the prover's own" if target["colocated"] else "another")),
        *_threads(before),
        ("Ready in time", Cell(text="yes" if target["reached"] else "no")),
        ("Served, before", _code(before["artifact"]) if before else Cell(text="it does not tell")),
        ("Served, after", _code(after["artifact"]) if after else Cell(text="it does not tell")),
    )


def _threads(before: Mapping[str, Any] | None) -> Items:
    """How many threads computed one score, where the endpoint tells."""
    threads = None if before is None else before.get("threads")
    return () if threads is None else (("Threads", _number(threads, note="computing one batch")),)


def _command(document: Mapping[str, Any]) -> str:
    """The command line that plans this run, with names of files and addresses to be filled in."""
    slo, plan = document["slo"], document["plan"]
    return " ".join(
        [
            "servable prove MODEL",
            *([] if document["target"]["kind"] == "process" else ["--url URL"]),
            *(["--payload PAYLOAD"] if PAYLOAD_GOLDEN in document or document["payload"] else []),
            *(["--golden GOLDEN"] if PAYLOAD_GOLDEN in document else []),
            f"--expected-tps {slo['expected_tps']:.10g}",
            f"--max-latency-ms {slo['max_latency_in_millisecond']:.10g}",
            f"--max-error-rate {slo['max_acceptable_error_rate']:.10g}",
            f"--content-types {','.join(plan['content_types'])}",
            f"--min-requests {plan['n']}",
            *_headroom(plan["rate_per_s"] / slo["expected_tps"]),
            f"--seed {plan['seed']}",
        ]
    )


def _headroom(factor: float) -> list[str]:
    return [] if factor == 1.0 else [f"--headroom {factor:.10g}"]


def _environment(document: Mapping[str, Any]) -> Items:
    found, client = document["environment"], document["client"]
    packages = (f"{name} {version}" for name, version in found["packages"].items())
    return (
        (
            "Processor",
            Cell(text=found["cpu_model"], note=f"{count(found['cores'])} cores, {found['machine']}"),
        ),
        ("Kernel", Cell(text=found["kernel"])),
        ("Python", Cell(text=found["python"])),
        ("Packages", Cell(text=", ".join(packages))),
        (
            "Prover's processor time",
            _measure(client["cpu_s"], "s", note=f"{count(client['connections'])} connections"),
        ),
    )


def _samples(document: Mapping[str, Any]) -> Items:
    samples = document["samples"]
    return (
        ("File", Cell(text=samples["file"])),
        ("Rows", _number(samples["rows"], note=f"{count(samples['warmup_rows'])} of them warm-up")),
        ("Digest", _code(samples["digest"])),
    )


def _code(text: str) -> Cell:
    return Cell(text=text, is_code=True)


def _number(value: int, *, note: str = "") -> Cell:
    return Cell(text=count(value), value=value, note=note)


def _measure(value: float, unit: str, *, note: str = "") -> Cell:
    return Cell(text=significant(value, unit), value=value, note=note)
