"""A proof of what `servable serve` serves: the real artifact, the real process, the real training library."""

from pathlib import Path

import pytest
from prove_doubles import SEED, SHORT, claims_of

from servable.pack import pack
from servable.payload import Strategy, generate, write_golden
from servable.prove import Objective, Verdict, prove, recheck

pytestmark = [pytest.mark.alone, pytest.mark.slow, pytest.mark.conformance]


def test_a_packed_artifact_that_is_served_gives_its_golden_scores_and_refuses_what_is_illegal(
    shared_dir: Path, tmp_path: Path
) -> None:
    trained = shared_dir / "conformance/cases/x01_xgb_binary/artifact"
    packed = pack(trained, tmp_path / "model.tar.gz").output
    made = generate(
        packed,
        tmp_path / "payload.tar.gz",
        strategy=Strategy.HOSTILE,
        content_types=("application/json", "text/csv"),
    )
    cases = {file.name: file.case for file in made.files}
    golden_answers = write_golden(made.archive, packed, reference=trained, cases=cases)

    proof = prove(
        packed,
        objective=Objective(rate_per_s=100, max_latency_ms=1000, max_error_rate=0.01),
        output=tmp_path / "proof",
        seed=SEED,
        warmup=SHORT,
        min_duration_s=0.0,
        payload=made.archive,
        golden=golden_answers.path,
    )

    golden, payload, refusals = (claims_of(proof)[name] for name in ("golden", "payload", "refusals"))
    assert proof.verdict is Verdict.PASS
    assert golden["bit_equal"] == golden["rows"] == golden["acceptable"]
    assert {line["rule"] for line in proof.document["parity"]} == {"same-build"}
    assert proof.document["target"]["before"]["artifact"] == proof.document["subject"]["artifact_digest"]
    assert payload["right"] == payload["files"] == len(made.files)
    assert payload["max_abs_raw"] < 1e-6
    assert refusals["named"] == refusals["lived_on"] == refusals["requests"] > 50
    assert proof.document["payload_golden"]["reference"] == "xgboost"
    assert {file["case"] for file in proof.document["payload_golden"]["lines"]} == set(cases.values())
    assert "ready at" in (proof.path / "server.log").read_text()
    assert recheck(proof.path).document == proof.document
