"""`servable prove` from the command line: a verdict, its exit code, and what can be judged again."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from fixtures_models import Model, Ran, free_port, run, run_apart, run_well

pytestmark = [pytest.mark.alone, pytest.mark.slow]

LIMITS = ("--expected-tps", "100", "--max-latency-ms", "2000", "--max-error-rate", "0.05")
KEYS = {
    *("schema", "slo", "plan", "parity", "target", "client", "samples", "subject", "bodies", "payload"),
    *("error_examples", "environment", "claims", "verdict", "verdict_reason", "validity", "warnings"),
    *("latency_ms", "timeline"),
}
CONTENT_TYPES = ("application/json", "application/x-ndjson", "text/csv", "application/x-parquet")


@pytest.fixture(scope="module")
def proven(model: Model, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Ran]:
    """The folder of a proof of the packed model, and what the command said."""
    folder = tmp_path_factory.mktemp("proven")
    ran = run_apart(
        *(
            "prove",
            model.archive,
            *LIMITS,
            "--min-requests",
            "473",
            "--payload",
            model.payload,
            "-o",
            "proof",
        ),
        cwd=folder,
    )
    return folder / "proof", ran


@pytest.fixture
def copied(proven: tuple[Path, Ran], tmp_path: Path) -> Path:
    """A copy of the proof, to be tampered with."""
    return Path(shutil.copytree(proven[0], tmp_path / "proof"))


def document_of(folder: Path) -> Any:
    return json.loads((folder / "proof.json").read_text())


def refused(folder: Path) -> str:
    """The one sentence by which a proof is not trusted."""
    ran = run("prove", "--recheck", "proof", cwd=folder.parent)

    assert ran.exit_code == 2, ran
    assert ran.stdout == ""
    assert ran.stderr.startswith("error: ")
    assert ran.stderr.count("\n") == 1
    return ran.stderr


def test_a_healthy_endpoint_passes_with_exit_code_0(proven: tuple[Path, Ran]) -> None:
    folder, ran = proven

    assert ran.exit_code == 0, ran
    first, subject, *claims = ran.stdout.splitlines()
    assert first.startswith("PASS (assurance iid): at 100 requests/s for 10 s, p99 <= ")
    assert first.endswith("if requests are independent of each other; limit 2000 ms")
    assert subject.startswith("model    customers sha256:")
    assert "; data customers, " in subject
    assert [line.split()[1] for line in claims[:4]] == ["PASS:"] * 4
    assert claims[-2:] == ["proof: proof/proof.json", "page:  proof/proof.html"]
    assert ran.stderr == ""
    files = ["proof.html", "proof.json", "samples.npz", "server.log"]
    assert sorted(path.name for path in folder.iterdir()) == files
    assert [path.name for path in folder.parent.iterdir()] == ["proof"]


def test_the_proof_holds_what_its_schema_says(proven: tuple[Path, Ran], model: Model) -> None:
    document = document_of(proven[0])

    assert set(document) == KEYS
    assert document["schema"] == "servable.proof/v1"
    assert document["verdict"] == "PASS"
    assert document["subject"]["artifact_digest"] == model.said["pack"]["digest"]
    assert document["target"]["before"] == document["target"]["after"]
    assert document["plan"]["n"] == 1000
    assert document["slo"] == {
        "expected_tps": 100.0,
        "max_latency_in_millisecond": 2000.0,
        "max_acceptable_error_rate": 0.05,
        "latency_percentile": 0.99,
        "confidence": 0.95,
    }


def test_every_golden_answer_was_bit_equal_in_every_type_and_mode(proven: tuple[Path, Ran]) -> None:
    parity = document_of(proven[0])["parity"]

    assert [(line["content_type"], line["mode"]) for line in parity] == [
        (content_type, mode) for content_type in CONTENT_TYPES for mode in ("alone", "batch", "shuffled")
    ]
    assert all(line["bit_equal"] == line["records"] > 0 for line in parity)
    assert all(line["left_out"] == 0 for line in parity)


def test_the_samples_of_the_payload_were_part_of_the_load(proven: tuple[Path, Ran]) -> None:
    document = document_of(proven[0])

    assert [(line["name"], line["failure"]) for line in document["payload"]] == [
        ("payload_application_json_0.json", None),
        ("payload_text_csv_0.csv", None),
    ]
    assert [body["source"] for body in document["bodies"]] == ["golden"] * 4 + ["payload"] * 2


def test_a_proof_tells_neither_folders_nor_the_name_of_the_machine(proven: tuple[Path, Ran]) -> None:
    folder, _ = proven

    assert str(folder.parent.parent) not in (folder / "proof.json").read_text()


def test_a_recheck_comes_to_the_same_verdict(proven: tuple[Path, Ran]) -> None:
    folder, ran = proven

    rechecked = run_well("prove", "--recheck", "proof", cwd=folder.parent)

    assert rechecked.stdout == ran.stdout


def test_a_recheck_prints_the_proof_as_json(proven: tuple[Path, Ran]) -> None:
    folder, _ = proven

    rechecked = run_well("prove", "--recheck", "proof", "--json", cwd=folder.parent)

    assert rechecked.json == document_of(folder)


def test_samples_that_were_changed_are_not_trusted(copied: Path) -> None:
    samples = copied / "samples.npz"
    data = bytearray(samples.read_bytes())
    data[len(data) // 2] ^= 1
    samples.write_bytes(data)

    assert refused(copied) == (
        "error: proof.json: $.samples.digest: expected what the samples say, found something else; "
        "do not trust this proof; prove again\n"
    )


def test_claims_that_were_changed_are_not_trusted(copied: Path) -> None:
    document = document_of(copied)
    document["claims"][0]["p99_upper_ms"] = 0.5
    (copied / "proof.json").write_text(json.dumps(document))

    assert refused(copied) == (
        "error: proof.json: $.claims[0].p99_upper_ms: expected what the samples say, found something else; "
        "do not trust this proof; prove again\n"
    )


def test_an_objective_that_was_softened_afterwards_is_not_trusted(copied: Path) -> None:
    document = document_of(copied)
    document["slo"]["max_acceptable_error_rate"] = 0.5
    (copied / "proof.json").write_text(json.dumps(document))

    assert "expected what the samples say, found something else" in refused(copied)


def test_a_proof_without_its_samples_is_refused(copied: Path) -> None:
    (copied / "samples.npz").unlink()

    assert refused(copied) == (
        "error: proof/samples.npz: expected a file of a proof, found none that can be read; "
        "give the folder that `servable prove` wrote\n"
    )


def test_an_endpoint_that_is_not_there_makes_an_invalid_run_with_exit_code_4(
    model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("servable.prove.run.URL_TIMEOUT_S", 0.5)
    url = f"http://127.0.0.1:{free_port()}"

    ran = run("prove", model.archive, *LIMITS, "--url", url, "-o", "proof", cwd=tmp_path)

    assert ran.exit_code == 4, ran
    assert ran.stdout.splitlines()[0] == (
        "INVALID (assurance iid): the endpoint was not ready in time; nothing is known about it"
    )
    assert run("prove", "--recheck", "proof", cwd=tmp_path).exit_code == 4
