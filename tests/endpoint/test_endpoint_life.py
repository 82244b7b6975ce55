"""The life of a server process: not ready, ready, draining, gone."""

import hashlib
import json
import signal
import socket
import tarfile
import time
from pathlib import Path

import pytest

from fixtures_models import Endpoint, Model, contents, end, free_port, serving, start

pytestmark = pytest.mark.slow

BODY = json.dumps({"age": 39, "income": 1000.5, "region": "north", "plan": "plus"}).encode()
HEAD = (
    b"POST /invocations HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n"
    b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(BODY)
)
WAIT_S = 60.0
PAUSE_S = 0.02


def connected(port: int) -> socket.socket:
    """A connection to a server as soon as it can be connected to."""
    deadline = time.monotonic() + WAIT_S
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=WAIT_S)
        except ConnectionRefusedError:
            assert time.monotonic() < deadline, "the server never listened"
            time.sleep(PAUSE_S)


def wait_until_refused(port: int) -> None:
    """Returns once the server takes no new connection."""
    deadline = time.monotonic() + WAIT_S
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=WAIT_S).close()
        except ConnectionError:
            return
        time.sleep(PAUSE_S)
    pytest.fail("the server still takes connections")


def received(connection: socket.socket, end_of_it: bytes) -> bytes:
    """What arrives until something has; the connection must not end before."""
    data = b""
    while end_of_it not in data:
        piece = connection.recv(65_536)
        assert piece, f"the connection ended after {data!r}"
        data += piece
    return data


def test_ping_tells_the_artifact_and_the_process(endpoint: Endpoint, model: Model) -> None:
    reply = endpoint.ask("GET", "/ping")

    assert reply.status == 200
    assert reply.json == {
        "status": "ready",
        "artifact": model.said["pack"]["digest"],
        "name": "customers",
        "process_start": reply.json["process_start"],
        "threads": 1,
        "degradations": [],
    }
    assert reply.json["process_start"].startswith(f"{endpoint.process.pid}-")
    assert endpoint.ask("GET", "/ping").json == reply.json


def test_the_digest_that_ping_tells_is_that_of_the_manifest(endpoint: Endpoint, model: Model) -> None:
    with tarfile.open(model.archive) as files:
        member = files.extractfile("manifest.json")
        assert member is not None
        manifest = json.load(member)

    canonical = json.dumps(manifest, sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    digest = hashlib.sha256(canonical.encode()).hexdigest()
    assert endpoint.ask("GET", "/ping").json["artifact"] == f"sha256:{digest}"


def test_a_caller_who_comes_early_waits_until_the_server_is_ready(model: Model, tmp_path: Path) -> None:
    log, port = tmp_path / "server.log", free_port()
    process = start("serve", model.archive, "--port", str(port), log=log, cwd=tmp_path)
    try:
        with connected(port) as connection:
            connection.sendall(b"GET /ping HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n")
            answer = received(connection, b"degradations")
            log_by_then = log.read_text()
    finally:
        end(process)

    assert answer.startswith(b"HTTP/1.1 200 ")
    assert log_by_then.startswith(f"ready at http://127.0.0.1:{port}: customers sha256:")
    assert log_by_then.endswith(" golden records replayed\n")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_idle_server_ends_with_code_0_when_it_is_told_to(
    number: signal.Signals, model: Model, tmp_path: Path
) -> None:
    with serving(model.archive, folder=tmp_path) as endpoint:
        endpoint.ask("GET", "/ping")

        endpoint.process.send_signal(number)

        assert endpoint.process.wait(WAIT_S) == 0
        assert endpoint.log.read_text().count("\n") == 1
        assert contents(endpoint.workdir) == {}


def test_a_request_in_flight_is_answered_after_sigterm(model: Model, tmp_path: Path) -> None:
    with (
        serving(model.archive, folder=tmp_path) as endpoint,
        socket.create_connection(("127.0.0.1", endpoint.port), timeout=WAIT_S) as connection,
    ):
        connection.sendall(HEAD)
        received(connection, b"HTTP/1.1 100 Continue\r\n\r\n")

        endpoint.process.send_signal(signal.SIGTERM)
        wait_until_refused(endpoint.port)
        connection.sendall(BODY)
        answer = received(connection, b"output-label")

        assert answer.startswith(b"HTTP/1.1 200 ")
        assert b"connection: close" in answer.lower()
        assert endpoint.process.wait(WAIT_S) == 0


def test_a_training_output_is_served_with_the_scores_of_its_pack(
    endpoint: Endpoint, model: Model, tmp_path: Path
) -> None:
    with serving(model.trained, folder=tmp_path) as unpacked:
        ping = unpacked.ask("GET", "/ping").json
        ours, theirs = (server.invoke(BODY).json["predictions"][0] for server in (unpacked, endpoint))

    assert ping["status"] == "ready"
    assert ping["artifact"] != model.said["pack"]["digest"]
    assert ours["output-label"] == theirs["output-label"]
    for score in ("legacy-score", "calibrated-score"):
        assert float(ours[score]) == pytest.approx(float(theirs[score]), abs=1e-5)
