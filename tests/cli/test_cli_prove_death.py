"""An endpoint whose process dies while it is being measured: FAIL, exit code 1, and why."""

import json
import os
import pty
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fixtures_models import Model, end, environment, run

pytestmark = [pytest.mark.alone, pytest.mark.slow]

LIMITS = ("--expected-tps", "60", "--max-latency-ms", "2000", "--max-error-rate", "0.05")
WARMUP_S = 5.0
WAIT_S = 120.0


class Terminal:
    """A terminal that remembers what is written to it."""

    def __init__(self) -> None:
        self._ours, self.theirs = pty.openpty()
        self._seen = bytearray()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        try:
            while data := os.read(self._ours, 65_536):
                self._seen += data
        except OSError:  # Linux tells so that nobody has the other side open any more
            return

    @property
    def text(self) -> str:
        return bytes(self._seen).decode(errors="replace")

    def close(self) -> None:
        os.close(self.theirs)
        self._reader.join(WAIT_S)
        os.close(self._ours)


@contextmanager
def proving(model: Model, folder: Path) -> Iterator[tuple["subprocess.Popen[str]", Terminal]]:
    """A running `servable prove` whose progress goes to a terminal."""
    terminal = Terminal()
    process = subprocess.Popen(
        [sys.executable, "-m", "servable", "prove", str(model.archive), *LIMITS, "-o", "proof"],
        cwd=folder,
        env=environment({"TERM": "xterm"}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=terminal.theirs,
        text=True,
    )
    try:
        yield process, terminal
    finally:
        end(process)
        assert process.stdout is not None
        process.stdout.close()
        terminal.close()


def served_child(process: "subprocess.Popen[str]") -> int:
    """The process id of the endpoint that a proof has started."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    commands = {int(child): Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0") for child in children}
    (endpoint,) = [child for child, command in commands.items() if b"serve" in command]
    return endpoint


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="children are found through /proc")
def test_an_endpoint_that_dies_under_load_fails_the_proof(model: Model, tmp_path: Path) -> None:
    with proving(model, tmp_path) as (process, terminal):
        deadline = time.monotonic() + WAIT_S
        while "load" not in terminal.text:
            assert process.poll() is None, terminal.text
            assert time.monotonic() < deadline, terminal.text
            time.sleep(0.05)
        time.sleep(WARMUP_S + 3.0)  # into the middle of the ten measured seconds
        os.kill(served_child(process), signal.SIGKILL)
        output, _ = process.communicate(timeout=WAIT_S)

    assert process.returncode == 1, output
    lines = output.splitlines()
    assert lines[0].startswith("FAIL (assurance iid): at 60 requests/s for 10 s, ")
    assert "errors" in lines[0]
    assert "the endpoint's process ended by itself, exit code -9; its last lines:" in lines
    document = json.loads((tmp_path / "proof" / "proof.json").read_text())
    claims = {claim["id"]: claim for claim in document["claims"]}
    assert document["verdict"] == "FAIL"
    assert "error_rate" in document["verdict_reason"]
    assert claims["error_rate"]["verdict"] == "FAIL"
    assert claims["error_rate"]["endpoint_died"] is True
    assert 0 < claims["error_rate"]["k"] < claims["error_rate"]["n"]
    assert claims["golden"]["verdict"] == "PASS"
    assert document["target"]["died"]["exit_code"] == -signal.SIGKILL
    assert document["target"]["died"]["log"][0].startswith("ready at http:")
    assert run("prove", "--recheck", "proof", cwd=tmp_path).exit_code == 1
