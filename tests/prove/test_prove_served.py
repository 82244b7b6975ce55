"""A proof of what `servable serve` serves: the real artifact, the real process."""

from pathlib import Path

import pytest
from prove_doubles import SEED, SHORT, claims_of

from servable.pack import pack
from servable.prove import Objective, Verdict, prove, recheck

pytestmark = [pytest.mark.alone, pytest.mark.slow, pytest.mark.conformance]


def test_a_packed_artifact_that_is_served_gives_its_golden_scores_bit_for_bit(
    shared_dir: Path, tmp_path: Path
) -> None:
    packed = pack(shared_dir / "conformance/cases/x01_xgb_binary/artifact", tmp_path / "model.tar.gz")

    proof = prove(
        packed.output,
        objective=Objective(rate_per_s=100, max_latency_ms=1000, max_error_rate=0.01),
        output=tmp_path / "proof",
        seed=SEED,
        warmup=SHORT,
        min_duration_s=0.0,
    )

    golden = claims_of(proof)["golden"]
    assert proof.verdict is Verdict.PASS
    assert golden["bit_equal"] == golden["rows"] == golden["acceptable"]
    assert {line["rule"] for line in proof.document["parity"]} == {"same-build"}
    assert proof.document["target"]["before"]["artifact"] == proof.document["subject"]["artifact_digest"]
    assert "ready at" in (proof.path / "server.log").read_text()
    assert recheck(proof.path).document == proof.document
