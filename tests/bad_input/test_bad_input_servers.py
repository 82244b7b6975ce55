"""What keeps a server from starting: its port, its golden records, its environment."""

import hashlib
import json
import socket
import tarfile
from pathlib import Path
from typing import Any

import pytest
from bad_input_cases import refusal

from fixtures_models import run_apart


@pytest.fixture
def dishonest(workshop: Path) -> Path:
    """The packed model as a folder whose first golden answer is not its engine's, with a fitting manifest."""
    folder = workshop / "dishonest"
    with tarfile.open(workshop / "model.tar.gz") as archive:
        archive.extractall(folder, filter="data")
    answers = folder / "golden" / "answers.ndjson"
    first, *rest = answers.read_text().splitlines(keepends=True)
    answer: dict[str, Any] = json.loads(first)
    answer["packed"]["raw"] = [0.25, 0.75]
    answers.write_text("".join([json.dumps(answer) + "\n", *rest]))
    manifest = json.loads((folder / "manifest.json").read_text())
    data = answers.read_bytes()
    entry = {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
    manifest["files"]["golden/answers.ndjson"] = entry
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


def test_a_port_in_use_is_refused(workshop: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        message = refusal("serve", "model.tar.gz", "--port", str(port), cwd=workshop)

    assert message == (
        f"error: port {port} of 127.0.0.1: expected a port that this process may use, "
        "found address already in use; choose another one with `--port`\n"
    )


def test_a_host_that_is_no_address_is_refused(workshop: Path) -> None:
    message = refusal("serve", "model.tar.gz", "--host", "a..b", "--port", "0", cwd=workshop)

    assert message == (
        "error: option --host: expected an address of this machine, found a..b; "
        "choose 127.0.0.1 for this machine alone, or 0.0.0.0 for every caller\n"
    )


def test_a_port_that_is_no_port_is_refused(workshop: Path) -> None:
    message = refusal("serve", "model.tar.gz", "--port", "70000", cwd=workshop)

    assert message == ("error: Invalid value for '--port': 70000 is not in the range 0<=x<=65535.\n")


def test_an_engine_that_disagrees_with_its_golden_records_is_never_served(
    dishonest: Path, workshop: Path
) -> None:
    message = refusal("serve", dishonest.name, "--port", "0", cwd=workshop)

    assert message.startswith(
        "error: golden record 0, raw score: expected [0.25, 0.75] within 1e-05, found ["
    )
    assert message.endswith("]; pack the artifact again with the versions that are installed here\n")
    assert message.count("\n") == 1


def test_a_platform_that_asks_for_the_impossible_is_refused(workshop: Path) -> None:
    ran = run_apart("serve", "model.tar.gz", cwd=workshop, extra={"SAGEMAKER_BIND_TO_PORT": "http"})

    assert ran.exit_code == 2
    assert ran.stderr == (
        "error: environment variable SAGEMAKER_BIND_TO_PORT: expected a whole number from 1 to 65535, "
        "found 'http'; set it to such a number, or unset it\n"
    )


@pytest.mark.slow
def test_threads_for_trees_are_refused_because_they_would_have_no_effect(workshop: Path) -> None:
    message = refusal("serve", "model.tar.gz", "--port", "0", "--threads", "2", cwd=workshop)

    assert message == "error: `--threads` is for networks: trees always run on one thread\n"
