"""Judging a proof again: it says what its samples say, or it is refused."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from proof_documents import a_payload, a_payload_line, a_refusal
from prove_doubles import RECORDS, UNCARRIED, a_plan, a_run

from servable.errors import Damaged, NotFound, ServableError
from servable.prove import Objective, Verdict, recheck
from servable.prove.document import Facts, TargetFacts, derive, digest, first_difference, recorded, rounded
from servable.prove.gates import Client
from servable.prove.parity import Mode, ParityLine, ParityRule
from servable.prove.payload_proof import PayloadProof
from servable.prove.plan import make_schedule
from servable.prove.samples import Samples, to_npz

Change = Callable[[dict[str, Any]], object]


def a_proof(folder: Path, *, slow: int = 0, payload: PayloadProof | None = None) -> Path:
    """The folder of a proof whose samples were made by hand."""
    plan = a_plan(473, warmup_n=20, body_classes=(3,) if payload is None else (3, 2))
    schedule = make_schedule(plan)
    samples = a_run(493, slow=0)
    samples.scheduled_ns[:] = samples.sent_ns[:] = schedule.at_ns
    samples.payload_id[:] = schedule.body
    samples.done_ns[:] = schedule.at_ns + 10_000_000
    samples.done_ns[20 : 20 + slow] += 900_000_000
    objective = Objective(rate_per_s=100, max_latency_ms=500, max_error_rate=0.01)
    line = ParityLine(
        content_type="application/json",
        accept="application/json",
        mode=Mode.ALONE,
        rule=ParityRule.SAME_BUILD,
        records=RECORDS,
        left_out=UNCARRIED,
        answered=RECORDS,
        acceptable=RECORDS,
        bit_equal=RECORDS,
        max_abs_raw=0.0,
        max_abs_calibrated=0.0,
        decades=(RECORDS, 0, 0, 0, 0, 0, 0),
        flips=0,
        first_failure=None,
        worst=(),
    )
    facts = Facts(
        artifact_digest="sha256:1",
        parity=(line,),
        target=TargetFacts(kind="url", colocated=True, reached=True),
        client=Client(cpu_s=0.1, wall_s=5.0, connections=3),
        payload=payload,
    )
    return write_proof(folder, samples, objective=objective, plan=plan, facts=facts)


def write_proof(folder: Path, samples: Samples, **parts: Any) -> Path:
    data = to_npz(samples)
    document = {
        **recorded(data, samples, declared_at="2026-01-01T00:00:00Z", **parts),
        **derive(samples, **parts),
        "subject": {"artifact_digest": "sha256:1"},
    }
    folder.mkdir()
    (folder / "samples.npz").write_bytes(data)
    (folder / "proof.json").write_text(json.dumps(document))
    return folder


def change(folder: Path, how: Change) -> None:
    path = folder / "proof.json"
    document = json.loads(path.read_text())
    how(document)
    path.write_text(json.dumps(document))


@pytest.mark.parametrize(
    ("slow", "verdict"), [(0, Verdict.PASS), (5, Verdict.INCONCLUSIVE), (30, Verdict.FAIL)]
)
def test_a_proof_that_was_not_touched_keeps_its_verdict(tmp_path: Path, slow: int, verdict: Verdict) -> None:
    assert recheck(a_proof(tmp_path / "proof", slow=slow)).verdict is verdict


@pytest.mark.parametrize(
    ("where", "how"),
    [
        ("$.verdict", lambda proof: proof.update(verdict="PASS")),
        ("$.claims[0].k", lambda proof: proof["claims"][0].update(k=0)),
        ("$.claims[0].k", lambda proof: proof["slo"].update(max_latency_in_millisecond=2000)),
        ("$.claims[2].limit", lambda proof: proof["slo"].update(expected_tps=50)),
        ("$.claims[3].acceptable", lambda proof: proof["parity"].clear()),
        ("$.claims[1].k", lambda proof: proof["claims"][1].update(k=0.0)),
        ("$.claims", lambda proof: proof["claims"].pop()),
        ("$.claims[0].more", lambda proof: proof["claims"][0].update(more=1)),
        ("$.verdict_reason", lambda proof: proof.update(verdict_reason=[])),
        ("$.validity.gates[4].value", lambda proof: proof["client"].update(cpu_s=0.2)),
        ("$.latency_ms.response.p50", lambda proof: proof["latency_ms"]["response"].update(p50=1.0)),
        ("$.timeline.ok[0]", lambda proof: proof["timeline"]["ok"].__setitem__(0, 0)),
        ("$.plan.plan_digest", lambda proof: proof["plan"].update(n=400)),
        ("$.samples.digest", lambda proof: proof["samples"].update(digest="sha256:0")),
        ("$.verdict", lambda proof: proof["target"].update(reached=False)),
    ],
)
def test_a_proof_that_says_something_else_than_its_samples_is_refused(
    tmp_path: Path, where: str, how: Change
) -> None:
    folder = a_proof(tmp_path / "proof", slow=30)
    change(folder, how)

    with pytest.raises(Damaged) as refused:
        recheck(folder)

    assert refused.value.code == "proof.differs"
    assert str(refused.value).startswith(f"proof.json: {where}: expected what the samples say")


def test_samples_that_were_exchanged_are_refused(tmp_path: Path) -> None:
    folder = a_proof(tmp_path / "proof", slow=30)
    shutil.copy(a_proof(tmp_path / "better") / "samples.npz", folder / "samples.npz")

    with pytest.raises(Damaged, match=r"\$\.samples\.digest"):
        recheck(folder)


def test_samples_that_were_not_planned_are_refused(tmp_path: Path) -> None:
    folder = a_proof(tmp_path / "proof", slow=30)
    samples = a_run(493)
    (folder / "samples.npz").write_bytes(to_npz(samples))
    change(folder, lambda proof: proof["samples"].update(digest=digest(to_npz(samples))))

    with pytest.raises(Damaged, match="scheduled_ns"):
        recheck(folder)


@pytest.mark.parametrize(
    "how",
    [
        lambda proof: proof.update(schema="servable.proof/v2"),
        lambda proof: proof.update(verdict="GOOD"),
        lambda proof: proof.pop("slo"),
        lambda proof: proof["slo"].update(expected_tps=-1),
        lambda proof: proof["slo"].update(expected_tps="fast"),
        lambda proof: proof["plan"].pop("seed"),
        lambda proof: proof["plan"].update(n=10**12),
        lambda proof: proof.update(parity=[{}]),
        lambda proof: proof.update(subject=None),
    ],
)
def test_what_is_no_proof_is_refused(tmp_path: Path, how: Change) -> None:
    folder = a_proof(tmp_path / "proof")
    change(folder, how)

    with pytest.raises(Damaged) as refused:
        recheck(folder)

    assert refused.value.code == "proof.json"


@pytest.mark.parametrize(
    ("files", "illegal", "place"), [(2, 1, None), (1, 1, "lines"), (3, 1, "lines"), (2, 2, "refusals")]
)
def test_each_file_of_a_payload_and_each_illegal_request_has_its_line(
    tmp_path: Path, files: int, illegal: int, place: str | None
) -> None:
    lines = [a_payload_line(f"payload_application_json_{number}.json") for number in range(files)]
    found = a_payload(*lines, refusals=(a_refusal("broken-json"),), illegal=illegal)
    folder = a_proof(tmp_path / "proof", payload=found)

    if place is None:
        assert recheck(folder).verdict is Verdict.PASS
        return
    with pytest.raises(Damaged, match=rf"\$\.payload_golden\.{place}"):
        recheck(folder)


def test_text_that_is_no_json_is_refused(tmp_path: Path) -> None:
    folder = a_proof(tmp_path / "proof")
    (folder / "proof.json").write_text("PASS")

    with pytest.raises(ServableError):
        recheck(folder)


@pytest.mark.parametrize("name", ["proof.json", "samples.npz"])
def test_a_proof_without_one_of_its_files_is_not_found(tmp_path: Path, name: str) -> None:
    folder = a_proof(tmp_path / "proof")
    (folder / name).unlink()

    with pytest.raises(NotFound) as refused:
        recheck(folder)

    assert refused.value.code == "proof.missing"


def test_the_first_difference_is_named_by_its_path() -> None:
    assert first_difference({"a": [1, {"b": None}]}, {"a": [1, {"b": None}]}) is None
    assert first_difference({"a": [1, {"b": None}]}, {"a": [1, {"b": 0}]}) == "$.a[1].b"
    assert first_difference({"a": 1}, {"a": 1.0}) == "$.a"
    assert first_difference({"a": 1}, {"a": 1, "b": 2}) == "$.b"
    assert first_difference([1], [1, 2]) == "$"


def test_derived_numbers_have_ten_digits() -> None:
    assert rounded({"a": (1 / 3, 5, "x", None, True)}) == {"a": [0.3333333333, 5, "x", None, True]}
